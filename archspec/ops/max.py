"""Maximum of several tensors."""

from typing import ClassVar

from archspec.ops.core.data import Example, Inputs
from archspec.ops.core.joins import Elementwise
from archspec.ops.core.torch_code import TorchCode


class Max(Elementwise):
    """The largest of its inputs, element by element, broadcast as in torch.

    https://docs.pytorch.org/docs/stable/generated/torch.maximum.html
    """

    name: ClassVar[str] = "max"
    commutes: ClassVar[bool] = True
    keeps_sign: ClassVar[bool] = True
    onnx_node: ClassVar[str] = "Max"

    def sides(self, left: bool, right: bool) -> tuple[bool, bool]:
        """Both sides, for any gradient; of more than two inputs, the maxima so far are sides."""
        return left or right, left or right

    def torch(self, inputs: Inputs) -> TorchCode:
        """`torch.maximum`, of two at a time."""
        text = "{0}"
        for index in range(1, len(inputs)):
            text = f"torch.maximum({text}, {{{index}}})"
        return TorchCode(function=text)

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3), ("N", 5, 7, 3)), "torch.maximum", doc="Maxout of two branches."),
        Example(
            {},
            (("N", 5, 7, 3), ("N", 1, 7, 1), (5, 1, 3)),
            "lambda a, b, c: torch.maximum(torch.maximum(a, b), c)",
        ),
        Example({}, (("N", 5, 7), ("N", 4, 7)), error="AS401"),
    )
