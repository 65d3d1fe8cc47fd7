"""Softmax."""

from typing import ClassVar

from archspec.ops.core.activation import AlongAxis
from archspec.ops.core.data import Example


class Softmax(AlongAxis):
    """exp(x), divided by its sum along an axis.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html
    """

    name: ClassVar[str] = "softmax"
    positive: ClassVar[bool] = True
    onnx_node: ClassVar[str] = "Softmax"

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 11),), "nn.Softmax(dim=1)", doc="Of classes."),
        Example({}, (("N", 5, 7, 3),), "nn.Softmax(dim=1)", doc="Of the classes of each pixel."),
        Example({"axis": -1}, (("N", 5, 7),), "nn.Softmax(dim=-1)", doc="Of the last axis, as in attention."),
        Example({"axis": 2}, (("N", 11),), error="AS408"),
        Example({}, ((11,),), error="AS408", doc="A vector has no axis 1."),
    )
