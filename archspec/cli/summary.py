"""`archspec summary`."""

from typing import TYPE_CHECKING

from archspec.cli.printing import drawn, write
from archspec.report.summary import summary

if TYPE_CHECKING:
    from archspec.analysis.memory import Optimizer
    from archspec.model import Model


def run(
    model: "Model",
    format_: str = "table",
    depth: int | None = None,
    columns: str | None = None,
    sort: str | None = None,
    top: int | None = None,
    explain: str | None = None,
    width: int | None = None,
    *,
    ascii_only: bool = False,
    memory: "tuple[str, Optimizer] | None" = None,
) -> None:
    """Print a summary. `memory` adds the memory for a floating type and an optimizer."""
    text = summary(
        model,
        lambda draw: drawn(draw, width, ascii_only=ascii_only),
        format_=format_,
        depth=depth,
        columns=columns,
        sort=sort,
        top=top,
        explain=explain,
        memory=memory,
    )
    write(text)
