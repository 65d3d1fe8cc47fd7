"""Global average pooling."""

from typing import ClassVar

from archspec.ops.core.data import Example
from archspec.ops.core.pools import Averages, GlobalPool


class GlobalAvgPool(Averages, GlobalPool):
    """The average of each channel. The spatial axes stay, with size 1: `flatten` removes them.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
    """

    name: ClassVar[str] = "global_avgpool"

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 11),), "nn.AdaptiveAvgPool2d(1)", doc="Before a classifier."),
        Example({}, (("N", 5, 13),), "nn.AdaptiveAvgPool1d(1)"),
        Example({}, (("N", 2, 3, 5, 7),), "nn.AdaptiveAvgPool3d(1)"),
        Example({}, (("N", 5),), error="AS402"),
        Example({}, (("N", 5, 7, 11, 3, 2),), error="AS402"),
    )
