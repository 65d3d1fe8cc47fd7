"""How far positions see: which part of an axis of an input a position of an output depends on.

Receptive fields are theoretical: the arithmetic goes on beyond both ends of an axis, into the padding.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import gcd, lcm, prod
from typing import TYPE_CHECKING

from archspec.ops.core.checks import sizes
from archspec.ops.core.fields import MAX as LIMIT
from archspec.types import Dim, TensorType, factored

if TYPE_CHECKING:
    from fractions import Fraction

MAX_PERIOD = 4096
"""The longest period with which intervals repeat; see `Reach.through`."""

Interval = tuple[int, int]
"""The first and the last position that is seen."""


def fraction(numerator: int, denominator: int = 1) -> "Fraction":
    """An exact fraction. Most runs need none, and the module that has them takes milliseconds to import."""
    from fractions import Fraction

    return Fraction(numerator, denominator)


@dataclass(frozen=True, slots=True)
class Reach:
    """What the positions along an axis of an output see along an axis of an input.

    Position i sees the interval `sees[i]`, or nothing. After as many positions as `sees` has, the intervals repeat,
    further on by `shift`. So a convolution has one interval and its stride as shift; upsampling by 2 has two
    intervals and shift 1; with shift 0 all positions see the same.
    """

    sees: tuple[Interval | None, ...]
    shift: int
    grid: "Fraction | None" = None
    """The centre of position 0 if the positions are evenly spaced, which their intervals may not be. `None`: the
    middle of the only interval."""
    step: int = 1
    """Of an interval, every `step`-th position is seen, from the first one on; 0: it is unknown which."""
    loose: bool = False
    """Whether positions may see less."""
    ordered: bool = field(init=False, repr=False, compare=False)
    """Whether every position sees something, and no interval starts or ends before the one in front of it."""

    def __post_init__(self) -> None:
        ordered = len(self.sees) == 1 and self.sees[0] is not None
        if not ordered and None not in self.sees:
            ends = [self.at(index) or (0, 0) for index in range(self.period + 1)]
            ordered = all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(ends))
        object.__setattr__(self, "ordered", ordered)

    @property
    def period(self) -> int:
        """The number of positions after which the intervals repeat."""
        return len(self.sees)

    @property
    def stride(self) -> "Fraction":
        """The distance between the intervals of adjacent positions, on average."""
        return fraction(self.shift, self.period)

    @property
    def centre(self) -> "Fraction":
        """The centre of what position 0 sees; that of position i is `centre + i * stride`."""
        return fraction(sum(self.sees[0] or ()), 2) if self.grid is None else self.grid

    @property
    def size(self) -> int:
        """The length of the interval; of the largest if they differ."""
        return max([0, *(seen[1] - seen[0] + 1 for seen in self.sees if seen)])

    def at(self, index: int) -> Interval | None:
        """What position `index` sees."""
        if len(self.sees) == 1:
            turns, seen = index, self.sees[0]
        else:
            turns, phase = divmod(index, len(self.sees))
            seen = self.sees[phase]
        return seen and (seen[0] + turns * self.shift, seen[1] + turns * self.shift)

    def over(self, seen: Interval | None, step: int = 1) -> Interval | None:
        """What the positions from the first to the last of `seen`, or every `step`-th of them, see together."""
        if seen is None:
            return None
        first, last = seen
        if self.ordered:
            start, end = self.at(first), self.at(last)
            return start and end and (start[0], end[1])
        turn = self.period * max(step, 1)
        taken = range(first, last + 1, max(step, 1))
        starts = [self.at(index) for index in taken if index < first + turn]
        ends = [self.at(index) for index in taken[-self.period :]]
        low, high = [seen[0] for seen in starts if seen], [seen[1] for seen in ends if seen]
        return (min(low), max(high)) if low else None

    def constant(self, positions: int) -> "Reach":
        """As if each of `positions` saw what all of them see together."""
        return same_for_all(self.over((0, positions - 1)))

    def through(self, inner: "Reach", positions: int) -> "Reach":
        """What an output of `positions` sees of an input through a value that sees it as `inner` says.

        If the period exceeds `MAX_PERIOD`, every position is taken to see what all see together. So it is if strides
        or sizes exceed 64 bits, and they stop growing.
        """
        plain = self.grid is None and inner.grid is None
        loose = self.loose or inner.loose or (not self.step and not inner.ordered)
        turns = inner.period // gcd(self.shift, inner.period)
        shift = self.shift * turns // inner.period * inner.shift
        if 0 < shift <= LIMIT and turns * self.period <= MAX_PERIOD:
            sees = tuple([inner.over(self.at(index), self.step) for index in range(self.period * turns)])
            if not sees[0] or max(sees[0][1], -sees[0][0]) <= LIMIT:
                grid = None if plain else inner.centre + self.centre * inner.stride
                return Reach(sees, shift, grid, self._step_through(inner), loose)
        seen = self.over((0, positions - 1))
        lost = positions > 1 and bool(self.shift and inner.shift)
        whole_ = self.step == inner.step == 1 and inner.connected(1)
        return replace(same_for_all(inner.over(seen)), step=int(whole_), loose=loose or lost)

    def connected(self, step: int) -> bool:
        """Whether what every `step`-th position sees leaves no gaps, if intervals have none."""
        pairs = [(self.at(index), self.at(index + step)) for index in range(self.period)]
        return all(a and b and _touch(a, b) for a, b in pairs)

    def _step_through(self, inner: "Reach") -> int:
        """The `step` of what is seen through a value that sees the input as `inner` says."""
        if self.size == 1:
            return inner.step
        if inner.step == 1 and self.step and inner.connected(self.step):
            return 1
        if inner.period > 1 or not self.step or not inner.step:
            return 0
        far, near = self.step * inner.shift, inner.step  # a row of rows
        if inner.size == 1 or (near % far == 0 and near <= far * ((self.size - 1) // self.step + 1)):
            return far
        return near if far % near == 0 and far <= inner.size - 1 + near else 0

    def union(self, other: "Reach", positions: int) -> tuple["Reach", bool]:
        """The union of what an output sees along two paths, and whether both have the same centre and stride.

        If their strides differ, every position is taken to see what all see together. That is exact where one of them
        is the same for all positions: a gate with the mean of an image sees the image.
        """
        aligned = not self.shift or not other.shift
        if self.centre == other.centre and (positions == 1 or self.stride == other.stride):
            aligned = True
        if self == other:
            return self, aligned
        loose = self.loose or other.loose
        period = lcm(self.period, other.period)
        if self.stride == other.stride and period <= MAX_PERIOD:
            sees = tuple([_hull(self.at(index), other.at(index)) for index in range(period)])
            shift = int(self.stride * period)
            grid = None
            if self.grid is not None or other.grid is not None:
                grid = self.centre if shift and aligned else _middle(sees, shift)
            return Reach(sees, shift, grid, self._step_beside(other, period), loose), aligned
        ends = (self.constant(positions).sees[0], other.constant(positions).sees[0])
        seen = _hull(*ends)
        # exact where one is the same for all positions, and contains all that the other sees
        exact = any(not reach.shift and end == seen for reach, end in zip((self, other), ends, strict=True))
        whole_ = self.step == other.step == 1 and _touch(*ends)
        return replace(
            same_for_all(seen), step=int(whole_), loose=loose or (positions > 1 and not exact)
        ), aligned

    def _step_beside(self, other: "Reach", period: int) -> int:
        """The `step` of what is seen along two paths."""
        pairs = [(self.at(index), other.at(index)) for index in range(period)]
        if self.step == other.step == 1:
            return int(all(_touch(*pair) for pair in pairs))
        for whole_, part in ((0, 1), (1, 0)):
            inside = all(not p[part] or _hull(*p) == p[whole_] for p in pairs)
            if inside and (self, other)[whole_].step == 1:
                return 1
        return self.step if self.step == other.step and all(a == b for a, b in pairs) else 0


def _touch(a: Interval | None, b: Interval | None) -> bool:
    """Whether there is no gap between two intervals."""
    return not a or not b or (a[0] <= b[1] + 1 and b[0] <= a[1] + 1)


def _hull(a: Interval | None, b: Interval | None) -> Interval | None:
    return (min(a[0], b[0]), max(a[1], b[1])) if a and b else a or b


def _middle(sees: tuple[Interval | None, ...], shift: int) -> "Fraction":
    """The centre of position 0 if the positions are evenly spaced: the average over all."""
    stride = fraction(shift, len(sees))
    middles = [fraction(sum(seen), 2) - index * stride for index, seen in enumerate(sees) if seen]
    return sum(middles, fraction(0)) / max(len(middles), 1)


def sliding(extent: int, stride: int, before: int, step: int = 1) -> Reach:
    """A window of `extent` that moves on by `stride` and starts `before` the input."""
    return Reach(((-before, extent - 1 - before),), stride, step=step)


def same_for_all(seen: Interval | None) -> Reach:
    """Every position sees the same."""
    return Reach((seen,), 0, None if seen else fraction(0))


def whole(dim: Dim) -> Reach:
    """Every position sees the whole axis, by an op that looks everywhere or removes the positions.

    A free dimension counts once: only that of the batch can be free, which has no positions.
    """
    return same_for_all((0, dim - 1 if isinstance(dim, int) else 0))


def at_most(dim: Dim) -> Reach:
    """It is unknown what a position sees: at most the whole axis."""
    return replace(whole(dim), loose=True)


def repeating(period: int, shift: int, sees: Callable[[int], Interval | None], step: int = 1) -> Reach | None:
    """Position i sees `sees(i)`, which repeats after `period` positions. `None` if that is too long."""
    if period > MAX_PERIOD:
        return None
    intervals = tuple([sees(index) for index in range(period)])
    return Reach(intervals, shift, _middle(intervals, shift), step)


def within(seen: Interval | None, visible: Interval, step: int = 1) -> Interval | None:
    """The first and the last of the positions seen, every `step`-th of an interval, that are visible."""
    if seen is None:
        return None
    (first, last), (low, high) = seen, visible
    if first >= low and last <= high:
        return seen
    step = max(step, 1)
    if first < low:
        first += -(-(low - first) // step) * step
    if last > high:
        last -= -(-(last - high) // step) * step
    return (first, last) if first <= last else None


SAME = sliding(1, 1, 0)
"""Each position sees the one in its place."""


@dataclass(frozen=True, slots=True)
class Link:
    """How an output sees an axis of an input: along which of its own axes it does, and how far."""

    axis: int | None
    """The axis of the output along which other parts are seen; `None` if all positions see the same."""
    reach: Reach
    aligned: bool = True
    """Whether all paths that this unites have the same centre and stride."""
    visible: Interval | None = None
    """The first and the last position that any position sees; `None` for an op: no bound."""
    borders: "dict[int, Interval | None]" = field(default_factory=dict, hash=False)
    """What single positions see, clipped to what is visible, where `reach` says something else."""

    def at(self, index: int, length: int) -> Interval | None:
        """What position `index` sees of an axis of `length`."""
        if index in self.borders:
            return self.borders[index]
        return within(self.reach.at(index), self.visible or (0, length - 1), self.reach.step)


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

    An axis becomes an axis of `y` if it has the same size and as many elements come before it; one that is merged
    or cut is seen as a whole.
    """

    def places(shape: tuple[Dim, ...]) -> list[tuple[int, tuple[str, ...], Dim]]:
        heads = (shape[:axis] for axis in range(len(shape)))
        return [
            (prod(sizes(head)), tuple(factored(dim)[1] for dim in head if isinstance(dim, str)), dim)
            for head, dim in zip(heads, shape, strict=True)
        ]

    there = {place: axis for axis, place in enumerate(places(y.shape))}
    return tuple(
        Link(there[place], SAME) if place in there else everywhere(place[2]) for place in places(x.shape)
    )
