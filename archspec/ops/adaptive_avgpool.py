"""Adaptive average pooling."""

from typing import ClassVar

from archspec.ops.core.data import Example
from archspec.ops.core.onnx_code import MAX_CONSTANT, Emitter, too_large
from archspec.ops.core.pools import AdaptivePool, Averages, adaptive_examples, bins
from archspec.ops.core.resampling import sums


class AdaptiveAvgPool(Averages, AdaptivePool):
    """The average of each of `size` windows, which cover an axis of any size evenly.

    Of n positions, window i of `size` covers floor(i * n / size) to ceil((i + 1) * n / size).
    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
    """

    name: ClassVar[str] = "adaptive_avgpool"

    def onnx_axis(self, e: Emitter, value: str, axis: int, n: int, count: int) -> str:
        """A product with a matrix."""
        if n * count > MAX_CONSTANT:
            raise too_large(n * count)
        rows = [dict.fromkeys(range(start, stop), 1 / (stop - start)) for start, stop in bins(n, count)]
        return sums(e, value, axis, rows, "windows")

    examples: ClassVar[tuple[Example, ...]] = adaptive_examples("nn.AdaptiveAvgPool")
