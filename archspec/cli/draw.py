"""`archspec draw` and `archspec report`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.analysis.memory import Optimizer
    from archspec.model import Model
    from archspec.report.picture.options import Options


def run(models: "list[Model]", path: str, options: "Options") -> None:
    """Write a picture to a file. Several networks are drawn on one page of HTML."""
    from archspec.report.picture.draw import draw, format_of

    _write(path, draw(models, format_of(path), options))


def run_report(model: "Model", path: str, options: "Options", dtype: str, optimizer: "Optimizer") -> None:
    """Write a report to a file, whose name ends in `.html`."""
    from archspec.report.picture.draw import format_of
    from archspec.report.picture.review import review

    format_of(path, (".html",))
    _write(path, review(model, options, dtype, optimizer))


def _write(path: str, text: str) -> None:
    from archspec.files import writing

    with writing(path) as file:
        file.write(text.encode())
