"""Square."""

from typing import ClassVar

from archspec.ops.core.arithmetic import Arithmetic
from archspec.ops.core.data import INPUT, Example, Inputs, Saved
from archspec.ops.core.onnx_code import Emitter


class Square(Arithmetic):
    """Each element times itself. https://docs.pytorch.org/docs/stable/generated/torch.square.html"""

    name: ClassVar[str] = "square"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, twice of which is the derivative."""
        return INPUT

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Mul` of the input with itself."""
        return e.node("Mul", e.x, e.x)

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "lambda x: x.square()"),
        Example({}, (("N", 11),), "lambda x: x.square()"),
        Example({}, (("N", 5, "H", "W"),), "lambda x: x.square()", doc="Of any size."),
    )
