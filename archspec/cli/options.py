"""The options that several commands share, and what they mean."""

import re
from collections.abc import Callable
from typing import Annotated, Any

import typer

from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown
from archspec.ir import Dim

Spec = Annotated[
    str, typer.Argument(metavar="SPEC", help="A spec file, FILE@VARIANT, or - for standard input.")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Override a parameter of the spec; repeatable."),
]
Input = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="[NAME=]N,3,224,224",
        help="Override an input's shape; N stands for any batch size.",
    ),
]
Batch = Annotated[int, typer.Option("--batch", min=1, help="Batch size at which MACs are counted.")]
AllowOutside = Annotated[
    bool, typer.Option("--allow-outside", help="Let `use` name files outside the spec's folder.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON: a stable format for programs.")]
Ascii = Annotated[bool, typer.Option("--ascii", help="Print nothing but ASCII.")]
Width = Annotated[
    int | None, typer.Option("--width", min=40, max=1000, help="Columns; default: the terminal's.")
]


def split(spec: str) -> tuple[str, str | None]:
    """The file and the variant of `FILE@VARIANT`. A file whose own name has an `@` wins."""
    from os.path import exists

    path, at, variant = spec.rpartition("@")
    if not at or not path or "/" in variant or exists(spec):
        return spec, None
    return path, variant


def settings(given: list[str] | None) -> dict[str, Any]:
    """The values of `--set`."""
    from archspec.elaborate.network import Literal

    values = {}
    for item in given or []:
        name, equals, text = item.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"`--set {shown(item)}` is not NAME=VALUE")
        values[name.strip()] = Literal(text.strip())
    return values


def inputs(given: list[str] | None) -> dict[str, tuple[Dim, ...]]:
    """The shapes of `--input`."""
    shapes: dict[str, tuple[Dim, ...]] = {}
    for item in given or []:
        name, equals, text = item.rpartition("=")
        parts = [part.strip() for part in text.split(",")]
        if not all(re.fullmatch(r"[0-9]{1,18}|[A-Z][A-Za-z0-9_]*", part) for part in parts) or (
            equals and not name
        ):
            raise UsageError(
                f"`--input {shown(item)}` is not a shape such as `N,3,224,224` or `image=N,3,224,224`"
            )
        key = name.strip() or "input"
        if key in shapes:
            raise UsageError(f"`--input` gives `{shown(key)}` two shapes")
        shapes[key] = tuple(int(part) if part.isdecimal() else part for part in parts)
    return shapes


def load(
    spec: str, set_: list[str] | None, input_: list[str] | None, batch: int = 1, *, allow_outside: bool = False
) -> Any:  # fmt: skip
    """The model that a command is about."""
    from archspec.api import load

    path, variant = split(spec)
    return load(
        path, variant, settings(set_), inputs=inputs(input_), batch=batch, allow_outside=allow_outside
    )


def write(text: str) -> None:
    """Print a result to stdout, in UTF-8 unless its encoding is another; what that lacks is written as `?`."""
    import sys

    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))


def print_rich(draw: Callable[[Any, bool], None], width: int | None, *, ascii_only: bool) -> None:
    """Let `draw` print to a rich console, told whether only ASCII can be shown.

    Colours go to terminals; `NO_COLOR` and `FORCE_COLOR` are honoured. Into a file or a pipe a table is 100 columns
    wide, and lines end without blanks.
    """
    import os
    import sys

    from rich.console import Console

    if width is None and not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        width = 100
    console = Console(width=width, highlight=False, emoji=False, markup=False)
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    with console.capture() as captured:
        draw(console, ascii_only or not encoding.startswith("utf"))
    lines = captured.get().splitlines()
    write("\n".join(line.rstrip() for line in lines) + "\n")
