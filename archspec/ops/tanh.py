"""Hyperbolic tangent."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.base import Example


class Tanh(Activation):
    """tanh(x). https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html"""

    name: ClassVar[str] = "tanh"

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "nn.Tanh()"),
        Example({}, (("N", 11),), "nn.Tanh()"),
    )
