"""Print results to stdout."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TextIO


def write(text: str, stream: "TextIO | None" = None) -> None:
    """Print a result to stdout in its encoding, by default UTF-8; characters that it lacks are printed as `?`."""
    import sys

    stream = sys.stdout if stream is None else stream
    encoding = stream.encoding or "ascii"
    stream.write(text.encode(encoding, "replace").decode(encoding))


def write_json(data: object, *, ascii_only: bool = True) -> None:
    """Print data as JSON."""
    from json import dumps

    write(dumps(data, indent=2, ensure_ascii=ascii_only) + "\n")


def print_rich(draw: Callable[[Any, bool], None], width: int | None, *, ascii_only: bool) -> None:
    """Print the output of `draw`."""
    write(drawn(draw, width, ascii_only=ascii_only))


def drawn(draw: Callable[[Any, bool], None], width: int | None, *, ascii_only: bool) -> str:
    """The output of `draw` on a rich console; it is told whether only ASCII can be shown.

    Terminals get colours; `NO_COLOR` and `FORCE_COLOR` are honoured. In a file or a pipe a table is 100 columns wide,
    and lines have no trailing spaces.
    """
    import os
    import sys

    from rich.console import Console

    from archspec.report.drawing import plain

    if width is None and not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        width = 100
    console = Console(width=width, highlight=False, emoji=False, markup=False)
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    ascii_only = ascii_only or not encoding.startswith("utf")
    with console.capture() as captured:
        draw(console, ascii_only)
    text = "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"
    return plain(text) if ascii_only else text
