"""Sum of several tensors."""

from typing import ClassVar

from archspec.ops.core.base import SavesNothing
from archspec.ops.core.data import Example, Inputs
from archspec.ops.core.joins import Elementwise, onnx_join
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode


class Add(SavesNothing, Elementwise):
    """The sum of its inputs, broadcast as in torch.

    https://docs.pytorch.org/docs/stable/generated/torch.add.html
    """

    name: ClassVar[str] = "add"
    aligns: ClassVar[bool] = True

    def torch(self, inputs: Inputs) -> TorchCode:
        """`a + b`."""
        return TorchCode(
            function=" + ".join(f"{{{index}}}" for index in range(len(inputs))), fresh=len(inputs) > 1
        )

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Add`, of two at a time."""
        return onnx_join(e, "Add")

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3), ("N", 5, 7, 3)), "lambda a, b: a + b"),
        Example({}, (("N", 5, 7, 3), ("N", 5, 1, 1), (5, 7, 1)), "lambda a, b, c: a + b + c"),
        Example({}, (("N", 5, 7, 3), ("N", 4, 7, 3)), error="AS401"),
    )
