"""Softplus."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import Example, Inputs, of_images_and_features
from archspec.ops.core.fields import Number, PositiveNumber
from archspec.ops.core.onnx_code import Emitter

EXACT = 15.0
"""Above this, softplus is its argument, as far as single precision tells."""


class Softplus(Activation):
    """log(1 + exp(beta * x)) / beta, a smooth max(x, 0).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html
    """

    name: ClassVar[str] = "softplus"
    positive: ClassVar[bool] = True

    beta: PositiveNumber = 1.0
    """How sharp the bend is."""
    threshold: Number = 20.0
    """Where `beta * x` is above, the output is x, so that nothing overflows."""

    def rises(self) -> bool:
        """Always."""
        return True

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Softplus` of beta * x, divided by beta; beyond the threshold x itself, where that makes a difference."""
        scaled = e.product(e.x, self.beta)
        # at opset 18 ONNX Runtime writes it out, as log(exp(x) + 1), where it has no kernel
        soft = self._bounded(e, scaled) if e.half and e.opset == 18 else e.node("Softplus", scaled)
        bent = e.product(soft, 1 / self.beta)
        if self.threshold >= EXACT:
            return bent
        beyond = e.truth("Greater", scaled, e.number(self.threshold))
        return e.node("Where", beyond, e.x, bent, to=inputs[0].shape)

    @staticmethod
    def _bounded(e: Emitter, x: str) -> str:
        """max(x, 0) + log(1 + exp(-|x|)), of which nothing overflows."""
        small = e.node("Exp", e.node("Neg", e.node("Abs", x)))
        return e.node("Add", e.node("Relu", x), e.node("Log", e.node("Add", small, e.number(1.0))))

    examples: ClassVar[tuple[Example, ...]] = (
        *of_images_and_features("nn.Softplus()"),
        Example({"beta": 2.0, "threshold": 10.0}, (("N", 5, 7),), "nn.Softplus(2.0, 10.0)"),
        Example({"beta": 0.0}, (("N", 5, 7),), error="AS203"),
    )
