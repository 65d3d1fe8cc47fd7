"""How far positions see: which part of an axis of an input a position of an output depends on.

Receptive fields are theoretical: the arithmetic goes on beyond both ends of an axis, into the padding.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import gcd, lcm, prod
from typing import TYPE_CHECKING

from archspec.ir import Dim, TensorType
from archspec.ops.core.fields import MAX as LIMIT

if TYPE_CHECKING:
    from fractions import Fraction

MAX_PERIOD = 4096
"""The most positions after which what they see comes again; see `Reach.through`."""

Interval = tuple[int, int]
"""The first and the last position that is seen."""


def fraction(numerator: int, denominator: int = 1) -> "Fraction":
    """An exact fraction. Most runs need none, and the module that has them takes milliseconds to import."""
    from fractions import Fraction

    return Fraction(numerator, denominator)


@dataclass(frozen=True, slots=True)
class Reach:
    """What the positions along an axis of an output see along an axis of an input.

    Position i sees the interval `sees[i]`, or nothing. After as many positions as `sees` has, it comes again,
    further on by `shift`. So a convolution has one interval and its stride as shift; upsampling by 2 has two
    intervals and shift 1; with shift 0 all positions see the same.
    """

    sees: tuple[Interval | None, ...]
    shift: int
    grid: "Fraction | None" = None
    """Where position 0 looks at if the positions are evenly spaced, which their intervals may not be. `None`: there
    is one interval, and it looks at its middle."""
    ordered: bool = field(init=False, repr=False, compare=False)
    """Every position sees something, and none starts or ends before the position in front of it."""

    def __post_init__(self) -> None:
        ordered = len(self.sees) == 1 and self.sees[0] is not None
        if not ordered and None not in self.sees:
            ends = [self.at(index) or (0, 0) for index in range(self.period + 1)]
            ordered = all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(ends))
        object.__setattr__(self, "ordered", ordered)

    @property
    def period(self) -> int:
        """After how many positions it comes again."""
        return len(self.sees)

    @property
    def stride(self) -> "Fraction":
        """How far on a position looks than the one before it, on average."""
        return fraction(self.shift, self.period)

    @property
    def centre(self) -> "Fraction":
        """Where position 0 looks at; position i looks at `centre + i * stride`."""
        return fraction(sum(self.sees[0] or ()), 2) if self.grid is None else self.grid

    @property
    def size(self) -> int:
        """The length of the interval; of the largest if they differ."""
        return max([0, *(seen[1] - seen[0] + 1 for seen in self.sees if seen)])

    def at(self, index: int) -> Interval | None:
        """What position `index` sees."""
        turns, phase = divmod(index, self.period)
        seen = self.sees[phase]
        return seen and (seen[0] + turns * self.shift, seen[1] + turns * self.shift)

    def over(self, seen: Interval | None) -> Interval | None:
        """What the positions from the first to the last of `seen` see together."""
        if seen is None:
            return None
        first, last = seen
        if self.ordered:
            start, end = self.at(first), self.at(last)
            return start and end and (start[0], end[1])
        starts = [self.at(index) for index in range(first, min(last + 1, first + self.period))]
        ends = [self.at(index) for index in range(max(first, last + 1 - self.period), last + 1)]
        low, high = [seen[0] for seen in starts if seen], [seen[1] for seen in ends if seen]
        return (min(low), max(high)) if low else None

    def constant(self, positions: int) -> "Reach":
        """As if each of `positions` saw what all of them see together."""
        return same_for_all(self.over((0, positions - 1)))

    def through(self, inner: "Reach", positions: int) -> "Reach":
        """What an output of `positions` sees of an input through a value that sees it as `inner` says.

        What would come again only after more than `MAX_PERIOD` positions is taken for the same at all of them. So
        are strides and sizes beyond 64 bits, which grow no more.
        """
        plain = self.grid is None and inner.grid is None
        turns = inner.period // gcd(self.shift, inner.period)
        shift = self.shift * turns // inner.period * inner.shift
        if 0 < shift <= LIMIT and turns * self.period <= MAX_PERIOD:
            sees = tuple([inner.over(self.at(index)) for index in range(self.period * turns)])
            if not sees[0] or max(sees[0][1], -sees[0][0]) <= LIMIT:
                return Reach(sees, shift, None if plain else inner.centre + self.centre * inner.stride)
        return same_for_all(inner.over(self.over((0, positions - 1))))

    def union(self, other: "Reach", positions: int) -> tuple["Reach", bool]:
        """What an output sees in two ways, and whether both look at the same place.

        If they go on at different strides, every position is taken to see what all see together. That is as it
        should be where one is the same for all: a gate with the mean of an image sees the image.
        """
        aligned = not self.shift or not other.shift
        if self.centre == other.centre and (positions == 1 or self.stride == other.stride):
            aligned = True
        if self == other:
            return self, aligned
        period = lcm(self.period, other.period)
        if self.stride == other.stride and period <= MAX_PERIOD:
            sees = tuple([_hull(self.at(index), other.at(index)) for index in range(period)])
            shift = int(self.stride * period)
            if self.grid is None and other.grid is None:
                return Reach(sees, shift), aligned
            return Reach(sees, shift, self.centre if shift and aligned else _middle(sees, shift)), aligned
        ends = (self.constant(positions), other.constant(positions))
        return same_for_all(_hull(ends[0].sees[0], ends[1].sees[0])), aligned


def _hull(a: Interval | None, b: Interval | None) -> Interval | None:
    return (min(a[0], b[0]), max(a[1], b[1])) if a and b else a or b


def _middle(sees: tuple[Interval | None, ...], shift: int) -> "Fraction":
    """Where position 0 looks at, if the positions are evenly spaced: the average over all."""
    stride = fraction(shift, len(sees))
    middles = [fraction(sum(seen), 2) - index * stride for index, seen in enumerate(sees) if seen]
    return sum(middles, fraction(0)) / max(len(middles), 1)


def sliding(extent: int, stride: int, before: int) -> Reach:
    """A window of `extent` that moves on by `stride` and starts `before` the input."""
    return Reach(((-before, extent - 1 - before),), stride)


def same_for_all(seen: Interval | None) -> Reach:
    """Every position sees the same."""
    return Reach((seen,), 0, None if seen else fraction(0))


def whole(dim: Dim) -> Reach:
    """Every position sees the whole axis, by an op that looks everywhere or leaves no positions behind.

    A free dimension counts once: only that of the batch can be free, and it is no position.
    """
    return same_for_all((0, dim - 1 if isinstance(dim, int) else 0))


def repeating(period: int, shift: int, sees: Callable[[int], Interval | None]) -> Reach | None:
    """What position i sees is `sees(i)`; after `period` positions it comes again. `None` if that is too long."""
    if period > MAX_PERIOD:
        return None
    intervals = tuple([sees(index) for index in range(period)])
    return Reach(intervals, shift, _middle(intervals, shift))


SAME = sliding(1, 1, 0)
"""Each position sees the one in its place."""


@dataclass(frozen=True, slots=True)
class Link:
    """How an output sees an axis of an input: along which of its own axes it does, and how far."""

    axis: int | None
    """The axis of the output along which other parts are seen; `None` if all positions see the same."""
    reach: Reach
    aligned: bool = True
    """Where this is a union, all ways look at the same place."""


Links = tuple[Link, ...]
"""How an output sees an input: a link for each axis of the input, the batch axis included."""


def everywhere(dim: Dim) -> Link:
    """All of an axis is seen from every position."""
    return Link(None, whole(dim))


def pointwise(x: TensorType, y: TensorType) -> Links:
    """Each position of `y` sees the one in its place, after broadcasting: axes are aligned at the last one.

    Where the sizes do not allow that, it sees everything.
    """
    new = y.rank - x.rank
    return tuple(
        Link(axis + new, SAME) if axis + new >= 0 and dim == y.shape[axis + new] else everywhere(dim)
        for axis, dim in enumerate(x.shape)
    )


def changed(links: Links, reaches: dict[int, Reach]) -> Links:
    """`links` with other reaches for some axes, which stay in their places."""
    return tuple(
        link if axis not in reaches else Link(axis if reaches[axis].shift else None, reaches[axis])
        for axis, link in enumerate(links)
    )


def same_axes(x: TensorType) -> Links:
    """Each position sees the one in its place."""
    return tuple([Link(axis, SAME) for axis in range(x.rank)])


def in_place(x: TensorType, spatial: Sequence[Reach], *, mixed: bool = False) -> Links:
    """The spatial axes of `x` stay in their places. Channels do too, unless they are `mixed`."""
    links = changed(same_axes(x), dict(enumerate(spatial, start=2)))
    return (links[0], everywhere(x.shape[1]), *links[2:]) if mixed else links


def regrouped(x: TensorType, y: TensorType) -> Links:
    """The elements of `x` in their order, in the shape of `y`.

    An axis goes on as one of `y` if it has the same size and as many elements come before it; of what is merged
    or cut no positions are left.
    """

    def places(shape: tuple[Dim, ...]) -> list[tuple[int, tuple[str, ...], Dim]]:
        heads = (shape[:axis] for axis in range(len(shape)))
        return [
            (
                prod(dim for dim in head if isinstance(dim, int)),
                tuple(dim for dim in head if isinstance(dim, str)),
                dim,
            )
            for head, dim in zip(heads, shape, strict=True)
        ]

    there = {place: axis for axis, place in enumerate(places(y.shape))}
    return tuple(
        Link(there[place], SAME) if place in there else everywhere(place[2]) for place in places(x.shape)
    )
