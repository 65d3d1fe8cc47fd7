"""The Python interface: load a spec, ask for its numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archspec.analysis.cost import Costs
from archspec.analysis.modules import Row, listing, rows
from archspec.analysis.totals import Report, Totals, report
from archspec.analysis.weights import state_dict
from archspec.diagnostics import Diagnostic, SpecError, UsageError
from archspec.elaborate import Network, elaborate, elaborate_file, load_document, without_collector
from archspec.elaborate.elaborator import Budget, Elaborator
from archspec.elaborate.network import arguments
from archspec.elaborate.unreached import unreached
from archspec.ir import Module
from archspec.language import limits
from archspec.language.document import Document
from archspec.language.reading import taken
from archspec.ops.core.data import Weight
from archspec.types import Dim, TensorType, Value

if TYPE_CHECKING:
    from torch import device as Device  # noqa: N812 — a type
    from torch import dtype as Dtype  # noqa: N812
    from torch import nn

    from archspec.analysis.memory import Memory, Optimizer
    from archspec.analysis.receptive_field import Field
    from archspec.diagnostics.locate import Finding
    from archspec.lint import Selection


class Model:
    """A network with all its shapes and costs. Made by `archspec.load`."""

    def __init__(self, network: Network, batch: int = 1) -> None:
        fixed = network.root.inputs[0].shape[0]
        if batch < 1:
            raise UsageError(f"a batch has at least one sample, not {batch}")
        if batch != 1 and isinstance(fixed, int):
            raise UsageError(
                f"the input fixes its first axis, the batch, to {fixed}: make it free, as in `N,3,224,224`"
            )
        self.network = network
        self.batch = batch
        """The batch size that MACs are counted at."""
        self.fixed_batch = fixed if isinstance(fixed, int) else None
        """The batch size that the spec fixes itself; MACs are those of all of it."""
        self.costs = Costs()

    @property
    def name(self) -> str:
        """The variant's name, or the model's."""
        return self.network.variant or self.network.document.name

    @property
    def variant(self) -> str | None:
        """The variant that was asked for."""
        return self.network.variant

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants of the spec."""
        return tuple(self.network.document.variants)

    @property
    def file(self) -> str:
        """The spec's file, as it was given."""
        return self.network.document.file

    @property
    def params(self) -> dict[str, Value]:
        """The values of the spec's parameters."""
        return dict(self.network.params)

    @property
    def root(self) -> Module:
        """The module tree."""
        return self.network.root

    @property
    def inputs(self) -> dict[str, TensorType]:
        """The inputs by name; a free batch axis has a name for its size."""
        return dict(zip(self.network.input_names, self.root.inputs, strict=True))

    @property
    def outputs(self) -> tuple[TensorType, ...]:
        """The outputs, without those of training."""
        return self.totals.outputs

    @cached_property
    def report(self) -> Report:
        """The totals, for inference and for training."""
        with without_collector():
            return report(self.root, len(self.network.train_outputs), self.costs, self.batch)

    @property
    def totals(self) -> Totals:
        """The totals of the inference network."""
        return self.report.inference

    @property
    def training_totals(self) -> Totals:
        """The totals with what exists in training only."""
        return self.report.training or self.report.inference

    def check(self) -> list[Diagnostic]:
        """What of the spec's `[expect]` does not hold; empty if all does. Counted at batch size 1."""
        from archspec.analysis.expect import check

        return check(self.network, report(self.root, len(self.network.train_outputs), self.costs))

    def modules(self, *, fields: bool = False) -> Iterator[Row]:
        """Every module and join, outer before inner, on request with receptive fields.

        Raises `UsageError` above a million.
        """
        listing(self.root, self.costs)
        listed = rows(self.root, self.costs, len(self.network.train_outputs))
        if not fields:
            return listed
        from archspec.analysis.receptive_field import with_fields

        return with_fields(self.root, listed)

    def weights(self) -> dict[str, Weight]:
        """The state_dict: every parameter and buffer by key. Raises `UsageError` above a million."""
        listing(self.root, self.costs)
        return state_dict(self.root)

    def receptive_fields(self) -> "dict[str, Field]":
        """The receptive field of every module's output, by its path: what it depends on of the first input."""
        from archspec.analysis.receptive_field import fields

        listing(self.root, self.costs)
        return fields(self.root)

    def memory(self, dtype: str = "float32", optimizer: "Optimizer" = "sgd") -> "Memory":
        """The memory of inference and of training at this batch size, in bytes.

        `dtype` is `float32`, `float16` or `bfloat16`; `optimizer` is `sgd`, `momentum` or `adam`, which keep 0, 1 and
        2 numbers for each parameter.
        """
        from archspec.analysis.memory import ELEMENTS, STATES, memory

        for given, known in ((dtype, ELEMENTS), (optimizer, STATES)):
            if given not in known:
                raise UsageError(f"there is no `{given}`: there are {', '.join(known)}")
        train = len(self.network.train_outputs)
        return memory(self.root, train, batch=self.batch, element=ELEMENTS[dtype], optimizer=optimizer)

    def summary(
        self, width: int = 100, *, depth: int | None = None, columns: str | Sequence[str] | None = None,
        sort: str | None = None, top: int | None = None, explain: str | None = None, memory: bool = False,
        dtype: str = "float32", optimizer: "Optimizer" = "sgd", format: str = "table",  # noqa: A002 — as in the command
        json: bool = False, ascii: bool = False,  # noqa: A002
    ) -> str:  # fmt: skip
        """What `archspec summary` prints, without colours: a table of `width` columns, 40 or more.

        The options are those of the command. The tree has `depth` levels, by default as many as make about a page;
        `columns` are names such as `op` and `params`, in a list or separated by commas. `sort` lists the ops by a
        column, `top` only so many of them. `explain` shows the arithmetic of one module in place of the table.
        `memory` adds the memory for `dtype` and `optimizer`, as in `memory()`. `format` is `table`, `json`, `csv` or
        `markdown`; `json` is short for the second. `ascii` leaves out all that is not ASCII.

        Raises `UsageError` for a column, module or format that does not exist.
        """
        from archspec.report.summary import plain, summary

        return summary(
            self, lambda draw: plain(draw, width, ascii_only=ascii), format_="json" if json else format, depth=depth,
            columns=columns, sort=sort, top=top, explain=explain, memory=(dtype, optimizer) if memory else None,
        )  # fmt: skip

    def __repr__(self) -> str:
        totals = self.totals
        return f"<archspec.Model {self.name}: {totals.params:,} parameters, {totals.macs:,} MACs>"


def load(
    path: str, variant: str | None = None, params: Mapping[str, Any] | None = None, *,
    inputs: Mapping[str, Sequence[Dim]] | None = None, batch: int = 1, source: str | bytes | None = None,
    allow_outside: bool = False,
) -> Model:  # fmt: skip
    """Read a spec and analyse its network.

    `path` is a TOML or JSON file, or `-` for standard input; `source` is its text, if that is at hand. `variant`
    names one of its variants, `params` overrides its parameters, `inputs` the shapes of the model's inputs by name
    (batch axis first, `"N"` for any). MACs are counted at batch size `batch`. `allow_outside` lets `use` name files
    outside the spec's folder.

    Raises `SpecError`, which carries every finding with its line and column, where the spec is wrong, and `UsageError`
    where the call is: no such file, variant or parameter.
    """
    from os import fspath

    name = fspath(path)
    try:
        network = elaborate_file(
            name, variant, params, inputs=inputs, source=source, allow_outside=allow_outside
        )
    except SpecError as error:
        error.texts |= _text(name, source)
        raise
    return Model(network, batch)


def _text(path: str, source: str | bytes | None) -> dict[str, str]:
    """The text of a file that is at hand, by its name."""
    text = taken.get(path) if source is None else source
    return {} if text is None else {path: text if isinstance(text, str) else text.decode("utf-8", "replace")}


def validate(
    path: str, variant: str | None = None, params: Mapping[str, Any] | None = None, *,
    inputs: Mapping[str, Sequence[Dim]] | None = None, source: str | bytes | None = None, only: str | None = None,
    select: str | Sequence[str] | None = None, extend_select: str | Sequence[str] = (),
    ignore: str | Sequence[str] = (), allow_outside: bool = False,
) -> "list[Finding]":  # fmt: skip
    """Everything that is wrong with a spec, with lines and columns; empty if nothing is.

    The syntax, all names and shapes, what the spec expects, and whether it can be written in PyTorch and in ONNX, or in
    `only` one of `torch` and `onnx`. All variants are looked at, or `variant` alone. With `params` or `inputs`, which
    are as in `load`, the networks are others than the spec expects, and only the rest is checked. `source` is the text
    of the file, if that is at hand.

    `select` names the lint rules to look for in place of those that are on by themselves, `extend_select` further ones,
    `ignore` those that are not wanted: by code, by name, by the start of several codes, or `ALL`, in a list or
    separated by commas. Errors are always reported.

    Raises `UsageError` where there is no such file, variant or rule.
    """
    from os import fspath

    from archspec.diagnostics.locate import Locator, reader
    from archspec.lint import Layer, choose, words

    name = fspath(path)
    selection = choose(Layer(None if select is None else words(select), words(extend_select), words(ignore)))
    with without_collector():
        diagnostics, _ = examine(
            name, source, only, selection, variant=variant, params=params, inputs=inputs, allow_outside=allow_outside
        )  # fmt: skip
    return Locator(reader(_text(name, source))).findings(diagnostics)


def examine(
    path: str, source: str | bytes | None, only: str | None, selection: "Selection", *, variant: str | None = None,
    params: Mapping[str, Any] | None = None, inputs: Mapping[str, Sequence[Dim]] | None = None, allow_outside: bool,
) -> tuple[list[Diagnostic], int]:  # fmt: skip
    """What is wrong with a spec in all of its variants, or in one, and how many networks were made.

    With `params` or `inputs` the networks are others than those that `[expect]` is about, which is passed over.
    """
    from archspec.backends.lowerable import refusals
    from archspec.lint import Networks, of_text, unknown

    try:
        document = load_document(path, source, allow_outside=allow_outside)
    except SpecError as error:
        return list(error.diagnostics), 0
    networks = Networks(selection.codes)
    variants: list[str | None] = [variant] if variant is not None else [*document.variants] or [None]
    found: dict[Diagnostic, list[str | None]] = {}
    broken = False
    budget = Budget()
    made: dict[str, Model] = {}  # by their parameters: variants that are the same are looked at once
    for name in variants if document.model is not None else ():
        key = repr(sorted(arguments(document, name, params or {}).items()))
        wrong: list[Diagnostic] = []
        try:
            if key not in made:
                if budget.is_spent:
                    raise SpecError([_too_many(document, name)])
                made.clear()  # as a rule no two are the same, and each is large
                made[key] = Model(elaborate(document, name, params, inputs, budget))
                wrong += refusals(made[key], only)
                networks.look_at(made[key].network)
            if document.expect and not params and not inputs:
                wrong += Model(replace(made[key].network, variant=name)).check()
        except SpecError as error:
            broken = True
            wrong = list(error.diagnostics)
        for diagnostic in wrong:
            found.setdefault(diagnostic, []).append(name)
        if broken and budget.is_spent:
            break
    diagnostics = [_of_variants(diagnostic, names, len(variants)) for diagnostic, names in found.items()]
    if document.model is None:
        elaborator = Elaborator()
        elaborator.compile_document(document)
        diagnostics += elaborator.diagnostics
        broken = bool(diagnostics)
        arguments(document, variant, {})  # which refuses a variant
    more = unreached(document) if not broken and variant is None and not params else []
    broken |= bool(more)
    diagnostics += more
    lint = networks.found + ([] if broken else of_text(document, selection.codes))
    kept = selection.kept(lint, document, complete=not broken and variant is None)
    count = 0 if document.model is None else len(variants)
    return [*unknown(document), *diagnostics, *kept], count


def _too_many(document: Document, variant: str | None) -> Diagnostic:
    """That there is no more time for a variant and those behind it."""
    message = (
        f"`{variant}` and the variants behind it are not looked at: those before it have {limits.ALL_NODES:,} nodes, "
        f"or {limits.ALL_DISTINCT:,} modules that differ"
    )
    return Diagnostic("AS306", message, document.file, ("variants", str(variant)), help="split the file")


def _of_variants(diagnostic: Diagnostic, names: list[str | None], total: int) -> Diagnostic:
    """The finding with the variants that it is in, if it is not in all, and does not say so by its place."""
    if len(names) == total or diagnostic.path[:1] == ("expect",):
        return diagnostic
    listed = ", ".join(f"`{name}`" for name in names[:3]) + f" and {len(names) - 3} more" * (len(names) > 3)
    return replace(diagnostic, notes=(*diagnostic.notes, f"in {listed}"))


def build(
    spec: "str | Model", variant: str | None = None, params: Mapping[str, Any] | None = None, *,
    inputs: Mapping[str, Sequence[Dim]] | None = None, device: "Device | str | None" = None,
    dtype: "Dtype | str | None" = None, weights: str | None = None, training_outputs: bool = True,
    allow_outside: bool = False,
) -> "nn.Module":  # fmt: skip
    """The network as a live `nn.Module`, which is the text that `export` writes, executed.

    `spec` is a file, with `variant`, `params`, `inputs` and `allow_outside` as in `load`; or a model that is loaded.
    The module is made on `device`, on `meta` without memory, in `dtype`, torch's or its name, and is in training mode.
    Its values are PyTorch's initial ones, or those of `weights`: a `.safetensors` file, or a state_dict saved by
    `torch.save`, read without executing anything in it. Needs torch.

    Without `training_outputs` what only they need is left out: modules, and weights, which the file may have or not.

    Raises `SpecError` where a part of the network has no form in PyTorch, `UsageError` where the weights do not fit.
    """
    from os import fspath

    from archspec.backends.torch_module import build as build_module

    model = _model(spec, variant, params, inputs, allow_outside=allow_outside)
    file = None if weights is None else fspath(weights)
    return build_module(
        model if training_outputs else without_training(model), device=device, dtype=dtype, weights=file
    )


def export(
    spec: "str | Model", path: str, variant: str | None = None, params: Mapping[str, Any] | None = None, *,
    inputs: Mapping[str, Sequence[Dim]] | None = None, allow_outside: bool = False, seed: int | None = None,
    weights: str | None = None, no_weights: bool = False, dtype: str = "float32", opset: int = 20,
    functions: bool = False, fold_bn: bool = False, dynamic: bool = False, external: str = "auto", align: int = 64,
    half: bool = False, for_: str | None = None, training_outputs: bool = True,
) -> None:  # fmt: skip
    """Write the network to the file `path`, whose suffix tells the format. Needs no torch.

    `.py` is PyTorch source, `.onnx` an ONNX model, `.safetensors` the state_dict alone. `spec` and the rest are as in
    `build`. An old file is replaced when the new one is complete.

    Weights are drawn from PyTorch's initial distributions with `seed` (default: 0), the same for every format and on
    every machine; or `weights` names a file of them, as in `build`. `dtype` is `float32`, `float16` or `bfloat16`;
    `half` is short for the second. Without `training_outputs` the source and the state_dict are those of inference, as
    the ONNX model always is.

    For ONNX alone: `opset` is the version of its operators, 18 to 24. `functions` makes blocks functions of the model,
    `fold_bn` folds batch normalisation into the layer before it, `dynamic` leaves height and width free as well as the
    batch. `for_` is `"inference"` for a model that is run or quantised and nothing else: batch normalisation is folded,
    and what steps make of a weight alone, such as its transpose, is the weight. `no_weights` makes the weights inputs.
    `external` tells where they are stored: `inline`, in a `data` file beside the model at multiples of `align` bytes,
    in a `safetensors` file, or `auto`: beside it above 64 MiB.

    Raises `SpecError` where a part of the network has no such form, `UsageError` for what does not go together, a file
    that cannot be written and weights that do not fit.
    """
    from os import fspath

    from archspec.backends.export import export as write
    from archspec.backends.options import Options, floating

    options = Options(
        seed=seed, weights=None if weights is None else fspath(weights), no_weights=no_weights,
        dtype=floating(dtype, half=half),
        opset=opset, functions=functions, fold_bn=fold_bn, for_=for_, dynamic=dynamic, external=external, align=align,
    )  # fmt: skip
    model = _model(spec, variant, params, inputs, allow_outside=allow_outside)
    write(model if training_outputs else without_training(model), fspath(path), options)


def without_training(model: Model) -> Model:
    """The model without its training outputs, and without what only they need."""
    from archspec.analysis.inference import for_inference

    return Model(for_inference(model.network), model.batch)


def _model(
    spec: "str | Model", variant: str | None, params: Mapping[str, Any] | None,
    inputs: Mapping[str, Sequence[Dim]] | None, *, allow_outside: bool,
) -> Model:  # fmt: skip
    if not isinstance(spec, Model):
        return load(spec, variant, params, inputs=inputs, allow_outside=allow_outside)
    if variant is not None or params or inputs:
        raise UsageError("a model that is loaded has its variant, parameters and inputs already")
    return spec
