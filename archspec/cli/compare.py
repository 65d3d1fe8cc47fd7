"""`archspec compare`."""

from typing import TYPE_CHECKING

from archspec.cli.printing import print_rich, write, write_json
from archspec.report import comparison

if TYPE_CHECKING:
    from archspec.model import Model


def run(models: "list[Model]", *, json: bool, markdown: bool, width: int | None, ascii_only: bool) -> None:
    """Print networks side by side."""
    if json:
        write_json(comparison.to_json(models))
    elif markdown:
        write(comparison.to_markdown(models))
    else:
        from archspec.report.comparison_table import show

        print_rich(
            lambda terminal, plain: show(models, terminal, ascii_only=plain), width, ascii_only=ascii_only
        )
