"""Rectified linear unit, cut at 6."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import Example, Inputs, of_images_and_features
from archspec.ops.core.onnx_code import Emitter


class ReLU6(Activation):
    """min(max(x, 0), 6). https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU6.html"""

    name: ClassVar[str] = "relu6"
    positive: ClassVar[bool] = True
    torch_inplace: ClassVar[bool] = True

    def cuts(self) -> tuple[float, float]:
        """At 0 and 6."""
        return 0.0, 6.0

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Clip` from 0 to 6."""
        return e.node("Clip", e.x, e.number(0.0), e.number(6.0))

    examples: ClassVar[tuple[Example, ...]] = of_images_and_features("nn.ReLU6()")
