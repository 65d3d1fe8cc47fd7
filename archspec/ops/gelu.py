"""Gaussian error linear unit."""

from typing import ClassVar, Literal

from archspec.ops.core.activation import Activation
from archspec.ops.core.base import Example


class GELU(Activation):
    """x * Φ(x), with the distribution function Φ of the normal distribution.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html
    """

    name: ClassVar[str] = "gelu"

    approximate: Literal["none", "tanh"] = "none"
    """`none` is exact; `tanh` is the older approximation by a hyperbolic tangent."""

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "nn.GELU()"),
        Example({}, (("N", 11),), "nn.GELU()"),
        Example({"approximate": "tanh"}, (("N", 5, 7),), 'nn.GELU(approximate="tanh")'),
        Example({"approximate": "sigmoid"}, (("N", 5, 7),), error="AS203"),
    )
