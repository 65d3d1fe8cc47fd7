"""Composes drawings from graphs: measures text, lays out each distinct level once, from the inside to the outside."""

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from archspec.analysis.modules import find
from archspec.ir import walk
from archspec.report.columns import field_text
from archspec.report.picture import ushape
from archspec.report.picture.build import Graphs
from archspec.report.picture.drawing import Box, Drawing, Edge, Point
from archspec.report.picture.labels import Labels, size
from archspec.report.picture.layered import Layout, layout
from archspec.report.picture.options import Options
from archspec.report.picture.route import TIGHT, WIDE
from archspec.report.picture.scene import Graph, Item, Scope

if TYPE_CHECKING:
    from archspec.model import Model

PAGE = 26
"""The most boxes of a picture whose depth is not given."""
DOT = 6.0
"""The size of a port without text."""
INSET = 12.0
"""The room around the drawing in an open box."""


@dataclass(slots=True, eq=False, repr=False)
class Composer:
    """Draws the graphs of one model."""

    graphs: Graphs
    labels: Labels
    options: Options
    known: dict[tuple[Scope, int, str, bool], Drawing] = field(default_factory=dict)

    def draw(self, scope: Scope, depth: int, prefix: str = "", *, nested: bool = False) -> Drawing:
        """A level, with what is open in it down to `depth` levels. Equal levels are drawn once.

        In a box (`nested`), the only input and the only output are dots: their shapes stand outside.
        """
        key = scope, depth, prefix if self.depends_on_path else "", nested
        if key not in self.known:
            self.known[key] = self._draw(self.graphs.of(scope), depth, prefix, nested=nested)
        return self.known[key]

    @property
    def depends_on_path(self) -> bool:
        """Whether equal modules look different in different places."""
        return "field" in self.options.show or any(name != "all" for name in self.options.open)

    def is_open(self, item: Item, depth: int, prefix: str) -> bool:
        """Whether an item is drawn open."""
        if item.inside is None:
            return False
        wanted = self.options.open
        if depth > 1 or "all" in wanted or item.op in wanted:
            return True
        paths = [prefix + name for name in item.names]
        return any(path in wanted or any(name.startswith(f"{path}.") for name in wanted) for path in paths)

    def _draw(self, graph: Graph, depth: int, prefix: str, *, nested: bool) -> Drawing:
        kinds = [item.kind for item in graph.items]
        boxes = [
            Box(item, [], DOT, DOT)
            if nested and item.is_port and kinds.count(item.kind) == 1
            else self.box(item, depth, prefix)
            for item in graph.items
        ]
        edges = [(link.source, link.part, link.target) for link in graph.links]
        right = self.options.direction == "right"
        form = None if right else ushape.shape(graph)
        if form is not None:
            return ushape.drawn(graph, prefix, boxes, form)
        degree: dict[int, int] = {}
        for source, _, target in edges:
            degree[target] = degree.get(target, 0) + 1
            degree[source] = degree.get(source, 0)
        for index, box in enumerate(boxes):  # room for all lines that reach it
            if not box.lines:
                continue
            room = 20.0 + 8.0 * degree.get(index, 0)
            if right:
                box.height = max(box.height, room)
            else:
                box.width = max(box.width, room)
        late = frozenset(
            index for index, item in enumerate(graph.items) if item.kind == "input" and item.op == "captured"
        )
        sizes = [(box.height, box.width) if right else (box.width, box.height) for box in boxes]
        return _placed(
            graph,
            prefix,
            boxes,
            layout(sizes, edges, late, TIGHT if self.options.style == "paper" else WIDE),
            right=right,
        )

    def box(self, item: Item, depth: int, prefix: str) -> Box:
        """The box of an item, which has no place yet."""
        if not self.is_open(item, depth, prefix):
            lines = self.labels.of(item, prefix)
            return Box(item, lines, *size(lines))
        assert item.inside is not None  # noqa: S101 — it is open
        path = f"{prefix}{item.path}." if item.path else prefix
        inner = self.draw(item.inside, depth - 1, path, nested=True)
        lines = self.labels.of(item, prefix)
        width, height = size(lines)
        wide = 2.0 * ceil(max(width, inner.width + 2 * INSET) / 2)
        place = ((wide - inner.width) / 2, height)
        high = 2.0 * ceil((height + inner.height + INSET) / 2)
        return Box(item, lines, wide, high, inner=inner, inset=place)


def _placed(graph: Graph, prefix: str, boxes: list[Box], found: Layout, *, right: bool) -> Drawing:
    def turned(point: Point) -> Point:
        return (point[1], point[0]) if right else point

    for box, corner in zip(boxes, found.corners, strict=True):
        box.x, box.y = turned(corner)
    way = "right" if right else "down"
    edges = [
        Edge(
            line.net[0],
            line.net[1],
            [[turned(point) for point in piece] for piece in line.pieces],
            [(turned(point), box, way) for point, box in line.heads],
        )
        for line in found.lines
    ]
    return Drawing(graph, prefix, boxes, edges, *turned(found.size))


def composer(model: "Model", options: Options) -> Composer:
    """What draws a model. Raises `UsageError` where `open` names neither a block nor a module."""
    kinds = {module.kind for module in walk(model.root) if module.op is None} if options.open else set()
    for name in options.open:
        if name != "all" and name not in kinds:
            find(model.root, name)
    network = model.network
    count = len(model.outputs)
    names = network.outputs or (("output",) if count == 1 else tuple(f"output {n + 1}" for n in range(count)))
    names = (*names, *network.train_outputs)
    graphs = Graphs(model.costs, model.batch, network.input_names, names)
    fields = {}
    if "field" in options.show:
        found = model.receptive_fields()
        fields = {path: field_text(seen) for path, seen in found.items()}
    return Composer(graphs, Labels(model, options.show, fields), options)


def root_scope(model: "Model") -> Scope:
    """The scope of the whole network."""
    count, train = len(model.root.results), len(model.network.train_outputs)
    return Scope(model.root, frozenset(range(count - train, count)))


def page_depth(graphs: Graphs, root: Scope, most: int = PAGE) -> int:
    """As many levels as make a page of at most so many boxes, at least one."""
    depth = 1
    while depth < 12:
        deeper = _boxes(graphs, root, depth + 1)
        if deeper > most or deeper == _boxes(graphs, root, depth):
            break
        depth += 1
    return depth


def _boxes(graphs: Graphs, scope: Scope, depth: int) -> int:
    count = 0
    for item in graphs.of(scope).boxes:
        count += 1
        if item.inside is not None and depth > 1:
            count += _boxes(graphs, item.inside, depth - 1)
        if count > 10 * PAGE:
            break
    return count
