"""`archspec compare`."""

from typing import TYPE_CHECKING

from archspec.cli.printing import print_rich, write
from archspec.report import comparison

if TYPE_CHECKING:
    from archspec.model import Model


def run(models: "list[Model]", *, json: bool, markdown: bool, width: int | None, ascii_only: bool) -> None:
    """Print networks side by side."""
    if json:
        from json import dumps

        write(dumps(comparison.to_json(models), indent=2) + "\n")
    elif markdown:
        write(comparison.to_markdown(models))
    else:
        from archspec.report.comparison_table import show

        print_rich(
            lambda terminal, plain: show(models, terminal, ascii_only=plain), width, ascii_only=ascii_only
        )
