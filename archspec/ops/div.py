"""Quotient of several tensors."""

from typing import ClassVar

from archspec.ops.core.data import Example, Inputs, Saved
from archspec.ops.core.joins import Elementwise, onnx_join, quotients_of
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode


class Div(Elementwise):
    """The first input divided by all others, broadcast as in torch.

    https://docs.pytorch.org/docs/stable/generated/torch.div.html
    """

    name: ClassVar[str] = "div"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """Each divisor; what is divided, for the gradient of the divisor."""
        return quotients_of(self.name, inputs)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`a / b`."""
        return TorchCode(
            function=" / ".join(f"{{{index}}}" for index in range(len(inputs))), fresh=len(inputs) > 1
        )

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Div`, of two at a time."""
        return onnx_join(e, "Div")

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3), ("N", 5, 7, 3)), "lambda a, b: a / b"),
        Example(
            {}, (("N", 5, 7, 3), ("N", 1, 7, 3)), "lambda a, b: a / b", doc="By one number for all channels."
        ),
        Example({}, (("N", 5, 7, 3), ("N", 5, 1, 1), (7, 1)), "lambda a, b, c: a / b / c"),
        Example({}, (("N", 5, "H", "W"), ("N", 5, "H", "W")), "lambda a, b: a / b"),
        Example({}, (("N", 5, 7, 3), ("N", 5, 7, 2)), error="AS401"),
    )
