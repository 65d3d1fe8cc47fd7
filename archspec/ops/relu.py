"""Rectified linear unit."""

from math import inf
from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import OUTPUT, Example, Saved, of_images_and_features


class ReLU(Activation):
    """max(x, 0). https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html"""

    name: ClassVar[str] = "relu"
    positive: ClassVar[bool] = True
    saves: ClassVar[Saved] = OUTPUT
    onnx_node: ClassVar[str] = "Relu"
    torch_inplace: ClassVar[bool] = True

    def cuts(self) -> tuple[float, float]:
        """At 0."""
        return 0.0, inf

    examples: ClassVar[tuple[Example, ...]] = of_images_and_features("nn.ReLU()")
