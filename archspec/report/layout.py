"""How a table fits into a width without a number or an op being cut.

What columns give up, one step after the other, until they fit:

1. of several shapes, the first is shown, and how many follow: `128×7×7 +3`
2. long texts, such as ops with many settings, go on in further lines
3. long names lose their middle
4. counts are shown in units: `25.6M`
5. texts and names become very narrow

Where even that is too wide, the table is wider than asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from archspec.report.wrapping import cells, middle, wrap

GAP = 2
"""The blanks between two columns."""
MIN_WIDTH = 40
"""The narrowest that a table is laid out for."""
INDENT = "  "
"""Before the further lines of a text."""


class Kind(Enum):
    """What a column has, and so what can be done with it."""

    NAME = auto()
    """May lose its middle."""
    TEXT = auto()
    """May go on in further lines."""
    SHAPES = auto()
    COUNTS = auto()
    """Numbers of a shorter form, as shapes have one."""
    OTHER = auto()
    """Numbers as they are."""
    PLAIN = auto()
    """Text as it is."""


class Name(NamedTuple):
    """A cell with a name: what is in front of it, such as the guides of a tree, and what follows and is never cut."""

    before: str
    name: str
    after: str = ""

    def within(self, width: int, ellipsis: str) -> "Name":
        """The same in a width: the name loses its middle; deep in a tree, the guides lose their start first."""
        before, least = self.before, min(cells(self.name), LEAST_NAME) + cells(self.after)
        if (surplus := cells(before) + least - width) > 0:
            before = (
                (ellipsis + before[surplus + len(ellipsis) :])
                if surplus + len(ellipsis) < len(before)
                else ""
            )
        return Name(
            before, middle(self.name, width - cells(before) - cells(self.after), ellipsis), self.after
        )


LEAST_NAME = 6


@dataclass(slots=True)
class Column:
    """A column: its heading and the text of each row; shapes and counts have a shorter form, names their parts."""

    heading: str
    kind: Kind
    cells: Sequence[str]
    short: Sequence[str] = ()
    names: Sequence[Name] = ()
    right: bool = False


class Step(NamedTuple):
    """What is given up: the kinds in their shorter form, and how narrow texts and names may become."""

    shorter: tuple[Kind, ...] = ()
    text: int | None = None
    name: int | None = None


WHOLE = 1
"""The last step that leaves each row its one line."""
STEPS = (
    Step(),
    Step((Kind.SHAPES,)),
    Step((Kind.SHAPES,), text=24),
    Step((Kind.SHAPES,), text=24, name=24),
    Step((Kind.SHAPES, Kind.COUNTS), text=24, name=24),
    Step((Kind.SHAPES, Kind.COUNTS), text=12, name=12),
)


@dataclass(slots=True)
class Layout:
    """Columns in their widths. A cell is the lines of its text; that of a name has one."""

    columns: Sequence[Column]
    widths: list[int]
    rows: list[list[list[str]]]
    names: list[list[Name]]
    """For each column, the parts of its names."""
    step: int
    ascii_only: bool

    @property
    def width(self) -> int:
        """Of each line."""
        return sum(self.widths) + GAP * (len(self.widths) - 1)


def widest(
    sets: Sequence[Sequence[str]], base: int, make: Callable[[str], Column], width: int, ellipsis: str = "…"
) -> tuple[Sequence[str], Layout]:
    """The columns that a width has room for, by name, out of sets from many to few.

    The set at `base` gives up what it must, and is left for a smaller one only where that is not enough. A larger one
    is taken where nothing is given up for it.
    """
    made: dict[str, Column] = {}

    def layout(names: Sequence[str], steps: range) -> Layout | None:
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
        for more in sets[:base]:  # from the most
            if larger := layout(more, range(min(found.step, WHOLE) + 1)):
                return more, larger
    return names, found


def force(columns: Sequence[Column], width: int, ellipsis: str = "…") -> Layout:
    """All of the columns in a width; wider where no step is enough."""
    found = fit(columns, width, range(len(STEPS)), ellipsis)
    return found or _laid_out(columns, _least(columns, len(STEPS) - 1), len(STEPS) - 1, ellipsis)


def fit(columns: Sequence[Column], width: int, steps: range, ellipsis: str = "…") -> Layout | None:
    """The columns in a width after the first of the steps that is enough, if one is."""
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
    """The widths that the columns have at least after a step."""
    result = []
    for column in columns:
        least = {Kind.TEXT: STEPS[step].text, Kind.NAME: STEPS[step].name}.get(column.kind)
        natural = _natural(column, step)
        result.append(natural if least is None else min(natural, max(least, cells(column.heading))))
    return result


def _shared(columns: Sequence[Column], widths: list[int], step: int, spare: int) -> list[int]:
    """The widths, with spare blanks given to the columns that are too narrow, the narrowest first."""
    natural = [_natural(column, step) for column in columns]
    widths = list(widths)
    while spare and (narrow := [index for index, wide in enumerate(natural) if widths[index] < wide]):
        widths[min(narrow, key=widths.__getitem__)] += 1
        spare -= 1
    return widths


def _laid_out(columns: Sequence[Column], widths: list[int], step: int, ellipsis: str) -> Layout:
    names = [
        [name.within(wide, ellipsis) for name in column.names]
        for column, wide in zip(columns, widths, strict=True)
    ]
    by_column = []
    for column, parts, wide in zip(columns, names, widths, strict=True):
        if column.kind is Kind.TEXT:
            by_column.append([wrap(text, wide, INDENT) for text in column.cells])
        else:
            by_column.append([[text] for text in (map("".join, parts) if parts else _texts(column, step))])
    taken = [
        max([cells(column.heading), *(cells(line) for lines in texts for line in lines)])
        for column, texts in zip(columns, by_column, strict=True)
    ]
    rows = [list(row) for row in zip(*by_column, strict=True)]
    return Layout(columns, taken, rows, names, step, ellipsis.isascii())
