"""Clamp."""

from math import inf
from typing import Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from archspec.ops.core.arithmetic import Arithmetic
from archspec.ops.core.data import Example, Inputs
from archspec.ops.core.fields import Number
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode, expression, keyword


class Clamp(Arithmetic):
    """min(max(x, `min`), `max`): one bound or both.

    https://docs.pytorch.org/docs/stable/generated/torch.clamp.html
    """

    name: ClassVar[str] = "clamp"

    min: Number | None = None
    """The least output."""
    max: Annotated[Number | None, Field(validate_default=True)] = None
    """The largest output; not below `min`."""

    @field_validator("max")
    @classmethod
    def _bounded(cls, value: float | None, info: ValidationInfo) -> float | None:
        if "min" not in info.data:  # it is wrong itself
            return value
        least = info.data["min"]
        if value is None and least is None:
            raise ValueError("`clamp` needs `min`, `max` or both")
        if value is not None and least is not None and value < least:
            raise ValueError(f"`max` {value:g} is below `min` {least:g}")
        return value

    def brief(self) -> str:
        """`clamp 0 to 6`, `clamp min 0`."""
        bounds = [
            f"{word} {bound:g}" for word, bound in (("min", self.min), ("max", self.max)) if bound is not None
        ]
        return f"clamp {self.min:g} to {self.max:g}" if len(bounds) == 2 else f"clamp {bounds[0]}"

    def torch(self, inputs: Inputs) -> TorchCode:
        """`torch.clamp`."""
        bounds = keyword("min", self.min, None, "min"), keyword("max", self.max, None, "max")
        return TorchCode(function=expression("torch.clamp", *bounds), fresh=True)

    def cuts(self) -> tuple[float, float]:
        """At its bounds."""
        return -inf if self.min is None else self.min, inf if self.max is None else self.max

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Clip`."""
        low, high = ("" if bound is None else e.number(bound) for bound in (self.min, self.max))
        return e.node("Clip", e.x, low, high)

    examples: ClassVar[tuple[Example, ...]] = (
        Example({"min": 0.0, "max": 1.0}, (("N", 5, 7, 3),), "lambda x: x.clamp(0.0, 1.0)"),
        Example({"min": -0.5}, (("N", 11),), "lambda x: x.clamp(min=-0.5)"),
        Example({"max": 0.5}, (("N", 5, "H", "W"),), "lambda x: x.clamp(max=0.5)", doc="Of any size."),
        Example({}, (("N", 5, 7),), error="AS203", doc="Nothing to clamp to."),
        Example({"min": 2.0, "max": 1.0}, (("N", 5, 7),), error="AS203"),
    )
