"""Open weight files: the shapes of their tensors, and their values for NumPy and PyTorch."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from archspec.backends.weights.pickled import pickled
from archspec.backends.weights.safetensors import READ, SafeTensors

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    Array = np.ndarray[Any, np.dtype[Any]]

BYTES = 1 << 20
"""The number of bytes read from a file at a time."""


class WeightFile(Protocol):
    """The tensors of a weight file, by the names used in the file."""

    shapes: dict[str, tuple[int, ...]]

    def dtype(self, name: str) -> str:
        """The element type of a tensor, by its name in the file format."""

    def is_float(self, name: str) -> bool:
        """Whether the element type is floating-point."""

    def chunks(self, name: str) -> "Iterator[Array]":
        """The values of a tensor, flattened, in chunks: `float32`, `float64` or integers."""

    def tensor(self, name: str) -> "Tensor":
        """The tensor as a `torch.Tensor` on the CPU."""


class SafeTensorsFile:
    """A `.safetensors` file."""

    def __init__(self, file: SafeTensors) -> None:
        self.file = file
        self.shapes = {name: tensor.shape for name, tensor in file.tensors.items()}

    def dtype(self, name: str) -> str:
        """The element type, such as `F32`."""
        return self.file.tensors[name].dtype

    def is_float(self, name: str) -> bool:
        """Whether its values are of a floating type."""
        return READ[self.dtype(name)].is_floating

    def chunks(self, name: str) -> "Iterator[Array]":
        """The values in chunks, so that few are in memory at once."""
        import numpy as np

        dtype = READ[self.dtype(name)]
        for data in self.file.chunks(name, BYTES):
            values = np.frombuffer(data, dtype.numpy)
            if dtype.name == "bfloat16":
                values = (values.astype("<u4") << 16).view("<f4")
            yield values.astype("<f4") if dtype.name == "float16" else values

    def tensor(self, name: str) -> "Tensor":
        """The tensor, which owns its memory."""
        import torch

        shape, dtype = self.shapes[name], getattr(torch, READ[self.dtype(name)].name)
        data = self.file.read(name)
        return torch.frombuffer(data, dtype=dtype).reshape(shape) if data else torch.empty(shape, dtype=dtype)


class PickledFile:
    """A file written by `torch.save`."""

    def __init__(self, state: "dict[str, Tensor]") -> None:
        self.state = state
        self.shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}

    def dtype(self, name: str) -> str:
        """The element type, such as `float32`."""
        return str(self.state[name].dtype).removeprefix("torch.")

    def is_float(self, name: str) -> bool:
        """Whether its values are of a floating type."""
        return bool(self.state[name].is_floating_point())

    def chunks(self, name: str) -> "Iterator[Array]":
        """The values, in a single chunk."""
        import torch

        kind = self.dtype(name)
        wanted = torch.int64 if "float" not in kind else torch.float64 if kind == "float64" else torch.float32
        yield self.state[name].detach().to(wanted).contiguous().reshape(-1).numpy()

    def tensor(self, name: str) -> "Tensor":
        """The tensor."""
        return self.state[name]


@contextmanager
def opened(path: str) -> Iterator[WeightFile]:
    """Open a `.safetensors` file or, with any other suffix, a file written by `torch.save`, which requires torch.

    Nothing in it is executed. Raises `UsageError` if it cannot be read.
    """
    if path.endswith(".safetensors"):
        with SafeTensors(path) as file:
            yield SafeTensorsFile(file)
    else:
        yield PickledFile(pickled(path))
