"""Rectified linear unit."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.base import Example


class ReLU(Activation):
    """max(x, 0). https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html"""

    name: ClassVar[str] = "relu"

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "nn.ReLU()"),
        Example({}, (("N", 11),), "nn.ReLU()"),
    )
