"""Adaptive average pooling."""

from typing import ClassVar

from archspec.ops.core.checks import size
from archspec.ops.core.data import INPUT, Example, Inputs, Layout, Saved
from archspec.ops.core.onnx_code import MAX_CONSTANT, Emitter, too_large
from archspec.ops.core.pools import AdaptivePool, bins, equal_windows
from archspec.ops.core.resampling import sums
from archspec.ops.core.torch_code import TorchCode, positional


class AdaptiveAvgPool(AdaptivePool):
    """The average of each of `size` windows, which cover an axis of any size evenly.

    Of n positions, window i of `size` covers floor(i * n / size) to ceil((i + 1) * n / size).
    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
    """

    name: ClassVar[str] = "adaptive_avgpool"
    layout: ClassVar[Layout] = "image"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input; nothing for an output of one position, which is a mean."""
        return Saved() if set(outputs[0].spatial) == {1} else INPUT

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.AdaptiveAvgPool2d`."""
        axes = inputs[0].rank - 2
        function = f"F.adaptive_avg_pool{axes}d"
        return TorchCode(f"nn.AdaptiveAvgPool{axes}d", (positional(self.size, "size"),), function)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`GlobalAveragePool` or `AveragePool` where windows are equal, else a product with a matrix for each axis."""
        x, out = inputs[0], self.output(inputs).shape
        if x.shape == out:
            return e.x
        if set(out[2:]) == {1}:
            return e.node("GlobalAveragePool", e.x, to=out)
        if strides := equal_windows(x, out):
            return e.node("AveragePool", e.x, to=out, kernel_shape=strides, strides=strides)
        value = e.x
        for axis in range(2, x.rank):
            n, count = size(x.shape[axis], "an axis to pool"), size(out[axis])
            if n * count > MAX_CONSTANT:
                raise too_large(n * count)
            if n != count:
                rows = [dict.fromkeys(range(*bin_), 1 / (bin_[1] - bin_[0])) for bin_ in bins(n, count)]
                value = sums(e, value, axis, rows, "windows")
        return value

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"size": 7},
            (("N", 5, 23, 19),),
            "nn.AdaptiveAvgPool2d(7)",
            doc="Makes a classifier independent of the input's size.",
        ),
        Example({"size": 3}, (("N", 5, 13),), "nn.AdaptiveAvgPool1d(3)"),
        Example({"size": [2, 5]}, (("N", 5, 7, 11),), "nn.AdaptiveAvgPool2d((2, 5))"),
        Example(
            {"size": [9, 2, 3]},
            (("N", 2, 7, 11, 5),),
            "nn.AdaptiveAvgPool3d((9, 2, 3))",
            doc="The output may be larger than the input.",
        ),
        Example({"size": [2, 2]}, (("N", 5, 7),), error="AS408"),
        Example({"size": 0}, (("N", 5, 7, 11),), error="AS203"),
        Example({"size": 2}, (("N", 5),), error="AS402"),
    )
