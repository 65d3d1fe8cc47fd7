"""Receptive fields as data: what the positions of a value see of the network's first input."""

from dataclasses import dataclass
from fractions import Fraction

from archspec.ops.core.reach import Interval, Link, Reach

Exact = int | Fraction
"""A number without rounding."""


@dataclass(frozen=True, slots=True)
class AxisField:
    """What the positions of a value see along an axis of the network's input.

    By the arithmetic of windows, position i sees `start + i * stride` and on, `size` positions, without upsampling;
    what that is of the input itself `at(i)` tells.
    """

    link: Link
    length: int
    """The size of the input's axis."""
    positions: int
    """How many positions see different parts: the size of the value's axis, or 1 if all see the same."""

    @property
    def reach(self) -> Reach:
        """The arithmetic, which goes on into the padding."""
        return self.link.reach

    @property
    def aligned(self) -> bool:
        """Whether all joins on the way look at the same place with all their inputs."""
        return self.link.aligned

    @property
    def at_most(self) -> bool:
        """Whether positions may see less than said, as where the ways of a join go on at different strides."""
        return self.reach.loose

    @property
    def size(self) -> int:
        """The positions seen, the padding included; the most where it varies."""
        return self.reach.size

    @property
    def stride(self) -> Exact:
        """From one position to the next, on average; 0 if all see the same."""
        return _exact(self.reach.stride)

    @property
    def start(self) -> int:
        """The first position that position 0 sees; negative in the padding. 0 if it sees nothing."""
        seen = self.reach.at(0)
        return seen[0] if seen else 0

    @property
    def centre(self) -> Exact:
        """Where position 0 looks at."""
        return _exact(self.reach.centre)

    @property
    def exceeds(self) -> bool:
        """Whether the theoretical size is more than the input has."""
        return self.size > self.length

    @property
    def everything(self) -> bool:
        """Whether every position sees the whole axis, by arithmetic: a few at its end may be left over."""
        turn = min(self.reach.period, self.positions)
        ends = (range(turn), range(self.positions - turn, self.positions))
        seen = [self.reach.at(index) for indices in ends for index in indices]
        return all(interval and interval[0] <= 0 and interval[1] >= self.length - 1 for interval in seen)

    def at(self, index: int) -> Interval | None:
        """The first and the last position of the input that position `index` sees; `None` if it sees nothing."""
        return self.link.at(index, self.length)


@dataclass(frozen=True, slots=True)
class Field:
    """What the positions of a value see: for each spatial axis of the network's first input."""

    axes: tuple[AxisField, ...]

    @property
    def aligned(self) -> bool:
        """Whether all joins on the way look at the same place with all their inputs."""
        return all(axis.aligned for axis in self.axes)

    @property
    def size(self) -> tuple[int, ...]:
        """Per axis, the positions seen, the padding included."""
        return tuple(axis.size for axis in self.axes)

    @property
    def stride(self) -> tuple[Exact, ...]:
        """Per axis, how far on the next position looks."""
        return tuple(axis.stride for axis in self.axes)

    @property
    def start(self) -> tuple[int, ...]:
        """Per axis, the first position that position 0 sees."""
        return tuple(axis.start for axis in self.axes)

    @property
    def centre(self) -> tuple[Exact, ...]:
        """Per axis, where position 0 looks at."""
        return tuple(axis.centre for axis in self.axes)

    @property
    def at_most(self) -> bool:
        """Whether positions may see less than said, along any axis."""
        return any(axis.at_most for axis in self.axes)

    @property
    def exceeds(self) -> bool:
        """Whether the theoretical size is more than the input has, along any axis."""
        return any(axis.exceeds for axis in self.axes)

    @property
    def everything(self) -> bool:
        """Whether every position sees the whole input."""
        return all(axis.everything for axis in self.axes)


def _exact(value: Fraction) -> Exact:
    return value.numerator if value.denominator == 1 else value
