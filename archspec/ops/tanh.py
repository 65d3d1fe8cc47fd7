"""Hyperbolic tangent."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import OUTPUT, Example, Inputs, Saved


class Tanh(Activation):
    """tanh(x). https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html"""

    name: ClassVar[str] = "tanh"
    onnx_node: ClassVar[str] = "Tanh"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The output, which tells the derivative."""
        return OUTPUT

    torch_function: ClassVar[str] = "torch.tanh"

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "nn.Tanh()"),
        Example({}, (("N", 11),), "nn.Tanh()"),
    )
