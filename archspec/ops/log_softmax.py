"""Logarithm of the softmax."""

from typing import ClassVar

from archspec.ops.core.activation import AlongAxis
from archspec.ops.core.data import Example


class LogSoftmax(AlongAxis):
    """The logarithm of the softmax along an axis, computed without overflow.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html
    """

    name: ClassVar[str] = "log_softmax"
    onnx_node: ClassVar[str] = "LogSoftmax"

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 11),), "nn.LogSoftmax(dim=1)", doc="Of classes."),
        Example({}, (("N", 5, 7, 3),), "nn.LogSoftmax(dim=1)", doc="Of the classes of each pixel."),
        Example(
            {"axis": -1}, (("N", 5, 7),), "nn.LogSoftmax(dim=-1)", doc="Of the last axis, as in attention."
        ),
        Example({"axis": 2}, (("N", 11),), error="AS408"),
        Example({}, ((11,),), error="AS408", doc="A vector has no axis 1."),
    )
