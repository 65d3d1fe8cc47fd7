"""Sigmoid."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.base import Example


class Sigmoid(Activation):
    """1 / (1 + exp(-x)). https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html"""

    name: ClassVar[str] = "sigmoid"

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "nn.Sigmoid()"),
        Example({}, (("N", 11),), "nn.Sigmoid()"),
    )
