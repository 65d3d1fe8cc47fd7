"""Receptive fields: which positions of the network's first input a value depends on."""

from dataclasses import dataclass
from fractions import Fraction

from archspec.ops.core.reach import Interval, Link, Reach

Exact = int | Fraction
"""An exact number."""


@dataclass(frozen=True, slots=True)
class AxisField:
    """The receptive field of a value along one axis of the network's input.

    By window arithmetic, without upsampling, position i sees `size` positions from `start + i * stride` on; `at(i)`
    clips them to the input.
    """

    link: Link
    length: int
    """The size of the input axis."""
    positions: int
    """The number of positions with distinct fields: the size of the value's axis, or 1 if all have the same field."""

    @property
    def reach(self) -> Reach:
        """The field as window arithmetic, padding included."""
        return self.link.reach

    @property
    def aligned(self) -> bool:
        """Whether the inputs of every join on the path have the same centre and stride."""
        return self.link.aligned

    @property
    def at_most(self) -> bool:
        """Whether the field is an upper bound, as after a join of branches with different strides."""
        return self.reach.loose

    @property
    def size(self) -> int:
        """The number of positions seen, padding included; the maximum if it varies."""
        return self.reach.size

    @property
    def stride(self) -> Exact:
        """The average distance between the fields of adjacent positions; 0 if all have the same field."""
        return _exact(self.reach.stride)

    @property
    def start(self) -> int:
        """The first input position that position 0 sees; negative in the padding, 0 if it sees nothing."""
        seen = self.reach.at(0)
        return seen[0] if seen else 0

    @property
    def centre(self) -> Exact:
        """The centre of the field of position 0."""
        return _exact(self.reach.centre)

    @property
    def exceeds(self) -> bool:
        """Whether the theoretical size exceeds the input."""
        return self.size > self.length

    @property
    def everything(self) -> bool:
        """Whether every position sees the whole axis by arithmetic, except possibly a few positions at its end."""
        turn = min(self.reach.period, self.positions)
        ends = (range(turn), range(self.positions - turn, self.positions))
        seen = [self.reach.at(index) for indices in ends for index in indices]
        return all(interval and interval[0] <= 0 and interval[1] >= self.length - 1 for interval in seen)

    def at(self, index: int) -> Interval | None:
        """The first and last input position that position `index` sees; `None` if it sees nothing."""
        return self.link.at(index, self.length)


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """The receptive field of a value: one `AxisField` per spatial axis of the network's first input."""

    axes: tuple[AxisField, ...]

    @property
    def aligned(self) -> bool:
        """Whether the inputs of every join on the path have the same centre and stride."""
        return all(axis.aligned for axis in self.axes)

    @property
    def size(self) -> tuple[int, ...]:
        """Per axis, the number of positions seen, padding included."""
        return tuple(axis.size for axis in self.axes)

    @property
    def stride(self) -> tuple[Exact, ...]:
        """Per axis, the distance between the fields of adjacent positions."""
        return tuple(axis.stride for axis in self.axes)

    @property
    def start(self) -> tuple[int, ...]:
        """Per axis, the first input position that position 0 sees."""
        return tuple(axis.start for axis in self.axes)

    @property
    def centre(self) -> tuple[Exact, ...]:
        """Per axis, the centre of the field of position 0."""
        return tuple(axis.centre for axis in self.axes)

    @property
    def at_most(self) -> bool:
        """Whether the field is an upper bound along any axis."""
        return any(axis.at_most for axis in self.axes)

    @property
    def exceeds(self) -> bool:
        """Whether the theoretical size exceeds the input along any axis."""
        return any(axis.exceeds for axis in self.axes)

    @property
    def everything(self) -> bool:
        """Whether every position sees the whole input."""
        return all(axis.everything for axis in self.axes)


def _exact(value: Fraction) -> Exact:
    return value.numerator if value.denominator == 1 else value
