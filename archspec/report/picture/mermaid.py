"""A picture as a Mermaid flowchart, which GitHub and GitLab draw in Markdown."""

from collections.abc import Iterator
from itertools import count

from archspec.report.picture.drawing import Box, Drawing
from archspec.report.picture.nodes import Cluster, cluster


def mermaid(drawing: Drawing, direction: str) -> str:
    """The drawing as a flowchart with subgraphs."""
    whole = cluster(drawing, count())
    way = "TB" if direction == "down" else "LR"
    lines = [
        f"flowchart {way}",
        *_inside(whole, "  ", count(), way),
        *(f"  n{source} --> n{target}" for source, target in whole.all_edges()),
    ]
    late = [f"n{number}" for number in _training(whole)]
    if late:
        lines += ["  classDef training stroke-dasharray: 4 3", f"  class {','.join(late)} training"]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A label: every character that Mermaid or HTML could take for something else is an entity of Mermaid's."""
    plain = "".join(c if c == "\n" or c >= " " else "�" for c in text)
    safe = "".join(c if c.isalnum() or c in " .,:+-–×·…→±/()[]\n_" else f"#{ord(c)};" for c in plain)
    return '"' + safe.replace("\n", "<br/>") + '"'


def _inside(one: Cluster, indent: str, numbers: Iterator[int], way: str) -> Iterator[str]:
    for number, box in one.boxes:
        if not box.lines:
            yield f'{indent}n{number}((" "))'
            continue
        left, right = ("([", "])") if box.item.is_port else ("[[", "]]") if box.item.count > 1 else ("[", "]")
        yield f"{indent}n{number}{left}{quoted(_label(box))}{right}"
    for inner in one.inner:
        assert inner.label is not None  # noqa: S101 — only the network itself has none
        yield f"{indent}subgraph g{next(numbers)}[{quoted(_label(inner.label))}]"
        yield f"{indent}  direction {way}"
        yield from _inside(inner, indent + "  ", numbers, way)
        yield f"{indent}end"


def _training(one: Cluster) -> Iterator[int]:
    yield from (number for number, box in one.boxes if box.item.training)
    for inner in one.inner:
        yield from _training(inner)


def _label(box: Box) -> str:
    return "\n".join(line.text for line in box.lines)
