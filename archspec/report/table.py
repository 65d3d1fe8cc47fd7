"""The summary as a table: a tree of modules with shapes and costs, for a terminal of any width."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archspec.analysis.modules import Row, rows
from archspec.report import layout
from archspec.report.columns import BASE, BY_WIDTH, COLUMNS, NARROW, needs_fields
from archspec.report.drawing import body, grid, paragraph, plain
from archspec.report.layout import CellKind, NameCell
from archspec.report.numbers import dims, human, mebibytes, shapes, shown_batch
from archspec.report.wrapping import ITEMS

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from archspec.model import Model

PAGE = 64
"""The most rows of a table, unless a depth is given."""
WIDE_FROM = 120
"""The least width for inputs, exact MACs and full headings."""
MOST_ROWS = 1_000
"""The most rows of a table in any case."""


def show(
    model: "Model",
    console: "Console",
    *,
    depth: int | None = None,
    columns: tuple[str, ...] | None = None,
    flat: list[Row] | None = None,
    ascii_only: bool = False,
    extra: Sequence[tuple[str, str, str]] = (),
) -> None:
    """Print the table to a rich console. `extra` are additional rows below the totals."""
    hidden = False
    if flat is not None:
        listed = flat
    else:
        listed, hidden = tree(model, depth, columns or ())
    more = len(listed) > MOST_ROWS
    listed = listed[:MOST_ROWS]
    draw = TextTable(model, listed, flat is not None, ascii_only, max(console.width, layout.MIN_WIDTH))
    for text in (*draw.heading(), *draw.body(columns), *draw.footer(extra, hidden=hidden, more=more)):
        console.print(text, soft_wrap=True)


def tree(model: "Model", depth: int | None, columns: tuple[str, ...] = ()) -> tuple[list[Row], bool]:
    """The rows of the tree, and whether the depth hides some.

    Without a depth, the tree is as deep as fits on a page.
    """

    def at(limit: int | None) -> list[Row]:
        listed = []
        train = len(model.network.train_outputs)
        for row in rows(model.root, model.costs, train, depth=limit, grouped=True):
            listed.append(row)
            if len(listed) > MOST_ROWS:
                break
        if not needs_fields(columns):
            return listed
        from archspec.analysis.receptive_field import with_fields

        return list(with_fields(model.root, listed))

    if depth is not None:
        listed = at(depth)
        return listed, any(row.has_children and row.depth == depth - 1 for row in listed)
    limit = 1
    listed = at(limit)
    while any(row.has_children and row.depth == limit - 1 for row in listed):
        deeper = at(limit + 1)
        if len(deeper) > PAGE:
            return listed, True
        listed, limit = deeper, limit + 1
    return listed, False


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TextTable:
    """Renders rows as lines of text, in `width` columns if possible."""

    model: "Model"
    listed: list[Row]
    flat: bool
    """Whether modules are shown by path instead of as a tree."""
    ascii_only: bool
    width: int

    def plain(self, text: str) -> str:
        """The text, in ASCII if required."""
        return plain(text) if self.ascii_only else text

    def heading(self) -> list["Text"]:
        """The network's name, inputs and outputs."""
        model, batch = self.model, shown_batch(self.model)
        inputs = ", ".join(
            (f"{name} " if len(model.inputs) > 1 else "") + dims(type_.shape, batch)
            for name, type_ in model.inputs.items()
        )
        text = self.plain(f"{model.name}   {inputs} → {shapes(model.outputs, batch)}")
        lines = paragraph(text, self.width, "dim", ITEMS)
        lines[0].stylize("not dim bold", 0, len(model.name))
        return [*lines, *paragraph("", self.width)]

    def body(self, columns: tuple[str, ...] | None) -> list["Text"]:
        """The rows, with the requested columns or those that fit."""
        ellipsis, width = self.plain("…"), self.width
        if columns is None:
            sets = [
                ("", *names)
                for names in (BY_WIDTH if width >= WIDE_FROM else BY_WIDTH[BY_WIDTH.index(NARROW) :])
            ]
            names, found = layout.widest(sets, sets.index(("", *BASE)), self._column, width, ellipsis)
        else:
            names = ("", *columns)
            found = layout.force([self._column(name) for name in names], width, ellipsis)
        styles = [[self._style(name, row) for name in names] for row in self.listed]
        return body(found, styles, self._guides_below())

    def _column(self, name: str) -> layout.Column:
        """A column of all rows; the first one, whose name is empty, is the tree."""
        if not name:
            names = [self._name(row) for row in self.listed]
            return layout.Column("Module", CellKind.NAME, ["".join(one) for one in names], names=names)
        column = COLUMNS[name]
        texts = [self.plain(self._text(name, row)) for row in self.listed]
        short = [self.plain(column.short(row, self.model)) for row in self.listed] if column.short else ()
        parts = [NameCell("", text) for text in texts] if column.kind is CellKind.NAME else ()
        heading = "%" if name.endswith("%") and self.width < WIDE_FROM else column.heading
        return layout.Column(heading, column.kind, texts, short, parts, column.right)

    def _text(self, column: str, row: Row) -> str:
        text = COLUMNS[column].text(row, self.model)
        return f"{text} (training)" if column == "op" and row.training else text

    def _name(self, row: Row) -> NameCell:
        """The module's name after the guides of the tree; for several equal ones, the first and the last name."""
        if self.flat:
            return NameCell("", row.path)
        name, after = row.name or self.plain("·"), ""
        if row.count > 1:
            name, after = self.plain(f"{name}–{_end(row)}"), self.plain(f"  × {row.count}")
        return NameCell(guides(row, ascii_only=self.ascii_only), name, after)

    def _guides_below(self) -> list[str]:
        """The prefixes of the continuation lines of each row."""
        if self.flat:
            return [""] * len(self.listed)
        following = [*(row.depth for row in self.listed[1:]), 0][: len(self.listed)]
        return [
            guides(row, ascii_only=self.ascii_only, below=True, opens=after > row.depth)
            for row, after in zip(self.listed, following, strict=True)
        ]

    def _style(self, column: str, row: Row) -> str:
        if not column:
            return "not dim bold" if row.has_children else "not dim" if row.is_module else "dim"
        is_idle = row.module.op is not None and not row.cost.params and not row.cost.macs
        return "dim" if not row.is_module or is_idle or column.endswith("%") else _STYLES.get(column, "")

    def footer(self, extra: Sequence[tuple[str, str, str]] = (), *, hidden: bool, more: bool) -> list["Text"]:
        """The totals with all digits, and remarks on what is not shown."""
        remarks = []
        if hidden:
            remarks.append("More modules inside: `--depth N` shows more levels.")
        if more:
            remarks.append(f"Only the first {MOST_ROWS:,} rows are shown.")
        if self.model.variants and self.model.variant is None:
            remarks.append(f"Variants: {', '.join(self.model.variants)}")
        lines = paragraph("", self.width)
        rows = [(what, number, self.plain(remark)) for what, number, remark in (*totals(self.model), *extra)]
        lines += grid(rows, self.width)
        for remark in remarks:
            lines += [*paragraph("", self.width), *paragraph(remark, self.width, "dim")]
        return lines


_STYLES = {"op": "cyan", "input": "dim", "params": "green", "macs": "yellow", "macs#": "yellow"}


def _end(row: Row) -> str:
    """The name of the last of equal instances; only its number if that is the only difference from the first."""
    first, last = row.name.rpartition(".")[2], row.last
    number = re.search(r"[0-9]*$", last)
    assert number is not None  # noqa: S101 — it may be empty
    is_counted = number[0] and first.rstrip("0123456789") == last.removesuffix(number[0])
    return number[0] if is_counted else last


def guides(row: Row, *, ascii_only: bool, below: bool = False, opens: bool = False) -> str:
    """The guides of a row in the tree; with `below`, those of its continuation lines, if it `opens` a level."""
    bar, space, tee, corner = ("|  ", "   ", "|- ", "`- ") if ascii_only else ("│ ", "  ", "├ ", "└ ")
    inner = "".join(space if end else bar for end in row.ends[1:-1])
    if below:
        own = "" if row.depth == 0 else space if row.ends[-1] else bar
        return inner + own + (bar if opens else "")
    return inner + (corner if row.ends[-1] else tee) if row.depth else ""


def totals(model: "Model") -> list[tuple[str, str, str]]:
    """The totals: name, amount and remark."""
    whole, training = model.totals, model.report.training
    result = [("Parameters", f"{whole.params:,}", f"{mebibytes(whole.params)} in float32")]
    if whole.buffers:
        result.append(("Buffers", f"{whole.buffers:,}", "not trained"))
    batch = model.fixed_batch or model.batch
    per = f"at batch {batch}" if model.fixed_batch or batch > 1 else "per sample"
    result.append(("MACs", f"{whole.macs:,}", f"{human(whole.flops)} FLOPs {per}"))
    if training is not None:
        only = training.params - whole.params
        result.append(("In training", f"{training.params:,}", f"parameters, {only:,} of them only there"))
        result.append(("", f"{training.macs:,}", "MACs"))
    return result
