"""Split along an axis."""

from collections.abc import Iterator
from itertools import accumulate
from typing import Annotated, ClassVar

from pydantic import Field

from archspec.diagnostics import Problem
from archspec.ops.core.base import IsView, NoMacs, Op, SeesItsPlace
from archspec.ops.core.checks import divides, size
from archspec.ops.core.constraints import Axis, Constraint
from archspec.ops.core.data import Example, Inputs
from archspec.ops.core.fields import Integer, Positive
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, changed, same_axes, sliding
from archspec.ops.core.shape import listed
from archspec.ops.core.torch_code import TorchCode
from archspec.types import TensorType

MAX_PARTS = 1024


class Split(NoMacs, IsView, SeesItsPlace, Op):
    """Cuts the input into parts along an axis. The value has several parts: pick one with `name.0`, `name.1`, …

    https://docs.pytorch.org/docs/stable/generated/torch.tensor_split.html
    """

    name: ClassVar[str] = "split"
    rearranges: ClassVar[bool] = True
    group: ClassVar[str] = "Shape"
    constraints: ClassVar[tuple[Constraint, ...]] = (Axis(),)

    sections: Annotated[
        Positive | Annotated[tuple[Positive, ...], Field(min_length=1)],
        Field(description="a positive number of equal parts, or a list of the parts' sizes"),
    ]
    """Number of equal parts, or the sizes of the parts."""
    axis: Integer = 1
    """The axis to cut; 1 is the channels."""

    def check(self, inputs: Inputs) -> None:
        """The parts add up to the axis."""
        x = inputs[0]
        total = size(x.shape[self.axis % x.rank], "the axis to split")
        count = self.sections if isinstance(self.sections, int) else len(self.sections)
        if count > MAX_PARTS:
            raise Problem("AS306", f"a split has at most {MAX_PARTS} parts, not {count}", at=("sections",))
        if isinstance(self.sections, int):
            divides(total, self.sections, "the axis to split", "sections")
        elif sum(self.sections) != total:
            raise Problem(
                "AS401",
                f"the sections add up to {sum(self.sections)}, but the axis to split has {total}",
                at=("sections",),
                notes=(self._sum(),),
            )

    def outputs(self, inputs: Inputs) -> tuple[TensorType, ...]:
        """One part after the other."""
        x = inputs[0]
        axis = self.axis % x.rank
        sections = self.sections
        if isinstance(sections, int):
            sections = (size(x.shape[axis]) // sections,) * sections
        return tuple(TensorType((*x.shape[:axis], part, *x.shape[axis + 1 :])) for part in sections)

    def reaches(self, inputs: Inputs, outputs: Inputs) -> tuple[tuple[Links, ...], ...]:
        """A shift by the parts in front."""
        x = inputs[0]
        axis = self.axis % x.rank
        starts = accumulate((size(output.shape[axis]) for output in outputs[:-1]), initial=0)
        return tuple([(changed(same_axes(x), {axis: sliding(1, 1, -start)}),) for start in starts])

    def explain(self, inputs: Inputs) -> Iterator[str]:
        """The size of a part."""
        axis = self.axis % inputs[0].rank
        total = inputs[0].shape[axis]
        if isinstance(self.sections, int):
            yield f"axis {axis}: {total} / {self.sections} = {size(total) // self.sections}"
        else:
            yield f"axis {axis}: {self._sum()}"

    def _sum(self) -> str:
        """The sum of the sizes, of which only the first are shown."""
        sizes = self.sections if isinstance(self.sections, tuple) else (self.sections,)
        shown = [*map(str, sizes[:8]), *["…"] * (len(sizes) > 8)]
        return f"{' + '.join(shown)} = {sum(sizes)}"

    def brief(self) -> str:
        """`split 2`, with the axis if it is not the channels."""
        if isinstance(self.sections, int):
            text = f"split {self.sections}"
        else:
            text = f"split {listed((*self.sections[:8], *['…'] * (len(self.sections) > 8)))}"
        return text if self.axis == 1 else f"{text} axis {self.axis}"

    def torch(self, inputs: Inputs) -> TorchCode:
        """`torch.chunk` into equal parts, `torch.split` into parts of given sizes; the only part is the input."""
        if len(self.outputs(inputs)) == 1:
            return TorchCode(function="{0}")
        if isinstance(self.sections, int):
            axis = self.axis % inputs[0].rank
            text = f"torch.chunk({{0}}, {self.sections}, {self.axis})"
            return TorchCode(function=text, sizes={axis: f"x.shape[{axis}] // sections"})
        return TorchCode(function=f"torch.split({{0}}, {list(self.sections)}, {self.axis})")

    def onnx(self, e: Emitter, inputs: Inputs) -> tuple[str, ...]:
        """`Split`."""
        outputs, axis = self.outputs(inputs), self.axis % inputs[0].rank
        if len(outputs) == 1:
            return (e.x,)
        return e.split("Split", [e.x, e.ints(size(part.shape[axis]) for part in outputs)], outputs, axis=axis)

    examples: ClassVar[tuple[Example, ...]] = (
        Example({"sections": 2}, (("N", 6, 5, 7),), "lambda x: x.chunk(2, 1)", doc="Two halves."),
        Example(
            {"sections": [2, 3, 8], "axis": -1},
            (("N", 6, 5, 13),),
            "lambda x: x.split([2, 3, 8], -1)",
            doc="Parts of given sizes.",
        ),
        Example({"sections": 1}, (("N", 5),), "lambda x: x.chunk(1, 1)", doc="One part: the whole."),
        Example({"sections": 7, "axis": 2}, (("N", 5, 7),), "lambda x: x.chunk(7, 2)"),
        Example({"sections": 4}, (("N", 6, 5, 7),), error="AS404"),
        Example({"sections": [2, 3]}, (("N", 6, 5, 7),), error="AS401"),
        Example({"sections": 2, "axis": 4}, (("N", 6, 5, 7),), error="AS408"),
        Example({"sections": 2, "axis": 0}, (("N", 6, 5, 7),), error="AS407", doc="The batch is free."),
        Example({"sections": 4096}, (("N", 4096, 5, 7),), error="AS306"),
        Example({"sections": [0, 6]}, (("N", 6, 5, 7),), error="AS203"),
        Example({"sections": []}, (("N", 6, 5, 7),), error="AS203"),
    )
