"""A drawing: boxes, and lines between them, with their places. Boxes that are open contain a drawing.

Coordinates are those of the drawing that a box is in, in pixels from its upper left corner.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from archspec.report.picture.labels import TextLine
from archspec.report.picture.scene import Graph, Item

Point = tuple[float, float]


@dataclass(slots=True, eq=False, repr=False)
class Box:
    """A box with its text; an open one has a drawing below the text."""

    item: Item
    lines: list[TextLine]
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0
    inner: "Drawing | None" = None
    inset: Point = (0.0, 0.0)
    """Where in the box its drawing is."""


@dataclass(slots=True, eq=False, repr=False)
class Edge:
    """The line of a value from a box to all boxes that take it."""

    source: int
    part: int
    pieces: list[list[Point]]
    heads: list[tuple[Point, int, str]] = field(default_factory=list)
    """Where it reaches boxes, their numbers, and in which direction: `down`, `right`, `up` or `left`."""
    upwards: bool = False
    """Whether it goes against the direction of the drawing, as the decoder of a U does."""


@dataclass(slots=True, eq=False, repr=False)
class Drawing:
    """A graph that is laid out."""

    graph: Graph
    prefix: str
    """The path of the module that is drawn, with a dot, in the first place where it stands; empty for the network."""
    boxes: list[Box]
    edges: list[Edge]
    width: float
    height: float

    def nested(self, x: float = 0.0, y: float = 0.0) -> Iterator[tuple["Drawing", float, float]]:
        """This drawing and those in its boxes, each with its place."""
        yield self, x, y
        for box in self.boxes:
            if box.inner is not None:
                yield from box.inner.nested(x + box.x + box.inset[0], y + box.y + box.inset[1])
