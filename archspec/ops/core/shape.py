"""What the ops that rearrange a tensor share: shapes as fields, lists of axes, products that show their factors."""

from collections.abc import Sequence
from math import prod
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from archspec.ops.core.base import IsView, NoMacs, Op
from archspec.ops.core.data import Inputs, Layout
from archspec.ops.core.fields import NamedDimension, Positive
from archspec.ops.core.held import lying, viewed
from archspec.ops.core.reach import Links, regrouped
from archspec.types import Dim, TensorType, factored

MAX_RANK = 8
"""The most axes that a spec can ask for: more than any network here needs."""

Shape = Annotated[
    tuple[Positive | Literal[-1] | NamedDimension, ...],
    Field(
        min_length=1,
        max_length=MAX_RANK,
        description=f"a list of at most {MAX_RANK} positive integers, -1, free dimensions or multiples of these",
    ),
]


class SameOrder(NoMacs, IsView, Op):
    """The same elements in the same order, in another shape."""

    group: ClassVar[str] = "Shape"
    layout: ClassVar[Layout] = "free"
    rearranges: ClassVar[bool] = True

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """An axis that stays as it is sees the same position; others are seen as a whole."""
        return (regrouped(inputs[0], output),)

    def copies(self, inputs: Inputs, outputs: Inputs) -> bool:
        """Where no strides of the input give the new shape."""
        return viewed(inputs[0], outputs[0].shape) is None

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """In the strides of the input, or as a copy row by row."""
        steps = viewed(inputs[0], outputs[0].shape)
        return outputs if steps is None else (lying(outputs[0], steps),)


def product(dims: Sequence[int]) -> str:
    """The product with its factors: `3 * 5 * 7 = 105`."""
    return f"{' * '.join(map(str, dims))} = {prod(dims)}" if len(dims) > 1 else str(prod(dims))


def listed(dims: Sequence[Dim]) -> str:
    """Sizes as a spec writes them: `[N, 5, 7]`."""
    return f"[{', '.join(map(str, dims))}]"


def free(dims: Sequence[Dim]) -> tuple[str, ...]:
    """The free dimensions among `dims`, in their order, and of multiples too."""
    return tuple(factored(dim)[1] for dim in dims if isinstance(dim, str))


def fixed(dims: Sequence[Dim]) -> tuple[int, ...]:
    """The sizes among `dims`, in their order."""
    return tuple(dim for dim in dims if isinstance(dim, int))
