"""Mean over axes."""

from typing import Annotated, ClassVar

from pydantic import Field

from archspec.diagnostics import Problem
from archspec.ops.core.base import Op
from archspec.ops.core.data import Example, Inputs
from archspec.ops.core.fields import Flag, Integer
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import SAME, Link, Links, everywhere
from archspec.ops.core.shape import axis_indices
from archspec.ops.core.torch_code import TorchCode
from archspec.types import TensorType


class ReduceMean(Op):
    """The mean over some axes, which vanish or stay with size 1. The batch stays.

    https://docs.pytorch.org/docs/stable/generated/torch.mean.html
    """

    name: ClassVar[str] = "reduce_mean"
    group: ClassVar[str] = "Shape"

    axes: Annotated[
        Integer | Annotated[tuple[Integer, ...], Field(min_length=1)],
        Field(description="an axis, or a list of axes"),
    ]
    """The axes to average over; [2, 3] is the global average pool of an image."""
    keepdim: Flag = False
    """Whether the axes stay, with size 1."""

    def reduced(self, inputs: Inputs) -> tuple[int, ...]:
        """The axes to average over, counted from the front."""
        axes = self.axes if isinstance(self.axes, tuple) else (self.axes,)
        return axis_indices(axes, inputs[0].rank)

    def check(self, inputs: Inputs) -> None:
        """The axes exist, come once, and are not the batch."""
        if 0 in self.reduced(inputs):
            raise Problem(
                "AS408",
                "axis 0 is the batch: a mean over it would mix the images",
                at=("axes",),
                help="average over other axes, such as `axes = [2, 3]`",
            )

    def output(self, inputs: Inputs) -> TensorType:
        """Without the axes, or with 1 in their place."""
        reduced, one = self.reduced(inputs), (1,) * self.keepdim
        shape = (
            kept
            for axis, dim in enumerate(inputs[0].shape)
            for kept in ((dim,) if axis not in reduced else one)
        )
        return TensorType(tuple(shape))

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """All of the axes that it averages over."""
        reduced = self.reduced(inputs)
        kept = [axis for axis in range(inputs[0].rank) if self.keepdim or axis not in reduced]
        return (
            tuple(
                everywhere(dim) if axis in reduced else Link(kept.index(axis), SAME)
                for axis, dim in enumerate(inputs[0].shape)
            ),
        )

    def brief(self) -> str:
        """`reduce_mean 2 3`."""
        axes = self.axes if isinstance(self.axes, tuple) else (self.axes,)
        return f"reduce_mean {' '.join(map(str, axes))}" + " keepdim" * self.keepdim

    def torch(self, inputs: Inputs) -> TorchCode:
        """`x.mean`."""
        keepdim = ", keepdim=True" if self.keepdim else ""
        return TorchCode(function=f"{{0}}.mean({self.axes}{keepdim})")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`ReduceMean`."""
        axes = e.ints(self.reduced(inputs))
        return e.node("ReduceMean", e.x, axes, to=self.output(inputs).shape, keepdims=int(self.keepdim))

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
        Example({"axes": [0, 1]}, (("N", 5, 7),), error="AS408", doc="The batch stays."),
        Example({"axes": -3}, (("N", 5, 7),), error="AS408"),
        Example({"axes": [1, -2]}, (("N", 5, 7),), error="AS408", doc="Both are axis 1."),
        Example({"axes": 3}, (("N", 5, 7),), error="AS408"),
        Example({"axes": []}, (("N", 5, 7),), error="AS203", doc="For PyTorch that is all axes."),
    )
