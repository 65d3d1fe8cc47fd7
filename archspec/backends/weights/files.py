"""Files of weights, opened: the shapes of the tensors in them, and their values, for NumPy and for PyTorch."""

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
"""What is read from a file at once."""


class WeightFile(Protocol):
    """The tensors of a file by the names that it gives them."""

    shapes: dict[str, tuple[int, ...]]

    def dtype(self, name: str) -> str:
        """The type of a tensor's elements, as the format calls it."""
        ...

    def is_float(self, name: str) -> bool:
        """Whether that is a floating type."""
        ...

    def chunks(self, name: str) -> "Iterator[Array]":
        """The values of a tensor, flat, in pieces: `float32`, `float64` or integers."""
        ...

    def tensor(self, name: str) -> "Tensor":
        """A tensor for PyTorch, on the CPU."""
        ...


class SafeTensorsFile:
    """A `.safetensors` file."""

    def __init__(self, file: SafeTensors) -> None:
        self.file = file
        self.shapes = {name: tensor.shape for name, tensor in file.tensors.items()}

    def dtype(self, name: str) -> str:
        """Such as `F32`."""
        return self.file.tensors[name].dtype

    def is_float(self, name: str) -> bool:
        """Whether its values are of a floating type."""
        return READ[self.dtype(name)].is_floating

    def chunks(self, name: str) -> "Iterator[Array]":
        """The values, of which little is in memory at once."""
        import numpy as np

        dtype = READ[self.dtype(name)]
        for data in self.file.chunks(name, BYTES):
            values = np.frombuffer(data, dtype.numpy)
            if dtype.name == "bfloat16":
                values = (values.astype("<u4") << 16).view("<f4")
            yield values.astype("<f4") if dtype.name == "float16" else values

    def tensor(self, name: str) -> "Tensor":
        """The tensor, in memory of its own."""
        import torch

        shape, dtype = self.shapes[name], getattr(torch, READ[self.dtype(name)].name)
        data = self.file.read(name)
        return torch.frombuffer(data, dtype=dtype).reshape(shape) if data else torch.empty(shape, dtype=dtype)


class PickledFile:
    """A file that `torch.save` has written."""

    def __init__(self, state: "dict[str, Tensor]") -> None:
        self.state = state
        self.shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}

    def dtype(self, name: str) -> str:
        """Such as `float32`."""
        return str(self.state[name].dtype).removeprefix("torch.")

    def is_float(self, name: str) -> bool:
        """Whether its values are of a floating type."""
        return bool(self.state[name].is_floating_point())

    def chunks(self, name: str) -> "Iterator[Array]":
        """The values, at once."""
        import torch

        kind = self.dtype(name)
        wanted = torch.int64 if "float" not in kind else torch.float64 if kind == "float64" else torch.float32
        yield self.state[name].detach().to(wanted).contiguous().reshape(-1).numpy()

    def tensor(self, name: str) -> "Tensor":
        """The tensor."""
        return self.state[name]


@contextmanager
def opened(path: str) -> Iterator[WeightFile]:
    """A `.safetensors` file; with any other suffix, one that `torch.save` has written, for which torch is needed.

    Nothing in it is executed. Raises `UsageError` where it cannot be read.
    """
    if path.endswith(".safetensors"):
        with SafeTensors(path) as file:
            yield SafeTensorsFile(file)
    else:
        yield PickledFile(pickled(path))
