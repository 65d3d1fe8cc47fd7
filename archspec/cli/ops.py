"""`archspec ops`."""

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING, Any

from archspec.cli.printing import print_rich, write_json
from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown, suggest
from archspec.ops import names
from archspec.ops.core.data import Inputs
from archspec.ops.core.reference import OpReference, describe, entries, spec_text
from archspec.report.numbers import shapes

if TYPE_CHECKING:
    from rich.console import Console


def run(name: str | None, *, json: bool, width: int | None, ascii_only: bool) -> None:
    """Print the list of ops, or the description of one."""
    if name is not None and name not in names():
        hint = suggest(name, sorted(names())) or "`archspec ops` lists them"
        raise UsageError(f"there is no op `{shown(name)}`: {hint}")
    if json:
        found = entries() if name is None else [describe(name)]
        write_json({"format_version": "1.0", "ops": [_data(entry) for entry in found]})
        return
    draw: Callable[[Console, bool], None] = (
        _list if name is None else lambda console, _: _one(console, describe(name))
    )
    print_rich(draw, width, ascii_only=ascii_only)


def _data(entry: OpReference) -> dict[str, Any]:
    return {
        "name": entry.name,
        "group": entry.group,
        "doc": entry.doc,
        "link": entry.link,
        "inputs": entry.inputs,
        "constraints": entry.constraints,
        "output": entry.output,
        "weights": entry.weights,
        "macs": entry.macs,
        "fields": [
            {"name": field.name, "type": field.type, "default": field.default or None, "doc": field.doc}
            for field in entry.fields
        ],
        "examples": [
            {
                "spec": spec_text(entry.name, example),
                "inputs": example.inputs,
                "doc": example.doc,
                "error": example.error or None,
            }
            for example in entry.examples
        ],
    }


def _list(console: "Console", _: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    for group, members in groupby(entries(), key=lambda entry: entry.group):
        console.print(Text(group, "bold"))
        table = Table.grid(padding=(0, 2))
        table.add_column(style="cyan", no_wrap=True, min_width=18)
        table.add_column()
        for entry in members:
            table.add_row(Text(f"  {entry.name}"), Text(entry.summary))
        console.print(table)
    console.print(Text("\n`archspec ops NAME` describes one.", "dim"))


def _one(console: "Console", entry: OpReference) -> None:
    from rich.table import Table
    from rich.text import Text

    console.print(Text(entry.name, "bold").append(f"   {entry.group}", "dim"))
    console.print(Text(entry.doc))
    facts = {
        "requires": "; ".join(entry.constraints),
        "output": entry.output,
        "weights": entry.weights,
        "MACs": entry.macs,
    }
    for label, text in facts.items():
        if text:
            console.print(Text(f"  {label:<9}", "bold").append(text, "not bold"))
    if entry.fields:
        table = Table.grid(padding=(0, 2))
        for style in ("cyan", "", "dim"):
            table.add_column(style=style)
        for field in entry.fields:
            default = f" = {field.default}" if field.default not in ("", "none", "{}") else ""
            table.add_row(Text(f"  {field.name}{default}"), Text(field.doc), Text(field.type))
        console.print(Text("\nFields", "bold"))
        console.print(table)
    console.print(Text("\nExamples", "bold"))
    for example in entry.examples:
        console.print(Text(f"  {spec_text(entry.name, example)}", "cyan"))
        remark = f"    {_shapes(entry.name, example.inputs, example.fields, example.error)}"
        console.print(Text(remark + (f"  {example.doc}" if example.doc else ""), "dim"))
    if entry.link:
        console.print(Text(f"\n{entry.link}", "dim"))


def _shapes(name: str, inputs: Any, fields: dict[str, Any], error: str) -> str:
    """The input and output shapes of an example, or the code of its error."""
    from archspec.elaborate.settings import thaw
    from archspec.language.params import freeze
    from archspec.ops import lookup
    from archspec.types import TensorType

    given: Inputs = tuple(TensorType(tuple(shape)) for shape in inputs)
    if error:
        return f"{shapes(given)}  →  {error}"
    op = lookup(name)
    assert op is not None  # noqa: S101 — the name was checked
    return f"{shapes(given)}  →  {shapes(op(**thaw(freeze(fields))).outputs(given))}".strip()
