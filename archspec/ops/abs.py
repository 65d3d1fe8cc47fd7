"""Magnitude."""

from typing import ClassVar

from archspec.ops.core.arithmetic import Arithmetic
from archspec.ops.core.data import Example, of_any_size


class Abs(Arithmetic):
    """The magnitude of each element. https://docs.pytorch.org/docs/stable/generated/torch.abs.html"""

    name: ClassVar[str] = "abs"
    keeps_positive: ClassVar[bool] = True
    positive: ClassVar[bool] = True
    onnx_node: ClassVar[str] = "Abs"

    examples: ClassVar[tuple[Example, ...]] = of_any_size("lambda x: x.abs()")
