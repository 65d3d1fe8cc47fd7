"""Global max pooling."""

from math import prod
from typing import ClassVar

from archspec.ops.core.checks import sizes
from archspec.ops.core.data import Example, Inputs, Layout, Saved
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.pools import GlobalPool
from archspec.ops.core.torch_code import TorchCode, positional


class GlobalMaxPool(GlobalPool):
    """The largest element of each channel. The spatial axes stay, with size 1: `flatten` removes them.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
    """

    name: ClassVar[str] = "global_maxpool"
    layout: ClassVar[Layout] = "image"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, and where each maximum was."""
        return Saved(inputs=(0,), indices=prod(sizes(outputs[0].shape)))

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.AdaptiveMaxPool2d(1)`."""
        axes = inputs[0].rank - 2
        return TorchCode(f"nn.AdaptiveMaxPool{axes}d", (positional(1),), f"F.adaptive_max_pool{axes}d")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`GlobalMaxPool`."""
        return e.node("GlobalMaxPool", e.x, to=self.output(inputs).shape)

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 11),), "nn.AdaptiveMaxPool2d(1)", doc="Before a classifier."),
        Example({}, (("N", 5, 13),), "nn.AdaptiveMaxPool1d(1)"),
        Example({}, (("N", 2, 3, 5, 7),), "nn.AdaptiveMaxPool3d(1)"),
        Example({}, (("N", 5),), error="AS402"),
        Example({}, (("N", 5, 7, 11, 3, 2),), error="AS402"),
    )
