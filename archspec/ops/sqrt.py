"""Square root."""

from typing import ClassVar

from archspec.ops.core.arithmetic import Arithmetic
from archspec.ops.core.data import OUTPUT, Example, Saved, of_any_size


class Sqrt(Arithmetic):
    """The square root of each element: NaN below 0. https://docs.pytorch.org/docs/stable/generated/torch.sqrt.html"""

    name: ClassVar[str] = "sqrt"
    keeps_sign: ClassVar[bool] = True
    saves: ClassVar[Saved] = OUTPUT  # which the gradient is divided by
    onnx_node: ClassVar[str] = "Sqrt"

    def rises(self) -> bool:
        """Always."""
        return True

    examples: ClassVar[tuple[Example, ...]] = of_any_size("lambda x: x.sqrt()")
