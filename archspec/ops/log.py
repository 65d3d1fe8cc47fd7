"""Natural logarithm."""

from typing import ClassVar

from archspec.ops.core.arithmetic import Arithmetic
from archspec.ops.core.data import Example, of_any_size


class Log(Arithmetic):
    """The natural logarithm of each element: NaN below 0, minus infinity at 0. https://docs.pytorch.org/docs/stable/generated/torch.log.html"""

    name: ClassVar[str] = "log"
    onnx_node: ClassVar[str] = "Log"

    def rises(self) -> bool:
        """Always."""
        return True

    examples: ClassVar[tuple[Example, ...]] = of_any_size("lambda x: x.log()")
