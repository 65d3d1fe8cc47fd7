"""Read the state_dict from a file written by `torch.save`, whatever else the file holds.

PyTorch's weights-only loader executes nothing in a file, and rejects a file that refers to anything but tensors. A
rejected file is read again with each foreign name bound to a stand-in, a class without behaviour. So a file can hold a
NumPy scalar, or the arguments of a script, beside its weights, and still nothing in it is executed.
"""

import pickletools
import re
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Iterator, Mapping
from contextlib import suppress
from logging import getLogger
from typing import IO, TYPE_CHECKING, Any, Self

from archspec.backends.weights.file_kinds import check_kind
from archspec.backends.weights.safetensors import check_regular
from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import reason, shown, shown_file

if TYPE_CHECKING:
    from torch import Tensor

WRAPPERS = ("state_dict", "model_state_dict", "model", "module", "net", "network", "weights", "params")
"""The keys under which training scripts store the weights in a checkpoint."""
AVERAGES = ("state_dict_ema", "model_ema_state_dict", "model_ema", "ema_state_dict", "ema", "params_ema")
"""The keys of a moving average of the weights, which is used if there is nothing else."""
_PICKLES = 4
"""In the legacy format, four pickles precede the tensors: magic number, version, system information, value."""
_OWN = re.compile(r"torch\.\w+|torch\.(_utils|storage)\.\w+|collections\.OrderedDict|_codecs\.encode")
"""The names that PyTorch itself uses to pickle tensors."""
_LISTED = 4
_log = getLogger(__name__)


class StandIn:
    """An inert object in place of one of a foreign class: it discards its arguments and its state."""

    source = ""

    def __new__(cls, *_: object, **__: object) -> Self:
        """Discard the arguments."""
        return super().__new__(cls)

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


def pickled(path: str) -> "dict[str, Tensor]":
    """Read the state_dict of a file written by `torch.save`, executing nothing in it. Requires torch.

    Raises `UsageError`, which says what the file is, or which tensor cannot be used.
    """
    from archspec.backends.torch.importing import import_torch

    import_torch()
    check_regular(path)
    check_kind(path, ".pt")
    state = _unwrapped(_read(path), path)
    for key, value in state.items():
        _check(path, key, value)
    return dict(state)


def _read(path: str) -> Any:
    """The saved object."""
    try:
        return _load(path, [])
    except OSError as error:
        raise UsageError(f"cannot read `{shown_file(path)}`: {reason(error)}") from None
    except Exception:  # a foreign name or a damaged file can raise anything
        names = _named(path)
    try:
        return _load(path, names)  # a stand-in must not replace PyTorch's own names
    except Exception:
        foreign = [name for name in names if not _OWN.fullmatch(name)]
    if foreign:
        raise UsageError(
            f"`{shown_file(path)}` holds more than tensors: {_listed(foreign)}. Nothing in a file is executed: save "
            "the `state_dict()` alone"
        )
    raise UsageError(
        f"`{shown_file(path)}` is not a weight file: neither `.safetensors` nor a state_dict saved by `torch.save`, "
        "or it is damaged"
    )


def _load(path: str, names: list[str]) -> Any:
    import warnings

    import torch

    known: list[Any] = [(type("StandIn", (StandIn,), {"source": name}), name) for name in names]
    with warnings.catch_warnings(), torch.serialization.safe_globals(known):
        warnings.simplefilter("ignore")  # warnings about legacy formats: real errors are reported
        return torch.load(path, map_location="cpu", weights_only=True)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(f"`{shown(name)}`" for name in names[:_LISTED]) + more


def _named(path: str) -> list[str]:
    """The classes and functions that a file refers to, up to the point where it is damaged."""
    found: dict[str, None] = {}
    with suppress(Exception):
        for opcode, argument, _ in _opcodes(path):
            if opcode.name == "GLOBAL":
                module, _, name = argument.partition(" ")
                module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
                found[f"{module}.{name}"] = None
    return [*found]


def _opcodes(path: str) -> Iterator[Any]:
    """The opcodes of the pickles in a file, which are not executed."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl")
            with archive.open(name) as file:
                yield from pickletools.genops(file)
        return
    with open(path, "rb") as file:
        yield from _several(file)


def _several(file: IO[bytes]) -> Iterator[Any]:
    for _ in range(_PICKLES):
        yield from pickletools.genops(file)


# --- what is in it -----------------------------------------------------------------------------------


def _unwrapped(value: Any, path: str) -> "Mapping[str, Tensor]":
    """The mapping of tensors in a saved object."""
    for _ in range(len(WRAPPERS)):  # wrappers can be nested
        if _is_state(value) or not isinstance(value, dict) or not value:
            break
        name = _choice(value, path)
        if name is None:
            break
        value = value[name]
    if isinstance(value, StandIn):
        raise UsageError(
            f"`{shown_file(path)}` holds a whole pickled object, `{shown(value.source)}`, which is not executed: save "
            "the module's `state_dict()`"
        )
    if not isinstance(value, dict):
        raise UsageError(f"`{shown_file(path)}` holds no state_dict: the saved value is {_kind(value)}")
    for key, item in value.items():
        if not isinstance(key, str) or not _is_tensor(item):
            what = f"not every value is a tensor: `{shown(str(key))}` is {_kind(item)}"
            raise UsageError(f"`{shown_file(path)}` holds no state_dict: {what}")
    return value


def _choice(table: dict[Any, Any], path: str) -> str | None:
    """The key of a checkpoint under which the weights are stored."""
    named = [key for key in (*WRAPPERS, *AVERAGES) if isinstance(table.get(key), dict | StandIn)]
    full = [key for key in named if not isinstance(table[key], dict) or table[key]]
    if not named:
        named = full = [key for key, value in table.items() if isinstance(key, str) and _is_state(value)]
        if len(full) > 1:
            raise UsageError(
                f"`{shown_file(path)}` holds several state_dicts, {_listed(full)}: save only the one you want to load"
            )
    chosen = next(iter(full or named), None)
    if len(full) > 1 and chosen is not None:
        _log.info(
            "of `%s`, the weights in `%s` are used, not those in %s",
            shown_file(path),
            chosen,
            _listed(full[1:]),
        )
    return chosen


def _is_state(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(key, str) and _is_tensor(item) for key, item in value.items())
    )


def _is_tensor(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor)


def _kind(value: Any) -> str:
    name = value.source if isinstance(value, StandIn) else type(value).__name__
    return f"of the type `{shown(name)}`"


def _check(path: str, key: str, tensor: "Tensor") -> None:
    """Raise `UsageError` for a tensor that is not dense, real and in memory."""
    import torch

    if tensor.is_meta:
        what = "on the meta device: it has a shape, but no values"
    elif tensor.is_nested or tensor.layout != torch.strided:
        what = "sparse or nested: save it as `.to_dense()`"
    elif tensor.is_quantized:
        what = f"quantised ({str(tensor.dtype).removeprefix('torch.')}): save it as `.dequantize()`"
    elif tensor.is_complex():
        what = "complex: archspec networks have real weights only"
    else:
        return
    raise UsageError(f"`{shown_file(path)}`: `{shown(key)}` is {what}")
