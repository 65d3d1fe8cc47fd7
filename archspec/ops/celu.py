"""Continuously differentiable exponential linear unit."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.base import Example
from archspec.ops.core.fields import PositiveNumber


class CELU(Activation):
    """max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.CELU.html
    """

    name: ClassVar[str] = "celu"

    alpha: PositiveNumber = 1.0
    """Where the output ends far below zero, negated. PyTorch refuses 0, which divides."""

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "nn.CELU()"),
        Example({}, (("N", 11),), "nn.CELU()"),
        Example({"alpha": 0.5}, (("N", 5, 7),), "nn.CELU(0.5)"),
        Example({"alpha": 0.0}, (("N", 5, 7),), error="AS203"),
    )
