"""Adaptive max pooling."""

from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.data import Example
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.pools import AdaptivePool, Maxima, adaptive_examples, bins

MANY = 1024
"""The most windows that become nodes of their own."""


class AdaptiveMaxPool(Maxima, AdaptivePool):
    """The largest element of each of `size` windows, which cover an axis of any size evenly.

    Of n positions, window i of `size` covers floor(i * n / size) to ceil((i + 1) * n / size).
    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
    """

    name: ClassVar[str] = "adaptive_maxpool"

    def onnx_axis(self, e: Emitter, value: str, axis: int, n: int, count: int) -> str:
        """A slice and its maximum for each window."""
        if count > MANY:
            message = f"in ONNX each uneven window is a node of its own: {count} are more than {MANY}"
            raise Problem("AS705", message, at=("size",))
        maxima = []
        for start, stop in bins(n, count):
            part = e.cut(value, {axis: (start, stop, 1)})
            shape = (*e.type(part).shape[:axis], 1, *e.type(part).shape[axis + 1 :])
            maxima.append(e.node("ReduceMax", part, e.ints([axis]), to=shape, keepdims=1))
        return e.join(maxima, axis)

    examples: ClassVar[tuple[Example, ...]] = adaptive_examples("nn.AdaptiveMaxPool")
