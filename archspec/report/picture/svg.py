"""A drawing as SVG 1.1."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from archspec.report.numbers import shapes
from archspec.report.picture.drawing import Box, Drawing, Edge, Point
from archspec.report.picture.labels import HEIGHTS, TITLE, TextLine
from archspec.report.picture.scene import Item
from archspec.report.picture.style import heat, kind

CORNER = 5.0
"""The radius of the corners of lines."""


def number(value: float) -> str:
    """A coordinate, to a tenth, as short as possible."""
    short = f"{value:.1f}".removesuffix(".0")
    return "0" if short == "-0" else short


_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_NEVER = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
"""The characters that XML cannot hold, and those that turn the direction of text around."""


def quoted(text: str) -> str:
    """Text as content or attribute of XML. Characters that XML cannot hold are replaced."""
    return _NEVER.sub("\ufffd", text).translate(_ENTITIES)


def text(line: TextLine, x: float, y: float, extra: str = "") -> str:
    """A line of text whose baseline is at `y`. Its width is stated, so that it is the same with any font."""
    classes = [*(["t"] if line.size == TITLE else []), *extra.split()]
    spans = line.spans
    if len(spans) == 1:
        classes += ["b"] * spans[0].bold + ["m"] * spans[0].muted
        body = quoted(spans[0].text)
    else:
        body = "".join(_span(span.text, bold=span.bold, muted=span.muted) for span in spans)
    mark = f' class="{" ".join(classes)}"' if classes else ""
    space = ' xml:space="preserve"' if "  " in line.text else ""
    return (
        f'<text x="{number(x)}" y="{number(y)}" textLength="{number(line.width)}"{mark}{space}>{body}</text>'
    )


def _span(content: str, *, bold: bool, muted: bool) -> str:
    mark = " ".join(["b"] * bold + ["m"] * muted)
    return f'<tspan class="{mark}">{quoted(content)}</tspan>' if mark else quoted(content)


def path(points: list[Point]) -> str:
    """A polyline of horizontal and vertical pieces, with round corners, as path data."""
    (x, y), *_ = points
    found = [f"M{number(x)} {number(y)}"]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        one, other = _towards(here, before), _towards(here, after)
        found.append(f"L{_pair(one)}Q{_pair(here)} {_pair(other)}")
    found.append(f"L{_pair(points[-1])}")
    return "".join(found)


def _pair(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"


def _towards(corner: Point, other: Point) -> Point:
    """The point on the way to another at which the corner begins to be round."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    part = min(CORNER, length / 2) / length if length else 0.0
    return corner[0] + dx * part, corner[1] + dy * part


_HEADS = {"down": "-3.5-7h7z", "up": "-3.5 7h7z", "right": "-7-3.5v7z", "left": "7-3.5v7z"}


def heads(edge: Edge, boxes: list[Box]) -> str:
    """The heads of an edge's arrows, as path data; dots need none."""
    return "".join(f"M{_pair(point)}l{_HEADS[way]}" for point, box, way in edge.heads if boxes[box].lines)


@dataclass(slots=True, eq=False, repr=False)
class Writer:
    """Writes drawings of one network."""

    whole: int
    """The MACs of the network, or its parameters where it has no MACs."""
    color: str = "cost"
    by: str = "macs"
    targets: set[str] = field(default_factory=set)
    """The ids of boxes that others link to."""

    def drawing(self, drawing: Drawing, x: float = 0.0, y: float = 0.0) -> str:
        """A drawing at a place."""
        body = "".join(self.parts(drawing))
        return body if not x and not y else f'<g transform="translate({_pair((x, y))})">{body}</g>'

    def parts(self, drawing: Drawing) -> Iterator[str]:
        """The lines, then the boxes."""
        yield from self.wires(drawing)
        owners = {item.shares for item in drawing.graph.items if item.shares}
        for box in drawing.boxes:
            yield self.box(drawing, box, owners)

    def wires(self, drawing: Drawing) -> Iterator[str]:
        """The lines, as one path for those that go on and one for those that go back."""
        for upwards in (False, True):
            chosen = [edge for edge in drawing.edges if edge.upwards is upwards]
            if chosen:
                yield self.wire(chosen, drawing.boxes, upwards=upwards)

    def wire(self, edges: list[Edge], boxes: list[Box], *, upwards: bool) -> str:
        """Some lines with their heads."""
        lines = "".join(path(piece) for edge in edges for piece in edge.pieces)
        arrows = "".join(heads(edge, boxes) for edge in edges)
        body = f'<path class="{"l u" if upwards else "l"}" d="{lines}"/>'
        return body + (f'<path class="{"v" if upwards else "a"}" d="{arrows}"/>' if arrows else "")

    def title(self, drawing: Drawing, box: Box) -> str:
        """What a picture that stands for itself says of a box that is pointed at."""
        return f"<title>{quoted(description(box.item, drawing.prefix))}</title>"

    def box(self, drawing: Drawing, box: Box, owners: set[str]) -> str:
        """A box with its text and what is in it."""
        item = box.item
        if not box.lines:
            middle = f'cx="{number(box.x + box.width / 2)}" cy="{number(box.y + box.height / 2)}"'
            return f'<circle class="a" {middle} r="{number(box.width / 2)}"/>'
        x, y, wide, high = (number(value) for value in (box.x, box.y, box.width, box.height))
        size = f'width="{wide}" height="{high}"'
        corner = ' rx="10"' if item.is_port else ' rx="3"'
        body = self.title(drawing, box)
        if item.count > 1 and box.inner is None:
            shadow = f'x="{number(box.x + 3)}" y="{number(box.y + 3)}"'
            body += f"<rect {shadow} {size}{corner}/>"
        body += f'<rect x="{x}" y="{y}" {size}{corner}/>'
        body += "".join(lines(box))
        if box.inner is not None:
            body += self.drawing(box.inner, box.x + box.inset[0], box.y + box.inset[1])
        group = f'<g class="{self.marks(box)}"{self.data(drawing, box)}>{body}</g>'
        return self.linked(drawing, item, owners, group)

    def linked(self, drawing: Drawing, item: Item, owners: set[str], group: str) -> str:
        """A box that uses another one's weights is a link to it, and that one can be linked to."""
        if item.shares:
            return f'<a xlink:href="#{quoted(f"m-{drawing.prefix}{item.shares}")}">{group}</a>'
        if owners & set(item.names[:1]) and (key := f"m-{drawing.prefix}{item.names[0]}") not in self.targets:
            self.targets.add(key)
            return group.replace("<g ", f'<g id="{quoted(key)}" ', 1)
        return group

    def marks(self, box: Box) -> str:
        """The classes of a box."""
        item = box.item
        found = "i" if item.is_port else "f" if box.inner is not None else ""
        if not item.is_port and box.inner is None:
            found = f"k{kind(item.op, opens=item.inside is not None)[0]}"
            if self.color == "cost":
                found = f"h{heat(item.macs if self.by == 'macs' else item.params, self.whole)}"
        return f"{found} x" if item.training else found

    def data(self, drawing: Drawing, box: Box) -> str:
        """Further attributes of a box; none in a picture that stands for itself."""
        del drawing, box
        return ""


def lines(box: Box) -> Iterator[str]:
    """The lines of text of a box, one below the other."""
    total = sum(HEIGHTS[line.size] for line in box.lines)
    top = box.y + (4.0 if box.inner is not None else (box.height - total) / 2)
    for line in box.lines:
        top += HEIGHTS[line.size]
        yield text(line, box.x + box.width / 2, top - 4.0)


def description(item: Item, prefix: str = "") -> str:
    """All that is known of a box, in words, with all digits."""
    where = prefix + item.name if item.name else prefix.removesuffix(".")
    words = [f"{where}: {item.text}" if where and not item.is_port else item.text or item.name]
    if item.more:
        words[0] += f", {', '.join(item.more)}"
    if item.count > 1:
        words[0] += f", {item.count} times"
    if item.outputs:
        words.append(shapes(item.outputs))
    if item.params:
        words.append(f"{item.params:,} parameters")
    if item.macs:
        words.append(f"{item.macs:,} MACs")
    if item.shares:
        words.append(f"weights of {prefix}{item.shares}")
    if item.training:
        words.append("in training only")
    return "\n".join(words)
