"""Crop to the centre."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import IsView, NoMacs, Op
from archspec.ops.core.checks import size
from archspec.ops.core.constraints import Constraint, Ranks
from archspec.ops.core.data import Example, Inputs
from archspec.ops.core.fields import Size, per_axis
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, in_place, sliding
from archspec.ops.core.torch_code import TorchCode
from archspec.ops.core.window import AXIS_NAMES, short
from archspec.types import TensorType


class Crop(NoMacs, IsView, Op):
    """The centre of the spatial axes. An odd remainder is split as in torchvision, by rounding half to even.

    A U-Net crops its skip to the size of the decoder: `size = ["up.height", "up.width"]`.
    https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.CenterCrop.html
    """

    name: ClassVar[str] = "crop"
    rearranges: ClassVar[bool] = True
    group: ClassVar[str] = "Shape"
    constraints: ClassVar[tuple[Constraint, ...]] = (Ranks(3, 5, "a crop"),)

    size: Size
    """The size of the output: one, or one per spatial axis; at most that of the input."""

    def ranges(self, inputs: Inputs) -> tuple[tuple[int, int], ...]:
        """The part of each spatial axis that is kept, as (start, stop)."""
        names = AXIS_NAMES[inputs[0].rank - 2]
        kept = []
        for name, dim, target in zip(
            names, inputs[0].spatial, per_axis(self.size, len(names), "size"), strict=True
        ):
            n = size(dim, f"the {name} of the input")
            if target > n:
                raise Problem(
                    "AS408",
                    f"a {name} of {n} cannot be cropped to {target}",
                    at=("size",),
                    help="`pad` makes an axis longer",
                )
            half, odd = divmod(n - target, 2)
            start = half + (odd and half % 2)  # round(remainder / 2), exact for large sizes too
            kept.append((start, start + target))
        return tuple(kept)

    def check(self, inputs: Inputs) -> None:
        """No axis is shorter than its part."""
        self.ranges(inputs)

    def output(self, inputs: Inputs) -> TensorType:
        """The sizes asked for."""
        return TensorType((*inputs[0].shape[:2], *(stop - start for start, stop in self.ranges(inputs))))

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """A shift by what is cut off in front."""
        return (in_place(inputs[0], [sliding(1, 1, -start) for start, _ in self.ranges(inputs)]),)

    def explain(self, inputs: Inputs) -> Iterator[str]:
        """What is cut off at both ends."""
        names = AXIS_NAMES[inputs[0].rank - 2]
        for name, n, (start, stop) in zip(names, inputs[0].spatial, self.ranges(inputs), strict=True):
            yield f"{name}: {n} - {start} - {size(n) - stop} = {stop - start}"

    def brief(self) -> str:
        """`crop 56×56`."""
        return f"crop {short(self.size)}"

    def torch(self, inputs: Inputs) -> TorchCode:
        """`x[:, :, 3:8, 3:7]`."""
        kept = ", ".join(f"{start}:{stop}" for start, stop in self.ranges(inputs))
        return TorchCode(function=f"{{0}}[:, :, {kept}]", numbers=tuple(self._bounds(inputs)))

    def _bounds(self, inputs: Inputs) -> Iterator[str]:
        """The bounds as formulas, which are right where the remainder is even or rounded down."""
        for axis, _ in enumerate(inputs[0].spatial):
            n, target = f"x.shape[{axis + 2}]", "size" if isinstance(self.size, int) else f"size[{axis}]"
            yield f"({n} - {target}) // 2"
            yield f"({n} + {target}) // 2"

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Slice`."""
        return e.cut(e.x, {axis: (*part, 1) for axis, part in enumerate(self.ranges(inputs), start=2)})

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"size": [5, 4]},
            (("N", 3, 11, 10),),
            "lambda x: x[:, :, 3:8, 3:7]",
            doc="As a U-Net crops its skips.",
        ),
        Example(
            {"size": [4, 6]},
            (("N", 3, 7, 11),),
            "lambda x: x[:, :, 2:6, 2:8]",
            doc="Halves are rounded to even: 3 / 2 and 5 / 2 are both 2.",
        ),
        Example({"size": 5}, (("N", 3, 7, 5),), "lambda x: x[:, :, 1:6]", doc="One size for all axes."),
        Example({"size": 2}, (("N", 3, 7),), "lambda x: x[:, :, 2:4]"),
        Example({"size": [1, 2, 3]}, (("N", 3, 5, 7, 11),), "lambda x: x[:, :, 2:3, 2:4, 4:7]"),
        Example({"size": 6}, (("N", 3, 7, 5),), error="AS408", doc="The width is 5."),
        Example({"size": [5, 4, 3]}, (("N", 3, 11, 10),), error="AS408"),
        Example({"size": 5}, (("N", 3, "H", 7),), error="AS407"),
        Example({"size": 5}, (("N", 11),), error="AS402"),
        Example({"size": 0}, (("N", 3, 11, 10),), error="AS203"),
    )
