"""Softsign."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import Example, Inputs, Saved, of_images_and_features
from archspec.ops.core.held import size_of


class Softsign(Activation):
    """x / (1 + |x|). https://docs.pytorch.org/docs/stable/generated/torch.nn.Softsign.html"""

    name: ClassVar[str] = "softsign"
    onnx_node: ClassVar[str] = "Softsign"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input and 1 + |x|."""
        return Saved(inputs=(0,), elements=size_of(inputs[0]))

    def rises(self) -> bool:
        """Always."""
        return True

    examples: ClassVar[tuple[Example, ...]] = of_images_and_features("nn.Softsign()")
