"""The columns that a summary can have: their headings, and how a row fills them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archspec.analysis.modules import Row
from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown, suggest
from archspec.report.numbers import human, percent, shapes

if TYPE_CHECKING:
    from archspec.api import Model


@dataclass(slots=True, eq=False, repr=False)
class Column:
    """A column: heading, alignment, the text of a cell for people, and the value for machines and sorting."""

    heading: str
    text: Callable[[Row, "Model"], str]
    value: Callable[[Row, "Model"], int | str]
    right: bool = True


def _params(row: Row, _: "Model") -> int:
    return row.cost.params * row.count


def _macs(row: Row, model: "Model") -> int:
    return row.cost.macs * row.count * model.batch


def _batch(model: "Model") -> int | None:
    return model.batch if model.batch != 1 else None


def _number(value: int) -> str:
    return f"{value:,}" if value else ""


COLUMNS: dict[str, Column] = {
    "path": Column("Path", lambda row, _: row.path, lambda row, _: row.path, right=False),
    "op": Column("Op", lambda row, _: row.text, lambda row, _: row.text, right=False),
    "input": Column(
        "Input",
        lambda row, model: shapes(row.inputs, _batch(model)),
        lambda row, _: shapes(row.inputs),
        right=False,
    ),
    "output": Column(
        "Output",
        lambda row, model: shapes(row.outputs, _batch(model)),
        lambda row, _: shapes(row.outputs),
        right=False,
    ),
    "params": Column("Params", lambda row, model: _number(_params(row, model)), _params),
    "params%": Column(
        "Params %", lambda row, model: percent(_params(row, model), model.training_totals.params), _params
    ),
    "buffers": Column(
        "Buffers",
        lambda row, _: _number(row.cost.buffers * row.count),
        lambda row, _: row.cost.buffers * row.count,
    ),
    "macs": Column("MACs", lambda row, model: human(_macs(row, model)) if row.cost.macs else "", _macs),
    "macs#": Column("MACs", lambda row, model: _number(_macs(row, model)), _macs),
    "macs%": Column(
        "MACs %", lambda row, model: percent(_macs(row, model), model.training_totals.macs), _macs
    ),
    "flops": Column(
        "FLOPs",
        lambda row, model: human(2 * _macs(row, model)) if row.cost.macs else "",
        lambda row, model: 2 * _macs(row, model),
    ),
    "field": Column("Field", lambda row, _: _field(row), lambda row, _: _field(row), right=False),
    "jump": Column("Jump", lambda row, _: _jump(row), lambda row, _: _jump(row), right=False),
    "source": Column("Defined at", lambda row, _: _source(row), lambda row, _: _source(row), right=False),
}
"""By the name that `--columns` and `--sort` give them."""

NARROW = ("op", "output", "params", "macs", "macs%")
WIDE = ("op", "input", "output", "params", "params%", "macs#", "macs%")
SORTABLE = ("path", "op", "output", "params", "buffers", "macs", "flops")


def _source(row: Row) -> str:
    from archspec.diagnostics.diagnostic import show_path

    return show_path(row.origin.path)


def needs_fields(columns: Iterable[str] | None) -> bool:
    """Whether a column shows receptive fields."""
    return columns is not None and any(name in ("field", "jump") for name in columns)


def _field(row: Row) -> str:
    """The size of the receptive field; `all` for the whole input, `!` where its ways are misaligned."""
    if row.field is None:
        return ""
    size = "all" if row.field.everything else "×".join(map(str, row.field.size))
    return size if row.field.aligned else f"{size} !"


def _jump(row: Row) -> str:
    """The stride of the receptive field; nothing where every position sees the same."""
    if row.field is None or not any(row.field.stride):
        return ""
    return "×".join(map(str, row.field.stride))


def parse_columns(text: str) -> tuple[str, ...]:
    """The names in `--columns`. Raises `UsageError` for one that does not exist."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
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
    """All ops, flat: sorted by a column, the largest first, and cut to `top`."""
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
