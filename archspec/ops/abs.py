"""Magnitude."""

from typing import ClassVar

from archspec.ops.core.arithmetic import Arithmetic
from archspec.ops.core.data import INPUT, Example, Inputs, Saved


class Abs(Arithmetic):
    """The magnitude of each element. https://docs.pytorch.org/docs/stable/generated/torch.abs.html"""

    name: ClassVar[str] = "abs"
    onnx_node: ClassVar[str] = "Abs"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, whose signs the gradient takes."""
        return INPUT

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "lambda x: x.abs()"),
        Example({}, (("N", 11),), "lambda x: x.abs()"),
        Example({}, (("N", 5, "H", "W"),), "lambda x: x.abs()", doc="Of any size."),
    )
