"""Rectified linear unit."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import OUTPUT, Example, Inputs, Saved


class ReLU(Activation):
    """max(x, 0). https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html"""

    name: ClassVar[str] = "relu"
    onnx_node: ClassVar[str] = "Relu"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The output, which tells the derivative."""
        return OUTPUT

    torch_inplace: ClassVar[bool] = True

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "nn.ReLU()"),
        Example({}, (("N", 11),), "nn.ReLU()"),
    )
