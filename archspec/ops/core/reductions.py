"""What the reductions share."""

from typing import ClassVar

from archspec.ops.core.base import NoMacs, Op
from archspec.ops.core.constraints import Axis, Constraint
from archspec.ops.core.data import Example, Inputs
from archspec.ops.core.fields import Axes, Flag, as_tuple
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import SAME, Link, Links, everywhere
from archspec.ops.core.torch_code import TorchCode
from archspec.types import TensorType


class Reduction(NoMacs, Op):
    """One value for all elements along some axes. The batch stays."""

    group: ClassVar[str] = "Reductions"
    constraints: ClassVar[tuple[Constraint, ...]] = (Axis("axes", batch=False),)
    torch_method: ClassVar[str]
    """The method of a tensor in PyTorch."""
    onnx_node: ClassVar[str]
    """ONNX's operator."""

    axes: Axes
    """The axes to reduce; 1 is the channels, [2, 3] the height and width of an image."""
    keepdim: Flag = False
    """Whether the axes stay, with size 1."""

    def reduced(self, inputs: Inputs) -> tuple[int, ...]:
        """The axes to reduce, counted from the front."""
        return tuple([axis % inputs[0].rank for axis in as_tuple(self.axes)])

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
        """All of the axes that are reduced."""
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
        return f"{self.name} {' '.join(map(str, as_tuple(self.axes)))}" + " keepdim" * self.keepdim

    def torch(self, inputs: Inputs) -> TorchCode:
        """A method of the tensor: `x.mean(…)`."""
        keepdim = ", keepdim=True" if self.keepdim else ""
        return TorchCode(function=f"{{0}}.{self.torch_method}({self.axes}{keepdim})")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """The operator of the same meaning."""
        axes = e.ints(self.reduced(inputs))
        return e.node(self.onnx_node, e.x, axes, to=self.output(inputs).shape, keepdims=int(self.keepdim))


WRONG: tuple[Example, ...] = (
    Example({"axes": [0, 1]}, (("N", 5, 7),), error="AS408", doc="The batch stays."),
    Example({"axes": -3}, (("N", 5, 7),), error="AS408"),
    Example({"axes": [1, -2]}, (("N", 5, 7),), error="AS408", doc="Both are axis 1."),
    Example({"axes": 3}, (("N", 5, 7),), error="AS408"),
    Example({"axes": []}, (("N", 5, 7),), error="AS203", doc="For PyTorch that is all axes."),
)
"""Uses that no reduction takes."""
