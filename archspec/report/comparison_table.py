"""A comparison of networks as a table for a terminal."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from archspec.report import layout
from archspec.report.comparison import BY_NEED, SIDE_BY_SIDE, columns, titles
from archspec.report.drawing import body, paragraph, plain
from archspec.report.layout import CellKind, Column, NameCell, TableLayout

if TYPE_CHECKING:
    from rich.console import Console

    from archspec.model import Model


def show(models: "Sequence[Model]", console: "Console", *, ascii_only: bool) -> None:
    """Print the comparison: one column per network, or one row if there are many or they do not fit."""
    width = max(console.width, layout.MIN_WIDTH)
    ellipsis = plain("…") if ascii_only else "…"
    facts, names = columns(models), titles(models)
    needs = sorted(range(len(facts)), key=lambda index: BY_NEED.index(facts[index].heading))
    if ascii_only:
        facts, names = list(map(_plain, facts)), list(map(plain, names))
    table = _across(names, facts, width, ellipsis) if len(models) <= SIDE_BY_SIDE else None
    left_out: list[str] = []
    if table is None:
        table, left_out = _down(names, facts, needs, width, ellipsis)
    lines = body(table, [["bold", *[""] * (len(table.columns) - 1)]] * len(table.rows))
    if left_out:
        remark = f"Not shown: {', '.join(left_out)}. `--json` and `--markdown` show everything."
        lines += [*paragraph("", width), *paragraph(remark, width, "dim")]
    for line in lines:
        console.print(line, soft_wrap=True)


def _plain(fact: Column) -> Column:
    cells, short = list(map(plain, fact.cells)), list(map(plain, fact.short))
    return replace(fact, heading=plain(fact.heading), cells=cells, short=short)


def _across(names: list[str], facts: list[Column], width: int, ellipsis: str) -> TableLayout | None:
    """One column per network, if that fits with all numbers in full."""
    made = [Column("", CellKind.PLAIN, [fact.heading for fact in facts])]
    for index, name in enumerate(names):
        made.append(Column(name, CellKind.PLAIN, [fact.cells[index] for fact in facts], right=True))
    return layout.fit(made, width, range(1), ellipsis)


def _down(
    names: list[str], facts: list[Column], needs: list[int], width: int, ellipsis: str
) -> tuple[TableLayout, list[str]]:
    """One row per network, with the facts that fit, and the names of those that do not.

    Names and numbers may be shortened to fit the first two facts, parameters and MACs, but not for the others.
    """
    first = Column("Network", CellKind.NAME, names, names=[NameCell("", name) for name in names])
    table, chosen = layout.force([first], width, ellipsis), set[int]()
    for place, index in enumerate(needs):
        more = [first, *(facts[i] for i in sorted({*chosen, index}))]
        steps = len(layout.STEPS) if place < 2 else min(table.step, layout.WHOLE) + 1
        if found := layout.fit(more, width, range(steps), ellipsis):
            table, chosen = found, {*chosen, index}
    return table, [fact.heading for index, fact in enumerate(facts) if index not in chosen]
