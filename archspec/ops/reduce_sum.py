"""Sum over axes."""

from typing import ClassVar

from archspec.ops.core.base import SavesNothing
from archspec.ops.core.data import Example
from archspec.ops.core.reductions import WRONG, Reduction


class ReduceSum(SavesNothing, Reduction):
    """The sum over some axes, which vanish or stay with size 1. The batch stays.

    https://docs.pytorch.org/docs/stable/generated/torch.sum.html
    """

    name: ClassVar[str] = "reduce_sum"
    torch_method: ClassVar[str] = "sum"
    onnx_node: ClassVar[str] = "ReduceSum"

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"axes": 1}, (("N", 5, 7, 3),), "lambda x: x.sum(1)", doc="Over the branches of a selection."
        ),
        Example(
            {"axes": [-1, -2], "keepdim": True},
            (("N", 5, 7, 3),),
            "lambda x: x.sum((-1, -2), keepdim=True)",
            doc="Over the positions of an image: 1×1 stays.",
        ),
        Example({"axes": [2, 3]}, (("N", 5, "H", "W"),), "lambda x: x.sum((2, 3))", doc="Of any size."),
        Example({"axes": 1, "keepdim": True}, (("N", 5, "H", "W"),), "lambda x: x.sum(1, keepdim=True)"),
        Example({"axes": [1, 3]}, (("N", 5, 7, 3),), "lambda x: x.sum((1, 3))"),
        *WRONG,
    )
