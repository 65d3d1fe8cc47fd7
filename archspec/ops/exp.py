"""Exponential."""

from typing import ClassVar

from archspec.ops.core.arithmetic import Arithmetic
from archspec.ops.core.data import OUTPUT, Example, Inputs, Saved


class Exp(Arithmetic):
    """e to the power of each element. https://docs.pytorch.org/docs/stable/generated/torch.exp.html"""

    name: ClassVar[str] = "exp"
    onnx_node: ClassVar[str] = "Exp"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The output, which is its own derivative."""
        return OUTPUT

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "lambda x: x.exp()"),
        Example({}, (("N", 11),), "lambda x: x.exp()"),
        Example({}, (("N", 5, "H", "W"),), "lambda x: x.exp()", doc="Of any size."),
    )
