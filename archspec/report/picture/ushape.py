"""The layout of a U: a chain that goes down to small maps and up again, with skips across on each level.

The way down is on the left, the way up on the right, and both ends of a skip stand on one level. Lines that go up are
marked as such: they alone go against the direction of a drawing.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from archspec.report.picture.drawing import Box, Drawing, Edge
from archspec.report.picture.scene import Graph

FEWEST = 2
"""The fewest skips of a U."""
ROW, ACROSS, SIDE = 22.0, 64.0, 24.0
"""The room between rows, between both columns, and beside the box at the bottom."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Which items stand where: rows of a left and a right one, and the one at the bottom."""

    rows: list[tuple[int | None, int | None]]
    bottom: int
    skips: list[tuple[int, int]]


def shape(graph: Graph) -> Shape | None:
    """The U that a graph is, if it is one: a chain, of which the skips are nested and span its deepest item."""
    count = len(graph.items)
    steps = {(link.source, link.target) for link in graph.links}
    chain = [(index, index + 1) for index in range(count - 1)]
    skips = sorted(steps - set(chain))
    if len(skips) < FEWEST or not steps.issuperset(chain) or any(link.part for link in graph.links):
        return None
    ports = [index for index, item in enumerate(graph.items) if item.is_port]
    starts, ends = [a for a, _ in skips], [b for _, b in skips]
    nested = all(x > y for x, y in itertools.pairwise(ends)) and len({*starts}) == len(starts)
    if ports != [0, count - 1] or not nested or starts[-1] + 1 >= ends[-1] or 0 in starts:
        return None
    rows = _between([*range(starts[0])], [*range(ends[0] + 1, count)], at_end=True)
    for level, (start, end) in enumerate(skips):
        rows.append((start, end))
        if level + 1 < len(skips):
            down = [*range(start + 1, skips[level + 1][0])]
            rows += _between(down, [*range(skips[level + 1][1] + 1, end)], at_end=False)
    rows += [(index, None) for index in range(starts[-1] + 1, ends[-1] - 1)]
    return Shape(rows, ends[-1] - 1, skips)


def _between(down: list[int], up: list[int], *, at_end: bool) -> list[tuple[int | None, int | None]]:
    """The rows between two levels: the left ones in order, the right ones from below; the shorter side has gaps."""
    size = max(len(down), len(up))
    gaps: list[int | None] = [None] * (size - len(down))
    one = [*gaps, *down] if at_end else [*down, *gaps]
    other = [*([None] * (size - len(up))), *reversed(up)]
    return list(zip(one, other, strict=True))


def drawn(graph: Graph, prefix: str, boxes: Sequence[Box], found: Shape) -> Drawing:
    """The drawing of a U."""
    left = [index for index, _ in found.rows if index is not None]
    right = [index for _, index in found.rows if index is not None]
    wide = max(boxes[index].width for index in left), max(boxes[index].width for index in right)
    bottom = boxes[found.bottom]
    apart = max(wide[0] / 2 + wide[1] / 2 + ACROSS, bottom.width + 2 * SIDE)
    apart = 2.0 * round(apart / 2)
    first = max(wide[0] / 2, bottom.width / 2 - apart / 2)
    y = 0.0
    for row in found.rows:
        high = max(boxes[index].height for index in row if index is not None)
        for index, centre in zip(row, (first, first + apart), strict=True):
            if index is not None:
                boxes[index].x = centre - boxes[index].width / 2
                boxes[index].y = y + (high - boxes[index].height) / 2
        y += high + ROW
    bottom.x, bottom.y = first + apart / 2 - bottom.width / 2, y
    edges = [_edge(index, boxes, found, left, first, first + apart) for index in range(len(boxes) - 1)]
    return Drawing(graph, prefix, list(boxes), edges, first + apart + wide[1] / 2, y + bottom.height)


def _edge(
    index: int, boxes: Sequence[Box], found: Shape, left: list[int], first: float, second: float
) -> Edge:
    """The line from an item to the next one, and across to the end of its skip."""
    box, after = boxes[index], boxes[index + 1]
    edge = Edge(index, 0, [], upwards=index not in left)
    middle = box.y + box.height / 2
    if index + 1 == found.bottom:
        level = after.y + after.height / 2
        edge.pieces.append([(first, box.y + box.height), (first, level), (after.x, level)])
        edge.heads.append(((after.x, level), index + 1, "right"))
    elif index in left:
        edge.pieces.append([(first, box.y + box.height), (first, after.y)])
        edge.heads.append(((first, after.y), index + 1, "down"))
    else:
        start = (
            [(box.x + box.width, middle), (second, middle)] if index == found.bottom else [(second, box.y)]
        )
        edge.pieces.append([*start, (second, after.y + after.height)])
        edge.heads.append(((second, after.y + after.height), index + 1, "up"))
    for source, target in found.skips:
        if source == index:
            end = boxes[target].x
            edge.pieces.append([(box.x + box.width, middle), (end, middle)])
            edge.heads.append(((end, middle), target, "right"))
    return edge
