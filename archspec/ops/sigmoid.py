"""Sigmoid."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import OUTPUT, Example, Saved, of_images_and_features


class Sigmoid(Activation):
    """1 / (1 + exp(-x)). https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html"""

    name: ClassVar[str] = "sigmoid"
    positive: ClassVar[bool] = True
    saves: ClassVar[Saved] = OUTPUT
    onnx_node: ClassVar[str] = "Sigmoid"
    torch_function: ClassVar[str] = "torch.sigmoid"

    def rises(self) -> bool:
        """Always."""
        return True

    examples: ClassVar[tuple[Example, ...]] = of_images_and_features("nn.Sigmoid()")
