"""A live `nn.Module`: the generated source, executed."""

import sys
from hashlib import sha256
from types import ModuleType
from typing import TYPE_CHECKING, Any

from archspec.backends.options import one_of
from archspec.backends.torch.importing import import_torch
from archspec.backends.torch.source import source
from archspec.backends.torch.source.render import main_class
from archspec.types import Floating

if TYPE_CHECKING:
    from torch import device as Device  # noqa: N812 — a type
    from torch import dtype as Dtype  # noqa: N812 — a type
    from torch import nn

    from archspec.model import Model


def build(
    model: "Model",
    *,
    device: "Device | str | None" = None,
    dtype: "Dtype | str | None" = None,
    weights: str | None = None,
) -> "nn.Module":
    """The network as a module in training mode, with PyTorch's initial values or those of the file `weights`.

    On the `meta` device it takes no memory. Raises `SpecError` if a part cannot be expressed in PyTorch, `UsageError`
    if torch is not installed or the weights do not match.
    """
    torch = import_torch()
    if isinstance(dtype, str):
        one_of("dtype", dtype, (*Floating,))
        dtype = getattr(torch, dtype)
    target = torch.device(device) if device is not None else torch.get_default_device()
    class_ = compiled(source(model))
    with torch.device("meta" if weights is not None else target):
        module: nn.Module = class_()
    if dtype is not None:
        module = module.to(dtype)
    if weights is not None:
        from archspec.analysis.weights import constants
        from archspec.backends.torch.weights import load_into
        from archspec.backends.weights.fitting import wanted

        fixed = constants(model.network.whole or model.root)
        unsaved = ((key, weight) for key, weight in fixed if not weight.persistent)
        load_into(module, weights, wanted(model), unsaved, target)
    return module


def compiled(text: str) -> Any:
    """The network's class in generated source. Equal texts are executed once.

    The source is registered in `linecache`, so that tracebacks, debuggers and `inspect.getsource` can show it.
    """
    import linecache

    name = f"archspec_{main_class(text).lower()}_{sha256(text.encode()).hexdigest()[:12]}"
    module = sys.modules.get(name)
    if module is None:
        file = f"<{name}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        module = ModuleType(name)
        module.__file__ = file
        exec(compile(text, file, "exec"), module.__dict__)  # noqa: S102 — our own text
        sys.modules[name] = module  # where pickle and torch.compile look it up
    return getattr(module, main_class(text))
