"""The Python API: load, validate, build and export specs."""

from collections.abc import Mapping, Sequence
from os import fspath
from typing import TYPE_CHECKING, Any

from archspec import model, zoo
from archspec.diagnostics import SpecError, UsageError
from archspec.diagnostics.diagnostic import shown
from archspec.elaborate import elaborate_file, without_collector
from archspec.files import writing
from archspec.language.reading import taken
from archspec.types import Dim, StrPath

if TYPE_CHECKING:
    from torch import device as Device  # noqa: N812 — a type
    from torch import dtype as Dtype  # noqa: N812 — a type
    from torch import nn

    from archspec.analysis.memory import Optimizer
    from archspec.backends.options import Carry
    from archspec.diagnostics.locate import Finding
    from archspec.report.compared import Difference
    from archspec.report.picture.draw import Picture


class Model(model.Model):
    """A network with all its shapes and costs, and its printed summary. Returned by `archspec.load`."""

    def summary(
        self,
        width: int = 100,
        *,
        depth: int | None = None,
        columns: str | Sequence[str] | None = None,
        sort: str | None = None,
        top: int | None = None,
        explain: str | None = None,
        memory: bool = False,
        dtype: str = "float32",
        optimizer: "Optimizer" = "sgd",
        format: str = "table",  # noqa: A002 — as in the command
        json: bool = False,
        ascii: bool = False,  # noqa: A002 — as in the command
    ) -> str:
        """The output of `archspec summary`, without colours: a table of `width` columns, at least 40.

        The options are those of the command. The tree has `depth` levels, by default as many as fill about a page;
        `columns` are names such as `op` and `params`, in a list or separated by commas. `sort` lists the ops by a
        column, and `top` limits their number. `explain` shows the arithmetic of one module instead of the table.
        `memory` adds the memory for `dtype` and `optimizer`, as in `memory()`. `format` is `table`, `json`, `csv` or
        `markdown`; `json` is short for `format="json"`. `ascii` replaces all non-ASCII characters.

        Raises `UsageError` for an unknown column, module or format.
        """
        from archspec.report.summary import plain, summary

        return summary(
            self,
            lambda draw: plain(draw, width, ascii_only=ascii),
            format_="json" if json else format,
            depth=depth,
            columns=columns,
            sort=sort,
            top=top,
            explain=explain,
            memory=(dtype, optimizer) if memory else None,
        )

    def _repr_svg_(self) -> str:
        """The picture that a notebook shows."""
        return str(draw(self))

    def _repr_html_(self) -> str:
        """The same for notebooks that prefer HTML: as wide as it is, with a scroll bar."""
        return f'<div style="overflow-x:auto">{draw(self)}</div>'


def load(
    path: StrPath,
    variant: str | None = None,
    params: Mapping[str, Any] | None = None,
    *,
    inputs: Mapping[str, Sequence[Dim]] | None = None,
    batch: int = 1,
    source: str | bytes | None = None,
    allow_outside: bool = False,
) -> Model:
    """Read a spec and analyse its network.

    `path` is a TOML or JSON file, `zoo:NAME` for a network that ships with the package, or `-` for standard input;
    `source` is its text, if already in memory. `variant`
    names one of its variants, `params` overrides its parameters, `inputs` the shapes of the model's inputs by name
    (batch axis first, `"N"` for any size). MACs are counted at batch size `batch`. `allow_outside` lets `use` name
    files outside the spec's folder.

    Raises `SpecError`, which carries every finding with its line and column, if the spec is wrong, and `UsageError` if
    the call is wrong: no such file, variant or parameter.
    """
    name, variant = _named(fspath(path), variant)
    try:
        network = elaborate_file(
            name, variant, params, inputs=inputs, source=source, allow_outside=allow_outside
        )
    except SpecError as error:
        error.texts |= _text(name, source)
        raise
    return Model(network, batch)


def _named(path: str, variant: str | None) -> tuple[str, str | None]:
    """Resolve a path, which may be a name in the zoo, to a file and a variant."""
    if not zoo.is_name(path):
        return path, variant
    file, named = zoo.find(path)
    if named is not None and variant is not None and named != variant:
        raise UsageError(f"`{shown(path)}` is the variant `{shown(named)}`, not `{shown(variant)}`")
    return file, variant if named is None else named


def _text(path: str, source: str | bytes | None) -> dict[str, str]:
    """The given text of a file, by its name."""
    text = taken.get(path) if source is None else source
    return {} if text is None else {path: text if isinstance(text, str) else text.decode("utf-8", "replace")}


def validate(
    path: StrPath,
    variant: str | None = None,
    params: Mapping[str, Any] | None = None,
    *,
    inputs: Mapping[str, Sequence[Dim]] | None = None,
    source: str | bytes | None = None,
    only: str | None = None,
    select: str | Sequence[str] | None = None,
    extend_select: str | Sequence[str] = (),
    ignore: str | Sequence[str] = (),
    allow_outside: bool = False,
) -> "list[Finding]":
    """All findings in a spec, with lines and columns; empty if there are none.

    Checks the syntax, all names and shapes, the spec's expectations, and whether it can be exported to PyTorch and to
    ONNX, or to `only` one of `torch` and `onnx`. All variants are checked, or `variant` alone. With `params` or
    `inputs`, as in `load`, expectations are not checked, since they are about the unmodified networks. `source` is the
    text of the file, if already in memory.

    `select` names the lint rules to use instead of the default ones, `extend_select` additional rules, `ignore` rules
    to turn off: by code, by name, by a prefix of codes, or `ALL`, in a list or separated by commas. Errors are always
    reported.

    Raises `UsageError` if there is no such file, variant or rule.
    """
    from archspec.diagnostics.locate import Locator, reader
    from archspec.lint import Choice, choose, words
    from archspec.validation import examine

    name, variant = _named(fspath(path), variant)
    selection = choose(Choice(None if select is None else words(select), words(extend_select), words(ignore)))
    with without_collector():
        diagnostics, _ = examine(
            name,
            source,
            only,
            selection,
            variant=variant,
            params=params,
            inputs=inputs,
            allow_outside=allow_outside,
        )
    return Locator(reader(_text(name, source))).findings(diagnostics)


def diff(
    old: "StrPath | model.Model", new: "StrPath | model.Model", *, allow_outside: bool = False
) -> "Difference":
    """What changed between two networks, and whether checkpoints of the old one still mean the same in the new one.

    Each is a loaded model; or a file, `FILE@VARIANT`, `zoo:NAME`, or `git:REV:PATH`, a file of a revision. Imports no
    torch. The `[expect]` of specs is compared unless a model was loaded, which may have other parameters.

    Raises `SpecError` if a spec is wrong, `UsageError` if there is no such file, variant or revision.
    """
    from archspec.language.spec_names import split
    from archspec.report.compared import Difference

    models = [
        one if isinstance(one, model.Model) else load(*split(fspath(one)), allow_outside=allow_outside)
        for one in (old, new)
    ]
    return Difference(models[0], models[1], not any(isinstance(one, model.Model) for one in (old, new)))


def build(
    spec: "StrPath | model.Model",
    variant: str | None = None,
    params: Mapping[str, Any] | None = None,
    *,
    inputs: Mapping[str, Sequence[Dim]] | None = None,
    device: "Device | str | None" = None,
    dtype: "Dtype | str | None" = None,
    weights: StrPath | None = None,
    training_outputs: bool = True,
    allow_outside: bool = False,
) -> "nn.Module":
    """The network as a live `nn.Module`: the source that `export` writes, executed.

    `spec` is a file, with `variant`, `params`, `inputs` and `allow_outside` as in `load`; or a loaded model. The module
    is created on `device` (on `meta` without allocating memory) in `dtype`, a torch dtype or its name, and is in
    training mode. Its weights have PyTorch's initial values, or those of the file `weights`: a `.safetensors` file,
    or a state_dict saved by `torch.save`, read without executing anything in it. Requires torch.

    Without `training_outputs`, modules and weights that only they need are omitted; the file may have these weights.

    Raises `SpecError` if the network cannot be expressed in PyTorch, `UsageError` if the weights do not match.
    """
    from archspec.backends.torch.module import build as build_module

    network = _model(spec, variant, params, inputs, allow_outside=allow_outside)
    file = None if weights is None else fspath(weights)
    return build_module(
        network if training_outputs else model.without_training(network),
        device=device,
        dtype=dtype,
        weights=file,
    )


def export(
    spec: "StrPath | model.Model",
    path: StrPath,
    variant: str | None = None,
    params: Mapping[str, Any] | None = None,
    *,
    inputs: Mapping[str, Sequence[Dim]] | None = None,
    allow_outside: bool = False,
    seed: int | None = None,
    weights: StrPath | None = None,
    from_: "StrPath | model.Model | None" = None,
    no_weights: bool = False,
    dtype: str | None = None,
    opset: int = 20,
    functions: bool = False,
    fold_bn: bool = False,
    dynamic: bool = False,
    external: str = "auto",
    align: int = 64,
    half: bool = False,
    for_: str | None = None,
    training_outputs: bool = True,
) -> None:
    """Write the network to the file `path`, whose suffix selects the format. Does not require torch.

    `.py` is PyTorch source, `.onnx` an ONNX model, `.safetensors` the state_dict alone. The rest is as in `build`.

    Weights are drawn from PyTorch's initial distributions with `seed` (default: 0), the same for every format and on
    every machine; or `weights` names a weight file, as in `build`; if it is of another network, `from_`, what this one
    has too is carried over. `dtype` is `float32` (the default), `float16` (in short: `half`) or `bfloat16`. Without
    `training_outputs` the source and the state_dict are those of inference, as an ONNX model always is.

    For ONNX only: `opset` is the opset version, 18 to 24. `functions` writes blocks as model-local functions, `fold_bn`
    folds batch normalisation into the preceding layer, `dynamic` leaves height and width free as well as the batch.
    `for_="inference"` is for a model that will only be run or quantised: batch normalisation is folded, and so are
    steps that only rearrange a weight, such as a transpose. `no_weights` makes the weights inputs of the model.
    `external` selects where weights are stored: `inline`, in a `data` file beside the model at multiples of `align`
    bytes, in a `safetensors` file, or `auto`: in a `data` file above 64 MiB.

    Raises `SpecError` if the network cannot be expressed in the format, `UsageError` for wrong options or weights.
    """
    from archspec.backends.export import export as write
    from archspec.backends.options import Options, floating

    file, floats = None if weights is None else fspath(weights), floating(dtype, half=half)
    network = _model(spec, variant, params, inputs, allow_outside=allow_outside)
    carry = None if from_ is None else _carry(from_, network, allow_outside=allow_outside)
    onnx = (opset, functions, fold_bn, for_, dynamic, external, align)
    options = Options(seed, file, carry, no_weights, floats, *onnx)
    write(network if training_outputs else model.without_training(network), fspath(path), options)


def _carry(spec: "StrPath | model.Model", network: model.Model, *, allow_outside: bool) -> "Carry":
    """How weights of a spec are carried over to a network."""
    from archspec.backends.carry import carry_between

    if not isinstance(spec, model.Model):
        from archspec.language.spec_names import split

        spec = load(*split(fspath(spec)), allow_outside=allow_outside)
    return carry_between(spec, network)


def draw(
    spec: "StrPath | model.Model",
    path: StrPath | None = None,
    variant: str | None = None,
    params: Mapping[str, Any] | None = None,
    *,
    inputs: Mapping[str, Sequence[Dim]] | None = None,
    allow_outside: bool = False,
    format: str = "svg",  # noqa: A002 — as for a summary
    open: str | Sequence[str] = (),  # noqa: A002 — as in the command
    depth: int | None = None,
    direction: str = "down",
    style: str = "screen",
    show: str | Sequence[str] = ("params", "macs"),
    color: str = "cost",
) -> "Picture":
    """A block diagram of the network, as text: that of the file `path` if one is given, which is then written.

    `spec` and the rest are as in `build`. The suffix of `path`, or else `format`, is `svg`, `html`, `dot` or `mmd` for
    Mermaid; a notebook shows what is `svg`. The other options are those of the command: `open` names blocks, or paths
    of modules, to draw open where they stand, or is `all`; `depth` is the number of levels to draw open. `direction` is
    `down` or `right`, `style` is `screen` or `paper`, `color` is `cost`, `kind` or `none`; `show` names what boxes say:
    `params`, `macs`, `memory`, `field`, `weights`.

    Raises `UsageError` for an unknown option or suffix, or a file that cannot be written.
    """
    from archspec.report.picture.draw import Picture, format_of
    from archspec.report.picture.draw import draw as text_of
    from archspec.report.picture.options import options

    chosen = options(open_=open, depth=depth, direction=direction, style=style, show=show, color=color)
    suffix = format_of(f"picture.{format}" if path is None else fspath(path))
    network = _model(spec, variant, params, inputs, allow_outside=allow_outside)
    picture = Picture(text_of([network], suffix, chosen))
    if path is not None:
        with writing(fspath(path)) as file:
            file.write(picture.encode())
    return picture


def _model(
    spec: "StrPath | model.Model",
    variant: str | None,
    params: Mapping[str, Any] | None,
    inputs: Mapping[str, Sequence[Dim]] | None,
    *,
    allow_outside: bool,
) -> model.Model:
    if not isinstance(spec, model.Model):
        return load(spec, variant, params, inputs=inputs, allow_outside=allow_outside)
    if variant is not None or params or inputs:
        raise UsageError("a loaded model already has a variant, parameters and inputs")
    return spec
