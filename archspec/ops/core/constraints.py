"""Constraints that ops declare: from one line come the check, the reference and the JSON Schema."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from archspec.diagnostics import Problem
from archspec.ops.core.checks import at_least, channels, count_axes, divides
from archspec.ops.core.data import Inputs
from archspec.ops.core.fields import as_tuple


@dataclass(frozen=True, slots=True)
class Ranks:
    """Every input has `least` to `most` axes, batch and channels among them; without `most`, any number above."""

    least: int
    most: int | None = None
    what: str = ""
    """What the op is, for the message: `a convolution`."""
    advice: str | None = None
    """How an input with more axes becomes one with these."""

    def check(self, op: Any, inputs: Inputs) -> None:
        """Raise `Problem` where an input has more or fewer."""
        for x in inputs:
            if self.most is None:
                at_least(x, self.least)
            elif not self.least <= x.rank <= self.most:
                raise Problem(
                    "AS402",
                    f"the input has {count_axes(x.rank)} ({x}), but {self.what} needs {self._allowed}",
                    help=self.advice if x.rank > self.most else None,
                )

    @property
    def _allowed(self) -> str:
        return f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"

    def __str__(self) -> str:
        return f"at least {self.least} axes" if self.most is None else f"{self._allowed} axes"


@dataclass(frozen=True, slots=True)
class Axis:
    """A field is an axis of the first input, or a list of axes."""

    field: str = "axis"
    batch: bool = True
    """Whether it can be the batch axis."""
    every: bool = False
    """Whether all axes must be listed."""

    def check(self, op: Any, inputs: Inputs) -> None:
        """Raise `Problem` where the input has no such axis, or it comes twice, or one is missing."""
        axes, rank, seen = as_tuple(getattr(op, self.field)), inputs[0].rank, set[int]()
        if self.every and len(axes) != rank:
            raise Problem(
                "AS408",
                f"`{self.field}` has {len(axes)} values, but the input has {count_axes(rank)} ({inputs[0]})",
                at=(self.field,),
                help=f"list every axis, the batch axis 0 included, such as `{self.field} = [0, 2, 3, 1]`",
            )
        for axis in axes:
            if not -rank <= axis < rank:
                text = f"`{self.field}` {axis} is outside an input of {count_axes(rank)}"
                raise Problem("AS408", text, at=(self.field,))
            if axis % rank in seen:
                raise Problem(
                    "AS408",
                    f"`{self.field}` has axis {axis % rank} twice",
                    at=(self.field,),
                    notes=(f"{axis} is axis {axis % rank} of {rank}",) if axis < 0 else (),
                )
            seen.add(axis % rank)
        if 0 in seen and not self.batch:
            other = (
                "another axis, such as `axis = 1`" if self._is_one else "other axes, such as `axes = [2, 3]`"
            )
            raise Problem(
                "AS408",
                f"axis 0 is the batch: `{op.name}` along it would mix the images",
                at=(self.field,),
                help=f"name {other}",
            )

    @property
    def _is_one(self) -> bool:
        return self.field != "axes"

    def __str__(self) -> str:
        axes = "all axes" if self.every else "axes"
        what = "is an axis of the input" if self._is_one else f"are {axes} of the input, each named once"
        return f"`{self.field}` {what}" + ("" if self.batch else ", and not the batch")


@dataclass(frozen=True, slots=True)
class OnePerChannel:
    """A field has one element, or as many as there are channels: it is a list of them, or their number."""

    field: str
    element: str
    """What an element is: `number`, `slope`."""

    def check(self, op: Any, inputs: Inputs) -> None:
        """Raise `Problem` where there are more or fewer."""
        value = getattr(op, self.field)
        if isinstance(value, tuple):
            if len(value) != (count := channels(inputs[0])):
                text = f"`{self.field}` has {len(value)} {self.element}s for {count} channels"
                raise Problem("AS408", text, at=(self.field,))
        elif isinstance(value, int) and value != 1 and value != (count := channels(inputs[0])):
            raise Problem(
                "AS408",
                f"`{self.field}` is 1 or the number of channels, {count}, not {value}",
                at=(self.field,),
                help=f'`{self.field} = "x.channels"` is one {self.element} per channel',
            )

    def __str__(self) -> str:
        return f"`{self.field}`: one {self.element}, or one per channel"


@dataclass(frozen=True, slots=True)
class Divides:
    """A field divides a size."""

    field: str
    size: Callable[[Any, Inputs], int]
    """The size, of the op and its inputs."""
    what: str
    """The size in words: `the number of channels`."""

    def check(self, op: Any, inputs: Inputs) -> None:
        """Raise `Problem` where there is a remainder."""
        divides(self.size(op, inputs), getattr(op, self.field), self.what, self.field)

    def __str__(self) -> str:
        return f"`{self.field}` divides {self.what}"


Constraint = Ranks | Axis | OnePerChannel | Divides


def in_channels(_: Any, inputs: Inputs) -> int:
    """The number of channels of the first input."""
    return channels(inputs[0])
