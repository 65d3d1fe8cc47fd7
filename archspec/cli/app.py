"""The commands and their options."""

from enum import StrEnum
from typing import Annotated

import typer

from archspec.cli import options as o
from archspec.cli.loading import load

app = typer.Typer(
    add_completion=True, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip


class Dtype(StrEnum):
    """Floating types."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"


class Optimizer(StrEnum):
    """What an optimizer keeps for each parameter: nothing, one number, or two."""

    SGD = "sgd"
    MOMENTUM = "momentum"
    ADAM = "adam"


class Format(StrEnum):
    """The formats of a summary."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


def _version(value: bool) -> None:
    if value:
        from archspec import __version__

        typer.echo(f"archspec {__version__}")
        raise typer.Exit


@app.callback()
def archspec(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A compiler for declarative convolutional network architectures."""
    del version


@app.command()
def summary(
    spec: o.Spec,
    set_: o.Set = None,
    input_: o.Input = None,
    batch: o.Batch = 1,
    depth: Annotated[
        int | None, typer.Option("--depth", min=1, help="Levels to show; default: about a page.")
    ] = None,
    columns: Annotated[str | None, typer.Option("--columns", help="Columns, separated by commas.")] = None,
    sort: Annotated[
        str | None, typer.Option("--sort", metavar="COLUMN", help="List the ops by a column.")
    ] = None,
    top: Annotated[int | None, typer.Option("--top", min=1, help="List only the first N ops.")] = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="NODE", help="Show the arithmetic of one module.")
    ] = None,
    memory: Annotated[
        bool, typer.Option("--memory", help="Add the memory of inference and training.")
    ] = False,
    dtype: Annotated[
        Dtype, typer.Option("--dtype", help="Floating type that memory is counted for.")
    ] = Dtype.FLOAT32,
    optimizer: Annotated[
        Optimizer, typer.Option("--optimizer", help="Optimizer that memory is counted for.")
    ] = Optimizer.SGD,
    format_: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
    json: o.Json = False,
    width: o.Width = None,
    ascii_: o.Ascii = False,
    allow_outside: o.AllowOutside = False,
) -> None:
    """Show the modules of a network with their shapes, parameters and MACs."""
    from archspec.cli.summary import run

    model = load(spec, set_, input_, batch, allow_outside=allow_outside)
    run(
        model, Format.JSON if json else format_, depth, columns, sort, top, explain, width, ascii_only=ascii_,
        memory=(dtype.value, optimizer.value) if memory else None,
    )  # fmt: skip


@app.command()
def compare(
    specs: Annotated[list[str], typer.Argument(metavar="SPEC...", help="Spec files, or FILE@VARIANT.")],
    set_: o.Set = None,
    input_: o.Input = None,
    batch: o.Batch = 1,
    json: o.Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
    width: o.Width = None,
    ascii_: o.Ascii = False,
    allow_outside: o.AllowOutside = False,
) -> None:
    """Show networks side by side."""
    from archspec.cli.compare import run

    models = [load(spec, set_, input_, batch, allow_outside=allow_outside) for spec in specs]
    run(models, json=json, markdown=markdown, width=width, ascii_only=ascii_)


@app.command()
def expand(
    spec: o.Spec, set_: o.Set = None, input_: o.Input = None, allow_outside: o.AllowOutside = False
) -> None:  # fmt: skip
    """Print the network without blocks, parameters and repeats, as a JSON spec."""
    from archspec.cli.expand import run

    run(load(spec, set_, input_, allow_outside=allow_outside))


@app.command()
def export(
    spec: o.Spec,
    out: Annotated[str, typer.Argument(metavar="OUT", help="The file to write: `.py` is PyTorch source.")],
    set_: o.Set = None,
    input_: o.Input = None,
    allow_outside: o.AllowOutside = False,
) -> None:
    """Write a network as PyTorch source."""
    from archspec.cli.export import run

    run(load(spec, set_, input_, allow_outside=allow_outside), out)


@app.command()
def verify(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...", help="Spec files with all their variants, FILE@VARIANT, or folders."
        ),
    ],
    set_: o.Set = None,
    input_: o.Input = None,
    json: o.Json = False,
    allow_outside: o.AllowOutside = False,
) -> None:
    """Prove what archspec says of networks: compare it, number by number, with PyTorch."""
    from archspec.cli.verify import run

    if run(paths, set_, input_, json=json, allow_outside=allow_outside):
        raise typer.Exit(1)


@app.command()
def ops(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="An op.")] = None,
    json: o.Json = False,
    width: o.Width = None,
    ascii_: o.Ascii = False,
) -> None:
    """List the ops, or describe one."""
    from archspec.cli.ops import run

    run(name, json=json, width=width, ascii_only=ascii_)
