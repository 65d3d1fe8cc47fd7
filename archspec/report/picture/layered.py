"""The layout of a graph in layers: places of boxes, and lines that keep clear of them.

It knows sizes and numbers alone: `across` is the direction of the layers, `along` that of the arrows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from archspec.report.picture.order import order
from archspec.report.picture.place import place
from archspec.report.picture.ranks import Edge, Layers, Net, Wire, layers, ranks
from archspec.report.picture.route import WIDE, Ports, Room, ports, runs

Point = tuple[float, float]


@dataclass(slots=True, eq=False, repr=False)
class Line:
    """The line of a value: polylines of which each begins at the box or on another, and those ends with an arrow."""

    net: Net
    pieces: list[list[Point]] = field(default_factory=list)
    heads: list[tuple[Point, int]] = field(default_factory=list)
    """The points at which it reaches boxes, and these boxes."""


@dataclass(slots=True, eq=False, repr=False)
class Layout:
    """Where everything is: points are (across, along)."""

    corners: list[Point]
    """The least corner of each box."""
    lines: list[Line]
    size: Point


def layout(
    sizes: Sequence[Point], edges: Sequence[Edge], late: frozenset[int] = frozenset(), room: Room = WIDE
) -> Layout:
    """Lay out boxes of given sizes (across, along), numbered in an order in which they can be computed."""
    if not sizes:
        return Layout([], [], (0.0, 0.0))
    found = layers(len(sizes), edges, ranks(len(sizes), edges, late))
    order(found)
    widths = [size[0] for size in sizes]
    x = {vertex: float(round(value)) for vertex, value in place(found, widths).items()}
    places = ports(found, x, widths)
    return _draw(found, sizes, x, places, room)


def _draw(found: Layers, sizes: Sequence[Point], x: dict[int, float], places: Ports, room: Room) -> Layout:
    corners: list[Point] = [(0.0, 0.0)] * len(sizes)
    lines: dict[Net, Line] = {}
    tops: list[float] = []
    bottoms: list[float] = []
    at = 0.0
    gaps = [runs(wires, places) for wires in found.wires]
    for row, vertices in enumerate(found.rows):
        high = max((sizes[v][1] for v in vertices if found.is_box(v)), default=0.0)
        tops.append(at)
        bottoms.append(at + high)
        for vertex in vertices:
            if found.is_box(vertex):
                across, along = sizes[vertex]
                corners[vertex] = (x[vertex] - across / 2, at + (high - along) / 2)
        if row < len(gaps):
            tracks = gaps[row][1]
            at += high + (room.before + room.track * (tracks - 1) + room.after if tracks else room.straight)
    for row, wires in enumerate(found.wires):
        for wire in wires:
            run = gaps[row][0][wire.upper, wire.net]
            track = bottoms[row] + room.before + room.track * run.track
            line = lines.setdefault(wire.net, Line(wire.net))
            _wire(line, found, wire, places[wire], track, (bottoms[row], tops[row + 1]), corners, sizes)
    row_of = {vertex: row for row, vertices in enumerate(found.rows) for vertex in vertices}
    for vertex, net in found.nets.items():
        row = row_of[vertex]
        if bottoms[row] > tops[row]:
            lines[net].pieces.append([(x[vertex], tops[row]), (x[vertex], bottoms[row])])
    width = max([corner[0] + size[0] for corner, size in zip(corners, sizes, strict=True)] + [*x.values()])
    return Layout(corners, list(lines.values()), (width, bottoms[-1]))


def _wire(
    line: Line,
    found: Layers,
    wire: Wire,
    ends: tuple[float, float],
    track: float,
    gap: tuple[float, float],
    corners: Sequence[Point],
    sizes: Sequence[Point],
) -> None:
    start, end = ends
    top, bottom = gap
    if found.is_box(wire.upper):
        top = corners[wire.upper][1] + sizes[wire.upper][1]
    if found.is_box(wire.lower):
        bottom = corners[wire.lower][1]
        line.heads.append(((end, bottom), wire.lower))
    if abs(start - end) < 0.5:
        line.pieces.append([(start, top), (end, bottom)])
    else:
        line.pieces.append([(start, top), (start, track), (end, track), (end, bottom)])
