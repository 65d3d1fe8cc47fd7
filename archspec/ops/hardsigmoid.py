"""Sigmoid in three straight lines."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.base import Example


class Hardsigmoid(Activation):
    """min(max(x / 6 + 1 / 2, 0), 1).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html
    """

    name: ClassVar[str] = "hardsigmoid"

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "nn.Hardsigmoid()"),
        Example({}, (("N", 11),), "nn.Hardsigmoid()"),
    )
