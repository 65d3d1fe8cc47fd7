"""`archspec summary`."""

from typing import TYPE_CHECKING

from archspec.analysis.modules import Row
from archspec.cli.options import print_rich, write
from archspec.report.columns import NARROW, parse_columns, ranked

if TYPE_CHECKING:
    from archspec.api import Model
    from archspec.cli.app import Format


def run(
    model: "Model", format_: "Format", depth: int | None, columns: str | None, sort: str | None, top: int | None,
    explain: str | None, width: int | None, *, ascii_only: bool,
) -> None:  # fmt: skip
    """Print a summary."""
    if explain is not None:
        from archspec.report.explain import explain as describe

        write(describe(model, explain))
        return
    names = None if columns is None else parse_columns(columns)
    flat = None if sort is None and top is None else ranked(model, sort, top)
    if format_ == "json":
        import json

        from archspec.report.machine import to_json

        write(json.dumps(to_json(model), indent=2) + "\n")
    elif format_ == "table":
        from archspec.report.table import show

        print_rich(
            lambda terminal, plain: show(model, terminal, depth=depth, columns=names, flat=flat, ascii_only=plain),
            width, ascii_only=ascii_only,
        )  # fmt: skip
    else:
        from archspec.report.machine import to_csv, to_markdown

        if format_ == "csv":
            write(
                to_csv(
                    model,
                    names or ("op", "input", "output", "params", "buffers", "macs"),
                    _all(model, flat, depth),
                )
            )
        else:
            write(to_markdown(model, names or NARROW, _page(model, flat, depth)))


def _all(model: "Model", flat: list[Row] | None, depth: int | None) -> list[Row]:
    """Every module."""
    if flat is not None:
        return flat
    return [row for row in model.modules() if row.is_module and (depth is None or row.depth < depth)]


def _page(model: "Model", flat: list[Row] | None, depth: int | None) -> list[Row]:
    """About a page of rows, equal instances together."""
    from archspec.report.table import tree

    return flat if flat is not None else [row for row in tree(model, depth)[0] if row.is_module]
