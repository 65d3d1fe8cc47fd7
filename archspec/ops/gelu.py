"""Gaussian error linear unit."""

from math import pi, sqrt
from typing import ClassVar, Literal

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import Example, Inputs, of_images_and_features
from archspec.ops.core.onnx_code import Emitter


class GELU(Activation):
    """x * Φ(x), with the distribution function Φ of the normal distribution.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html
    """

    name: ClassVar[str] = "gelu"

    approximate: Literal["none", "tanh"] = "none"
    """`none` is exact; `tanh` is the older approximation by a hyperbolic tangent."""

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Gelu` from opset 20 on; before, the steps of its formula."""
        if e.opset >= 20:
            return e.node("Gelu", e.x, approximate=self.approximate)
        if self.approximate == "tanh":
            cube = e.node("Mul", e.node("Mul", e.x, e.x), e.x)
            inner = e.product(e.node("Add", e.x, e.product(cube, 0.044715)), sqrt(2 / pi))
            weight = e.node("Tanh", inner)
        else:
            weight = e.node("Erf", e.product(e.x, sqrt(0.5)))
        return e.node("Mul", e.product(e.x, 0.5), e.node("Add", weight, e.number(1.0)))

    examples: ClassVar[tuple[Example, ...]] = (
        *of_images_and_features("nn.GELU()"),
        Example({"approximate": "tanh"}, (("N", 5, 7),), 'nn.GELU(approximate="tanh")'),
        Example({"approximate": "sigmoid"}, (("N", 5, 7),), error="AS203"),
    )
