"""Continuously differentiable exponential linear unit."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import Example, Inputs, of_images_and_features
from archspec.ops.core.fields import PositiveNumber
from archspec.ops.core.onnx_code import Emitter


class CELU(Activation):
    """max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.CELU.html
    """

    name: ClassVar[str] = "celu"
    keeps_positive: ClassVar[bool] = True

    alpha: PositiveNumber = 1.0
    """The limit of the output far below zero, negated. PyTorch divides by it, and refuses 0."""

    def rises(self) -> bool:
        """Unless `alpha` is negative."""
        return self.alpha > 0

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """alpha * elu(x / alpha), since `Celu` knows one floating type only."""
        scaled = e.product(e.x, 1 / self.alpha)
        return e.product(e.node("Elu", scaled), self.alpha)

    examples: ClassVar[tuple[Example, ...]] = (
        *of_images_and_features("nn.CELU()"),
        Example({"alpha": 0.5}, (("N", 5, 7),), "nn.CELU(0.5)"),
        Example({"alpha": 0.0}, (("N", 5, 7),), error="AS203"),
    )
