"""Maximum over axes."""

from typing import ClassVar

from archspec.ops.core.data import Example, Inputs, Saved
from archspec.ops.core.reductions import WRONG, Reduction


class ReduceMax(Reduction):
    """The largest element over some axes, which vanish or stay with size 1. The batch stays.

    As with `torch.amax`, several equal maxima share the gradient.
    https://docs.pytorch.org/docs/stable/generated/torch.amax.html
    """

    name: ClassVar[str] = "reduce_max"
    torch_method: ClassVar[str] = "amax"
    onnx_node: ClassVar[str] = "ReduceMax"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input and the maxima: the gradient goes to what is equal to them."""
        return Saved(inputs=(0,), outputs=(0,))

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"axes": 1, "keepdim": True},
            (("N", 5, 7, 3),),
            "lambda x: x.amax(1, keepdim=True)",
            doc="CBAM: the largest channel at each position.",
        ),
        Example({"axes": [2, 3]}, (("N", 5, 7, 3),), "lambda x: x.amax((2, 3))", doc="Global max pool."),
        Example(
            {"axes": [-1, -2], "keepdim": True}, (("N", 5, 7, 3),), "lambda x: x.amax((-1, -2), keepdim=True)"
        ),
        Example({"axes": -1}, (("N", 5, 7),), "lambda x: x.amax(-1)", doc="Over the points of a set."),
        Example({"axes": 1}, (("N", 5, "H", "W"),), "lambda x: x.amax(1)", doc="Of images of any size."),
        Example({"axes": [2, 3]}, (("N", 5, "H", "W"),), "lambda x: x.amax((2, 3))"),
        Example({"axes": [1, 3]}, (("N", 5, 7, 3),), "lambda x: x.amax((1, 3))"),
        *WRONG,
    )
