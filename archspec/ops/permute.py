"""Permute the axes."""

from typing import Annotated, ClassVar

from pydantic import Field

from archspec.ops.core.base import IsView, NoMacs, Op
from archspec.ops.core.constraints import Axis, Constraint
from archspec.ops.core.data import Example, Inputs, Layout
from archspec.ops.core.fields import Integer
from archspec.ops.core.held import lying, strides
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import SAME, Link, Links
from archspec.ops.core.torch_code import TorchCode, positional
from archspec.types import TensorType

_SOURCE = """
class Permute(nn.Module):
    def __init__(self, *axes: int) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.axes)

    def extra_repr(self) -> str:
        return ", ".join(map(str, self.axes))
"""


class Permute(NoMacs, IsView, Op):
    """The axes in another order.

    https://docs.pytorch.org/docs/stable/generated/torch.permute.html
    """

    name: ClassVar[str] = "permute"
    rearranges: ClassVar[bool] = True
    group: ClassVar[str] = "Shape"
    layout: ClassVar[Layout] = "free"
    constraints: ClassVar[tuple[Constraint, ...]] = (Axis("axes", every=True),)

    axes: Annotated[tuple[Integer, ...], Field(description="a list of axes")]
    """For each axis of the output, the axis of the input."""

    def places(self, inputs: Inputs) -> list[int]:
        """For each axis of the output, the axis of the input, counted from the front."""
        return [axis % inputs[0].rank for axis in self.axes]

    def output(self, inputs: Inputs) -> TensorType:
        """The sizes in the new order."""
        return TensorType(tuple([inputs[0].shape[axis] for axis in self.places(inputs)]))

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """The same positions, along other axes."""
        axes = self.places(inputs)
        return (tuple([Link(axes.index(axis), SAME) for axis in range(len(axes))]),)

    def brief(self) -> str:
        """`permute 0 2 3 1`."""
        return f"permute {' '.join(map(str, self.axes))}"

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """The same memory: the strides go with the axes."""
        steps = strides(inputs[0])
        return (lying(outputs[0], tuple([steps[axis] for axis in self.places(inputs)])),)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`x.permute`."""
        arguments = tuple(map(positional, self.axes))
        function = f"{{0}}.permute({', '.join(map(str, self.axes))})"
        return TorchCode("Permute", arguments, function, helper=_SOURCE)

    def order(self, inputs: Inputs) -> tuple[int, ...]:
        """The axes, from the front."""
        return tuple(self.places(inputs))

    def passes(self, inputs: Inputs) -> bool:
        """If the axes are in order."""
        return self.places(inputs) == [*range(inputs[0].rank)]

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Transpose`."""
        return e.transpose(e.x, self.places(inputs))

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"axes": [0, 2, 3, 1]}, (("N", 5, 7, 3),), "lambda x: x.permute(0, 2, 3, 1)", doc="Channels last."
        ),
        Example({"axes": [0, -1, 1]}, (("N", 5, 7),), "lambda x: x.permute(0, -1, 1)"),
        Example({"axes": [1, 0, 2]}, (("N", 5, 7),), "lambda x: x.permute(1, 0, 2)", doc="Sequence first."),
        Example({"axes": [0, 1]}, (("N", 5),), "lambda x: x.permute(0, 1)", doc="Nothing changes."),
        Example({"axes": [0, 2, 1]}, (("N", 5, 7, 3),), error="AS408", doc="All axes are listed."),
        Example({"axes": [0, 1, -1, 2]}, (("N", 5, 7),), error="AS408"),
        Example({"axes": [0, 1, 1]}, (("N", 5, 7),), error="AS408"),
        Example({"axes": [0, 2, -1]}, (("N", 5, 7),), error="AS408", doc="-1 is 2 again."),
        Example({"axes": [0, 1, 3]}, (("N", 5, 7),), error="AS408"),
        Example({"axes": [0, 1, 0.5]}, (("N", 5, 7),), error="AS203"),
    )
