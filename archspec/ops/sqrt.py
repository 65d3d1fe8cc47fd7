"""Square root."""

from typing import ClassVar

from archspec.ops.core.arithmetic import Arithmetic
from archspec.ops.core.data import OUTPUT, Example, Inputs, Saved


class Sqrt(Arithmetic):
    """The square root of each element: no number below 0. https://docs.pytorch.org/docs/stable/generated/torch.sqrt.html"""

    name: ClassVar[str] = "sqrt"
    onnx_node: ClassVar[str] = "Sqrt"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The output, which the gradient is divided by."""
        return OUTPUT

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "lambda x: x.sqrt()"),
        Example({}, (("N", 11),), "lambda x: x.sqrt()"),
        Example({}, (("N", 5, "H", "W"),), "lambda x: x.sqrt()", doc="Of any size."),
    )
