"""Softplus."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.base import Example
from archspec.ops.core.fields import Number, PositiveNumber


class Softplus(Activation):
    """log(1 + exp(beta * x)) / beta, a smooth max(x, 0).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html
    """

    name: ClassVar[str] = "softplus"

    beta: PositiveNumber = 1.0
    """How sharp the bend is."""
    threshold: Number = 20.0
    """Where `beta * x` is above, the output is x, so that nothing overflows."""

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "nn.Softplus()"),
        Example({}, (("N", 11),), "nn.Softplus()"),
        Example({"beta": 2.0, "threshold": 10.0}, (("N", 5, 7),), "nn.Softplus(2.0, 10.0)"),
        Example({"beta": 0.0}, (("N", 5, 7),), error="AS203"),
    )
