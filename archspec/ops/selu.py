"""Scaled exponential linear unit."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import Example, of_images_and_features


class SELU(Activation):
    """s * (max(x, 0) + min(a * (exp(x) - 1), 0)), with the constants s = 1.0507… and a = 1.6732…

    https://docs.pytorch.org/docs/stable/generated/torch.nn.SELU.html
    """

    name: ClassVar[str] = "selu"
    onnx_node: ClassVar[str] = "Selu"

    def rises(self) -> bool:
        """Always."""
        return True

    examples: ClassVar[tuple[Example, ...]] = of_images_and_features("nn.SELU()")
