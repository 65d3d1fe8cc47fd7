"""Identity."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.data import Example, Inputs, Saved, of_images_and_features
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode


class Identity(Activation):
    """Its input, unchanged: a place with a name.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Identity.html
    """

    name: ClassVar[str] = "identity"
    saves: ClassVar[Saved] = Saved()

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """It is its input."""
        return inputs

    def view(self, inputs: Inputs, *, training: bool) -> bool:
        """It is its input."""
        return True

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.Identity`, or nothing."""
        return TorchCode("nn.Identity", function="{0}")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """Nothing: it is its input."""
        return e.x

    examples: ClassVar[tuple[Example, ...]] = (
        *of_images_and_features("nn.Identity()"),
        Example({}, (("N", "L", 5),), "nn.Identity()", doc="Any shape, free dimensions included."),
    )
