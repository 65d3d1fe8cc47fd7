"""The summary in each of its formats, for the command line and for Python."""

from collections.abc import Callable, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from archspec.analysis.modules import Row
from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown
from archspec.report.columns import NARROW, needs_fields, parse_columns, ranked

if TYPE_CHECKING:
    from rich.console import Console

    from archspec.analysis.memory import Optimizer
    from archspec.model import Model

FORMATS = ("table", "json", "csv", "markdown")
ALL = ("op", "input", "output", "params", "buffers", "macs")
"""The default columns of CSV."""

Draw = Callable[["Console", bool], None]
"""A function that prints a table to a console, given whether only ASCII can be shown."""


def summary(
    model: "Model",
    show: Callable[[Draw], str],
    *,
    format_: str = "table",
    depth: int | None = None,
    columns: str | Sequence[str] | None = None,
    sort: str | None = None,
    top: int | None = None,
    explain: str | None = None,
    memory: "tuple[str, Optimizer] | None" = None,
) -> str:
    """The text of a summary. `show` renders a table as text.

    `memory` adds the memory for a floating type and an optimizer.

    Raises `UsageError` for an invalid option.
    """
    if format_ not in FORMATS:
        raise UsageError(f"there is no format `{shown(format_)}`: there are {', '.join(FORMATS)}")
    for name, value in (("depth", depth), ("top", top)):
        if value is not None and value < 1:
            raise UsageError(f"`{name}` must be at least 1, not {value}")
    if explain is not None:
        if format_ != "table":
            raise UsageError(
                f"`explain` and `{format_}` contradict each other: one module is explained as text"
            )
        from archspec.report.explain import explain as describe

        return describe(model, explain)
    names = None if columns is None else parse_columns(columns)
    flat = None if sort is None and top is None else ranked(model, sort, top, names)
    if format_ == "json":
        return _json(model, memory)
    if format_ == "csv":
        from archspec.report.machine import to_csv

        return to_csv(model, names or ALL, _all(model, depth, names) if flat is None else flat)
    if format_ == "markdown":
        from archspec.report.machine import to_markdown

        return to_markdown(model, names or NARROW, _page(model, depth, names) if flat is None else flat)
    return show(_table(model, depth, names, flat, memory))


def plain(draw: Draw, width: int, *, ascii_only: bool) -> str:
    """A table as plain text."""
    from rich.console import Console

    stream = StringIO()
    draw(
        Console(file=stream, width=width, color_system=None, force_terminal=False, highlight=False),
        ascii_only,
    )
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def _table(
    model: "Model",
    depth: int | None,
    names: tuple[str, ...] | None,
    flat: list[Row] | None,
    memory: "tuple[str, Optimizer] | None",
) -> Draw:
    from archspec.report.memory import lines
    from archspec.report.table import show

    extra = [] if memory is None else lines(model, *memory)
    return lambda console, ascii_only: show(
        model, console, depth=depth, columns=names, flat=flat, ascii_only=ascii_only, extra=extra
    )


def _json(model: "Model", memory: "tuple[str, Optimizer] | None") -> str:
    from json import dumps

    from archspec.report.machine import to_json

    data = to_json(model)
    if memory is not None:
        from archspec.report.memory import to_json as memory_to_json

        data["memory"] = memory_to_json(model.memory(*memory), *memory)
    return dumps(data, indent=2) + "\n"


def _all(model: "Model", depth: int | None, columns: tuple[str, ...] | None) -> list[Row]:
    """A row for every module."""
    return [
        row
        for row in model.modules(fields=needs_fields(columns))
        if row.is_module and (depth is None or row.depth < depth)
    ]


def _page(model: "Model", depth: int | None, columns: tuple[str, ...] | None) -> list[Row]:
    """About a page of rows, with equal instances merged."""
    from archspec.report.table import tree

    return [row for row in tree(model, depth, columns or ())[0] if row.is_module]
