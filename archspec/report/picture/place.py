"""The places within layers: long lines straight, chains straight, everything else as near as it may be to its own.

Vertices that shall stand in one line are joined to columns, of which no two cross. The order in each layer says which
column stands left of which; the columns then move to where their neighbours want them, as far as there is room.
"""

import itertools
from collections.abc import Sequence

from archspec.report.picture.ranks import Layers, Wire

ROOM = {2: 26.0, 1: 16.0, 0: 12.0}
"""The room between neighbours of which two, one or none are boxes."""
ROUNDS = 24
NEAR = 10.0
"""The distance at which two columns that are joined look as if they should be one."""


def place(layers: Layers, widths: Sequence[float]) -> dict[int, float]:
    """The centre of each vertex across the layers; the leftmost edge is at 0. Columns keep the order of the layers."""
    column = _columns(layers)
    before, after = _neighbours(layers, column, widths)
    order = _sorted(column, before)
    x = dict.fromkeys(order, 0.0)
    for one in order:
        x[one] = max((x[other] + gap for other, gap in before[one].items()), default=0.0)
    right = max(x.values(), default=0.0)
    for one in reversed(order):  # between the leftmost and the rightmost place that there is
        limit = min((x[other] - gap for other, gap in after[one].items()), default=right)
        x[one] = max(x[one], (x[one] + limit) / 2)
    pulls = _pulls(layers, column)
    for turn in range(ROUNDS):
        for one in order if turn % 2 else reversed(order):
            if pulls[one]:
                _move(one, x, pulls, before, after)
    _snap(layers, column, x, before, after)
    left = min((x[column[v]] - _width(v, layers, widths) / 2 for v in column), default=0.0)
    return {vertex: x[one] - left for vertex, one in column.items()}


def _width(vertex: int, layers: Layers, widths: Sequence[float]) -> float:
    return widths[vertex] if layers.is_box(vertex) else 0.0


def _columns(layers: Layers) -> dict[int, int]:
    """The column of each vertex, called by its first vertex."""
    column = {vertex: vertex for row in layers.rows for vertex in row}
    for gap, wires in enumerate(layers.wires):
        above = {vertex: index for index, vertex in enumerate(layers.rows[gap])}
        below = {vertex: index for index, vertex in enumerate(layers.rows[gap + 1])}
        outs: dict[int, list[int]] = {}
        ins: dict[int, list[int]] = {}
        for wire in wires:
            outs.setdefault(wire.upper, []).append(wire.lower)
            ins.setdefault(wire.lower, []).append(wire.upper)
        chosen: list[tuple[int, int]] = []
        for wire in sorted(wires, key=lambda wire: _priority(wire, layers, outs, ins)):
            if _priority(wire, layers, outs, ins)[0] > 2:
                continue
            a, b = above[wire.upper], below[wire.lower]
            if all((a < c and b < d) or (a > c and b > d) for c, d in chosen):
                chosen.append((a, b))
                column[wire.lower] = column[wire.upper]
    return column


def _priority(
    wire: Wire, layers: Layers, outs: dict[int, list[int]], ins: dict[int, list[int]]
) -> tuple[int, int, int]:
    """What is straight first: lines that pass, then chains, then the ends of lines. Forks and joins are not."""
    boxes = layers.is_box(wire.upper) + layers.is_box(wire.lower)
    if boxes == 0:
        return 0, wire.upper, wire.lower
    fork = sum(layers.is_box(vertex) for vertex in dict.fromkeys(outs[wire.upper]))
    merge = sum(layers.is_box(vertex) for vertex in dict.fromkeys(ins[wire.lower]))
    if boxes == 2 and fork < 2 and merge < 2:
        return 1, wire.upper, wire.lower
    if boxes == 1 and len(set(outs[wire.upper])) < 2 and len(set(ins[wire.lower])) < 2:
        return 2, wire.upper, wire.lower
    return 3, wire.upper, wire.lower


Gaps = dict[int, dict[int, float]]


def _neighbours(layers: Layers, column: dict[int, int], widths: Sequence[float]) -> tuple[Gaps, Gaps]:
    before: Gaps = {one: {} for one in column.values()}
    after: Gaps = {one: {} for one in column.values()}
    for row in layers.rows:
        for left, right in itertools.pairwise(row):
            gap = ROOM[layers.is_box(left) + layers.is_box(right)]
            gap += (_width(left, layers, widths) + _width(right, layers, widths)) / 2
            a, b = column[left], column[right]
            before[b][a] = after[a][b] = max(gap, before[b].get(a, 0.0))
    return before, after


def _sorted(column: dict[int, int], before: Gaps) -> list[int]:
    """The columns from left to right."""
    found: list[int] = []
    state: dict[int, int] = {}
    for start in dict.fromkeys(column.values()):
        stack = [start]
        while stack:
            one = stack[-1]
            missing = [other for other in before[one] if not state.get(other)]
            if state.get(one) or not missing:
                stack.pop()
                if not state.get(one):
                    state[one] = 1
                    found.append(one)
            else:
                stack += missing
    return found


def _pulls(layers: Layers, column: dict[int, int]) -> dict[int, list[int]]:
    """For each column, the columns that its vertices are joined to, once for each wire; boxes pull more than lines."""
    pulls: dict[int, list[int]] = {one: [] for one in column.values()}
    for wires in layers.wires:
        for wire in wires:
            a, b = column[wire.upper], column[wire.lower]
            if a != b:
                times = 1 + 2 * (layers.is_box(wire.upper) and layers.is_box(wire.lower))
                pulls[a] += [b] * times
                pulls[b] += [a] * times
    return pulls


def _move(one: int, x: dict[int, float], pulls: dict[int, list[int]], before: Gaps, after: Gaps) -> None:
    wanted = sum(x[other] for other in pulls[one]) / len(pulls[one])
    low = max((x[other] + gap for other, gap in before[one].items()), default=wanted)
    high = min((x[other] - gap for other, gap in after[one].items()), default=wanted)
    x[one] = max(low, min(wanted, high)) if low <= high else x[one]


def _snap(layers: Layers, column: dict[int, int], x: dict[int, float], before: Gaps, after: Gaps) -> None:
    """Move columns that nearly stand below the one that they are joined to, if there is room."""
    for wires in layers.wires:
        for wire in wires:
            upper, lower = column[wire.upper], column[wire.lower]
            wanted = x[upper]
            if upper == lower or not 0 < abs(wanted - x[lower]) <= NEAR:
                continue
            low = max((x[other] + gap for other, gap in before[lower].items()), default=wanted)
            high = min((x[other] - gap for other, gap in after[lower].items()), default=wanted)
            if low <= wanted <= high:
                x[lower] = wanted
