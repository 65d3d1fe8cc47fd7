"""The table of the summary for a page of HTML: a tree of rows that open, for eye, keyboard and screen readers."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from archspec.analysis.modules import Row, rows
from archspec.report.numbers import human, percent, shapes, shown_batch
from archspec.report.picture.svg import number, quoted

if TYPE_CHECKING:
    from archspec.model import Model

MOST_ROWS = 600
"""The most rows of a page's table."""
BAR = 46


def table(model: "Model") -> str:
    """The rows of a network, equal copies in one, each with its share of the MACs as a bar."""
    train = len(model.network.train_outputs)
    found = list(islice(rows(model.root, model.costs, train, grouped=True), MOST_ROWS + 1))
    more = len(found) > MOST_ROWS
    found = found[:MOST_ROWS]
    whole = max(model.training_totals.macs, 1)
    body = "".join(_rows(model, found, whole))
    heads = "".join(
        f'<th scope="col">{name}</th>' for name in ("Module", "Op", "Output", "Params", "MACs", "%")
    )
    note = f"<p>Only the first {MOST_ROWS} rows are shown.</p>" if more else ""
    return (
        '<div class="list"><table role="treegrid" aria-label="Modules">'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{note}</div>"
    )


def _rows(model: "Model", found: list[Row], whole: int) -> Iterator[str]:
    batch = shown_batch(model)
    for index, row in enumerate(found):
        opens = index + 1 < len(found) and found[index + 1].depth > row.depth
        name = row.name or "·"
        name = f"{name}–{row.last} × {row.count}" if row.count > 1 else name
        macs = row.cost.macs_of(model.batch) * row.count
        bar = f'<rect width="{number(BAR * macs / whole)}" height="8"/>'
        share = f'<svg width="{BAR}" height="8" aria-hidden="true">{bar}</svg>'
        cells = [
            f'<td class="d{min(row.depth, 9)}"><span>{quoted(name)}</span></td>',
            f"<td>{quoted(row.text)}{' (training)' if row.training else ''}</td>",
            f"<td>{quoted(shapes(row.outputs, batch, short=True))}</td>",
            f"<td>{human(row.cost.params * row.count) if row.cost.params else ''}</td>",
            f"<td>{human(macs) if macs else ''}</td>",
            f"<td>{share if macs else ''}<span>{percent(macs, whole)}</span></td>",
        ]
        expanded = ' aria-expanded="false"' if opens else ""
        path = quoted(row.path if row.is_module or row.shares else "")
        hidden = " hidden" if row.depth else ""
        copies = f' data-r="{quoted(_range(row))}"' if row.count > 1 else ""
        yield (
            f'<tr role="row" tabindex="-1" aria-level="{row.depth + 1}"{expanded} data-path="{path}"{copies}{hidden}>'
            f"{''.join(cells)}</tr>"
        )


def _range(row: Row) -> str:
    """The paths of equal copies, if they count, as `stem~first~last`; else the first path."""
    stem = row.path.rstrip("0123456789")
    first, last = row.path[len(stem) :], row.last[len(row.last.rstrip("0123456789")) :]
    return f"{stem}~{first}~{last}" if first and last else row.path
