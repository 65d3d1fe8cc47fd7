"""The summary as a table: a tree of modules with shapes and costs, for a terminal of any width."""

from collections.abc import Sequence
from io import StringIO
from typing import TYPE_CHECKING

from archspec.analysis.modules import Row, rows
from archspec.report.columns import COLUMNS, NARROW, WIDE, needs_fields
from archspec.report.numbers import dims, human, mebibytes, shapes

if TYPE_CHECKING:
    from rich.box import Box
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

    from archspec.api import Model

PAGE = 64
"""The rows that a table shows at most unless a depth is asked for."""
WIDE_FROM = 120
"""The width from which there is room for inputs, exact MACs and bars."""
MOST_ROWS = 1_000
"""The rows that a table shows at most in any case."""


def render(
    model: "Model", *, width: int = 100, depth: int | None = None, columns: tuple[str, ...] | None = None,
    flat: list[Row] | None = None, ascii_only: bool = False,
) -> str:  # fmt: skip
    """The table as plain text."""
    from rich.console import Console

    stream = StringIO()
    console = Console(file=stream, width=width, color_system=None, force_terminal=False, highlight=False)
    show(model, console, depth=depth, columns=columns, flat=flat, ascii_only=ascii_only)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def show(
    model: "Model", console: "Console", *, depth: int | None = None, columns: tuple[str, ...] | None = None,
    flat: list[Row] | None = None, ascii_only: bool = False, extra: Sequence[tuple[str, str, str]] = (),
) -> None:  # fmt: skip
    """Print the table to a rich console. `extra` are further rows below the totals."""
    if columns is None:
        columns = WIDE if console.width >= WIDE_FROM else NARROW
    hidden = False
    if flat is not None:
        listed = flat
    else:
        listed, hidden = tree(model, depth, columns)
    flat_list = flat is not None
    body = table(model, listed, columns, flat=flat_list, ascii_only=ascii_only, width=console.width)
    for renderable in (heading(model), body, *footer(model, listed, extra, hidden=hidden)):
        console.print(_ascii(renderable) if ascii_only else renderable)


def tree(model: "Model", depth: int | None, columns: tuple[str, ...] = ()) -> tuple[list[Row], bool]:
    """The rows of the tree, and whether the depth hides some.

    Without a depth, the tree is as deep as a page of rows allows.
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


def heading(model: "Model") -> "RenderableType":
    """The network's name, its input and its output."""
    from rich.text import Text

    text = Text()
    text.append(model.name, "bold")
    batch = model.batch if model.batch != 1 else None
    inputs = ", ".join(
        (f"{name} " if len(model.inputs) > 1 else "") + dims(type_.shape, batch)
        for name, type_ in model.inputs.items()
    )
    text.append(f"   {inputs} → {shapes(model.outputs, batch)}", "dim")
    text.append("\n")
    return text


def table(
    model: "Model", listed: list[Row], columns: tuple[str, ...], *, flat: bool, ascii_only: bool, width: int
) -> "Table":  # fmt: skip
    """The rows as a rich table of at most `width` columns; where it gets tight, the op's text is cut first."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    result = Table(
        box=plain_box() if ascii_only else box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0),
        header_style="bold", border_style="dim",
    )  # fmt: skip
    lines = [[_module(row, flat=flat, ascii_only=ascii_only), *(_cell(name, row, model) for name in columns)]
             for row in listed]  # fmt: skip
    if ascii_only:
        lines = [[Text(plain(cell.plain)) for cell in line] for line in lines]
    headings = ["Module", *(_heading(name, width) for name in columns)]
    widths = [
        max([len(heading), *(line[i].cell_len for line in lines)]) for i, heading in enumerate(headings)
    ]
    if "op" in columns:
        place = columns.index("op") + 1
        spare = width - sum(widths) - 2 * (len(widths) - 1)
        widths[place] = max(8, widths[place] + min(spare, 0))
    for index, heading_ in enumerate(headings):
        right = index > 0 and COLUMNS[columns[index - 1]].right
        result.add_column(
            heading_, justify="right" if right else "left", no_wrap=True, overflow="ellipsis",
            width=widths[index],
        )  # fmt: skip
    for line in lines:
        result.add_row(*line)
    return result


def _heading(column: str, width: int) -> str:
    heading = COLUMNS[column].heading
    return "%" if heading.endswith("%") and width < WIDE_FROM else heading


def _module(row: Row, *, flat: bool, ascii_only: bool) -> "Text":
    from rich.text import Text

    cell = Text("" if flat else _guides(row, ascii_only), "dim")
    style = "not dim bold" if row.has_children else "not dim" if row.is_module else "dim"
    return cell.append(row.path if flat else _name(row), style)


def _cell(column: str, row: Row, model: "Model") -> "Text":
    from rich.text import Text

    text = COLUMNS[column].text(row, model)
    if column == "op" and row.training and not text.endswith(")"):
        text += " (training)"
    style = {
        "op": "cyan",
        "output": "",
        "input": "dim",
        "params": "green",
        "macs": "yellow",
        "macs#": "yellow",
    }
    dimmed = not row.is_module or (row.module.op is not None and not row.cost.params and not row.cost.macs)
    return Text(text, "dim" if dimmed or column.endswith("%") else style.get(column, ""))


def _name(row: Row) -> str:
    """The module's name; for several equal ones, the first and the last."""
    if row.count > 1:
        return f"{row.name}–{row.last}  × {row.count}"
    return row.name or "·"


def _guides(row: Row, ascii_only: bool) -> str:
    """The lines that show which module a row is in."""
    if row.depth == 0:
        return ""
    bar, space, tee, corner = ("|  ", "   ", "|- ", "`- ") if ascii_only else ("│ ", "  ", "├ ", "└ ")
    inner = "".join(space if end else bar for end in row.ends[1:-1])
    return inner + (corner if row.ends[-1] else tee)


def footer(
    model: "Model", listed: list[Row], extra: Sequence[tuple[str, str, str]] = (), *, hidden: bool
) -> list["RenderableType"]:
    """The totals, in full digits, and what is not shown."""
    from rich.table import Table
    from rich.text import Text

    totals, training = model.totals, model.report.training
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column(justify="right")
    grid.add_column(style="dim")
    grid.add_row("Parameters", f"{totals.params:,}", f"{mebibytes(totals.params)} in float32")
    if totals.buffers:
        grid.add_row("Buffers", f"{totals.buffers:,}", "not trained")
    per = (
        f"at batch {model.fixed_batch or model.batch}"
        if model.fixed_batch or model.batch > 1
        else "per sample"
    )
    grid.add_row(
        "MACs", f"{totals.macs:,}", f"{human(totals.flops)}FLOPs {per}".replace("FLOPs", " FLOPs", 1)
    )
    if training is not None:
        only = training.params - totals.params
        grid.add_row("In training", f"{training.params:,}", f"parameters, {only:,} of them only there")
        grid.add_row("", f"{training.macs:,}", "MACs")
    for row in extra:
        grid.add_row(*row)
    result: list[RenderableType] = [Text(), grid]
    if hidden:
        result.append(Text("\nMore inside: `--depth N` opens more levels.", "dim"))
    if len(listed) > MOST_ROWS:
        result.append(Text(f"\nOnly the first {MOST_ROWS:,} rows are shown.", "dim"))
    if model.variants and model.variant is None:
        result.append(Text(f"\nVariants: {', '.join(model.variants)}", "dim"))
    return result


def plain_box() -> "Box":
    """A line of hyphens below the heading, and no other line."""
    from rich.box import Box

    empty = "    \n"
    return Box(empty * 2 + " -- \n" + empty * 5, ascii=True)


_PLAIN = str.maketrans({"×": "x", "→": "->", "–": "-", "·": "-", "…": "...", "±": "+-"})


def plain(text: str) -> str:
    """`text` with nothing but ASCII."""
    return text.translate(_PLAIN).encode("ascii", "replace").decode()


def _ascii(renderable: "RenderableType") -> "RenderableType":
    from rich.text import Text

    return Text(plain(renderable.plain), renderable.style) if isinstance(renderable, Text) else renderable
