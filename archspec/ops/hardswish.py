"""Swish with the hard sigmoid."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import Example, of_images_and_features


class Hardswish(Activation):
    """x * min(max(x + 3, 0), 6) / 6.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardswish.html
    """

    name: ClassVar[str] = "hardswish"
    onnx_node: ClassVar[str] = "HardSwish"

    examples: ClassVar[tuple[Example, ...]] = of_images_and_features("nn.Hardswish()")
