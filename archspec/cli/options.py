"""The options that several commands share."""

from typing import Annotated

import typer

Spec = Annotated[
    str, typer.Argument(metavar="SPEC", help="A spec file, FILE@VARIANT, zoo:NAME, or - for standard input.")
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
        help="Override an input's shape; N stands for any batch size; repeatable.",
    ),
]
Batch = Annotated[int, typer.Option("--batch", min=1, help="Batch size at which MACs are counted.")]
AllowOutside = Annotated[
    bool, typer.Option("--allow-outside", help="Let `use` name files outside the spec's folder.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON: a stable format for programs.")]
Ascii = Annotated[bool, typer.Option("--ascii", help="Print nothing but ASCII.")]
Width = Annotated[
    int | None,
    typer.Option(
        "--width", min=40, max=1000, help="Characters in a line; default: the terminal's, else 100."
    ),
]
