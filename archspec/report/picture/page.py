"""The page of a static picture: the network, and the inside of each block that is closed in it, once."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archspec.report.numbers import human
from archspec.report.picture.compose import PAGE, Composer, composer, page_depth, root_scope
from archspec.report.picture.drawing import Drawing
from archspec.report.picture.labels import Span, TextLine
from archspec.report.picture.options import Options
from archspec.report.picture.scene import Item, Scope
from archspec.report.picture.style import style_sheet
from archspec.report.picture.svg import Writer, number, quoted, text

if TYPE_CHECKING:
    from archspec.model import Model

MOST_BLOCKS = 24
"""The most blocks whose inside is drawn beside the network."""
PRINTED = 16
"""The most boxes of a network in print, whose depth is not given."""
SMALL = 14
"""The most boxes in a block of which a level more is open."""
PAGES = {"screen": (1280.0, 1000.0), "paper": (240.0, 600.0)}
"""What a page should fit into: its proportions say in how many columns its parts stand."""
GAP, HEAD = 32.0, 26.0


@dataclass(slots=True, eq=False, repr=False)
class Panel:
    """A part of a page: a drawing below its title."""

    title: TextLine | None
    drawing: Drawing
    x: float = 0.0
    y: float = 0.0

    @property
    def width(self) -> float:
        """The width with the title."""
        return max(self.drawing.width, self.title.width if self.title else 0.0)

    @property
    def height(self) -> float:
        """The height with the title."""
        return self.drawing.height + (HEAD if self.title else 0.0)


@dataclass(slots=True, eq=False, repr=False)
class Blocks:
    """The blocks that are closed in a picture, by definition and what is in them, each with its commonest instance."""

    composer: Composer
    found: dict[object, dict[Scope, tuple[int, str]]] = field(default_factory=dict)

    def look(self, drawing: Drawing, times: int = 1) -> None:
        """Find the blocks of a drawing, and of those in it."""
        for box in drawing.boxes:
            if box.inner is not None:
                self.look(box.inner, times * box.item.count)
            elif box.item.inside is not None:
                self.add(box.item, drawing.prefix, times * box.item.count, set())

    def add(self, item: Item, prefix: str, times: int, seen: set[Scope]) -> None:
        """Add the block that an item is, or those in it if it is a group."""
        scope = item.inside
        if scope is None or scope in seen:
            return
        path = f"{prefix}{item.path}." if item.path else prefix
        if item.kind == "dense" or (scope.module.is_block and scope.units is None):
            graph = self.composer.graphs.of(scope)
            form = tuple([(inner.kind, inner.op) for inner in graph.items]), tuple(graph.links)
            known = self.found.setdefault((scope.module.definition, form), {})
            count, where = known.get(scope, (0, path))
            known[scope] = count + times, where
            return
        for inner in self.composer.graphs.of(scope).boxes:
            self.add(inner, path, times * inner.count, {*seen, scope})

    def panels(self) -> list[Panel]:
        """A panel for each block, and for the blocks in these."""
        made: list[Panel] = []
        done: set[object] = set()
        while len(made) < MOST_BLOCKS:
            key = next((key for key in self.found if key not in done), None)
            if key is None:
                break
            done.add(key)
            scope, (_, path) = max(self.found[key].items(), key=lambda entry: entry[1][0])
            depth = min(2, page_depth(self.composer.graphs, scope, SMALL))
            drawing = self.composer.draw(scope, depth, path)
            name = scope.module.kind if scope.units is None else "one step of a dense block"
            where = path.removesuffix(".") or self.composer.labels.model.name
            title = (Span(name, bold=True), Span(f"  as in {where}", muted=True))
            made.append(Panel(TextLine(title, 12.0), drawing))
            self.look(drawing)
        return made


def panels(model: "Model", options: Options) -> tuple[Composer, list[Panel]]:
    """The parts of a page, which have no places yet: the network first."""
    made = composer(model, options)
    root = root_scope(model)
    depth = options.depth or page_depth(made.graphs, root, PRINTED if options.style == "paper" else PAGE)
    drawing = made.draw(root, depth)
    blocks = Blocks(made)
    blocks.look(drawing)
    return made, [Panel(None, drawing), *blocks.panels()]


def arrange(parts: list[Panel], page: tuple[float, float]) -> tuple[float, float]:
    """Place parts in columns, as many as let the whole be largest on a page; its width and height."""
    best: tuple[float, int] = (0.0, 1)
    for columns in range(1, len(parts) + 1):
        width, height = _columns(parts, columns)
        scale = min(page[0] / width, page[1] / height)
        if scale > best[0] + 1e-9:
            best = scale, columns
    return _columns(parts, best[1])


def _columns(parts: list[Panel], columns: int) -> tuple[float, float]:
    """Place parts in columns that are about equally high, in their order."""
    total = sum(part.height + GAP for part in parts)
    limit = max(total / columns, max(part.height for part in parts) + GAP)
    while True:
        groups: list[list[Panel]] = [[]]
        used = 0.0
        for part in parts:
            if groups[-1] and used + part.height + GAP > limit:
                groups.append([])
                used = 0.0
            groups[-1].append(part)
            used += part.height + GAP
        if len(groups) <= columns:
            break
        limit *= 1.05
    x = high = 0.0
    for group in groups:
        y, wide = 0.0, max(part.width for part in group)
        for part in group:
            part.x, part.y = x + float(round((wide - part.width) / 2)), y
            y += part.height + GAP
        high = max(high, y - GAP)
        x += wide + GAP
    return x - GAP, high


def svg(model: "Model", options: Options) -> str:
    """The whole picture as an SVG document."""
    _, parts = panels(model, options)
    width, height = arrange(parts, PAGES[options.style])
    whole, by = (
        (model.training_totals.macs, "macs")
        if model.totals.macs
        else (model.training_totals.params, "params")
    )
    writer = Writer(whole, options.color, by)
    pad = 12.0 if options.style == "screen" else 4.0
    top = pad + (30.0 if options.style == "screen" else 0.0)
    body = [] if options.style == "paper" else ['<rect class="z" width="100%" height="100%"/>']
    totals = f"{model.totals.params:,} parameters · {human(model.totals.macs)} MACs"
    if options.style == "screen":
        line = TextLine((Span(totals, muted=True),), 12.0)
        name = TextLine((Span(model.name, bold=True),), 15.0)
        width = max(width, name.width + 14 + line.width)
        body.append(text(name, pad, pad + 12, "s n"))
        body.append(text(line, pad + name.width + 14, pad + 12, "s"))
    for part in parts:
        x, y = pad + part.x, top + part.y
        if part.title is not None:
            body.append(text(part.title, x, y + 12, "s"))
            y += HEAD
        x += (part.width - part.drawing.width) / 2 if part.title is None else 0.0
        body.append(writer.drawing(part.drawing, x, y))
    size = f"{number(width + 2 * pad)} {number(height + top + pad)}"
    wide, high = size.split()
    scope = f"archspec-{options.style}-{options.color}"  # a page may have several pictures
    sheet = style_sheet(options.style, options.color, f".{scope}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1" '
        f'class="{scope}" width="{wide}" height="{high}" viewBox="0 0 {size}">'
        f"<title>{quoted(model.name)}</title><desc>{quoted(totals)}</desc>"
        f"<style>{sheet}</style>{''.join(body)}</svg>\n"
    )
