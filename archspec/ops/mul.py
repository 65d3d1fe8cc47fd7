"""Product of several tensors."""

from typing import ClassVar

from archspec.ops.core.data import Example
from archspec.ops.core.joins import Elementwise


class Mul(Elementwise):
    """The product of its inputs, element by element, broadcast as in torch.

    https://docs.pytorch.org/docs/stable/generated/torch.mul.html
    """

    name: ClassVar[str] = "mul"
    multiplies: ClassVar[bool] = True
    commutes: ClassVar[bool] = True
    keeps_sign: ClassVar[bool] = True
    torch_operator: ClassVar[str] = "*"
    onnx_node: ClassVar[str] = "Mul"

    def sides(self, left: bool, right: bool) -> tuple[bool, bool]:
        """Each factor for the gradient of the other one; of more than two inputs, the products so far are factors."""
        return right, left

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {},
            (("N", 5, 7, 3), ("N", 5, 1, 1)),
            "lambda a, b: a * b",
            doc="Squeeze-and-excitation scales every channel.",
        ),
        Example(
            {},
            ((5, 1, 1), ("N", 5, 7, 3)),
            "lambda a, b: a * b",
            doc="A layer scale: the other factor is a `param`.",
        ),
        Example({}, (("N", 5, 7), ("N", 5, 7), ("N", 1, 7)), "lambda a, b, c: a * b * c"),
        Example({}, (("N", 5, 7, 3), ("N", 5)), error="AS401", doc="Shapes are aligned at the last axis."),
    )
