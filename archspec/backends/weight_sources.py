"""Where the values of weights come from: a seed or a file. Tensor by tensor, and of large ones piece by piece."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from archspec.backends.ahead import ahead
from archspec.backends.options import Options
from archspec.backends.random_weights import initial_values
from archspec.backends.safetensors import SafeTensors, header
from archspec.backends.torch_weights import check, pickled
from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown, shown_file
from archspec.files import writing
from archspec.ops.core.base import Weight

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

BYTES = 1 << 20
"""What is read from a file at once."""
_NUMPY = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U8": "u1", "BOOL": "?",
}  # fmt: skip
SIZES = {"float32": 4, "float16": 2, "bfloat16": 2, "int64": 8}
"""The bytes of an element, by the types that are written."""


SAFETENSORS = {"float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64"}
"""What these types are called in safetensors files."""
Entry = tuple[str, str, tuple[int, ...]]
"""A tensor that is to be stored: its key, the type of its elements, its shape."""


class Source(Protocol):
    """The values of a network's weights."""

    def chunks(self, key: str, weight: Weight) -> "Iterator[Array]":
        """The values of a weight, flat, in pieces: `float32` or `float64`, or `int64` for counters."""
        ...


class Seeded:
    """PyTorch's initial distributions, drawn for each tensor from its key and a seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def chunks(self, key: str, weight: Weight) -> "Iterator[Array]":
        """The values of a weight. Counters start at 0."""
        for values in initial_values(key, weight, self.seed):
            yield values if weight.dtype == "float" else values.astype("<i8")


class SafeTensorsFile:
    """The tensors of a `.safetensors` file."""

    def __init__(self, file: SafeTensors) -> None:
        self.file = file

    def chunks(self, key: str, weight: Weight) -> "Iterator[Array]":
        """The values of a tensor. Raises `UsageError` where they are of another kind than the weight's."""
        import numpy as np

        dtype = self.file.tensors[key].dtype
        _check_kind(self.file.path, key, weight, dtype, is_float="F" in dtype)
        for data in self.file.chunks(key, BYTES):
            values = np.frombuffer(data, _NUMPY[dtype])
            if dtype == "BF16":
                values = (values.astype("<u4") << 16).view("<f4")
            elif dtype == "F16":
                values = values.astype("<f4")
            yield values if weight.dtype == "float" else values.astype("<i8")


class PickledFile:
    """The tensors of a file that `torch.save` has written."""

    def __init__(self, path: str, state: Mapping[str, Any]) -> None:
        self.path, self.state = path, state

    def chunks(self, key: str, weight: Weight) -> "Iterator[Array]":
        """The values of a tensor. Raises `UsageError` where they are of another kind than the weight's."""
        import torch

        tensor = self.state[key].detach()
        kind = str(tensor.dtype).removeprefix("torch.")
        _check_kind(self.path, key, weight, kind, is_float=tensor.is_floating_point())
        kept = tensor.to(
            torch.float64 if kind == "float64" else torch.float32 if "float" in kind else torch.int64
        )
        yield kept.contiguous().reshape(-1).numpy()


def _check_kind(path: str, key: str, weight: Weight, dtype: str, *, is_float: bool) -> None:
    if is_float != (weight.dtype == "float"):
        raise UsageError(f"`{shown_file(path)}`: `{shown(key)}` is {dtype}, not {weight.dtype}")


@contextmanager
def opened(path: str, weights: Mapping[str, Weight]) -> Iterator[Source]:
    """The weights of a `.safetensors` file, or of a `.pt` file if torch is installed; nothing in it is executed.

    Raises `UsageError` where the file cannot be read, or its keys and shapes are not those of `weights`.
    """
    if path.endswith(".safetensors"):
        with SafeTensors(path) as file:
            check({key: tensor.shape for key, tensor in file.tensors.items()}, weights, path)
            for key, weight in weights.items():  # before anything is written
                dtype = file.tensors[key].dtype
                _check_kind(path, key, weight, dtype, is_float="F" in dtype)
            yield SafeTensorsFile(file)
        return
    state = pickled(path)
    check({key: tuple(tensor.shape) for key, tensor in state.items()}, weights, path)
    yield PickledFile(path, state)


@contextmanager
def source_of(options: Options, weights: Mapping[str, Weight]) -> Iterator[Source]:
    """Where an export takes its weights from: the file that it names, or a seed."""
    if options.weights is None:
        yield Seeded(options.seed or 0)
    else:
        with opened(options.weights, weights) as source:
            yield source


def state_entries(weights: Mapping[str, Weight], dtype: str) -> list[Entry]:
    """The tensors of a state_dict with the types that they are stored in, those of large elements first."""
    types = {key: dtype if weight.dtype == "float" else weight.dtype for key, weight in weights.items()}
    entries = [(key, types[key], weight.shape) for key, weight in weights.items()]
    return sorted(entries, key=lambda entry: -SIZES[entry[1]])


def write_weights(weights: Mapping[str, Weight], path: str, options: Options) -> None:
    """Write a state_dict to a `.safetensors` file."""
    entries = state_entries(weights, options.dtype)
    start, places = header((key, SAFETENSORS[dtype], shape) for key, dtype, shape in entries)
    total = max((place.stop for place in places.values()), default=0) - len(start)
    done = 0
    with source_of(options, weights) as source, writing(path) as file:
        file.write(start)
        made = (
            encoded(values, dtype) for key, dtype, _ in entries for values in source.chunks(key, weights[key])
        )
        for data in ahead(made):
            file.write(data)
            done += len(data)
            if options.progress is not None:
                options.progress(done, total)


def encoded(values: "Array", dtype: str) -> memoryview:
    """Numbers as the little-endian bytes of `float32`, `float16`, `bfloat16` or `int64`."""
    import numpy as np

    if dtype != "bfloat16":
        with np.errstate(over="ignore"):
            kept = values.astype({"float32": "<f4", "float16": "<f2", "int64": "<i8"}[dtype], copy=False)
    else:
        bits = values.astype("<f4", copy=False).view("<u4")
        rounded = (bits + (((bits >> 16) & 1) + 0x7FFF)) >> 16  # to the nearest, ties to even
        quiet = (bits >> 16) | 0x40
        kept = np.where(np.isnan(bits.view("<f4")), quiet, rounded).astype("<u2")
    return np.ascontiguousarray(kept).reshape(-1).view(np.uint8).data
