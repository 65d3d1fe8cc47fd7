"""A picture in DOT, the language of Graphviz."""

from collections.abc import Iterator
from itertools import count

from archspec.report.picture.drawing import Box, Drawing
from archspec.report.picture.nodes import Cluster, cluster
from archspec.report.picture.svg import description


def dot(name: str, drawing: Drawing, direction: str) -> str:
    """The drawing as a graph with clusters."""
    whole = cluster(drawing, count())
    rank = "TB" if direction == "down" else "LR"
    lines = [
        f"digraph {quoted(name)} {{",
        f'  graph [rankdir={rank}, fontname="Helvetica", fontsize=12, style="rounded"];',
        '  node [shape=box, fontname="Helvetica", fontsize=11, margin="0.12,0.06"];',
        *_inside(whole, "  ", count()),
        *(f"  n{source} -> n{target};" for source, target in whole.all_edges()),
        "}",
    ]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A string of DOT; a line break ends a centred line."""
    plain = "".join(c if c == "\n" or c >= " " else "�" for c in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _inside(one: Cluster, indent: str, numbers: Iterator[int]) -> Iterator[str]:
    for number, box in one.boxes:
        yield f"{indent}n{number} [{', '.join(_attributes(one, box))}];"
    for inner in one.inner:
        assert inner.label is not None  # noqa: S101 — only the network itself has none
        yield f"{indent}subgraph cluster_{next(numbers)} {{"
        yield f"{indent}  label={quoted(_label(inner.label))};"
        yield from _inside(inner, indent + "  ", numbers)
        yield f"{indent}}}"


def _attributes(one: Cluster, box: Box) -> Iterator[str]:
    item = box.item
    if not box.lines:
        yield 'shape=point, label=""'
        return
    yield f"label={quoted(_label(box))}"
    yield f"tooltip={quoted(description(item, one.drawing.prefix))}"
    style = ["rounded"] * item.is_port + ["dashed"] * item.training
    if style:
        yield f'style="{",".join(style)}"'
    if item.count > 1:
        yield "peripheries=2"


def _label(box: Box) -> str:
    return "\n".join(line.text for line in box.lines)
