"""Loading a state_dict into a module: strictly, and with a report of what does not fit."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archspec.backends.safetensors import SafeTensors, check_regular
from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import reason, shown, shown_file
from archspec.ops.core.base import Weight

if TYPE_CHECKING:
    from torch import Tensor, device, nn

LISTED = 8
"""The keys that a report names of each kind."""
_DTYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip


def load_into(module: "nn.Module", path: str, weights: Mapping[str, Weight], target: "device") -> None:
    """Give a module on the meta device the weights of a `.safetensors` or `.pt` file, on the device `target`.

    Floating types are converted to the module's. Raises `UsageError` where the file cannot be read, or where its keys
    and shapes are not those of `weights`.
    """
    with _opened(path) as (shapes, read):
        check(shapes, weights, path)
        state = {}
        for key, empty in module.state_dict().items():
            tensor = read(key)
            if tensor.is_floating_point() != empty.is_floating_point():
                raise UsageError(f"`{shown_file(path)}`: `{shown(key)}` is {tensor.dtype}, not {empty.dtype}")
            state[key] = tensor.to(target, empty.dtype)
        module.load_state_dict(state, strict=True, assign=True)


def check(shapes: Mapping[str, Sequence[int]], weights: Mapping[str, Weight], path: str) -> None:
    """Raise `UsageError` with a report where keys are missing or unexpected, or shapes differ."""
    missing = [key for key in weights if key not in shapes]
    unexpected = [key for key in shapes if key not in weights]
    misshapen = [
        f"`{shown(key)}` is {list(shapes[key])}, not {list(weight.shape)}"
        for key, weight in weights.items()
        if key in shapes and tuple(shapes[key]) != weight.shape
    ]
    found = [
        (missing and f"missing: {_listed([f'`{shown(key)}`' for key in missing])}"),
        (unexpected and f"unexpected: {_listed([f'`{shown(key)}`' for key in unexpected])}"),
        (misshapen and f"other shapes: {_listed(misshapen)}"),
    ]
    lines = [line for line in found if line]
    if lines:
        prefixed = [key for key in unexpected if key.startswith("module.")]
        if prefixed and len(prefixed) == len(unexpected):
            lines.append(
                "the keys start with `module.`, as `DataParallel` writes them: save `model.module.state_dict()`"
            )
        raise UsageError("\n  ".join([f"the weights in `{shown_file(path)}` are not this network's", *lines]))


def _listed(words: list[str]) -> str:
    more = f", and {len(words) - LISTED:,} more" if len(words) > LISTED else ""
    return f"{', '.join(words[:LISTED])}{more}"


@contextmanager
def _opened(path: str) -> Iterator[tuple[Mapping[str, Sequence[int]], Any]]:
    """The shapes of a file's tensors, and what reads one of them."""
    import torch

    if path.endswith(".safetensors"):
        with SafeTensors(path) as file:

            def read(key: str) -> "Tensor":
                tensor = file.tensors[key]
                dtype = getattr(torch, _DTYPES[tensor.dtype])
                data = file.read(key)
                if not data:
                    return torch.empty(tensor.shape, dtype=dtype)
                return torch.frombuffer(data, dtype=dtype).reshape(tensor.shape)

            yield {key: tensor.shape for key, tensor in file.tensors.items()}, read
        return
    state = pickled(path)
    yield {key: tuple(tensor.shape) for key, tensor in state.items()}, state.__getitem__


def pickled(path: str) -> "dict[str, Tensor]":
    """The state_dict of a file written by `torch.save`, read without running anything in it. Needs torch."""
    import warnings

    from archspec.backends.torch_module import import_torch

    torch = import_torch()
    check_regular(path)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about old formats: what is wrong with the file is said below
            state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise UsageError(f"cannot read `{shown_file(path)}`: {reason(error)}") from None
    except Exception:  # whatever else a damaged file makes of the reader
        message = (
            f"`{shown_file(path)}` is no file of weights: neither `.safetensors` nor a state_dict saved by "
        )
        raise UsageError(
            message + "`torch.save`, which is all that is read: nothing in it may be code"
        ) from None
    for key in ("state_dict", "model"):  # what training scripts wrap it in
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise UsageError(f"`{shown_file(path)}` holds no state_dict: no table of names and tensors")
    return {str(key): value for key, value in state.items()}
