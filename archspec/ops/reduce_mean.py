"""Mean over axes."""

from typing import ClassVar

from archspec.ops.core.base import SavesNothing
from archspec.ops.core.data import Example
from archspec.ops.core.reductions import WRONG, Reduction


class ReduceMean(SavesNothing, Reduction):
    """The mean over some axes, which vanish or stay with size 1. The batch stays.

    https://docs.pytorch.org/docs/stable/generated/torch.mean.html
    """

    name: ClassVar[str] = "reduce_mean"
    torch_method: ClassVar[str] = "mean"
    onnx_node: ClassVar[str] = "ReduceMean"

    examples: ClassVar[tuple[Example, ...]] = (
        Example({"axes": [2, 3]}, (("N", 5, 7, 3),), "lambda x: x.mean((2, 3))", doc="Global average pool."),
        Example(
            {"axes": [-1, -2], "keepdim": True},
            (("N", 5, 7, 3),),
            "lambda x: x.mean((-1, -2), keepdim=True)",
            doc="For squeeze-and-excitation: 1×1 stays.",
        ),
        Example({"axes": 1}, (("N", 5, 7),), "lambda x: x.mean(1)", doc="Over the tokens of a sequence."),
        Example({"axes": [2, 3]}, (("N", 5, "H", "W"),), "lambda x: x.mean((2, 3))", doc="Of any size."),
        Example({"axes": [1, 3]}, (("N", 5, 7, 3),), "lambda x: x.mean((1, 3))"),
        *WRONG,
    )
