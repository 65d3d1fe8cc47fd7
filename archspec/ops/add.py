"""Sum of several tensors."""

from typing import ClassVar

from archspec.ops.core.data import Example
from archspec.ops.core.joins import Elementwise


class Add(Elementwise):
    """The sum of its inputs, broadcast as in torch.

    https://docs.pytorch.org/docs/stable/generated/torch.add.html
    """

    name: ClassVar[str] = "add"
    commutes: ClassVar[bool] = True
    keeps_sign: ClassVar[bool] = True
    torch_operator: ClassVar[str] = "+"
    onnx_node: ClassVar[str] = "Add"
    aligns: ClassVar[bool] = True

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3), ("N", 5, 7, 3)), "lambda a, b: a + b"),
        Example({}, (("N", 5, 7, 3), ("N", 5, 1, 1), (5, 7, 1)), "lambda a, b, c: a + b + c"),
        Example({}, (("N", 5, 7, 3), ("N", 4, 7, 3)), error="AS401"),
    )
