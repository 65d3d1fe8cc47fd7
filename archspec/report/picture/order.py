"""The order within layers: few crossings, by the barycentre of what each vertex is joined to."""

from bisect import bisect_right, insort
from collections.abc import Sequence

from archspec.report.picture.ranks import Layers, Wire

SWEEPS = 12


def order(layers: Layers) -> None:
    """Put the vertices of each layer into an order with few crossings. The first order wins where it is as good."""
    best = [list(row) for row in layers.rows]
    fewest = crossings(layers)
    size = sum(len(row) for row in layers.rows)
    for sweep in range(SWEEPS if size < 2000 else 4):
        if not fewest:
            break
        _sweep(layers, down=sweep % 2 == 0)
        count = crossings(layers)
        if count < fewest:
            best, fewest = [list(row) for row in layers.rows], count
    layers.rows = best
    _exchange(layers, fewest)


def crossings(layers: Layers) -> int:
    """The number of pairs of wires that cross."""
    return sum(
        _between(layers.rows[i], layers.rows[i + 1], layers.wires[i]) for i in range(len(layers.wires))
    )


def _between(upper: Sequence[int], lower: Sequence[int], wires: Sequence[Wire]) -> int:
    above = {vertex: place for place, vertex in enumerate(upper)}
    below = {vertex: place for place, vertex in enumerate(lower)}
    seen: list[int] = []
    count = 0
    for _, end in sorted((above[wire.upper], below[wire.lower]) for wire in wires):
        count += len(seen) - bisect_right(seen, end)
        insort(seen, end)
    return count


def _sweep(layers: Layers, *, down: bool) -> None:
    rows = range(1, len(layers.rows)) if down else range(len(layers.rows) - 2, -1, -1)
    for row in rows:
        fixed = layers.rows[row - 1 if down else row + 1]
        place = {vertex: index for index, vertex in enumerate(fixed)}
        joined: dict[int, list[int]] = {}
        for wire in layers.wires[row - 1 if down else row]:
            mine, other = (wire.lower, wire.upper) if down else (wire.upper, wire.lower)
            joined.setdefault(mine, []).append(place[other])
        now = {vertex: index for index, vertex in enumerate(layers.rows[row])}
        weight = {
            vertex: sum(joined[vertex]) / len(joined[vertex]) if vertex in joined else float(now[vertex])
            for vertex in now
        }
        layers.rows[row].sort(key=lambda vertex: (weight[vertex], now[vertex]))


def _exchange(layers: Layers, fewest: int) -> None:
    """Exchange neighbours while that removes crossings."""
    if sum(len(row) for row in layers.rows) > 600:
        return
    improved = bool(fewest)
    while improved:
        improved = False
        for index, row in enumerate(layers.rows):
            for place in range(len(row) - 1):
                before = _around(layers, index)
                row[place], row[place + 1] = row[place + 1], row[place]
                if _around(layers, index) < before:
                    improved = True
                else:
                    row[place], row[place + 1] = row[place + 1], row[place]


def _around(layers: Layers, row: int) -> int:
    count = 0
    for gap in (row - 1, row):
        if 0 <= gap < len(layers.wires):
            count += _between(layers.rows[gap], layers.rows[gap + 1], layers.wires[gap])
    return count
