"""The commands and their options."""

from enum import StrEnum
from typing import Annotated

import typer

from archspec.cli import options as o
from archspec.cli.loading import load
from archspec.diagnostics.diagnostic import STDIN
from archspec.types import Floating

app = typer.Typer(
    add_completion=True,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class FindingFormat(StrEnum):
    """The formats of findings."""

    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    GITHUB = "github"
    GITLAB = "gitlab"
    SARIF = "sarif"
    JUNIT = "junit"


class Backend(StrEnum):
    """What networks are compiled to."""

    TORCH = "torch"
    ONNX = "onnx"


class Purpose(StrEnum):
    """What an ONNX model is for."""

    INFERENCE = "inference"


class External(StrEnum):
    """Where an ONNX model has its weights."""

    AUTO = "auto"
    INLINE = "inline"
    DATA = "data"
    SAFETENSORS = "safetensors"


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


class ZooColumn(StrEnum):
    """What the networks of the zoo can be sorted by."""

    NAME = "name"
    PARAMS = "params"
    MACS = "macs"
    YEAR = "year"


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
        int | None, typer.Option("--depth", min=1, help="Levels to show; default: as many as make a page.")
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="NAMES",
            help="Columns, separated by commas: path, op, input, output, params, params%, buffers, macs, macs#, macs%, "
            "flops, field, jump, source.",
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            metavar="COLUMN",
            help="List the ops, sorted by path, op, output, params, buffers, macs or flops.",
        ),
    ] = None,
    top: Annotated[int | None, typer.Option("--top", min=1, help="List only the first N ops.")] = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="NODE", help="Show the arithmetic of one module.")
    ] = None,
    memory: Annotated[
        bool, typer.Option("--memory", help="Add the memory of inference and training.")
    ] = False,
    dtype: Annotated[
        Floating, typer.Option("--dtype", help="Floating type that memory is counted for.")
    ] = Floating.FLOAT32,
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
        model,
        Format.JSON if json else format_,
        depth,
        columns,
        sort,
        top,
        explain,
        width,
        ascii_only=ascii_,
        memory=(dtype.value, optimizer.value) if memory else None,
    )


@app.command()
def compare(
    specs: Annotated[
        list[str], typer.Argument(metavar="SPEC", help="Spec files, FILE@VARIANT, or zoo:NAME.")
    ],
    set_: o.Set = None,
    input_: o.Input = None,
    batch: o.Batch = 1,
    json: o.Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False,
    width: o.Width = None,
    ascii_: o.Ascii = False,
    allow_outside: o.AllowOutside = False,
) -> None:
    """Show networks side by side, or many below each other."""
    from archspec.cli.compare import run

    models = [load(spec, set_, input_, batch, allow_outside=allow_outside) for spec in specs]
    run(models, json=json, markdown=markdown, width=width, ascii_only=ascii_)


@app.command()
def expand(
    spec: o.Spec, set_: o.Set = None, input_: o.Input = None, allow_outside: o.AllowOutside = False
) -> None:
    """Print the network without blocks, parameters and repeats, as a JSON spec."""
    from archspec.cli.expand import run

    run(load(spec, set_, input_, allow_outside=allow_outside))


@app.command()
def export(
    spec: o.Spec,
    out: Annotated[
        str, typer.Argument(metavar="OUT", help="The file to write: `.onnx`, `.py` or `.safetensors`.")
    ],
    set_: o.Set = None,
    input_: o.Input = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Seed of random weights; without it and --weights: 0.")
    ] = None,
    weights: Annotated[
        str | None, typer.Option("--weights", metavar="FILE", help="A .safetensors or .pt file of weights.")
    ] = None,
    no_weights: Annotated[
        bool, typer.Option("--no-weights", help="ONNX: weights are inputs of the model.")
    ] = False,
    training_outputs: Annotated[
        bool,
        typer.Option(
            "--training-outputs/--no-training-outputs",
            help="Whether what only training needs is written; ONNX: never.",
        ),
    ] = True,
    dtype: Annotated[
        Floating | None, typer.Option("--dtype", help="Floating type of the network; default: float32.")
    ] = None,
    half: Annotated[bool, typer.Option("--half", help="Short for --dtype float16.")] = False,
    opset: Annotated[
        int, typer.Option("--opset", min=18, max=24, help="ONNX: version of the operators.")
    ] = 20,
    dynamic: Annotated[
        bool, typer.Option("--dynamic", help="ONNX: leave height and width free, as the batch is.")
    ] = False,
    functions: Annotated[
        bool, typer.Option("--functions", help="ONNX: write blocks as functions of the model.")
    ] = False,
    fold_bn: Annotated[
        bool, typer.Option("--fold-bn", help="ONNX: fold batch-norm into the layer before it.")
    ] = False,
    for_: Annotated[
        Purpose | None,
        typer.Option("--for", help="ONNX: a preset: fold batch-norm, make constants of what weights become."),
    ] = None,
    external: Annotated[
        External, typer.Option("--external", help="ONNX: where weights are stored; auto: above 64 MiB, data.")
    ] = External.AUTO,
    align: Annotated[
        int,
        typer.Option(
            "--align", min=1, help="ONNX: tensors in a data file start at multiples of so many bytes."
        ),
    ] = 64,
    allow_outside: o.AllowOutside = False,
) -> None:
    """Write a network as an ONNX model, as PyTorch source, or its weights alone."""
    from archspec.cli.export import run

    model = load(spec, set_, input_, allow_outside=allow_outside)
    run(
        model,
        out,
        training_outputs=training_outputs,
        seed=seed,
        weights=weights,
        no_weights=no_weights,
        dtype=None if dtype is None else dtype.value,
        half=half,
        opset=opset,
        dynamic=dynamic,
        functions=functions,
        fold_bn=fold_bn,
        for_=None if for_ is None else for_.value,
        external=external.value,
        align=align,
    )


@app.command()
def validate(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH", help="Spec files, FILE@VARIANT, zoo:NAME, folders, or - for standard input."
        ),
    ],
    format_: Annotated[
        FindingFormat,
        typer.Option("--output-format", envvar="ARCHSPEC_OUTPUT_FORMAT", help="How findings are printed."),
    ] = FindingFormat.FULL,
    output_file: Annotated[
        str | None, typer.Option("--output-file", metavar="FILE", help="Write the findings to a file.")
    ] = None,
    stdin_filename: Annotated[
        str, typer.Option("--stdin-filename", metavar="NAME", help="What standard input is called.")
    ] = STDIN,
    set_: o.Set = None,
    input_: o.Input = None,
    only: Annotated[
        Backend | None, typer.Option("--only", help="Whether it can be written: ask one backend only.")
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select", metavar="RULES", help="Look for these lint rules, not for the default ones."
        ),
    ] = None,
    extend_select: Annotated[
        list[str] | None,
        typer.Option("--extend-select", metavar="RULES", help="Look for these lint rules as well."),
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="RULES", help="Do not look for these lint rules.")
    ] = None,
    skip_others: Annotated[
        bool, typer.Option("--skip-others", help="Pass over named files without the key `archspec`.")
    ] = False,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 whatever is found.")] = False,
    allow_outside: o.AllowOutside = False,
) -> None:
    """Check specs, all variants of each: syntax, names, shapes, backends, expectations, lint.

    RULES are codes, names, or the start of codes, separated by commas; `archspec rule` lists them.
    """
    from archspec.cli.validate import run

    backend = None if only is None else only.value
    if code := run(
        paths,
        format_.value,
        output_file,
        stdin_filename,
        backend,
        set_=set_,
        input_=input_,
        select=select,
        extend_select=extend_select or (),
        ignore=ignore or (),
        exit_zero=exit_zero,
        skip_others=skip_others,
        allow_outside=allow_outside,
    ):
        raise typer.Exit(code)


@app.command()
def verify(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH", help="Spec files with all their variants, FILE@VARIANT, zoo:NAME, or folders."
        ),
    ],
    set_: o.Set = None,
    input_: o.Input = None,
    only: Annotated[
        Backend | None, typer.Option("--only", help="Compare with what one backend makes only.")
    ] = None,
    device: Annotated[
        str, typer.Option("--device", metavar="DEVICE", help="Where values are computed: cpu, cuda, cuda:1.")
    ] = "cpu",
    json: o.Json = False,
    allow_outside: o.AllowOutside = False,
) -> None:
    """Prove what archspec says of networks: compare it, number by number, with PyTorch and ONNX Runtime."""
    from archspec.cli.verify import run

    backend = None if only is None else only.value
    if code := run(paths, set_, input_, backend, device, json=json, allow_outside=allow_outside):
        raise typer.Exit(code)


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


@app.command()
def rule(
    name: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="A rule, by its code or its name.")
    ] = None,
    json: o.Json = False,
    width: o.Width = None,
    ascii_: o.Ascii = False,
) -> None:
    """List what `validate` looks for, or explain one."""
    from archspec.cli.rule import run

    run(name, json=json, width=width, ascii_only=ascii_)


@app.command()
def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The name of the network: NAME.toml is written.")
    ],
    start: Annotated[
        str,
        typer.Option(
            "--from", metavar="START", help="densenet, inception, lenet, resnet or unet, or zoo:NAME."
        ),
    ] = "lenet",
) -> None:
    """Start a spec of one's own."""
    from archspec.cli.new import run

    run(name, start)


@app.command(name="zoo")
def zoo_(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A family of networks, or one of them.")
    ] = None,
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="WORDS", help="Those with these words in their name or paper."),
    ] = None,
    max_params: Annotated[
        str | None,
        typer.Option("--max-params", metavar="N", help="Those of at most so many parameters, such as 10M."),
    ] = None,
    max_macs: Annotated[
        str | None, typer.Option("--max-macs", metavar="N", help="Those of at most so many MACs, such as 1G.")
    ] = None,
    sort: Annotated[
        ZooColumn | None, typer.Option("--sort", help="Sort by a column; default: by families.")
    ] = None,
    json: o.Json = False,
    width: o.Width = None,
    ascii_: o.Ascii = False,
) -> None:
    """List the networks that ship with the package, or describe one; `zoo:NAME` is the SPEC of each."""
    from archspec.cli.zoo import run

    run(
        name,
        search=search,
        max_params=max_params,
        max_macs=max_macs,
        sort=None if sort is None else sort.value,
        json=json,
        width=width,
        ascii_only=ascii_,
    )


@app.command()
def schema() -> None:
    """Print the JSON Schema of specs, for editors."""
    from archspec.cli.printing import write
    from archspec.report.schema import render

    write(render())
