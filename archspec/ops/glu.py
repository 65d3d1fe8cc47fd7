"""Gated linear unit."""

from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.activation import Activation
from archspec.ops.core.axis import OneAxis
from archspec.ops.core.checks import size
from archspec.ops.core.constraints import Axis, Constraint
from archspec.ops.core.data import Example, Inputs
from archspec.ops.core.fields import Integer
from archspec.ops.core.held import Held, elementwise, strides
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Link, Links, same_axes, sliding
from archspec.ops.core.torch_code import TorchCode, keyword
from archspec.types import TensorType


class GLU(OneAxis, Activation):
    """The first half of an axis times the sigmoid of the second half.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.GLU.html
    """

    name: ClassVar[str] = "glu"
    constraints: ClassVar[tuple[Constraint, ...]] = (Axis(),)

    axis: Integer = -1
    """The axis to halve, PyTorch's `dim`; 1 is the channels, -1 the last axis."""

    def is_pointwise(self) -> bool:
        """Of two halves."""
        return False

    def half(self, inputs: Inputs) -> tuple[int, int]:
        """The axis, counted from the front, and half of its size."""
        x = inputs[0]
        axis = self.place(inputs)
        return axis, size(x.shape[axis], "the axis to halve") // 2

    def check(self, inputs: Inputs) -> None:
        """The axis has two equal halves."""
        axis, half = self.half(inputs)
        if (total := size(inputs[0].shape[axis])) % 2:
            raise Problem(
                "AS404",
                f"axis {axis} has {total} elements, which cannot be halved",
                at=("axis",),
                notes=(f"{total} = 2 * {half} + 1",),
            )

    def output(self, inputs: Inputs) -> TensorType:
        """Half of the axis."""
        shape = inputs[0].shape
        axis, half = self.half(inputs)
        return TensorType((*shape[:axis], half, *shape[axis + 1 :]))

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """The positions at the same place of both halves."""
        axis, half = self.half(inputs)
        links = [*same_axes(inputs[0])]
        links[axis] = Link(axis, sliding(half + 1, 1, 0, half))
        return (tuple(links),)

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """In the order of the halves."""
        part = Held(outputs[0].shape, strides(inputs[0]))
        return (elementwise(outputs[0], (part, part)),)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.GLU`."""
        axis, _ = self.half(inputs)
        arguments = (keyword("dim", self.axis, -1, "axis"),)
        return TorchCode("nn.GLU", arguments, "F.glu", typed=True, sizes={axis: f"x.shape[{axis}] // 2"})

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Split`, `Sigmoid` and `Mul`."""
        axis, half = self.half(inputs)
        parts = (self.output(inputs),) * 2
        value, gate = e.split("Split", [e.x, e.ints([half, half])], parts, axis=axis)
        return e.node("Mul", value, e.node("Sigmoid", gate))

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 6),), "nn.GLU()", doc="Of the features of each token."),
        Example(
            {"axis": 1},
            (("N", 6, 7, 3),),
            "nn.GLU(1)",
            doc="A gated convolution: half of the channels are gates.",
        ),
        Example({"axis": -2}, (("N", 5, 4, 3),), "nn.GLU(-2)"),
        Example({}, (("N", 2),), "nn.GLU()"),
        Example({"axis": 1}, (("N", 6, "H", "W"),), "nn.GLU(1)", doc="Of images of any size."),
        Example({"axis": 1}, (("N", 5, 7, 3),), error="AS404"),
        Example({}, (("N", 6, 7, "W"),), error="AS407", doc="Half of what is not known."),
        Example({"axis": 0}, (("N", 6),), error="AS407", doc="The batch is free."),
        Example({"axis": 3}, (("N", 6, 5),), error="AS408"),
    )
