"""Sigmoid."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import OUTPUT, Example, Inputs, Saved


class Sigmoid(Activation):
    """1 / (1 + exp(-x)). https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html"""

    name: ClassVar[str] = "sigmoid"
    onnx_node: ClassVar[str] = "Sigmoid"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The output, which tells the derivative."""
        return OUTPUT

    torch_function: ClassVar[str] = "torch.sigmoid"

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "nn.Sigmoid()"),
        Example({}, (("N", 11),), "nn.Sigmoid()"),
    )
