"""The layers of a layout: which box stands in which, and the places of lines that pass through a layer.

A value that is needed further below has one line that passes the layers between, whoever takes it: a place in each
(a dummy node), so that nothing else stands there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

Edge = tuple[int, int, int]
"""A box, which of its outputs, and the box that takes it."""
Net = tuple[int, int]
"""A value: a box, and which of its outputs it is."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A piece of a net between two layers that follow each other, from one vertex to another."""

    upper: int
    lower: int
    net: Net


@dataclass(slots=True, eq=False, repr=False)
class Layers:
    """The vertices of each layer, from left to right: boxes, numbered as given, then places of lines that pass."""

    boxes: int
    rows: list[list[int]]
    wires: list[list[Wire]]
    """For each layer but the last, the wires from it to the next."""
    nets: dict[int, Net] = field(default_factory=dict)
    """The net of each vertex that is no box."""

    def is_box(self, vertex: int) -> bool:
        """Whether a vertex is a box, not the place of a line."""
        return vertex < self.boxes


def ranks(count: int, edges: Sequence[Edge], late: frozenset[int] = frozenset()) -> list[int]:
    """The layer of each box: one below the lowest that it depends on.

    Boxes are numbered in an order in which they can be computed. Those in `late` need nothing, and stand just above
    the first that takes them.
    """
    found = [0] * count
    by_target: dict[int, list[int]] = {}
    for source, _, target in edges:
        by_target.setdefault(target, []).append(source)
    for target in range(count):
        found[target] = max((found[source] + 1 for source in by_target.get(target, ())), default=0)
    for box in sorted(late, reverse=True):
        users = [found[target] for source, _, target in edges if source == box]
        if users and box not in by_target:
            found[box] = max(0, min(users) - 1)
    return found


def layers(count: int, edges: Sequence[Edge], rank: Sequence[int]) -> Layers:
    """The layers of boxes whose ranks are known, in the order in which the boxes are given."""
    depth = max(rank, default=0) + 1
    result = Layers(count, [[] for _ in range(depth)], [[] for _ in range(depth - 1)])
    for box in range(count):
        result.rows[rank[box]].append(box)
    targets: dict[Net, list[int]] = {}
    for source, part, target in edges:
        targets.setdefault((source, part), []).append(target)
    fresh = count
    for net, ends in targets.items():
        upper = net[0]
        last = max(rank[end] for end in ends)
        for row in range(rank[net[0]] + 1, last + 1):
            result.wires[row - 1] += [Wire(upper, end, net) for end in ends if rank[end] == row]
            if row < last and any(rank[end] > row for end in ends):
                result.rows[row].append(fresh)
                result.nets[fresh] = net
                result.wires[row - 1].append(Wire(upper, fresh, net))
                upper = fresh
                fresh += 1
    return result
