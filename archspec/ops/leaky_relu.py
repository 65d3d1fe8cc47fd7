"""Rectified linear unit with a slope below zero."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import Example, Inputs, of_images_and_features
from archspec.ops.core.fields import Number
from archspec.ops.core.onnx_code import Emitter


class LeakyReLU(Activation):
    """max(x, 0) + negative_slope * min(x, 0).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html
    """

    name: ClassVar[str] = "leaky_relu"
    keeps_positive: ClassVar[bool] = True

    negative_slope: Number = 0.01
    """Slope below zero."""

    def rises(self) -> bool:
        """Unless its slope is negative."""
        return self.negative_slope >= 0

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`LeakyRelu`, whose default slope is PyTorch's too."""
        return e.node("LeakyRelu", e.x, alpha=self.negative_slope)

    examples: ClassVar[tuple[Example, ...]] = (
        *of_images_and_features("nn.LeakyReLU()"),
        Example({"negative_slope": 0.2}, (("N", 5, 7),), "nn.LeakyReLU(0.2)", doc="The slope of many GANs."),
        Example({"negative_slope": [0.2]}, (("N", 5, 7),), error="AS203"),
    )
