"""Adaptive max pooling."""

from math import prod
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.checks import size, sizes
from archspec.ops.core.data import Example, Inputs, Layout, Saved
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.pools import AdaptivePool, bins, equal_windows
from archspec.ops.core.torch_code import TorchCode, positional

MANY = 1024
"""The most windows that become nodes of their own."""


class AdaptiveMaxPool(AdaptivePool):
    """The largest element of each of `size` windows, which cover an axis of any size evenly.

    Of n positions, window i of `size` covers floor(i * n / size) to ceil((i + 1) * n / size).
    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
    """

    name: ClassVar[str] = "adaptive_maxpool"
    layout: ClassVar[Layout] = "image"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, and where each maximum was."""
        return Saved(inputs=(0,), indices=prod(sizes(outputs[0].shape)))

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.AdaptiveMaxPool2d`."""
        axes = inputs[0].rank - 2
        function = f"F.adaptive_max_pool{axes}d"
        return TorchCode(f"nn.AdaptiveMaxPool{axes}d", (positional(self.size, "size"),), function)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`GlobalMaxPool` or `MaxPool` where windows are equal, else a slice and its maximum for each window."""
        x, out = inputs[0], self.output(inputs).shape
        if x.shape == out:
            return e.x
        if set(out[2:]) == {1}:
            return e.node("GlobalMaxPool", e.x, to=out)
        if strides := equal_windows(x, out):
            return e.node("MaxPool", e.x, to=out, kernel_shape=strides, strides=strides)
        value = e.x
        for axis in range(2, x.rank):
            n, count = size(x.shape[axis], "an axis to pool"), size(out[axis])
            if n == count:
                continue
            if count > MANY:
                message = f"in ONNX each uneven window is a node of its own: {count} are more than {MANY}"
                raise Problem("AS705", message, at=("size",))
            parts = []
            for start, stop in bins(n, count):
                part = e.cut(value, {axis: (start, stop, 1)})
                shape = (*e.type(part).shape[:axis], 1, *e.type(part).shape[axis + 1 :])
                parts.append(e.node("ReduceMax", part, e.ints([axis]), to=shape, keepdims=1))
            value = e.join(parts, axis)
        return value

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
