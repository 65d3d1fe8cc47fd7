"""Difference of several tensors."""

from typing import ClassVar

from archspec.ops.core.data import Example
from archspec.ops.core.joins import Elementwise


class Sub(Elementwise):
    """The first input minus all others, broadcast as in torch.

    https://docs.pytorch.org/docs/stable/generated/torch.sub.html
    """

    name: ClassVar[str] = "sub"
    torch_operator: ClassVar[str] = "-"
    onnx_node: ClassVar[str] = "Sub"

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3), ("N", 5, 7, 3)), "lambda a, b: a - b"),
        Example({}, (("N", 5, 7, 3), ("N", 5, 1, 1), (7, 1)), "lambda a, b, c: a - b - c"),
        Example({}, (("N", 5, 7, 3), ("N", 5, 7, 2)), error="AS401"),
    )
