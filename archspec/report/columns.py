"""The columns of a summary: their headings, and their cells for a row."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archspec.analysis.modules import Row
from archspec.analysis.totals import Totals
from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown, suggest
from archspec.report.layout import CellKind
from archspec.report.numbers import human, percent, shapes, shown_batch
from archspec.types import TensorType

if TYPE_CHECKING:
    from archspec.analysis.field import ReceptiveField
    from archspec.model import Model


@dataclass(slots=True, eq=False, repr=False)
class SummaryColumn:
    """A column: its heading, the text of a cell for people, and the value for programs and sorting."""

    heading: str
    text: Callable[[Row, "Model"], str]
    value: Callable[[Row, "Model"], int | str]
    kind: CellKind = CellKind.OTHER
    short: Callable[[Row, "Model"], str] | None = None
    """A shorter text for shapes and counts, used if space is short."""

    @property
    def right(self) -> bool:
        """Whether it is a column of numbers, which are right-aligned."""
        return self.kind in (CellKind.COUNTS, CellKind.OTHER)


def _params(row: Row, _: "Model") -> int:
    return row.cost.params * row.count


def _buffers(row: Row, _: "Model") -> int:
    return row.cost.buffers * row.count


def _macs(row: Row, model: "Model") -> int:
    return row.cost.macs_of(model.batch) * row.count


def _flops(row: Row, model: "Model") -> int:
    return 2 * _macs(row, model)


def _number(value: int) -> str:
    return f"{value:,}" if value else ""


def _human(value: int) -> str:
    return human(value) if value else ""


def _words(heading: str, text: Callable[[Row], str], kind: CellKind = CellKind.TEXT) -> SummaryColumn:
    return SummaryColumn(heading, lambda row, _: text(row), lambda row, _: text(row), kind)


def _types(heading: str, types: Callable[[Row], tuple[TensorType, ...]]) -> SummaryColumn:
    return SummaryColumn(
        heading,
        lambda row, model: shapes(types(row), shown_batch(model)),
        lambda row, _: shapes(types(row)),
        CellKind.SHAPES,
        lambda row, model: shapes(types(row), shown_batch(model), short=True),
    )


def _count(heading: str, value: Callable[[Row, "Model"], int]) -> SummaryColumn:
    return SummaryColumn(
        heading,
        lambda row, model: _number(value(row, model)),
        value,
        CellKind.COUNTS,
        lambda row, model: _human(value(row, model)),
    )


def _share(
    heading: str, value: Callable[[Row, "Model"], int], whole: Callable[[Totals], int]
) -> SummaryColumn:
    return SummaryColumn(
        heading, lambda row, model: percent(value(row, model), whole(model.training_totals)), value
    )


COLUMNS: dict[str, SummaryColumn] = {
    "path": _words("Path", lambda row: row.path, CellKind.NAME),
    "op": _words("Op", lambda row: row.text),
    "input": _types("Input", lambda row: row.inputs),
    "output": _types("Output", lambda row: row.outputs),
    "params": _count("Params", _params),
    "params%": _share("Params %", _params, lambda totals: totals.params),
    "buffers": _count("Buffers", _buffers),
    "macs": SummaryColumn("MACs", lambda row, model: _human(_macs(row, model)), _macs),
    "macs#": _count("MACs", _macs),
    "macs%": _share("MACs %", _macs, lambda totals: totals.macs),
    "flops": SummaryColumn("FLOPs", lambda row, model: _human(_flops(row, model)), _flops),
    "field": _words("Field", lambda row: _field(row), CellKind.PLAIN),
    "jump": _words("Jump", lambda row: _jump(row), CellKind.PLAIN),
    "source": _words("Defined at", lambda row: _source(row)),
}
"""The columns by their names in `--columns` and `--sort`."""

BASE = ("op", "output", "params", "macs")
NARROW = (*BASE, "macs%")
WIDE = ("op", "input", "output", "params", "params%", "macs#", "macs%")
BY_WIDTH = (
    WIDE,
    tuple(name for name in WIDE if name != "input"),
    NARROW,
    BASE,
    BASE[:3],
    BASE[:2],
    ("op", "params", "macs"),
    ("op", "params"),
    ("op",),
)
"""The default sets of columns, from the largest to the smallest. `BASE` is shown whenever it fits."""
SORTABLE = ("path", "op", "output", "params", "buffers", "macs", "flops")


def _source(row: Row) -> str:
    from archspec.diagnostics.diagnostic import show_path

    return show_path(row.origin.path)


def needs_fields(columns: Iterable[str] | None) -> bool:
    """Whether any of the columns shows receptive fields."""
    return columns is not None and any(name in ("field", "jump") for name in columns)


def _field(row: Row) -> str:
    return "" if row.field is None else field_text(row.field)


def field_text(field: "ReceptiveField") -> str:
    """The size of a receptive field; `all` for the whole input, `≤` for an upper bound, `!` if misaligned."""
    size = "all" if field.everything else "×".join(map(str, field.size))
    size = f"≤ {size}" if field.at_most else size
    return size if field.aligned else f"{size} !"


def _jump(row: Row) -> str:
    """The stride of the receptive field; empty if all positions have the same field."""
    if row.field is None or not any(row.field.stride):
        return ""
    return "×".join(map(str, row.field.stride))


def parse_columns(given: str | Sequence[str]) -> tuple[str, ...]:
    """The names in `--columns`, or in a list. Raises `UsageError` for an unknown name."""
    listed = given.split(",") if isinstance(given, str) else given
    names = tuple(name.strip() for name in listed if name.strip())
    for name in names:
        if name not in COLUMNS:
            hint = suggest(name, list(COLUMNS)) or f"there are {', '.join(COLUMNS)}"
            raise UsageError(f"there is no column `{shown(name)}`: {hint}")
    if not names:
        raise UsageError(f"`--columns` names no column: there are {', '.join(COLUMNS)}")
    return names


def ranked(
    model: "Model", sort: str | None, top: int | None, columns: tuple[str, ...] | None = None
) -> list[Row]:
    """A flat list of all ops, sorted by a column, largest first, and cut to `top`."""
    key = sort or "macs"
    if key not in SORTABLE:
        hint = suggest(key, SORTABLE) or f"there are {', '.join(SORTABLE)}"
        raise UsageError(f"`--sort` cannot sort by `{shown(key)}`: {hint}")
    leaves = [row for row in model.modules(fields=needs_fields(columns)) if row.module.op is not None]
    value = COLUMNS[key].value
    if key in ("path", "op", "output"):
        leaves.sort(key=lambda row: str(value(row, model)))
    else:
        leaves.sort(key=lambda row: -int(value(row, model)))
    return leaves if top is None else leaves[:top]
