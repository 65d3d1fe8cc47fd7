"""Global max pooling."""

from typing import ClassVar

from archspec.ops.core.data import Example
from archspec.ops.core.pools import GlobalPool, Maxima


class GlobalMaxPool(Maxima, GlobalPool):
    """The largest element of each channel. The spatial axes stay, with size 1: `flatten` removes them.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
    """

    name: ClassVar[str] = "global_maxpool"

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 11),), "nn.AdaptiveMaxPool2d(1)", doc="Before a classifier."),
        Example({}, (("N", 5, 13),), "nn.AdaptiveMaxPool1d(1)"),
        Example({}, (("N", 2, 3, 5, 7),), "nn.AdaptiveMaxPool3d(1)"),
        Example({}, (("N", 5),), error="AS402"),
        Example({}, (("N", 5, 7, 11, 3, 2),), error="AS402"),
    )
