"""Exponential linear unit."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import Example, Inputs, of_images_and_features
from archspec.ops.core.fields import Number
from archspec.ops.core.onnx_code import Emitter


class ELU(Activation):
    """max(x, 0) + min(alpha * (exp(x) - 1), 0).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ELU.html
    """

    name: ClassVar[str] = "elu"
    keeps_positive: ClassVar[bool] = True

    alpha: Number = 1.0
    """The limit of the output far below zero, negated."""

    def rises(self) -> bool:
        """Unless `alpha` is negative."""
        return self.alpha >= 0

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Elu`."""
        return e.node("Elu", e.x, alpha=self.alpha)

    examples: ClassVar[tuple[Example, ...]] = (
        *of_images_and_features("nn.ELU()"),
        Example({"alpha": 0.5}, (("N", 5, 7),), "nn.ELU(0.5)"),
    )
