"""Constraints that ops declare: from one line come the check, the reference and the JSON Schema."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from archspec.ops.core.checks import at_least, channels, divides, one_of_ranks
from archspec.ops.core.data import Inputs


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
            else:
                one_of_ranks(x, range(self.least, self.most + 1), self.what, self.advice)

    def __str__(self) -> str:
        if self.most is None:
            return f"at least {self.least} axes"
        return f"{self.least} axes" if self.least == self.most else f"{self.least} to {self.most} axes"


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


Constraint = Ranks | Divides


def in_channels(_: Any, inputs: Inputs) -> int:
    """The number of channels of the first input."""
    return channels(inputs[0])
