"""Render table layouts as styled lines of text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archspec.report.layout import GAP, CellKind, TableLayout
from archspec.report.wrapping import WORDS, cells, wrap

if TYPE_CHECKING:
    from rich.text import Text

LEAST_REMARK = 16
"""The least width of a remark beside its number; with less, the remark goes below."""


def body(table: TableLayout, styles: Sequence[Sequence[str]], below: Sequence[str] = ()) -> list["Text"]:
    """The headings, a rule, and the rows. `below` is the prefix of each row's continuation lines."""
    from rich.text import Text

    lines = [
        Text("  ").join(
            _padded(column.heading, wide, "bold", right=column.right)
            for column, wide in zip(table.columns, table.widths, strict=True)
        )
    ]
    lines.append(Text(("-" if table.ascii_only else "─") * table.width, "dim"))
    for index, (row, style) in enumerate(zip(table.rows, styles, strict=True)):
        beside = below[index] if below else ""
        lines += [_line(table, index, number, style, beside) for number in range(max(map(len, row)))]
    return lines


def _line(table: TableLayout, index: int, number: int, styles: Sequence[str], below: str) -> "Text":
    """A line of a row."""
    from rich.text import Text

    parts = []
    for place, (column, texts) in enumerate(zip(table.columns, table.rows[index], strict=True)):
        wide = table.widths[place]
        if number < len(texts):
            part = _padded(texts[number], wide, styles[place], right=column.right)
            if column.kind is CellKind.NAME:
                part.stylize("dim", 0, len(table.names[place][index].before))
        else:  # the guides of a tree continue beside continuation lines
            text = below if place == 0 and cells(below) <= wide else ""
            part = _padded(text, wide, "dim", right=False)
        parts.append(part)
    return Text(" " * GAP).join(parts)


def _padded(text: str, width: int, style: str, *, right: bool) -> "Text":
    from rich.text import Text

    blanks = " " * (width - cells(text))
    return Text.assemble(blanks, (text, style)) if right else Text.assemble((text, style), blanks)


def grid(rows: Sequence[tuple[str, str, str]], width: int) -> list["Text"]:
    """Names, numbers and remarks; a remark goes below its number if it does not fit beside it."""
    from rich.text import Text

    first, second = (max(cells(row[place]) for row in rows) for place in (0, 1))
    place = first + second + 2 * GAP
    lines = []
    for name, number, remark in rows:
        is_beside = width - place >= LEAST_REMARK
        texts = wrap(remark, width - place if is_beside else width - GAP)
        start = _padded(name, first + GAP, "bold", right=False)
        start.append_text(_padded(number, second, "", right=True))
        if is_beside:
            start.append(" " * GAP).append(texts.pop(0), "dim")
        lines.append(start)
        lines += [Text(" " * (place if is_beside else GAP) + text, "dim") for text in texts]
    return lines


def paragraph(text: str, width: int, style: str = "", ends: tuple[str, ...] = WORDS) -> list["Text"]:
    """Wrapped text; one empty line for empty text."""
    from rich.text import Text

    return [Text(line, style) for line in wrap(text, width, "  ", ends)]


_PLAIN = str.maketrans(
    {
        "×": "x",
        "→": "->",
        "–": "-",
        "·": "*",
        "…": "...",
        "±": "+-",
        "√": "sqrt ",
        "Φ": "Phi",
        "≤": "<=",
        "≥": ">=",
    }
)


def plain(text: str) -> str:
    """`text` with all non-ASCII characters replaced."""
    return text.translate(_PLAIN).encode("ascii", "replace").decode()
