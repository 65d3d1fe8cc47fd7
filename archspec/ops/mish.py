"""Mish."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import Example, of_images_and_features


class Mish(Activation):
    """x * tanh(softplus(x)). https://docs.pytorch.org/docs/stable/generated/torch.nn.Mish.html"""

    name: ClassVar[str] = "mish"
    onnx_node: ClassVar[str] = "Mish"

    examples: ClassVar[tuple[Example, ...]] = of_images_and_features("nn.Mish()")
