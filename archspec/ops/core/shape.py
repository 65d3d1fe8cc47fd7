"""What the ops that rearrange a tensor share: shapes as fields, lists of axes, products that show themselves."""

from collections.abc import Sequence
from math import prod
from typing import Annotated, Literal

from pydantic import Field

from archspec.diagnostics import Problem
from archspec.ops.core.checks import axis_index
from archspec.ops.core.fields import FreeDimension, Positive
from archspec.types import Dim, factored

MAX_RANK = 8
"""The most axes that a spec can ask for: more than any network here needs."""

Shape = Annotated[
    tuple[Positive | Literal[-1] | FreeDimension, ...],
    Field(
        min_length=1,
        max_length=MAX_RANK,
        description=f"a list of at most {MAX_RANK} positive integers, -1, free dimensions or multiples of these",
    ),
]


def axis_indices(axes: Sequence[int], rank: int) -> tuple[int, ...]:
    """`axes` counted from the front. Each may come once only."""
    found = tuple(axis_index(axis, rank, "axes") for axis in axes[: rank + 1])
    for place, axis in enumerate(found):
        if axis in found[:place]:
            raise Problem(
                "AS408",
                f"`axes` has axis {axis} twice",
                at=("axes",),
                notes=(f"{axes[place]} is axis {axis} of {rank}",) if axes[place] < 0 else (),
            )
    return found


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
