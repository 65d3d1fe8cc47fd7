"""Slice."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import IsView, NoMacs, Op
from archspec.ops.core.checks import size
from archspec.ops.core.constraints import Axis, Constraint
from archspec.ops.core.data import Example, Inputs
from archspec.ops.core.fields import Integer, Positive
from archspec.ops.core.held import lying, strides
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, changed, same_axes, sliding
from archspec.ops.core.torch_code import TorchCode
from archspec.types import TensorType


class Slice(NoMacs, IsView, Op):
    """A range of one axis, with the meaning of Python's `x[start:stop:stride]`.

    https://docs.pytorch.org/docs/stable/tensor_view.html
    """

    name: ClassVar[str] = "slice"
    rearranges: ClassVar[bool] = True
    group: ClassVar[str] = "Shape"
    constraints: ClassVar[tuple[Constraint, ...]] = (Axis(),)

    axis: Integer = 1
    """The axis; 1 is the channels."""
    start: Integer = 0
    """The first element; negative counts from the end."""
    stop: Integer | None = None
    """The element after the last one; default: the end of the axis."""
    stride: Positive = 1
    """The distance between the elements that are taken."""

    def taken(self, inputs: Inputs) -> range:
        """The elements that are taken, counted from the front. There is at least one."""
        x = inputs[0]
        axis = self.axis % x.rank
        total = size(x.shape[axis], "the axis to slice")
        taken = range(*slice(self.start, self.stop, self.stride).indices(total))
        if not taken:
            raise Problem(
                "AS403",
                f"the slice `{self._text()}` of axis {axis} is empty",
                at=("start",) if self.stop is None else ("stop",),
                notes=(
                    f"axis {axis} has {total} elements: the slice goes from {taken.start} to {taken.stop}",
                ),
                subject=self._text(),
            )
        return taken

    def check(self, inputs: Inputs) -> None:
        """At least one element is left."""
        self.taken(inputs)

    def output(self, inputs: Inputs) -> TensorType:
        """The axis has as many elements as are taken."""
        shape, axis = inputs[0].shape, self.axis % inputs[0].rank
        # not len(), which is limited to what memory can hold
        taken = self.taken(inputs)
        count = (taken.stop - taken.start - 1) // taken.step + 1
        return TensorType((*shape[:axis], count, *shape[axis + 1 :]))

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """A shift by what is left out in front, with a stride."""
        taken = self.taken(inputs)
        reach = sliding(1, taken.step, -taken.start)
        return (changed(same_axes(inputs[0]), {self.axis % inputs[0].rank: reach}),)

    def explain(self, inputs: Inputs) -> Iterator[str]:
        """From where to where."""
        taken, axis = self.taken(inputs), self.axis % inputs[0].rank
        out = self.output(inputs).shape[axis]
        if taken.step == 1:
            yield f"axis {axis}: {taken.stop} - {taken.start} = {out}"
        else:
            yield f"axis {axis}: ceil(({taken.stop} - {taken.start}) / {taken.step}) = {out}"

    def brief(self) -> str:
        """`slice axis 1 0:3`."""
        return f"slice axis {self.axis} {self._text()}"

    def _text(self) -> str:
        text = f"{self.start}:{'' if self.stop is None else self.stop}"
        return text if self.stride == 1 else f"{text}:{self.stride}"

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """With the strides of the input, longer along the axis by what is left out."""
        axis = self.axis % inputs[0].rank
        steps = [
            step * self.stride if place == axis else step for place, step in enumerate(strides(inputs[0]))
        ]
        return (lying(outputs[0], tuple(steps)),)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`x[:, 0:3]`."""
        start = str(self.start) if self.start else ""
        stop = "" if self.stop is None else str(self.stop)
        step = "" if self.stride == 1 else f":{self.stride}"
        before = ":, " * (self.axis % inputs[0].rank)
        return TorchCode(function=f"{{0}}[{before}{start}:{stop}{step}]")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Slice`."""
        taken = self.taken(inputs)
        return e.cut(e.x, {self.axis % inputs[0].rank: (taken.start, taken.stop, taken.step)})

    examples: ClassVar[tuple[Example, ...]] = (
        Example({"stop": 3}, (("N", 5, 7, 11),), "lambda x: x[:, 0:3]", doc="The first three channels."),
        Example({"start": 2}, (("N", 5, 7),), "lambda x: x[:, 2:]"),
        Example({"start": -3, "stop": -1}, (("N", 5, 7),), "lambda x: x[:, -3:-1]"),
        Example(
            {"axis": 2, "start": 1, "stride": 2},
            (("N", 5, 7, 11),),
            "lambda x: x[:, :, 1::2]",
            doc="Every other row.",
        ),
        Example({"axis": -1, "stride": 3}, (("N", 5, 7, 11),), "lambda x: x[..., ::3]"),
        Example({"start": -9, "stop": 99}, (("N", 5, 7),), "lambda x: x[:, -9:99]", doc="Ends are clipped."),
        Example({"axis": 1, "stop": 1}, (("N", 5, 7),), "lambda x: x[:, :1]", doc="The axis stays."),
        Example({"axis": 0, "start": 1}, ((3, 5),), "lambda x: x[1:]"),
        Example({"start": 5}, (("N", 5, 7),), error="AS403"),
        Example({"start": 3, "stop": 2}, (("N", 5, 7),), error="AS403"),
        Example({"axis": 3}, (("N", 5, 7),), error="AS408"),
        Example({"axis": 0, "stop": 1}, (("N", 5, 7),), error="AS407", doc="The batch is free."),
        Example({"stride": -1}, (("N", 5, 7),), error="AS203", doc="Torch has no negative steps."),
    )
