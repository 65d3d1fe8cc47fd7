"""Global average pooling."""

from typing import ClassVar

from archspec.ops.core.base import SavesNothing
from archspec.ops.core.data import Example, Inputs, Layout
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.pools import GlobalPool
from archspec.ops.core.torch_code import TorchCode, positional


class GlobalAvgPool(SavesNothing, GlobalPool):
    """The average of each channel. The spatial axes stay, with size 1: `flatten` removes them.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
    """

    name: ClassVar[str] = "global_avgpool"
    layout: ClassVar[Layout] = "image"

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.AdaptiveAvgPool2d(1)`."""
        axes = inputs[0].rank - 2
        return TorchCode(f"nn.AdaptiveAvgPool{axes}d", (positional(1),), f"F.adaptive_avg_pool{axes}d")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`GlobalAveragePool`."""
        return e.node("GlobalAveragePool", e.x, to=self.output(inputs).shape)

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 11),), "nn.AdaptiveAvgPool2d(1)", doc="Before a classifier."),
        Example({}, (("N", 5, 13),), "nn.AdaptiveAvgPool1d(1)"),
        Example({}, (("N", 2, 3, 5, 7),), "nn.AdaptiveAvgPool3d(1)"),
        Example({}, (("N", 5),), error="AS402"),
        Example({}, (("N", 5, 7, 11, 3, 2),), error="AS402"),
    )
