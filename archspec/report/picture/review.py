"""The report of a network: what a reviewer wants to see, on one page."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from json import dumps
from typing import TYPE_CHECKING

from archspec.analysis.expect import compared, measured
from archspec.analysis.modules import Row, rows
from archspec.analysis.receptive_field import with_fields
from archspec.analysis.totals import report as totals_of
from archspec.ir import Module, walk
from archspec.report import memory
from archspec.report.columns import field_text
from archspec.report.numbers import human, in_bytes, percent, shapes
from archspec.report.picture.html import HEADER, document, network
from archspec.report.picture.options import Options
from archspec.report.picture.svg import number, quoted
from archspec.types import shape_text

if TYPE_CHECKING:
    from archspec.analysis.memory import Optimizer
    from archspec.model import Model

WIDTH = 84
"""The width of the longest bar."""
LONG = 24
"""The most characters of a cell that stays in one line."""
MOST_STAGES = 40
Cell = str | tuple[int, int]
"""Text, or a part and a whole, which are shown as a bar."""


def review(model: "Model", options: Options, dtype: str, optimizer: "Optimizer") -> str:
    """The page: the picture with the table of the summary, then where the costs are, memory, fields, expectations."""
    stages = _stages(model)
    cards = [
        card("Where the costs are", ("Stage", "Op", "MACs", "", "Parameters", ""), _costs(model, stages)),
        card("By op", ("Op", "Calls", "MACs", "", "Parameters", ""), _ops(model)),
        card(
            f"Memory at batch {model.fixed_batch or model.batch} in {dtype}",
            ("", "Size", ""),
            _memory(model, dtype, optimizer),
        ),
        card("Receptive fields", ("Stage", "Output", "Sees", "Stride"), _fields(model, stages)),
        card("Expectations of the spec", ("Quantity", "Expected", "Found", ""), _expectations(model)),
        card("The spec", ("", ""), _spec(model)),
    ]
    body = f'{network(0, model, options)}<div class="cards">{"".join(cards)}</div>'
    return document(model.name, HEADER.format(title=f"<h1>{quoted(model.name)}</h1>", chooser=""), body)


def card(title: str, heads: Sequence[str], lines: Iterable[Sequence[Cell]]) -> str:
    """A table with a title; what has no lines says so."""
    body = "".join(f"<tr>{''.join(map(_cell, line))}</tr>" for line in lines)
    head = "".join(f'<th scope="col">{quoted(name)}</th>' for name in heads) if any(heads) else ""
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else "<p>None.</p>"
    return f'<section class="card"><h2>{quoted(title)}</h2><div class="scroll">{table}</div></section>'


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        mark = ' class="w"' if len(cell) > LONG else ""
        return f"<td{mark}>{quoted(cell)}</td>"
    part, whole = cell
    bar = f'<rect width="{number(WIDTH * part / whole if whole else 0)}" height="9"/>'
    svg = f'<svg width="{WIDTH}" height="9" aria-hidden="true">{bar}</svg>' if part else ""
    return f'<td class="bar">{svg}' + f"<span>{percent(part, whole)}</span></td>"


def _stages(model: "Model") -> list[Row]:
    """The outermost modules; those in them, while one of them has almost all that costs anything."""
    train = len(model.network.train_outputs)
    depth = 1
    while True:
        found = [
            row for row in rows(model.root, model.costs, train, depth=depth, grouped=True) if row.is_module
        ]
        stages = [row for row in found if row.depth == depth - 1 or not row.has_children]
        whole = max(model.training_totals.macs, 1)
        if depth > 4 or not any(row.has_children and 10 * row.cost.macs > 8 * whole for row in stages):
            return stages
        depth += 1


def _costs(model: "Model", stages: list[Row]) -> Iterator[Sequence[Cell]]:
    whole = model.training_totals
    shown = [row for row in stages if row.cost.params or row.cost.macs]
    for row in shown[:MOST_STAGES]:
        macs, params = row.cost.macs_of(model.batch) * row.count, row.cost.params * row.count
        text = f"{row.text} (training)" if row.training else row.text
        yield (_name(row), text, human(macs), (macs, whole.macs), human(params), (params, whole.params))
    if len(shown) > MOST_STAGES:
        yield (f"and {len(shown) - MOST_STAGES} more",)


def _name(row: Row) -> str:
    return f"{row.path}–{row.last} × {row.count}" if row.count > 1 else row.path


def _ops(model: "Model") -> Iterator[Sequence[Cell]]:
    """The ops that cost anything, each with the number of its calls, most MACs first."""
    calls: Counter[Module] = Counter({model.root: 1})
    owned: Counter[Module] = Counter({model.root: 1})
    kinds: dict[str, list[int]] = {}
    for module in walk(model.root):
        for node in module.body:
            calls[node.module] += calls[module]
            if node.shares is None:
                owned[node.module] += owned[module]
    for module, count in calls.items():
        if module.op is not None:
            cost = model.costs.of(module)
            sums = kinds.setdefault(module.kind, [0, 0, 0])
            for place, value in enumerate(
                (count, count * cost.macs_of(model.batch), owned[module] * cost.params)
            ):
                sums[place] += value
    whole = model.training_totals
    for kind, (count, macs, params) in sorted(
        kinds.items(), key=lambda item: (-item[1][1], -item[1][2], item[0])
    ):
        if macs or params:
            yield (kind, f"{count:,}", human(macs), (macs, whole.macs), human(params), (params, whole.params))


def _memory(model: "Model", dtype: str, optimizer: "Optimizer") -> Iterator[Sequence[Cell]]:
    for name, size, remark in memory.lines(model, dtype, optimizer):
        if name:
            yield (name, size, remark)
    yield (
        "File of weights",
        in_bytes(4 * (model.totals.params + model.totals.buffers)),
        "parameters and buffers in float32",
    )


def _fields(model: "Model", stages: list[Row]) -> Iterator[Sequence[Cell]]:
    wanted = {row.path for row in stages}
    depth = max((row.depth for row in stages), default=0) + 1
    train = len(model.network.train_outputs)
    listed = list(rows(model.root, model.costs, train, depth=depth, grouped=True))
    found = [row for row in with_fields(model.root, listed) if row.is_module and row.path in wanted]
    for row in found[:MOST_STAGES]:
        if row.field is not None and (row.has_children or row.cost.macs):
            stride = "×".join(map(str, row.field.stride)) if any(row.field.stride) else ""
            yield (_name(row), shapes(row.outputs, short=True), field_text(row.field), stride)


def _expectations(model: "Model") -> Iterator[Sequence[Cell]]:
    counted = totals_of(model.root, len(model.network.train_outputs), model.costs)
    for expectation, problem in compared(model.network, counted):
        name = ".".join(map(str, expectation.path))
        bound = expectation.bound
        wanted = shape_text(expectation.output) if bound is None else bound.text
        yield (name, wanted, measured(expectation, counted), "holds" if problem is None else "does not hold")


def _spec(model: "Model") -> Iterator[Sequence[Cell]]:
    yield ("File", model.file)
    yield ("Model", model.network.document.name)
    if model.variant is not None:
        yield ("Variant", model.variant)
    for name, value in model.params.items():
        yield (name, dumps(value))
