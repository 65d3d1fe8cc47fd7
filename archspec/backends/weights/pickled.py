"""Files that `torch.save` has written: the state_dict in them, whatever lies around it.

PyTorch's own reader for weights runs nothing in a file, and refuses one that names anything else than tensors. Where it
does, the file is read again with a stand-in for each name: a class without behaviour. So a file is read that keeps a
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
"""What training scripts call the weights, in a table with other things."""
AVERAGES = ("state_dict_ema", "model_ema_state_dict", "model_ema", "ema_state_dict", "ema", "params_ema")
"""What they call a moving average of the weights, which is taken if there is nothing else."""
_PICKLES = 4
"""Before the tensors, an old file has four pickles: a number, a version, facts of the machine, and the value."""
_OWN = re.compile(r"torch\.\w+|torch\.(_utils|storage)\.\w+|collections\.OrderedDict|_codecs\.encode")
"""What PyTorch needs to write tensors."""
_LISTED = 4
_log = getLogger(__name__)


class StandIn:
    """An object of a class that is not read. It takes what a pickle gives to it, and forgets it."""

    source = ""

    def __new__(cls, *_: object, **__: object) -> Self:
        """An empty object."""
        return super().__new__(cls)

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


def pickled(path: str) -> "dict[str, Tensor]":
    """The state_dict of a file written by `torch.save`, read without running anything in it. Needs torch.

    Raises `UsageError`, which says what the file is, or which tensor has no values in it.
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
    """Whatever was saved."""
    try:
        return _load(path, [])
    except OSError as error:
        raise UsageError(f"cannot read `{shown_file(path)}`: {reason(error)}") from None
    except Exception:  # whatever a foreign name, or damage, makes of the reader
        names = _named(path)
    try:
        return _load(path, names)  # PyTorch's own names mean what they mean
    except Exception:
        foreign = [name for name in names if not _OWN.fullmatch(name)]
    if foreign:
        raise UsageError(
            f"`{shown_file(path)}` holds more than tensors: {_listed(foreign)}. Nothing in a file is executed: save "
            "the `state_dict()` alone"
        )
    raise UsageError(
        f"`{shown_file(path)}` is no file of weights: neither `.safetensors` nor a state_dict saved by `torch.save`, "
        "or it is damaged"
    )


def _load(path: str, names: list[str]) -> Any:
    import warnings

    import torch

    known: list[Any] = [(type("StandIn", (StandIn,), {"source": name}), name) for name in names]
    with warnings.catch_warnings(), torch.serialization.safe_globals(known):
        warnings.simplefilter("ignore")  # about old formats: what is wrong with the file is said
        return torch.load(path, map_location="cpu", weights_only=True)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(f"`{shown(name)}`" for name in names[:_LISTED]) + more


def _named(path: str) -> list[str]:
    """The classes and functions that a file names; those before the place where it is damaged."""
    found: dict[str, None] = {}
    with suppress(Exception):
        for opcode, argument, _ in _opcodes(path):
            if opcode.name == "GLOBAL":
                module, _, name = argument.partition(" ")
                module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
                found[f"{module}.{name}"] = None
    return [*found]


def _opcodes(path: str) -> Iterator[Any]:
    """The instructions of the pickles in a file, of which none is followed."""
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
    """The table of tensors in what was saved."""
    for _ in range(len(WRAPPERS)):  # one in the other
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
        raise UsageError(
            f"`{shown_file(path)}` holds no state_dict: no table of names and tensors, but {_kind(value)}"
        )
    for key, item in value.items():
        if not isinstance(key, str) or not _is_tensor(item):
            what = f"no table of names and tensors, since `{shown(str(key))}` is {_kind(item)}"
            raise UsageError(f"`{shown_file(path)}` holds no state_dict: {what}")
    return value


def _choice(table: dict[Any, Any], path: str) -> str | None:
    """The key of a table with other things behind which the weights are."""
    named = [key for key in (*WRAPPERS, *AVERAGES) if isinstance(table.get(key), dict | StandIn)]
    full = [key for key in named if not isinstance(table[key], dict) or table[key]]
    if not named:
        named = full = [key for key, value in table.items() if isinstance(key, str) and _is_state(value)]
        if len(full) > 1:
            raise UsageError(
                f"`{shown_file(path)}` holds several state_dicts, {_listed(full)}: save the one that is meant"
            )
    chosen = next(iter(full or named), None)
    if len(full) > 1 and chosen is not None:
        _log.info(
            "of `%s` the weights in `%s` are read, not those in %s",
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
    """Refuse a tensor without values of its own for each element."""
    import torch

    if tensor.is_meta:
        what = "on the meta device: it has a shape, but no values"
    elif tensor.is_nested or tensor.layout != torch.strided:
        what = "sparse or nested: save it as `.to_dense()`"
    elif tensor.is_quantized:
        what = f"quantised ({str(tensor.dtype).removeprefix('torch.')}): save it as `.dequantize()`"
    elif tensor.is_complex():
        what = "complex: no network of archspec has such weights"
    else:
        return
    raise UsageError(f"`{shown_file(path)}`: `{shown(key)}` is {what}")
