"""Networks side by side as a table for a terminal."""

from typing import TYPE_CHECKING

from archspec.report.comparison import lines, titles
from archspec.report.table import plain, plain_box

if TYPE_CHECKING:
    from rich.console import Console

    from archspec.api import Model


def show(models: "list[Model]", console: "Console", *, ascii_only: bool) -> None:
    """Print the comparison, a column a network."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=plain_box() if ascii_only else box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold",
        border_style="dim",
    )  # fmt: skip
    table.add_column("")
    for title in titles(models):
        table.add_column(Text(title), justify="right")
    for key, cells in lines(models):
        texts = [Text(plain(cell) if ascii_only else cell) for cell in (key, *cells)]
        texts[0].stylize("bold")
        table.add_row(*texts)
    console.print(table)
