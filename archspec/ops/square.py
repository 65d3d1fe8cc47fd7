"""Square."""

from typing import ClassVar

from archspec.ops.core.arithmetic import Arithmetic
from archspec.ops.core.data import Example, Inputs, of_any_size
from archspec.ops.core.onnx_code import Emitter


class Square(Arithmetic):
    """Each element times itself. https://docs.pytorch.org/docs/stable/generated/torch.square.html"""

    name: ClassVar[str] = "square"
    positive: ClassVar[bool] = True

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Mul` of the input with itself."""
        return e.node("Mul", e.x, e.x)

    examples: ClassVar[tuple[Example, ...]] = of_any_size("lambda x: x.square()")
