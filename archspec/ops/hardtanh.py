"""Hyperbolic tangent in three straight lines."""

from typing import Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import Example, Inputs, of_images_and_features
from archspec.ops.core.fields import Number
from archspec.ops.core.onnx_code import Emitter


class Hardtanh(Activation):
    """min(max(x, min_val), max_val).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html
    """

    name: ClassVar[str] = "hardtanh"

    min_val: Number = -1.0
    """The least output."""
    max_val: Annotated[Number, Field(validate_default=True)] = 1.0
    """The largest output; above `min_val`."""

    @field_validator("max_val")
    @classmethod
    def _ordered(cls, value: float, info: ValidationInfo) -> float:
        least = info.data.get("min_val", -1.0)
        if value <= least:
            raise ValueError(f"`max_val` {value:g} is not above `min_val` {least:g}")
        return value

    def brief(self) -> str:
        """`hardtanh -1 to 1`."""
        return f"hardtanh {self.min_val:g} to {self.max_val:g}"

    def cuts(self) -> tuple[float, float]:
        """At its bounds."""
        return self.min_val, self.max_val

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Clip`."""
        return e.node("Clip", e.x, e.number(self.min_val), e.number(self.max_val))

    examples: ClassVar[tuple[Example, ...]] = (
        *of_images_and_features("nn.Hardtanh()"),
        Example({"min_val": -0.5, "max_val": 2}, (("N", 5, 7),), "nn.Hardtanh(-0.5, 2.0)"),
        Example({"min_val": 1.0}, (("N", 5, 7),), error="AS203", doc="`max_val` is 1 by default."),
        Example({"min_val": 2.0, "max_val": 1.0}, (("N", 5, 7),), error="AS203"),
    )
