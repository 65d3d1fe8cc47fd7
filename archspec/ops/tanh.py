"""Hyperbolic tangent."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import OUTPUT, Example, Saved, of_images_and_features


class Tanh(Activation):
    """tanh(x). https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html"""

    name: ClassVar[str] = "tanh"
    saves: ClassVar[Saved] = OUTPUT
    onnx_node: ClassVar[str] = "Tanh"
    torch_function: ClassVar[str] = "torch.tanh"

    def rises(self) -> bool:
        """Always."""
        return True

    examples: ClassVar[tuple[Example, ...]] = of_images_and_features("nn.Tanh()")
