"""What must hold of every drawing, found again from its places alone."""

from collections.abc import Iterator
from itertools import pairwise

from archspec.report.picture.drawing import Box, Drawing, Edge, Point
from archspec.report.picture.labels import HEIGHTS


def faults(drawing: Drawing) -> list[str]:
    """What is wrong with a drawing and those in it."""
    return [fault for one, _, _ in drawing.nested() for fault in _faults(one)]


def _faults(drawing: Drawing) -> Iterator[str]:
    for index, box in enumerate(drawing.boxes):
        right, bottom = box.x + box.width, box.y + box.height
        if box.x < -0.01 or box.y < -0.01 or right > drawing.width + 0.01 or bottom > drawing.height + 0.01:
            yield f"{_name(box)} is outside of the drawing"
        for other in drawing.boxes[index + 1 :]:
            if _crosses((box.x, box.y), (right, bottom), other, 0.0):
                yield f"{_name(box)} overlaps {_name(other)}"
        yield from _text_faults(box)
    for edge in drawing.edges:
        yield from _edge_faults(drawing, edge)


def _edge_faults(drawing: Drawing, edge: Edge) -> Iterator[str]:
    boxes = drawing.boxes
    name = _name(boxes[edge.source])
    ends = {edge.source, *(target for _, target, _ in edge.heads)}
    for start, end in (pair for piece in edge.pieces for pair in pairwise(piece)):
        if abs(start[0] - end[0]) > 0.5 and abs(start[1] - end[1]) > 0.5:
            yield f"a slanted line from {name}"
        for number, box in enumerate(boxes):
            if _crosses(start, end, box, 0.01 if number in ends else -0.5):
                yield f"a line from {name} goes through {_name(box)}"
        along = 1 if drawing_is_down(drawing) else 0
        if not edge.upwards and end[along] < start[along] - 0.01:
            yield f"a line from {name} goes back"
    for point, target, _ in edge.heads:
        if not _on_border(point, boxes[target]):
            yield f"an arrow from {name} does not reach {_name(boxes[target])}"
    if not _is_connected(edge.pieces, boxes[edge.source]):
        yield f"a line from {name} is in pieces"
    if {(edge.source, edge.part, target) for _, target, _ in edge.heads} != {
        (link.source, link.part, link.target)
        for link in drawing.graph.links
        if (link.source, link.part) == (edge.source, edge.part)
    }:
        yield f"the arrows from {name} are not its links"


def drawing_is_down(drawing: Drawing) -> bool:
    ways = {way for edge in drawing.edges for _, _, way in edge.heads}
    return "right" not in ways or "down" in ways


def _name(box: Box) -> str:
    return f"{box.item.kind} {box.item.name} {box.item.text}".strip()


def _text_faults(box: Box) -> Iterator[str]:
    if sum(HEIGHTS[line.size] for line in box.lines) > box.height:
        yield f"the text of {_name(box)} is too high"
    for line in box.lines:
        if line.width > box.width - 4:
            yield f"`{line.text}` is too wide for {_name(box)}"
    if box.inner is not None:
        x, y = box.inset
        if (
            y < sum(HEIGHTS[line.size] for line in box.lines)
            or x < 0
            or x + box.inner.width > box.width
            or y + box.inner.height > box.height
        ):
            yield f"what is in {_name(box)} does not fit"


def _crosses(start: Point, end: Point, box: Box, shrink: float) -> bool:
    """Whether a line has a point inside of a box, by more than `shrink`; a negative one makes the box larger."""
    low, high = (min(start[0], end[0]), min(start[1], end[1])), (max(start[0], end[0]), max(start[1], end[1]))
    return (
        low[0] < box.x + box.width - shrink
        and high[0] > box.x + shrink
        and low[1] < box.y + box.height - shrink
        and high[1] > box.y + shrink
    )


def _on_border(point: Point, box: Box) -> bool:
    x, y = point
    across = box.x - 0.01 <= x <= box.x + box.width + 0.01
    along = box.y - 0.01 <= y <= box.y + box.height + 0.01
    edges = (x - box.x, x - box.x - box.width, y - box.y, y - box.y - box.height)
    return across and along and min(map(abs, edges)) < 0.01


def _is_connected(pieces: list[list[Point]], source: Box) -> bool:
    """Whether all pieces hang together, and with the box that they come from."""
    left = list(pieces)
    reached = [piece for piece in left if _on_border(piece[0], source)]
    todo = list(reached)
    while todo:
        piece = todo.pop()
        left = [other for other in left if other is not piece]
        joined = [other for other in left if other[0] in (piece[-1], piece[0]) and other not in todo]
        todo += joined
        reached += joined
    return not left or not [piece for piece in left if piece not in reached]
