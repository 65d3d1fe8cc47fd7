"""A picture in each of its formats."""

from collections.abc import Sequence
from os.path import splitext
from typing import TYPE_CHECKING

from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown
from archspec.report.picture.options import Options

if TYPE_CHECKING:
    from archspec.model import Model

FORMATS = (".svg", ".html", ".dot", ".mmd")


class Picture(str):
    """The text of a picture, which a notebook shows as what it is."""

    __slots__ = ()

    def _repr_svg_(self) -> str | None:
        return str(self) if self.startswith("<svg") else None


def format_of(path: str, formats: tuple[str, ...] = FORMATS) -> str:
    """The format that a file's name asks for. Raises `UsageError` if there is none."""
    suffix = splitext(path)[1].lower()
    if suffix not in formats:
        known = ", ".join(f"`{name}`" for name in formats)
        raise UsageError(f"`{shown(path)}` does not say what to write: its name ends in {known}")
    return suffix


def draw(models: "Sequence[Model]", format_: str, options: Options) -> str:
    """The text of a picture. Raises `UsageError` for several models where a format has one."""
    if format_ == ".html":
        from archspec.report.picture.html import html

        return html(models, options)
    if len(models) != 1:
        raise UsageError(f"`{format_}` draws one network, not {len(models)}: several are drawn as `.html`")
    model = models[0]
    if format_ == ".svg":
        from archspec.report.picture.page import svg

        return svg(model, options)
    from archspec.report.picture.compose import composer, page_depth, root_scope

    made = composer(model, options)
    root = root_scope(model)
    drawing = made.draw(root, options.depth or page_depth(made.graphs, root))
    if format_ == ".dot":
        from archspec.report.picture.dot import dot

        return dot(model.name, drawing, options.direction)
    from archspec.report.picture.mermaid import mermaid

    return mermaid(drawing, options.direction)
