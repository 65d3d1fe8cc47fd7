"""The commands and their options."""

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
    depth: o.Depth = None,
    columns: o.Columns = None,
    sort: o.SortColumn = None,
    top: o.Top = None,
    explain: o.Explain = None,
    memory: o.AddMemory = False,
    dtype: o.MemoryDtype = Floating.FLOAT32,
    optimizer: o.MemoryOptimizer = o.OptimizerName.SGD,
    format_: o.SummaryFormat = o.Format.TABLE,
    json: o.AsJson = False,
    width: o.Width = None,
    ascii_: o.Ascii = False,
    allow_outside: o.AllowOutside = False,
) -> None:
    """Show the modules of a network with their shapes, parameters and MACs."""
    from archspec.cli.printing import drawn, write
    from archspec.report.summary import summary as text_of

    text = text_of(
        load(spec, set_, input_, batch, allow_outside=allow_outside),
        lambda draw: drawn(draw, width, ascii_only=ascii_),
        format_=o.Format.JSON if json else format_,
        depth=depth,
        columns=columns,
        sort=sort,
        top=top,
        explain=explain,
        memory=(dtype.value, optimizer.value) if memory else None,
    )
    write(text)


@app.command()
def compare(
    specs: o.Specs,
    set_: o.Set = None,
    input_: o.Input = None,
    batch: o.Batch = 1,
    json: o.AsJson = False,
    markdown: o.Markdown = False,
    width: o.Width = None,
    ascii_: o.Ascii = False,
    allow_outside: o.AllowOutside = False,
) -> None:
    """Show networks side by side, or many below each other."""
    from archspec.cli.compare import run

    models = [load(spec, set_, input_, batch, allow_outside=allow_outside) for spec in specs]
    run(models, json=json, markdown=markdown, width=width, ascii_only=ascii_)


@app.command()
def diff(
    old: o.Old,
    new: o.New,
    format_: o.DiffFormatOption = o.DiffFormat.TEXT,
    verbose: o.Verbose = False,
    exit_code: o.ExitCode = False,
    fail_on: o.FailOn = None,
    rename_map: o.RenameMap = None,
    set_: o.Set = None,
    set_old: o.SetOld = None,
    set_new: o.SetNew = None,
    input_: o.Input = None,
    ascii_: o.Ascii = False,
    allow_outside: o.AllowOutside = False,
) -> None:
    """Show what changed between two networks, and whether old checkpoints still mean the same.

    From strict to lenient: identical; outputs: the same function of the same weights; weights: they load, but something
    else is computed; renames: they load under other names; partial; none.
    """
    from archspec.cli.diff import run

    if code := run(
        old,
        new,
        format_.value,
        verbose=verbose,
        exit_code=exit_code,
        fail_on=None if fail_on is None else fail_on.value,
        rename_map=rename_map,
        set_=set_,
        set_old=set_old,
        set_new=set_new,
        input_=input_,
        ascii_only=ascii_,
        allow_outside=allow_outside,
    ):
        raise typer.Exit(code)


@app.command()
def draw(
    specs: o.DrawnSpecs,
    out: o.Picture,
    set_: o.Set = None,
    input_: o.Input = None,
    batch: o.Batch = 1,
    open_: o.Open = None,
    depth: o.Levels = None,
    direction: o.PictureDirection = o.Direction.DOWN,
    style: o.Style = o.PictureStyle.SCREEN,
    show: o.Show = "params,macs",
    color: o.ColorBy = o.Color.COST,
    allow_outside: o.AllowOutside = False,
) -> None:
    """Draw a network as a block diagram: SVG, HTML, DOT or Mermaid."""
    from archspec.cli.draw import run
    from archspec.report.picture.options import options

    chosen = options(
        open_=open_ or (),
        depth=depth,
        direction=direction.value,
        style=style.value,
        show=show,
        color=color.value,
    )
    run([load(spec, set_, input_, batch, allow_outside=allow_outside) for spec in specs], out, chosen)


@app.command()
def report(
    spec: o.Spec,
    out: o.Report,
    set_: o.Set = None,
    input_: o.Input = None,
    batch: o.Batch = 1,
    dtype: o.MemoryDtype = Floating.FLOAT32,
    optimizer: o.MemoryOptimizer = o.OptimizerName.SGD,
    direction: o.PictureDirection = o.Direction.DOWN,
    allow_outside: o.AllowOutside = False,
) -> None:
    """Write what a reviewer wants to see of a network as one page of HTML: picture, costs, memory, expectations."""
    from archspec.cli.draw import run_report
    from archspec.report.picture.options import options

    model = load(spec, set_, input_, batch, allow_outside=allow_outside)
    run_report(model, out, options(direction=direction.value), dtype.value, optimizer.value)


@app.command()
def expand(
    spec: o.Spec,
    set_: o.Set = None,
    input_: o.Input = None,
    textconv: o.Textconv = False,
    allow_outside: o.AllowOutside = False,
) -> None:
    """Print the network without blocks, parameters and repeats, as a JSON spec."""
    from archspec.cli.expand import run, run_textconv

    if textconv:
        run_textconv(spec)
        return
    run(load(spec, set_, input_, allow_outside=allow_outside))


@app.command()
def export(
    spec: o.Spec,
    out: o.OutputPath,
    set_: o.Set = None,
    input_: o.Input = None,
    seed: o.Seed = None,
    weights: o.Weights = None,
    from_: o.FromSpec = None,
    no_weights: o.NoWeights = False,
    training_outputs: o.TrainingOutputs = True,
    dtype: o.Dtype = None,
    half: o.Half = False,
    opset: o.Opset = 20,
    dynamic: o.Dynamic = False,
    functions: o.Functions = False,
    fold_bn: o.FoldBn = False,
    for_: o.ForPurpose = None,
    external: o.WeightsPlace = o.External.AUTO,
    align: o.Align = 64,
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
        old=None if from_ is None else load(from_, allow_outside=allow_outside),
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
    paths: o.Paths,
    format_: o.OutputFormat = o.FindingFormat.FULL,
    output_file: o.OutputFile = None,
    stdin_filename: o.StdinFilename = STDIN,
    set_: o.Set = None,
    input_: o.Input = None,
    only: o.LowerableOnly = None,
    select: o.Select = None,
    extend_select: o.ExtendSelect = None,
    ignore: o.Ignore = None,
    skip_others: o.SkipOthers = False,
    exit_zero: o.ExitZero = False,
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
    paths: o.VerifiedPaths,
    set_: o.Set = None,
    input_: o.Input = None,
    only: o.VerifyOnly = None,
    device: o.Device = "cpu",
    json: o.AsJson = False,
    allow_outside: o.AllowOutside = False,
) -> None:
    """Prove what archspec says of networks: compare it, number by number, with PyTorch and ONNX Runtime."""
    from archspec.cli.verify import run

    backend = None if only is None else only.value
    if code := run(paths, set_, input_, backend, device, json=json, allow_outside=allow_outside):
        raise typer.Exit(code)


@app.command()
def ops(name: o.OpArg = None, json: o.AsJson = False, width: o.Width = None, ascii_: o.Ascii = False) -> None:
    """List the ops, or describe one."""
    from archspec.cli.ops import run

    run(name, json=json, width=width, ascii_only=ascii_)


@app.command()
def rule(
    name: o.RuleName = None, json: o.AsJson = False, width: o.Width = None, ascii_: o.Ascii = False
) -> None:
    """List what `validate` looks for, or explain one."""
    from archspec.cli.rule import run

    run(name, json=json, width=width, ascii_only=ascii_)


@app.command()
def new(name: o.NetworkName, start: o.Start = "lenet") -> None:
    """Start a spec of one's own."""
    from archspec.cli.new import run

    run(name, start)


@app.command(name="zoo")
def zoo_(
    name: o.ZooName = None,
    search: o.Search = None,
    max_params: o.MaxParams = None,
    max_macs: o.MaxMacs = None,
    sort: o.ZooSort = None,
    json: o.AsJson = False,
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
