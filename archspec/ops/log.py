"""Natural logarithm."""

from typing import ClassVar

from archspec.ops.core.arithmetic import Arithmetic
from archspec.ops.core.data import INPUT, Example, Inputs, Saved


class Log(Arithmetic):
    """The natural logarithm of each element: no number below 0, minus infinity at 0. https://docs.pytorch.org/docs/stable/generated/torch.log.html"""

    name: ClassVar[str] = "log"
    onnx_node: ClassVar[str] = "Log"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, which the gradient is divided by."""
        return INPUT

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "lambda x: x.log()"),
        Example({}, (("N", 11),), "lambda x: x.log()"),
        Example({}, (("N", 5, "H", "W"),), "lambda x: x.log()", doc="Of any size."),
    )
