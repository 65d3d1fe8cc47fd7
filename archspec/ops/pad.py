"""Padding."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from archspec.diagnostics import Problem
from archspec.diagnostics.problems import meaningless_key
from archspec.ops.core.base import NoMacs, Op
from archspec.ops.core.checks import size
from archspec.ops.core.constraints import Constraint, Ranks
from archspec.ops.core.data import INPUT, Example, Inputs, Saved
from archspec.ops.core.fields import Natural, Number, Sides
from archspec.ops.core.held import elementwise, like_images
from archspec.ops.core.onnx_code import INT64_MAX, Emitter
from archspec.ops.core.reach import MAX_PERIOD, Link, Links, at_most, in_place, sliding
from archspec.ops.core.symbol import Symbol, shifted
from archspec.ops.core.torch_code import Argument, TorchCode, literal, positional
from archspec.ops.core.window import AXIS_NAMES, Pads, brief, resolve_padding, torch_border
from archspec.types import TensorType

# The keywords of a convolution's padding depend on its kernel: there is none here.
Border = Annotated[
    Natural | Annotated[tuple[Natural, ...], Field(min_length=1)] | Sides,
    Field(
        description="an integer of at least 0, a list with one per spatial axis, or "
        "{ top, bottom, left, right }"
    ),
]


_TORCH = {"constant": "Zero", "reflect": "Reflection", "replicate": "Replication", "circular": "Circular"}
"""What PyTorch's classes are called."""

_ONNX = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}


class Pad(NoMacs, Op):
    """Adds a border to the spatial axes.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
    """

    name: ClassVar[str] = "pad"
    group: ClassVar[str] = "Shape"
    constraints: ClassVar[tuple[Constraint, ...]] = (Ranks(3, 5, "padding"),)

    padding: Border
    """Width of the border: per side, per axis, or by the names of the sides."""
    mode: Literal["constant", "reflect", "replicate", "circular"] = "constant"
    """What the border holds: `value`, the input mirrored at its edge, its edge repeated, or its other end."""
    value: Number = 0.0
    """What a constant border holds."""

    def pads(self, inputs: Inputs) -> Pads:
        """The padding of each spatial axis as (before, after)."""
        ones = (1,) * (inputs[0].rank - 2)  # a window of one element: only keywords would look at it
        return resolve_padding(self.padding, ones, ones, ones, ones)

    def check(self, inputs: Inputs) -> None:
        """A mirrored border is narrower than the input, a circular one not wider."""
        if self.mode != "constant" and self.value:
            message = f"`value` has no effect in mode `{self.mode}`, only in `constant`"
            raise meaningless_key("value", message)
        if self.mode not in ("reflect", "circular"):
            return
        names = AXIS_NAMES[inputs[0].rank - 2]
        for name, dim, (before, after) in zip(names, inputs[0].spatial, self.pads(inputs), strict=True):
            if isinstance(dim, Symbol) or (not before and not after):
                continue
            most = size(dim, f"the {name} of the input") - (self.mode == "reflect")
            if max(before, after) > most:
                raise Problem(
                    "AS408",
                    f"`{self.mode}` padding of a {name} of {dim} is at most {most}, not {max(before, after)}",
                    at=("padding",),
                    subject=self.mode,
                )

    def output(self, inputs: Inputs) -> TensorType:
        """Each spatial axis grows by its border."""
        x = inputs[0]
        grown = (
            shifted(dim, before + after) if before or after else dim
            for dim, (before, after) in zip(x.spatial, self.pads(inputs), strict=True)
        )
        return TensorType((*x.shape[:2], *grown))

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """A shift by the border in front, which sees nothing, or what it repeats."""
        pads = self.pads(inputs)
        links = [*in_place(inputs[0], [sliding(1, 1, before) for before, _ in pads])]
        for axis, (n, (before, after)) in enumerate(zip(inputs[0].spatial, pads, strict=True), start=2):
            if self.mode == "constant" or not isinstance(n, int):
                continue
            if before + after > MAX_PERIOD:
                links[axis] = Link(None, at_most(n))
                continue
            places = (*range(-before, 0), *range(n, n + after))
            seen = {before + place: (at, at) for place in places for at in [self._repeated(place, n)]}
            links[axis] = replace(links[axis], borders={**seen})
        return (tuple(links),)

    def _repeated(self, place: int, n: int) -> int:
        """The position that one in the border, counted from the input's first, repeats."""
        if self.mode == "circular":
            return place % n
        if self.mode == "replicate":
            return min(max(place, 0), n - 1)
        return -place if place < 0 else 2 * (n - 1) - place

    def explain(self, inputs: Inputs) -> Iterator[str]:
        """The sum of each axis."""
        names, sizes = AXIS_NAMES[inputs[0].rank - 2], self.output(inputs).spatial
        for name, n, (before, after), out in zip(
            names, inputs[0].spatial, self.pads(inputs), sizes, strict=True
        ):
            yield f"{name}: {before} + {n} + {after} = {out}"

    def brief(self) -> str:
        """`pad 1 reflect`."""
        border = brief(1, 1, self.padding).removeprefix("k1").removeprefix(" p")
        return f"pad {border or 0}" + (f" {self.mode}" if self.mode != "constant" else "")

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, where the border repeats it; nothing for constant and circular ones."""
        return INPUT if self.mode in ("reflect", "replicate") else Saved()

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """Channels-last if the input is, unless the border is circular; without a border a copy."""
        if inputs[0].shape == outputs[0].shape and self.mode == "constant":
            return (elementwise(outputs[0], inputs),)
        return outputs if self.mode == "circular" else (like_images(outputs[0], inputs),)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.ZeroPad2d` and its like, or `F.pad`."""
        pads = self.pads(inputs)
        sides = {side for pad in pads for side in pad}
        border = torch_border(pads)
        arguments: tuple[Argument, ...] = (positional(sides.pop() if len(sides) == 1 else border),)
        kind = _TORCH[self.mode]
        words = [literal(border)]
        if self.mode != "constant":
            words.append(f'mode="{self.mode}"')
        elif self.value:
            kind = "Constant"
            arguments += (positional(self.value),)
            words.append(f"value={self.value}")
        return TorchCode(f"nn.{kind}Pad{len(pads)}d", arguments, f"F.pad({{0}}, {', '.join(words)})")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Pad`; a circular border from slices, which more runtimes know than the mode `wrap`."""
        pads, shape = self.pads(inputs), self.output(inputs).shape
        if not any(map(any, pads)):
            return e.x
        if self.mode == "circular":
            return self._circular(e, inputs[0])
        sides = (0, 0, *(before for before, _ in pads), 0, 0, *(after for _, after in pads))
        value = e.number(self.value) if self.mode == "constant" else ""
        return e.node("Pad", e.x, e.ints(sides), value, to=shape, mode=_ONNX[self.mode])

    def _circular(self, e: Emitter, x: TensorType) -> str:
        value = e.x
        for axis, (before, after) in enumerate(self.pads((x,)), start=2):
            ends = [(-before, INT64_MAX)] * (before > 0), [(0, after)] * (after > 0)
            front, back = ([_end(e, value, axis, *end) for end in side] for side in ends)
            shape = list(e.type(value).shape)
            if front or back:
                shape[axis] = shifted(shape[axis], before + after)
                value = e.node("Concat", *front, value, *back, to=shape, axis=axis)
        return value

    examples: ClassVar[tuple[Example, ...]] = (
        Example({"padding": 2}, (("N", 3, 5, 7),), "nn.ZeroPad2d(2)", doc="Zeros on every side."),
        Example({"padding": [1, 4]}, (("N", 3, 5, 7),), "nn.ZeroPad2d((4, 4, 1, 1))", doc="Per axis."),
        Example(
            {"padding": {"right": 1, "bottom": 2}, "value": -1.5},
            (("N", 3, 5, 7),),
            "nn.ConstantPad2d((0, 1, 0, 2), -1.5)",
            doc="By side, with another value.",
        ),
        Example({"padding": 4, "mode": "reflect"}, (("N", 3, 5, 7),), "nn.ReflectionPad2d(4)"),
        Example({"padding": 11, "mode": "replicate"}, (("N", 3, 5),), "nn.ReplicationPad1d(11)"),
        Example({"padding": 5, "mode": "circular"}, (("N", 3, 5, 7),), "nn.CircularPad2d(5)"),
        Example({"padding": {"left": 5}, "mode": "circular"}, (("N", 3, 5),), "nn.CircularPad1d((5, 0))"),
        Example(
            {"padding": {"front": 2, "back": 1, "top": 3}},
            (("N", 3, 5, 7, 11),),
            "nn.ZeroPad3d((0, 0, 3, 0, 2, 1))",
            doc="Depth has a front and a back.",
        ),
        Example({"padding": [0, 0, 1]}, (("N", 3, 5, 7, 11),), "nn.ZeroPad3d((1, 1, 0, 0, 0, 0))"),
        Example({"padding": 0}, (("N", 3, 5),), "nn.ZeroPad1d(0)"),
        Example(
            {"padding": {"left": 1}}, (("N", 3, "H", 7),), "nn.ZeroPad2d((1, 0, 0, 0))", doc="Free height."
        ),
        Example({"padding": 1}, (("N", 3, "H", 7),), error="AS407"),
        Example({"padding": 5, "mode": "reflect"}, (("N", 3, 5, 7),), error="AS408", doc="5 is too narrow."),
        Example({"padding": [0, 8], "mode": "circular"}, (("N", 3, 5, 7),), error="AS408"),
        Example({"padding": 1, "mode": "reflect", "value": 1.0}, (("N", 3, 5, 7),), error="AS208"),
        Example({"padding": [1, 2, 3]}, (("N", 3, 5, 7),), error="AS408"),
        Example({"padding": {"front": 1}}, (("N", 3, 5, 7),), error="AS408", doc="An image has no front."),
        Example({"padding": 1}, (("N", 3),), error="AS402"),
        Example({"padding": -1}, (("N", 3, 5, 7),), error="AS203", doc="`crop` makes inputs smaller."),
    )


def _end(e: Emitter, value: str, axis: int, start: int, stop: int) -> str:
    """The first or the last elements along an axis of any size."""
    shape = list(e.type(value).shape)
    shape[axis] = stop if start == 0 else -start
    return e.node("Slice", value, e.ints([start]), e.ints([stop]), e.ints([axis]), to=shape)
