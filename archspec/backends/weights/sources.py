"""Sources of weight values: a seed or a file. Values are produced tensor by tensor, large tensors in chunks."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from logging import getLogger
from typing import TYPE_CHECKING, Any, Protocol

from archspec.backends.options import Carry, Options
from archspec.backends.weights.files import WeightFile, opened
from archspec.backends.weights.fitting import Wanted, fit, wanted
from archspec.backends.weights.misfits import grouped, listed
from archspec.backends.weights.prefetch import prefetched
from archspec.backends.weights.random import initial_values
from archspec.backends.weights.safetensors import header
from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown, shown_file
from archspec.files import writing
from archspec.ops.core.data import Weight
from archspec.types import DTYPES

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from archspec.model import Model

    Array = np.ndarray[Any, np.dtype[Any]]

_log = getLogger(__name__)
StoredTensor = tuple[str, str, tuple[int, ...]]
"""A tensor to be stored: its key, element type and shape."""
_LARGEST = 2.0**53
"""The largest value to which a counter of each floating type counts exactly."""


class Source(Protocol):
    """The values of a network's weights."""

    def has(self, key: str) -> bool:
        """Whether there are values for a weight of the state_dict. There always are for those that inference needs."""

    def chunks(self, key: str, weight: Weight) -> "Iterator[Array]":
        """The values of a weight, flattened, in chunks: `float32` or `float64`, or `int64` for counters."""


class Seeded:
    """Samples of PyTorch's initial distributions, drawn for each tensor from its key and a seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def has(self, key: str) -> bool:
        """Always true: every weight can be sampled."""
        del key
        return True

    def chunks(self, key: str, weight: Weight) -> "Iterator[Array]":
        """The values of a weight, flattened, in chunks. Counters are 0."""
        for values in initial_values(key, weight, self.seed):
            yield values if weight.dtype == "float" else values.astype("<i8")


class FileWeights:
    """The weights in a file, which may use other names for them. Missing counters are 0."""

    def __init__(self, path: str, file: WeightFile, asked: Wanted) -> None:
        self.path, self.file, self.asked = path, file, asked
        self.names = fit(file.shapes, asked, path)
        for key, name in self.names.items():  # checked before anything is written
            weight = asked.weights.get(key) or asked.spare[key]
            if not weight.is_counter and not file.is_float(name):
                raise UsageError(f"`{shown_file(path)}`: `{shown(name)}` is {file.dtype(name)}, not float")

    def has(self, key: str) -> bool:
        """Whether the file has a weight, or may omit it."""
        return key in self.names or key in self.asked.weights

    def chunks(self, key: str, weight: Weight) -> "Iterator[Array]":
        """The values of a weight, flattened, in chunks."""
        import numpy as np

        if key not in self.names:
            yield np.zeros(weight.size, "<i8")
            return
        for values in self.file.chunks(self.names[key]):
            yield _counts(values) if weight.is_counter else values

    def tensor(self, key: str, like: "Tensor") -> "Tensor":
        """A weight as a tensor on the CPU, of the element type of `like`."""
        import torch

        if key not in self.names:
            return torch.zeros(like.shape, dtype=like.dtype)
        tensor = self.file.tensor(self.names[key])
        if tensor.is_floating_point() and not like.is_floating_point():
            tensor = torch.from_numpy(_counts(tensor.detach().double().numpy()))
        return tensor.reshape(like.shape).to(like.dtype)


def _counts(values: "Array") -> "Array":
    """Counter values as integers: a file may store them as floats if it was converted as a whole."""
    import numpy as np

    if values.dtype.kind == "f":
        values = np.nan_to_num(values.astype("<f8"), nan=0.0, posinf=_LARGEST).clip(0.0, _LARGEST)
    return np.asarray(values, "<i8")


class CarriedWeights:
    """The weights in a file of another network, as far as they go on; initial values for the others."""

    def __init__(self, file: FileWeights, carry: Carry, asked: Wanted, seed: int) -> None:
        self.file, self.keys, self.seeded = file, carry.keys, Seeded(seed)
        self.old = carry.model.weights()
        known = [key for key in asked.weights if key in self.keys]
        if not known:
            raise UsageError(
                f"no weight of `{carry.model.name}` has a place in this network: `archspec diff` tells why"
            )
        new = [key for key in asked.weights if key not in self.keys]
        gone = len(self.old) - len({*self.keys.values()})
        _log.info(
            "%s of %s weights are carried over from `%s`, which has %s more",
            f"{len(known):,}",
            f"{len(asked.weights):,}",
            shown_file(file.path),
            f"{gone:,}",
        )
        if new:
            _log.info("initial values: %s", listed(grouped(new)))

    def has(self, key: str) -> bool:
        """Always true: what is not in the file is drawn."""
        del key
        return True

    def chunks(self, key: str, weight: Weight) -> "Iterator[Array]":
        """The values of a weight, flattened, in chunks."""
        if key in self.keys:
            yield from self.file.chunks(self.keys[key], self.old[self.keys[key]])
        else:
            yield from self.seeded.chunks(key, weight)


@contextmanager
def source_in(path: str, asked: Wanted) -> Iterator[FileWeights]:
    """Open a weight file: `.safetensors`, or a file written by `torch.save` if torch is installed.

    Nothing in it is executed. Raises `UsageError` if it cannot be read or does not match the network.
    """
    with opened(path) as file:
        yield FileWeights(path, file, asked)


@contextmanager
def source_of(options: Options, asked: Wanted) -> Iterator[Source]:
    """The source of an export's weights: the file given in the options, or a seed."""
    if options.weights is None:
        yield Seeded(options.seed or 0)
    elif options.from_ is not None:
        with source_in(options.weights, wanted(options.from_.model)) as file:
            yield CarriedWeights(file, options.from_, asked, options.seed or 0)
    else:
        with source_in(options.weights, asked) as source:
            yield source


def state_entries(weights: Mapping[str, Weight], dtype: str) -> list[StoredTensor]:
    """The tensors of a state_dict with their stored element types, those with the largest elements first."""
    types = {key: dtype if weight.dtype == "float" else weight.dtype for key, weight in weights.items()}
    entries = [(key, types[key], weight.shape) for key, weight in weights.items()]
    return sorted(entries, key=lambda entry: -DTYPES[entry[1]].bytes)


def write_weights(model: "Model", path: str, options: Options) -> None:
    """Write the state_dict of a network to a `.safetensors` file."""
    asked = wanted(model)
    weights = asked.weights
    entries = state_entries(weights, options.dtype)
    start, locations = header(entries)
    total = max((place.stop for place in locations.values()), default=0) - len(start)
    done = 0
    with source_of(options, asked) as source, writing(path) as file:
        file.write(start)
        made = (
            encoded(values, dtype) for key, dtype, _ in entries for values in source.chunks(key, weights[key])
        )
        for data in prefetched(made):
            file.write(data)
            done += len(data)
            if options.progress is not None:
                options.progress(done, total)


def encoded(values: "Array", dtype: str) -> memoryview:
    """Encode values as little-endian `float32`, `float16`, `bfloat16` or `int64`."""
    import numpy as np

    if dtype != "bfloat16":
        with np.errstate(over="ignore"):
            kept = values.astype(DTYPES[dtype].numpy, copy=False)
    else:
        bits = values.astype("<f4", copy=False).view("<u4")
        rounded = (bits + (((bits >> 16) & 1) + 0x7FFF)) >> 16  # round to nearest, ties to even
        quiet = (bits >> 16) | 0x40
        kept = np.where(np.isnan(bits.view("<f4")), quiet, rounded).astype("<u2")
    return np.ascontiguousarray(kept).reshape(-1).view(np.uint8).data
