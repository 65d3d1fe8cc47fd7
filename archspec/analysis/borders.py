"""Exact composition of receptive fields, at the ends of axes and for values with holes.

The arithmetic of `Reach` ignores the ends of an axis, so it is wrong for positions whose windows extend into the
padding of an intermediate value, which depends on nothing. A link therefore stores the visible interval, and the
intervals of single positions that deviate from its reach. Most links need only the visible interval.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from archspec.ops.core.reach import MAX_PERIOD, SAME, Interval, Link, Reach, within

FEW = 256
"""Up to this many positions, all are checked for deviations; beyond it, only those near the ends."""
NOTHING: Interval = (0, -1)
"""The visible interval if no position depends on anything."""


def followed(link: Link, length: int, before: Link, count: int) -> Link:
    """Compose links: `count` positions depend by `link` on `length` positions, which depend by `before` on a source."""
    if link.reach is SAME and not link.borders and (link.visible is None or link.visible == (0, length - 1)):
        aligned = before.aligned and link.aligned
        axis = link.axis if before.reach.shift else None
        if axis == before.axis and aligned == before.aligned:
            return before
        return Link(axis, before.reach, aligned, before.visible, before.borders)
    return _followed(link, length, before, count)


@lru_cache(maxsize=4096)  # height and width are often equal
def _followed(link: Link, length: int, before: Link, count: int) -> Link:
    aligned = before.aligned and link.aligned
    reach = link.reach if before.reach is SAME else link.reach.through(before.reach, count)
    axis = link.axis if reach.shift else None
    made = Link(axis, reach, aligned, before.visible)
    if not reach.shift and link.reach.shift and before.reach.shift and count > 1:
        others = [before.visible] if link.borders else [*before.borders.values()]
        return replace(made, reach=_given_up(reach, others))
    count = count if reach.shift else 1
    way = _Way(link, length, before)
    if way.is_regular(count):
        (low, _), (_, high) = (link.at(index, length) or NOTHING for index in (0, count - 1))
        return Link(axis, reach, aligned, within(before.reach.over((low, high)), _seen(before)) or NOTHING)
    return _checked(made, count, way.look, way.is_plain, ordered=link.reach.ordered and before.reach.ordered)


class _Way:
    """A composition of two links, evaluated position by position."""

    def __init__(self, link: Link, length: int, before: Link) -> None:
        self.link, self.length, self.before = link, length, before
        self.range = link.visible or (0, length - 1)

    def is_regular(self, count: int) -> bool:
        """Whether the arithmetic also holds at the ends: windows have no holes, and none lies entirely in padding."""
        link, before = self.link.reach, self.before.reach
        if self.link.borders or self.before.borders or self.range != (0, self.length - 1):
            return False
        first, last = link.at(0), link.at(count - 1)
        inside = first is not None and last is not None and first[1] >= 0 and last[0] < self.length
        return inside and link.ordered and before.ordered and link.step == before.step == 1

    def is_plain(self, index: int) -> bool:
        """Whether everything that a position depends on is far from the ends."""
        seen = self.link.reach.at(index)
        if seen is None or index in self.link.borders or within(seen, self.range) != seen:
            return False
        if any(seen[0] <= place <= seen[1] for place in self.before.borders):
            return False
        far = self.before.reach.over(seen, self.link.reach.step)
        return far is not None and within(far, _seen(self.before)) == far

    def look(self, index: int) -> tuple[Interval | None, bool]:
        """The interval that a position depends on, and whether it is an upper bound, since holes are unknown."""
        seen, step = self.link.at(index, self.length), self.link.reach.step
        if seen is None:
            return None, False
        if index in self.link.borders:
            step = int(seen[0] == seen[1])
        ends = [self.before.at(place, 0) for place in seen]
        reach = self.before.reach
        if reach.ordered and reach.step == 1 and not self.before.borders and all(ends):
            return _hull(ends), False
        places = range(seen[0], seen[1] + 1, max(step, 1))
        return _hull([self.before.at(place, 0) for place in places]), not step


@lru_cache(maxsize=4096)
def joined(a: Link, b: Link, link: Link, count: int) -> Link:
    """The union of two links, stored in `link`, whose reach covers both."""
    link = replace(link, visible=_visible([_seen(a), _seen(b)]))
    if a.reach == b.reach and a.visible == b.visible and a.borders == b.borders:
        return replace(link, borders=a.borders)
    if not link.reach.shift and (a.reach.shift or b.reach.shift) and count > 1:
        return replace(link, reach=_given_up(link.reach, [*a.borders.values(), *b.borders.values()]))
    count = count if link.reach.shift else 1
    ends = [within(side.reach.at(index), _seen(side)) for side in (a, b) for index in (0, count - 1)]
    simple = all(side.reach.ordered and side.reach.step == 1 and not side.borders for side in (a, b))
    if simple and a.visible == b.visible and all(ends):
        return link

    def look(index: int) -> tuple[Interval | None, bool]:
        return _hull([side.at(index, 0) for side in (a, b)]), False

    def is_plain(index: int) -> bool:
        sides = [(side, side.reach.at(index)) for side in (a, b)]
        return all(
            index not in side.borders and seen is not None and within(seen, _seen(side)) == seen
            for side, seen in sides
        )

    return _checked(link, count, look, is_plain, ordered=a.reach.ordered and b.reach.ordered)


def _checked(
    link: Link,
    count: int,
    look: Callable[[int], tuple[Interval | None, bool]],
    is_plain: Callable[[int], bool],
    *,
    ordered: bool,
) -> Link:
    """The link with the intervals of single positions. If too many deviate, its reach becomes an upper bound."""
    places, loose = [*range(min(count, MAX_PERIOD))], link.reach.loose
    plain: list[Interval | None] = []
    if count > FEW and ordered:
        first = next((index for index in places if is_plain(index)), len(places))
        last = next((count - 1 - index for index in places if is_plain(count - 1 - index)), -1)
        loose |= first == len(places) or last == -1
        places = [*range(first), *range(last + 1, count)] if last > first else places
        plain = [link.reach.at(index) for index in (first, last) if last > first]
    elif count > len(places):
        loose = True
    looks = {index: look(index) for index in places}
    loose |= any(less for _, less in looks.values())
    visible = _visible([*plain, *(seen for seen, _ in looks.values())])
    if count > len(places) and not plain:
        visible = link.visible or NOTHING
    borders = {
        index: seen
        for index, (seen, _) in looks.items()
        if within(link.reach.at(index), visible, link.reach.step) != seen
    }
    return replace(
        link,
        reach=replace(link.reach, loose=loose) if loose != link.reach.loose else link.reach,
        visible=visible,
        borders=borders,
    )


def _given_up(reach: Reach, others: Sequence[Interval | None]) -> Reach:
    """A reach by which every position sees the union of all fields, including `others`."""
    return replace(reach, sees=(_hull([*reach.sees, *others]),))


def has_blanks(link: Link, length: int, count: int) -> bool:
    """Whether some positions do not depend on a value of `length` positions, as their windows lie in the padding."""
    reach = link.reach
    first, last = reach.at(0), reach.at(count - 1)
    whole = not link.borders and link.visible in (None, (0, length - 1))
    if whole and reach.ordered and reach.step == 1 and first and last:
        return first[1] < 0 or last[0] >= length
    turn = count if count <= FEW else min(link.reach.period, count)
    return any(link.at(index, length) is None for index in (*range(turn), *range(count - turn, count)))


def _seen(link: Link) -> Interval:
    """The visible interval of a composed link."""
    assert link.visible is not None  # noqa: S101 — only links of ops lack it
    return link.visible


def _hull(seen: Sequence[Interval | None]) -> Interval | None:
    found = [one for one in seen if one]
    return (min(low for low, _ in found), max(high for _, high in found)) if found else None


def _visible(seen: Sequence[Interval | None]) -> Interval:
    return _hull([one for one in seen if one and one != NOTHING]) or NOTHING
