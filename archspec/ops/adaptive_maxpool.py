"""Adaptive max pooling."""

from math import prod
from typing import ClassVar

from archspec.ops.core.base import Example, Inputs, Saved, sizes
from archspec.ops.core.pools import AdaptivePool
from archspec.ops.core.torch_code import TorchCode, positional


class AdaptiveMaxPool(AdaptivePool):
    """The largest element of each of `size` windows, which cover an axis of any size evenly.

    Of n positions, window i of `size` covers floor(i * n / size) to ceil((i + 1) * n / size).
    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
    """

    name: ClassVar[str] = "adaptive_maxpool"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:  # noqa: ARG002
        """The input, and where each maximum was."""
        return Saved(inputs=(0,), indices=prod(sizes(outputs[0].shape)))

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.AdaptiveMaxPool2d`."""
        axes = inputs[0].rank - 2
        function = f"F.adaptive_max_pool{axes}d"
        return TorchCode(f"nn.AdaptiveMaxPool{axes}d", (positional(self.size, "size"),), function)

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"size": 7},
            (("N", 5, 23, 19),),
            "nn.AdaptiveMaxPool2d(7)",
            doc="Makes a classifier independent of the input's size.",
        ),
        Example({"size": 3}, (("N", 5, 13),), "nn.AdaptiveMaxPool1d(3)"),
        Example({"size": [2, 5]}, (("N", 5, 7, 11),), "nn.AdaptiveMaxPool2d((2, 5))"),
        Example(
            {"size": [9, 2, 3]},
            (("N", 2, 7, 11, 5),),
            "nn.AdaptiveMaxPool3d((9, 2, 3))",
            doc="The output may be larger than the input.",
        ),
        Example({"size": [2, 2]}, (("N", 5, 7),), error="AS408"),
        Example({"size": 0}, (("N", 5, 7, 11),), error="AS203"),
        Example({"size": 2}, (("N", 5),), error="AS402"),
    )
