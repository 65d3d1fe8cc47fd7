"""An expanded network as lines, for tools that compare lines: `git config diff.archspec.textconv`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from archspec.analysis.spec_text import Json
from archspec.types import shape_text

if TYPE_CHECKING:
    from archspec.model import Model

_PLACED = frozenset({"name", "as", "op", "of", "from", "shape", "layers"})
"""The keys that have a place of their own in a line."""


def lines(model: "Model", spec: Json) -> Iterator[str]:
    """A line for each input, module and output of a network; `spec` is what it expands to."""
    section = spec["model"]
    for name, type_ in model.inputs.items():
        yield f"{name}: {type_}"
    yield from _layers(section["layers"], "")
    for key in ("outputs", "train_outputs"):
        names = [
            item if isinstance(item, str) else f"{item['of']} as {item['name']}"
            for item in section.get(key, [])
        ]
        if names:
            yield f"{key}: {', '.join(names)}"
    totals = model.totals
    yield f"params: {totals.params}"
    yield f"macs: {totals.macs}"


def _layers(nodes: list[Json], prefix: str) -> Iterator[str]:
    before = ""
    for node in nodes:
        name = node.get("name")
        path = (
            prefix + str(name)
            if name is not None
            else f"{prefix}({node.get('as') or node.get('op') or 'group'})"
        )
        taken = node.get("from", "")
        taken = [taken] if isinstance(taken, str) else taken
        source = f" from {', '.join(taken)}" if taken not in ([before], ["x"], [""]) else ""
        shape = f" -> {shape_text(node['shape'])}" if "shape" in node else ""
        fields = "".join(f" {key}={_value(value)}" for key, value in node.items() if key not in _PLACED)
        op = f" {node['op']}" if "op" in node else ""
        of = f" {node['of']}" if "of" in node else ""
        yield f"{path}:{op}{of}{fields}{source}{shape}"
        if "layers" in node:
            yield from _layers(node["layers"], f"{path}." if name is not None else prefix)
        before = str(name if name is not None else node.get("as", ""))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{','.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{key}={_value(item)}' for key, item in value.items())}}}"
    return str(value)
