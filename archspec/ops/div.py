"""Quotient of several tensors."""

from typing import ClassVar

from archspec.ops.core.data import Example
from archspec.ops.core.joins import Elementwise


class Div(Elementwise):
    """The first input divided by all others, broadcast as in torch.

    https://docs.pytorch.org/docs/stable/generated/torch.div.html
    """

    name: ClassVar[str] = "div"
    torch_operator: ClassVar[str] = "/"
    onnx_node: ClassVar[str] = "Div"

    def sides(self, left: bool, right: bool) -> tuple[bool, bool]:
        """The divisor, for any gradient; the dividend, for that of the divisor."""
        return right, left or right

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3), ("N", 5, 7, 3)), "lambda a, b: a / b"),
        Example(
            {}, (("N", 5, 7, 3), ("N", 1, 7, 3)), "lambda a, b: a / b", doc="By one number for all channels."
        ),
        Example({}, (("N", 5, 7, 3), ("N", 5, 1, 1), (7, 1)), "lambda a, b, c: a / b / c"),
        Example({}, (("N", 5, "H", "W"), ("N", 5, "H", "W")), "lambda a, b: a / b"),
        Example({}, (("N", 5, 7, 3), ("N", 5, 7, 2)), error="AS401"),
    )
