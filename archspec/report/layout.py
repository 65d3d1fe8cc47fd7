"""Fit a table into a width without truncating a number or an op.

Columns are narrowed in these steps until they fit:

1. of several shapes, only the first one and the number of others are shown: `128×7×7 +3`
2. long texts, such as ops with many settings, wrap to continuation lines
3. the middle of long names is elided
4. counts are shown with units: `25.6M`
5. texts and names become very narrow

If even that is too wide, the table exceeds the requested width.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from archspec.report.wrapping import cells, middle, wrap

GAP = 2
"""The number of spaces between two columns."""
MIN_WIDTH = 40
"""The least width of a table."""
INDENT = "  "
"""The indent of continuation lines."""


class CellKind(Enum):
    """The kind of a column's cells, which decides how it can be narrowed."""

    NAME = auto()
    """Names, whose middle may be elided."""
    TEXT = auto()
    """Text that may wrap to continuation lines."""
    SHAPES = auto()
    COUNTS = auto()
    """Numbers with a shorter form."""
    OTHER = auto()
    """Numbers that cannot be shortened."""
    PLAIN = auto()
    """Text that cannot be shortened."""


class NameCell(NamedTuple):
    """A cell with a name: a prefix, such as the guides of a tree, the name, and a suffix that is never cut."""

    before: str
    name: str
    after: str = ""

    def within(self, width: int, ellipsis: str) -> "NameCell":
        """Fit the cell into a width by eliding the middle of the name; deep in a tree, the guides are cut first."""
        before, least = self.before, min(cells(self.name), LEAST_NAME) + cells(self.after)
        if (surplus := cells(before) + least - width) > 0:
            before = (
                (ellipsis + before[surplus + len(ellipsis) :])
                if surplus + len(ellipsis) < len(before)
                else ""
            )
        return NameCell(
            before, middle(self.name, width - cells(before) - cells(self.after), ellipsis), self.after
        )


LEAST_NAME = 6


@dataclass(slots=True)
class Column:
    """A column of cells: its heading and its texts; shapes and counts also have short texts, and names have parts."""

    heading: str
    kind: CellKind
    cells: Sequence[str]
    short: Sequence[str] = ()
    names: Sequence[NameCell] = ()
    right: bool = False


class Narrowing(NamedTuple):
    """A narrowing step: the kinds shown in short form, and the least widths of texts and names."""

    shorter: tuple[CellKind, ...] = ()
    text: int | None = None
    name: int | None = None


WHOLE = 1
"""The last step that leaves each row on one line."""
STEPS = (
    Narrowing(),
    Narrowing((CellKind.SHAPES,)),
    Narrowing((CellKind.SHAPES,), text=24),
    Narrowing((CellKind.SHAPES,), text=24, name=24),
    Narrowing((CellKind.SHAPES, CellKind.COUNTS), text=24, name=24),
    Narrowing((CellKind.SHAPES, CellKind.COUNTS), text=12, name=12),
)


@dataclass(slots=True)
class TableLayout:
    """Columns with their widths. A cell is a list of lines; a name has a single line."""

    columns: Sequence[Column]
    widths: list[int]
    rows: list[list[list[str]]]
    names: list[list[NameCell]]
    """For each column, the parts of its names."""
    step: int
    ascii_only: bool

    @property
    def width(self) -> int:
        """The width of a line."""
        return sum(self.widths) + GAP * (len(self.widths) - 1)


def widest(
    sets: Sequence[Sequence[str]], base: int, make: Callable[[str], Column], width: int, ellipsis: str = "…"
) -> tuple[Sequence[str], TableLayout]:
    """The largest set of columns that fits into a width; `sets` are ordered from large to small.

    The set at `base` is narrowed as far as possible before a smaller set is used. A larger set is used only if it fits
    without narrowing.
    """
    made: dict[str, Column] = {}

    def layout(names: Sequence[str], steps: range) -> TableLayout | None:
        for name in names:
            made.setdefault(name, make(name))
        return fit([made[name] for name in names], width, steps, ellipsis)

    for names in sets[base:]:
        if found := layout(names, range(len(STEPS))):
            break
    else:
        names = sets[-1]
        found = force([made[name] for name in names], width, ellipsis)
    if names is sets[base]:
        for more in sets[:base]:  # the largest set first
            if larger := layout(more, range(min(found.step, WHOLE) + 1)):
                return more, larger
    return names, found


def force(columns: Sequence[Column], width: int, ellipsis: str = "…") -> TableLayout:
    """Lay out all columns in a width, or wider if no step is enough."""
    found = fit(columns, width, range(len(STEPS)), ellipsis)
    return found or _laid_out(columns, _least(columns, len(STEPS) - 1), len(STEPS) - 1, ellipsis)


def fit(columns: Sequence[Column], width: int, steps: range, ellipsis: str = "…") -> TableLayout | None:
    """Lay out the columns after the first step with which they fit; `None` if there is none."""
    for step in steps:
        widths = _least(columns, step)
        spare = width - sum(widths) - GAP * (len(widths) - 1)
        if spare >= 0:
            return _laid_out(columns, _shared(columns, widths, step, spare), step, ellipsis)
    return None


def _texts(column: Column, step: int) -> Sequence[str]:
    return column.short if column.short and column.kind in STEPS[step].shorter else column.cells


def _natural(column: Column, step: int) -> int:
    return max([cells(column.heading), *map(cells, _texts(column, step))])


def _least(columns: Sequence[Column], step: int) -> list[int]:
    """The least widths of the columns after a step."""
    result = []
    for column in columns:
        least = {CellKind.TEXT: STEPS[step].text, CellKind.NAME: STEPS[step].name}.get(column.kind)
        natural = _natural(column, step)
        result.append(natural if least is None else min(natural, max(least, cells(column.heading))))
    return result


def _shared(columns: Sequence[Column], widths: list[int], step: int, spare: int) -> list[int]:
    """Distribute spare width to the columns that are too narrow, the narrowest first."""
    natural = [_natural(column, step) for column in columns]
    widths = list(widths)
    while spare and (narrow := [index for index, wide in enumerate(natural) if widths[index] < wide]):
        widths[min(narrow, key=widths.__getitem__)] += 1
        spare -= 1
    return widths


def _laid_out(columns: Sequence[Column], widths: list[int], step: int, ellipsis: str) -> TableLayout:
    names = [
        [name.within(wide, ellipsis) for name in column.names]
        for column, wide in zip(columns, widths, strict=True)
    ]
    by_column = []
    for column, parts, wide in zip(columns, names, widths, strict=True):
        if column.kind is CellKind.TEXT:
            by_column.append([wrap(text, wide, INDENT) for text in column.cells])
        else:
            by_column.append([[text] for text in (map("".join, parts) if parts else _texts(column, step))])
    taken = [
        max([cells(column.heading), *(cells(line) for lines in texts for line in lines)])
        for column, texts in zip(columns, by_column, strict=True)
    ]
    rows = [list(row) for row in zip(*by_column, strict=True)]
    return TableLayout(columns, taken, rows, names, step, ellipsis.isascii())
