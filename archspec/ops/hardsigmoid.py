"""Sigmoid in three straight lines."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import Example, Inputs, of_images_and_features
from archspec.ops.core.onnx_code import Emitter


class Hardsigmoid(Activation):
    """min(max(x / 6 + 1 / 2, 0), 1).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html
    """

    name: ClassVar[str] = "hardsigmoid"
    positive: ClassVar[bool] = True

    def rises(self) -> bool:
        """Always."""
        return True

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`HardSigmoid` with PyTorch's slope; ONNX's default is another."""
        return e.node("HardSigmoid", e.x, alpha=1 / 6, beta=0.5)

    examples: ClassVar[tuple[Example, ...]] = of_images_and_features("nn.Hardsigmoid()")
