"""Sigmoid linear unit, also called swish."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import Example, Inputs, of_images_and_features
from archspec.ops.core.onnx_code import Emitter


class SiLU(Activation):
    """x * sigmoid(x). https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html"""

    name: ClassVar[str] = "silu"

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """x * sigmoid(x)."""
        return e.node("Mul", e.x, e.node("Sigmoid", e.x))

    examples: ClassVar[tuple[Example, ...]] = of_images_and_features("nn.SiLU()")
