"""Roll along axes."""

from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field

from archspec.diagnostics import Problem
from archspec.ops.core.base import NoMacs, Op, SavesNothing
from archspec.ops.core.checks import size
from archspec.ops.core.constraints import Axis, Constraint
from archspec.ops.core.data import Example, Inputs
from archspec.ops.core.fields import Axes, Integer, as_tuple
from archspec.ops.core.held import like_images
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import MAX_PERIOD, Link, Links, at_most, same_axes, sliding
from archspec.ops.core.torch_code import TorchCode
from archspec.types import TensorType

Integers = Annotated[
    Integer | Annotated[tuple[Integer, ...], Field(min_length=1)],
    Field(description="an integer, or a list of integers"),
]


class Roll(NoMacs, SavesNothing, Op):
    """Moves the elements along some axes. What leaves at one end comes in at the other.

    https://docs.pytorch.org/docs/stable/generated/torch.roll.html
    """

    name: ClassVar[str] = "roll"
    rearranges: ClassVar[bool] = True
    group: ClassVar[str] = "Shape"
    constraints: ClassVar[tuple[Constraint, ...]] = (Axis("axes", batch=False),)

    shifts: Integers
    """How far along each axis: element 0 comes to place `shifts`; negative is towards the front."""
    axes: Axes
    """The axes, PyTorch's `dims`; [2, 3] are the height and width of an image."""

    def check(self, inputs: Inputs) -> None:
        """There is a shift for each axis."""
        shifts, axes = as_tuple(self.shifts), as_tuple(self.axes)
        if len(shifts) != len(axes):
            raise Problem(
                "AS408",
                f"`shifts` has {len(shifts)} values, and `axes` has {len(axes)}",
                at=("shifts",),
                help="give one shift for each axis",
            )
        self.rolled(inputs)

    def rolled(self, inputs: Inputs) -> dict[int, int]:
        """For each axis, counted from the front, how many elements from its end come to its front."""
        shape = inputs[0].shape
        axes = [axis % len(shape) for axis in as_tuple(self.axes)]
        return {
            axis: shift % size(shape[axis], "an axis to roll")
            for axis, shift in zip(axes, as_tuple(self.shifts), strict=True)
        }

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """A shift by what has come to the front, which sees the end."""
        links = [*same_axes(inputs[0])]
        for axis, moved in self.rolled(inputs).items():
            n = size(output.shape[axis])
            seen = {place: (n - moved + place,) * 2 for place in range(min(moved, MAX_PERIOD))}
            links[axis] = replace(Link(axis, sliding(1, 1, moved)), borders={**seen})
            if moved > MAX_PERIOD:
                links[axis] = Link(None, at_most(n))
        return (tuple(links),)

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """Channels-last if the input is, and something moves along each axis."""
        moves = all(self.rolled(inputs).values())
        return (like_images(outputs[0], inputs),) if moves else outputs

    def brief(self) -> str:
        """`roll -3 -3 axes 2 3`."""
        shifts, axes = as_tuple(self.shifts), as_tuple(self.axes)
        return (
            f"roll {' '.join(map(str, shifts))} {'axis' if len(axes) == 1 else 'axes'} "
            f"{' '.join(map(str, axes))}"
        )

    def torch(self, inputs: Inputs) -> TorchCode:
        """`torch.roll`."""
        return TorchCode(function=f"torch.roll({{0}}, {self.shifts}, {self.axes})", typed=True, fresh=True)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """The end and what is before it, along each axis, joined the other way round."""
        value = e.x
        for axis, moved in self.rolled(inputs).items():
            if moved:
                n = size(inputs[0].shape[axis])
                parts = [e.cut(value, {axis: ends}) for ends in ((n - moved, n, 1), (0, n - moved, 1))]
                value = e.join(parts, axis)
        return value

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"shifts": [-3, -3], "axes": [1, 2]},
            (("N", 7, 11, 5),),
            "lambda x: torch.roll(x, (-3, -3), (1, 2))",
            doc="Swin shifts its windows, with channels last.",
        ),
        Example({"shifts": 1, "axes": 1}, (("N", 5, 7, 3),), "lambda x: torch.roll(x, 1, 1)"),
        Example(
            {"shifts": 9, "axes": -1},
            (("N", 5, 7),),
            "lambda x: torch.roll(x, 9, -1)",
            doc="Round and round.",
        ),
        Example(
            {"shifts": [7, 1], "axes": [3, 1]}, (("N", 5, 3, 7),), "lambda x: torch.roll(x, (7, 1), (3, 1))"
        ),
        Example({"shifts": 0, "axes": 1}, (("N", 5),), "lambda x: torch.roll(x, 0, 1)", doc="Nothing moves."),
        Example({"shifts": 2, "axes": 1}, (("N", 5, "H", "W"),), "lambda x: torch.roll(x, 2, 1)"),
        Example(
            {"shifts": 1, "axes": 2}, (("N", 5, "H", "W"),), error="AS407", doc="Its size must be known."
        ),
        Example({"shifts": 1, "axes": 0}, (("N", 5),), error="AS408", doc="The batch stays."),
        Example({"shifts": [1, 2], "axes": 1}, (("N", 5),), error="AS408"),
        Example({"shifts": 1, "axes": [1, 2]}, (("N", 5, 7),), error="AS408"),
        Example({"shifts": [1, 1], "axes": [1, -1]}, (("N", 5),), error="AS408", doc="Both are axis 1."),
        Example({"shifts": 1, "axes": 2}, (("N", 5),), error="AS408"),
        Example({"shifts": 0.5, "axes": 1}, (("N", 5),), error="AS203"),
    )
