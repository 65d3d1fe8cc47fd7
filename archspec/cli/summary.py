"""`archspec summary`."""

from typing import TYPE_CHECKING

from archspec.analysis.modules import Row
from archspec.cli.printing import print_rich, write
from archspec.report.columns import NARROW, needs_fields, parse_columns, ranked

if TYPE_CHECKING:
    from archspec.analysis.memory import Optimizer
    from archspec.api import Model


def run(
    model: "Model", format_: str = "table", depth: int | None = None, columns: str | None = None,
    sort: str | None = None, top: int | None = None, explain: str | None = None, width: int | None = None,
    *, ascii_only: bool = False, memory: "tuple[str, Optimizer] | None" = None,
) -> None:  # fmt: skip
    """Print a summary. `memory` asks for that too, for a floating type and an optimizer."""
    if explain is not None:
        from archspec.report.explain import explain as describe

        write(describe(model, explain))
        return
    names = None if columns is None else parse_columns(columns)
    flat = None if sort is None and top is None else ranked(model, sort, top, names)
    if format_ == "json":
        import json

        from archspec.report.machine import to_json

        data = to_json(model)
        if memory is not None:
            from archspec.report.memory import to_json as memory_to_json

            data["memory"] = memory_to_json(model.memory(*memory), *memory)
        write(json.dumps(data, indent=2) + "\n")
    elif format_ == "table":
        from archspec.report.table import show

        extra: list[tuple[str, str, str]] = []
        if memory is not None:
            from archspec.report.memory import lines

            extra = lines(model, *memory)
        print_rich(
            lambda terminal, plain: show(
                model, terminal, depth=depth, columns=names, flat=flat, ascii_only=plain, extra=extra
            ),
            width, ascii_only=ascii_only,
        )  # fmt: skip
    else:
        from archspec.report.machine import to_csv, to_markdown

        if format_ == "csv":
            write(
                to_csv(
                    model,
                    names or ("op", "input", "output", "params", "buffers", "macs"),
                    _all(model, flat, depth, names),
                )
            )
        else:
            write(to_markdown(model, names or NARROW, _page(model, flat, depth, names)))


def _all(
    model: "Model", flat: list[Row] | None, depth: int | None, columns: tuple[str, ...] | None
) -> list[Row]:  # fmt: skip
    """Every module."""
    if flat is not None:
        return flat
    return [
        row
        for row in model.modules(fields=needs_fields(columns))
        if row.is_module and (depth is None or row.depth < depth)
    ]


def _page(
    model: "Model", flat: list[Row] | None, depth: int | None, columns: tuple[str, ...] | None
) -> list[Row]:  # fmt: skip
    """About a page of rows, equal instances together."""
    from archspec.report.table import tree

    return (
        flat if flat is not None else [row for row in tree(model, depth, columns or ())[0] if row.is_module]
    )
