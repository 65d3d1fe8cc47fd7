"""A picture as one page of HTML: every level of a network can be opened, beside the table of its summary.

Every level is drawn when the page is written; its script shows, hides and finds, and lays nothing out. The page asks
for nothing: its policy allows its own style sheet and its own script, by their hashes, and nothing else.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from archspec._version import __version__
from archspec.report.numbers import dims, human, shapes, shown_batch
from archspec.report.picture.build import all_graphs
from archspec.report.picture.compose import Composer, composer, root_scope
from archspec.report.picture.details import Details
from archspec.report.picture.drawing import Box, Drawing
from archspec.report.picture.listing import table
from archspec.report.picture.options import Options
from archspec.report.picture.scene import Item, Scope
from archspec.report.picture.style import heat, kind, page_sheet
from archspec.report.picture.svg import Writer, number, quoted

if TYPE_CHECKING:
    from archspec.model import Model


@dataclass(slots=True, eq=False, repr=False)
class PageWriter(Writer):
    """Writes drawings whose boxes can be opened, with what the page's script needs to know of them."""

    params: int = 0
    ids: dict[Scope, str] = field(default_factory=dict)
    details: Details | None = None

    def wires(self, drawing: Drawing) -> Iterator[str]:
        """Each edge for itself, with the boxes that it joins."""
        for edge in drawing.edges:
            ends = " ".join(
                str(end) for end in dict.fromkeys((edge.source, *(box for _, box, _ in edge.heads)))
            )
            body = self.wire([edge], drawing.boxes, upwards=edge.upwards)
            yield f'<g class="e" data-e="{ends}">{body}</g>'

    def title(self, drawing: Drawing, box: Box) -> str:
        """Nothing: the script shows what a title would, and more."""
        del drawing, box
        return ""

    def linked(self, drawing: Drawing, item: Item, owners: set[str], group: str) -> str:
        """The box itself: the script knows whose weights it uses."""
        del drawing, item, owners
        return group

    def marks(self, box: Box) -> str:
        """All colours that the page can show."""
        item = box.item
        if item.is_port:
            return "i x" if item.training else "i"
        shade = kind(item.op, opens=item.inside is not None)[0]
        found = f"m{heat(item.macs, self.whole)} p{heat(item.params, self.params)} k{shade}"
        return found + " o" * (item.inside is not None) + " x" * item.training

    def data(self, drawing: Drawing, box: Box) -> str:
        """What the script knows of a box: its names, what it opens, and what is said of it."""
        item = box.item
        if item.is_port:
            return ""
        assert self.details is not None  # noqa: S101 — a page has them
        text = quoted(self.details.of(item, drawing.prefix)).replace("\n", "&#10;")
        first = quoted(self.details.title(item, drawing.prefix))
        found = f' tabindex="0" data-n="{quoted(" ".join(ranges(item.names)))}" data-d="{text}" aria-label="{first}"'
        if item.inside is not None:
            found += " data-a" * (2 * item.macs > self.whole and not drawing.prefix)
            found += f' role="button" aria-expanded="false" data-g="{self.ids[item.inside]}"'
            found += f' data-p="{quoted(item.path)}"' + ' data-c="1"' * (
                item.count > 1 and item.inside.units is None
            )
        else:
            found += ' role="img"'
        if item.shares:
            found += f' data-s="{quoted(item.shares)}"'
        return found


def ranges(names: Sequence[str]) -> list[str]:
    """Names, with runs that count written as `stem~first~last`."""
    found: list[str] = []
    run: tuple[str, int, int] | None = None
    for name in [*names, ""]:
        stem = name.rstrip("0123456789")
        digits = name[len(stem) :]
        counts = bool(digits) and str(int(digits)) == digits
        if run is not None and counts and stem == run[0] and int(digits) == run[2] + 1:
            run = stem, run[1], run[2] + 1
            continue
        if run is not None:
            found.append(f"{run[0]}{run[1]}" if run[1] == run[2] else f"{run[0]}~{run[1]}~{run[2]}")
        run = (stem, int(digits), int(digits)) if counts else None
        if run is None and name:
            found.append(name)
    return found


def html(models: "Sequence[Model]", options: Options) -> str:
    """The page of one or several networks."""
    title = ", ".join(dict.fromkeys(model.name for model in models))
    nets = "".join(network(index, model, options) for index, model in enumerate(models))
    chooser = "".join(f'<option value="{i}">{quoted(model.name)}</option>' for i, model in enumerate(models))
    return document(
        title,
        HEADER.format(
            title=f"<h1>{quoted(title)}</h1>" if len(models) == 1 else "",
            chooser=f'<select id="pick" aria-label="Network">{chooser}</select>' if len(models) > 1 else "",
        ),
        nets,
        {"cost": "macs", "kind": "kind", "none": "none"}[options.color],
    )


HEADER = (
    '<header>{title}{chooser}<input id="find" type="search" placeholder="Find a path or an op  ( / )" '
    'aria-label="Find a path or an op"><span class="grow"></span><label>Colour <select id="color">'
    '<option value="macs">MACs</option><option value="params">parameters</option><option value="kind">kinds</option>'
    '<option value="none">none</option></select></label><button id="close" type="button">Close all</button>'
    '<button id="theme" type="button" aria-label="Light or dark">◐</button></header>'
)


def document(title: str, header: str, body: str, color: str = "macs") -> str:
    """A document that allows its own style sheet and script alone."""
    style = page_sheet() + resource("page.css")
    script = resource("page.js")
    policy = "; ".join(
        [
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="archspec {__version__}">\n'
        f"<title>{quoted(title)}</title>\n<style>{style}</style>\n</head>\n"
        f'<body data-color="{color}">\n{header}\n{body}\n<div id="tip" role="status" hidden></div>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


def resource(name: str) -> str:
    """A file of the package."""
    return (files("archspec") / "report" / "picture" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def network(index: int, model: "Model", options: Options) -> str:
    """A network of a page: its totals, the picture, every level that can be opened, and the table of its modules."""
    made = composer(model, Options(direction=options.direction, show=options.show, color=options.color))
    root = root_scope(model)
    scopes = [graph.scope for graph in all_graphs(made.graphs, root)]
    whole = model.training_totals
    writer = PageWriter(whole.macs, params=whole.params, details=Details(model))
    writer.ids = {scope: f"g{index}-{number}" for number, scope in enumerate(scopes)}
    paths = _paths(made, root)
    first, *others = (_panel(writer, made.draw(scope, 1, paths[scope]), scope is root) for scope in scopes)
    hidden = " hidden" if index else ""
    return (
        f'<div class="net" data-name="{quoted(model.name)}"{hidden}>{facts(model)}<main>{first}'
        f'<div class="side"><div class="opened">{"".join(others)}</div>{table(model)}</div></main></div>'
    )


def _paths(made: Composer, root: Scope) -> dict[Scope, str]:
    """The path of the first place of each level, with a dot."""
    found = {root: ""}
    for graph in all_graphs(made.graphs, root):
        prefix = found[graph.scope]
        for item in graph.items:
            if item.inside is not None:
                found.setdefault(item.inside, f"{prefix}{item.path}." if item.path else prefix)
    return found


def _panel(writer: PageWriter, drawing: Drawing, is_root: bool) -> str:
    scope = drawing.graph.scope
    kind_ = "" if is_root else quoted(scope.module.kind if scope.module.kind != "group" else "")
    size = f'width="{number(drawing.width + 8)}" height="{number(drawing.height + 8)}"'
    box = f'viewBox="-4 -4 {number(drawing.width + 8)} {number(drawing.height + 8)}"'
    head = (
        ""
        if is_root
        else f'<h2><span class="path">{quoted(drawing.prefix.removesuffix("."))}</span> <small>{kind_}</small>'
        '<button type="button" class="shut" aria-label="Close">×</button></h2>'
    )
    return (
        f'<section class="panel" id="{writer.ids[scope]}" data-prefix="{quoted(drawing.prefix)}"'
        f'{"" if is_root else " hidden"}>{head}<div class="scroll"><svg {size} {box} role="group" '
        f'aria-label="{quoted(drawing.prefix or "network")}">{writer.drawing(drawing)}</svg></div></section>'
    )


def facts(model: "Model") -> str:
    """The totals in a line."""
    batch = shown_batch(model)
    whole = model.totals
    inputs = ", ".join(dims(type_.shape, batch) for type_ in model.inputs.values())
    words = [
        ("shape", f"{inputs} → {shapes(model.outputs, batch)}"),
        ("parameters", f"{whole.params:,}"),
        ("MACs", f"{whole.macs:,}"),
    ]
    if model.report.training is not None:
        extra = model.report.training.params - whole.params
        words.append(
            (
                "in training also",
                f"{extra:,} parameters, {human(model.report.training.macs - whole.macs)} MACs",
            )
        )
    return (
        '<dl class="facts">'
        + "".join(f"<div><dt>{a}</dt><dd>{quoted(b)}</dd></div>" for a, b in words)
        + "</dl>"
    )
