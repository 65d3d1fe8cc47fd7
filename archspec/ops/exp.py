"""Exponential."""

from typing import ClassVar

from archspec.ops.core.arithmetic import Arithmetic
from archspec.ops.core.data import OUTPUT, Example, Saved, of_any_size


class Exp(Arithmetic):
    """e to the power of each element. https://docs.pytorch.org/docs/stable/generated/torch.exp.html"""

    name: ClassVar[str] = "exp"
    positive: ClassVar[bool] = True
    saves: ClassVar[Saved] = OUTPUT  # its own derivative
    onnx_node: ClassVar[str] = "Exp"

    def rises(self) -> bool:
        """Always."""
        return True

    examples: ClassVar[tuple[Example, ...]] = of_any_size("lambda x: x.exp()")
