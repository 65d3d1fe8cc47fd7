"""What an op is asked about, and what it answers: input types, weights, examples, and what autograd keeps."""

from dataclasses import dataclass
from math import prod
from typing import Any, Literal

from archspec.ops.core.init import Init
from archspec.types import Dim, TensorType

Inputs = tuple[TensorType, ...]
Layout = Literal["kept", "image", "free"]


@dataclass(frozen=True, slots=True)
class Weight:
    """A tensor in the state_dict of an op. `name` is its key below the module's; empty: the key is the path."""

    name: str
    shape: tuple[int, ...]
    init: Init
    buffer: bool = False
    """Whether it is not a parameter: it is saved with the weights, but not trained."""
    dtype: str = "float"
    """`float`: the model's floating type; or `int64`."""
    persistent: bool = True
    """Whether it is in the state_dict. What is not has its values from the spec alone."""

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    @property
    def is_counter(self) -> bool:
        """Whether it counts batches. PyTorch's strict load takes files without it, and starts at 0."""
        return self.dtype == "int64"


@dataclass(frozen=True, slots=True)
class Example:
    """A use of an op: documentation, and a case of the conformance test.

    `torch` is a Python expression with the same meaning, written in terms of `torch`, `nn`, `F` and the batch
    size `N`, that yields a module or a function of the inputs. `error` is the code of the diagnostic where the
    example is invalid.
    """

    fields: dict[str, Any]
    inputs: tuple[tuple[Dim, ...], ...]
    torch: str = ""
    error: str = ""
    doc: str = ""
    """One line that says what the example shows."""

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.error


def of_images_and_features(torch: str) -> tuple[Example, ...]:
    """Examples of a function with its defaults, which is this in PyTorch."""
    return Example({}, (("N", 5, 7, 3),), torch), Example({}, (("N", 11),), torch)


def of_any_size(torch: str) -> tuple[Example, ...]:
    """The same, and one of images whose size is free."""
    return (*of_images_and_features(torch), Example({}, (("N", 5, "H", "W"),), torch, doc="Of any size."))


@dataclass(frozen=True, slots=True)
class Saved:
    """What autograd keeps of a call for the backward pass, in training mode, as PyTorch does it on a CPU."""

    inputs: tuple[int, ...] = ()
    """The inputs whose storage is kept."""
    outputs: tuple[int, ...] = ()
    """The outputs whose storage is kept."""
    elements: int = 0
    """Further elements of the network's type: statistics, noise, what an op computes on its way."""
    indices: int = 0
    """Further integers of 8 bytes: where the maxima of a pool were."""


INPUT = Saved(inputs=(0,))
OUTPUT = Saved(outputs=(0,))
