"""Concatenation."""

from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.axis import OneAxis
from archspec.ops.core.base import KeepsChannelsLast, NoMacs, SavesNothing
from archspec.ops.core.checks import size
from archspec.ops.core.constraints import Axis, Constraint
from archspec.ops.core.data import Example, Inputs
from archspec.ops.core.fields import Integer
from archspec.ops.core.joins import MANY
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, changed, same_axes, whole
from archspec.ops.core.torch_code import TorchCode
from archspec.types import TensorType


class Concat(NoMacs, SavesNothing, KeepsChannelsLast, OneAxis):
    """Its inputs one after the other along an axis; the other axes must be equal.

    https://docs.pytorch.org/docs/stable/generated/torch.cat.html
    """

    name: ClassVar[str] = "concat"
    rearranges: ClassVar[bool] = True
    group: ClassVar[str] = "Joins"
    arity: ClassVar[tuple[int, int]] = (1, MANY)
    is_module: ClassVar[bool] = False
    constraints: ClassVar[tuple[Constraint, ...]] = (Axis(),)

    axis: Integer = 1
    """The axis along which they are joined; 1 is the channels."""

    def output(self, inputs: Inputs) -> TensorType:
        """The sizes along the axis are added."""
        first = inputs[0]
        axis = self.place(inputs)
        if len(inputs) == 1:
            return first
        total = 0
        for index, other in enumerate(inputs, start=1):
            if other.rank != first.rank:
                raise Problem(
                    "AS401",
                    f"`concat` cannot join {first} and {other}",
                    notes=(f"input {index} has {other.rank} axes, the first has {first.rank}",),
                )
            for place, (n, m) in enumerate(zip(other.shape, first.shape, strict=True)):
                if n != m and place != axis:
                    raise Problem(
                        "AS401",
                        f"`concat` cannot join {first} and {other} along axis {axis}",
                        notes=(f"axis {place} of input {index}: {n} is not {m}",),
                    )
            total += size(other.shape[axis], "the axis to join")
        return TensorType((*first.shape[:axis], total, *first.shape[axis + 1 :]))

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """Along the axis, a position may come from any input: it is taken to see all of each."""
        if len(inputs) == 1:
            return (same_axes(output),)
        axis = self.place(inputs)
        return tuple([changed(same_axes(x), {axis: whole(x.shape[axis])}) for x in inputs])

    def torch(self, inputs: Inputs) -> TorchCode:
        """`torch.cat`."""
        values = ", ".join(f"{{{index}}}" for index in range(len(inputs)))
        axis = self.place(inputs)
        return TorchCode(function=f"torch.cat([{values}], {self.axis})", joined=axis, typed=True, fresh=True)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Concat`."""
        return e.join(e.inputs, self.place(inputs))

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3), ("N", 2, 7, 3)), "lambda a, b: torch.cat([a, b], 1)"),
        Example(
            {"axis": -1}, (("N", 5, 3), ("N", 5, 4), ("N", 5, 1)), "lambda a, b, c: torch.cat([a, b, c], -1)"
        ),
        Example({}, (("N", 5, 7, 3), ("N", 2, 5, 3)), error="AS401"),
        Example({}, (("N", 5, 7, 3), ("N", 5, 7)), error="AS401"),
        Example({"axis": 4}, (("N", 5, 7, 3), ("N", 5, 7, 3)), error="AS408"),
    )
