"""From a spec file to its elaborated network: inputs, outputs, variants, parameters."""

import gc
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from typing import Any

from archspec.diagnostics import Diagnostic, Problem, SpecError, UsageError
from archspec.diagnostics.diagnostic import Path, shown, shown_file, suggest
from archspec.elaborate.body import Body, Handles
from archspec.elaborate.elaborator import Elaborator
from archspec.elaborate.frames import Poisoned
from archspec.elaborate.node_keys import DIMENSIONS
from archspec.elaborate.plans import Plans
from archspec.elaborate.run import Budget, TooLarge
from archspec.elaborate.scopes import Env
from archspec.elaborate.settings import Nowhere, compile_setting
from archspec.elaborate.steps import Plan
from archspec.ir import Module, Origin
from archspec.language import limits
from archspec.language.arithmetic import show
from archspec.language.document import Definition, Document, Loader, override
from archspec.language.parser import parse
from archspec.ops.core.symbol import Symbol
from archspec.types import Dim, TensorType, Value

InputShapes = Mapping[str, Sequence[Dim]]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Network:
    """An elaborated network."""

    document: Document
    variant: str | None
    root: Module
    """Its results are the outputs, then the training outputs."""
    outputs: tuple[str, ...] = ()
    """The names of the outputs, where the spec declares any."""
    train_outputs: tuple[str, ...] = ()
    input_names: tuple[str, ...] = ("input",)
    params: dict[str, Value] = field(default_factory=dict)
    """The values of the file's parameters."""
    whole: Module | None = None
    """The root with what only training needs, if `root` lacks that."""
    plans: Plans = field(default_factory=Plans)
    """The definitions of its document that have been compiled."""


def load_document(path: str, source: str | bytes | None = None, *, allow_outside: bool = False) -> Document:
    """Read and check a spec file. Raises `SpecError`, `UsageError`."""
    loader = Loader(anywhere=allow_outside)
    document = loader.load(path, source)
    if loader.diagnostics or document is None:
        # What is wrong inside the nodes is worth knowing in the same run.
        elaborator = Elaborator()
        if document is not None:
            elaborator.compile_document(document)
        raise SpecError(loader.diagnostics + elaborator.diagnostics)
    return document


def elaborate_file(
    path: str,
    variant: str | None = None,
    params: Mapping[str, Any] | None = None,
    *,
    inputs: InputShapes | None = None,
    source: str | bytes | None = None,
    allow_outside: bool = False,
) -> Network:
    """Read a spec and elaborate its network.

    Raises `SpecError` where the spec is wrong, `UsageError` where the call is.

    `path` names the file; `-` is standard input. `source` is its text, if that is at hand. `params` override the
    file's parameters, `inputs` the shapes of the model's inputs by name.
    """
    with without_collector():
        document = load_document(path, source, allow_outside=allow_outside)
        return elaborate(document, variant, params, inputs)


@contextmanager
def without_collector() -> Iterator[None]:
    """Pause the cyclic garbage collector, which would find nothing: all that is made stays while a network grows."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def elaborate(
    document: Document,
    variant: str | None = None,
    params: Mapping[str, Any] | None = None,
    inputs: InputShapes | None = None,
    budget: Budget | None = None,
    plans: Plans | None = None,
) -> Network:
    """Elaborate the network of a checked document. Its cost is subtracted from `budget`.

    `plans` are the definitions of this document and its libraries that have been compiled.
    """
    given = arguments(document, variant, params or {})
    return _network(document, variant, given, inputs or {}, plans or Plans(), budget)


def with_free_sizes(network: Network) -> Network:
    """The same network, for inputs of any size: the axes of each after batch and channels become symbols.

    Inputs of the same height have the same symbol for it, since a network that joins them needs that. Raises
    `SpecError` where a size must be known. Such a network can be exported, but not counted.
    """
    names: dict[tuple[str, int], Symbol] = {}
    inputs = {}
    for name, type_ in zip(network.input_names, network.root.inputs, strict=True):
        axes = FREE_AXES[type_.rank - 2] if 3 <= type_.rank <= 5 else ()
        shape = list(type_.shape)
        for place, (axis, dim) in enumerate(zip(axes, type_.spatial, strict=False), start=2):
            assert isinstance(dim, int)  # noqa: S101 — only the batch can be free
            taken = {str(symbol) for symbol in names.values()}
            symbol = Symbol(axis if axis not in taken else f"{axis}_{name}")
            shape[place] = names.setdefault((axis, dim), symbol)
        inputs[name] = tuple(shape)
    return resized(network, inputs)


def resized(network: Network, inputs: InputShapes) -> Network:
    """The same network, for inputs of other shapes. Raises `SpecError` where they do not suit it."""
    with without_collector():
        return _network(network.document, network.variant, network.params, inputs, network.plans)


FREE_AXES = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}
"""The names of the free axes of an input, by their number."""


def _network(
    document: Document,
    variant: str | None,
    given: dict[str, Value],
    inputs: InputShapes,
    plans: Plans,
    budget: Budget | None = None,
) -> Network:
    elaborator = Elaborator(plans)
    made: ElaboratedRoot | None = None
    try:
        made = _elaborate(elaborator, document, given, inputs)
    except TooLarge as limit:
        message = f"the network has more than {limit}"
        elaborator.report(Problem("AS306", message), document.file, ("model",))
    except RecursionError:
        elaborator.report(Problem("AS306", "the network is nested too deeply"), document.file, ("model",))
    if budget is not None:
        budget.take(elaborator)
    if elaborator.diagnostics or made is None:
        raise SpecError(sorted(elaborator.diagnostics, key=_position))
    frame = elaborator.file_frame(document)
    return Network(
        document,
        variant,
        *made,
        document.model.inputs if document.model else (),
        {name: frame.value(name) for name in document.params},
        plans=plans,
    )


ElaboratedRoot = tuple[Module, tuple[str, ...], tuple[str, ...]]
"""The root of a network, and the names of its outputs and its training outputs."""


def _elaborate(
    elaborator: Elaborator, document: Document, given: dict[str, Value], inputs: InputShapes
) -> ElaboratedRoot | None:
    elaborator.compile_document(document)
    if any(diagnostic.path[:1] == ("defaults",) for diagnostic in elaborator.diagnostics):
        return None  # without them, findings would blame ops for what they lack
    frame = elaborator.file_frame(document, given)
    for name in (*document.params, *document.let):
        with suppress(Poisoned):
            frame.value(name)
    if document.model is not None:
        return _elaborate_model(elaborator, document, document.model, inputs)
    if not elaborator.diagnostics:
        raise UsageError(f"`{shown_file(document.file)}` is a library of blocks: it has no `[model]`")
    return None


def _position(diagnostic: Diagnostic) -> tuple[str, list[tuple[int, str]]]:
    return diagnostic.file, [(part, "") if isinstance(part, int) else (-1, part) for part in diagnostic.path]


def arguments(document: Document, variant: str | None, params: Mapping[str, Any]) -> dict[str, Value]:
    """The values that a variant and explicit parameters give. Raises `UsageError`."""
    given: dict[str, Value] = {}
    if variant is not None:
        if variant not in document.variants:
            known = list(document.variants)
            hint = suggest(variant, known) or (
                f"the variants are {', '.join(known)}" if known else "it has none"
            )
            raise UsageError(f"`{shown_file(document.file)}` has no variant `{shown(variant)}`: {hint}")
        given |= document.variants[variant]
    for name, value in params.items():
        try:
            param = document.params.get(name)
            given[name] = override(document, name, _literal(name, value, param.type) if param else value)
        except Problem as problem:
            raise UsageError(f"{problem.message}{f' ({problem.help})' if problem.help else ''}") from None
    return given


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ParamText:
    """A parameter's value as the command line has it."""

    text: str


def _literal(name: str, value: Any, type_: str) -> Any:
    """Command-line text in the type of the parameter `name`."""
    if not isinstance(value, ParamText):
        return value
    if type_ in ("str", "op") or (type_ == "padding" and re.fullmatch(r"[a-z_]+", value.text)):
        return value.text
    try:
        expression = parse(value.text)
    except Problem as problem:
        raise Problem(problem.code, f"`{name}`: {problem.message}", help=problem.help) from None
    if expression.names or expression.paths:
        lower = value.text.lower()
        hint = f": did you mean `{lower}`?" if lower in ("true", "false") else ""
        raise Problem("AS203", f"`{name}`: `{shown(value.text)}` is not a literal value{hint}")
    return expression.evaluate(Nowhere())


def _elaborate_model(
    elaborator: Elaborator, document: Document, definition: Definition, inputs: InputShapes
) -> ElaboratedRoot | None:
    types = _input_types(elaborator, document, definition, inputs)
    if types is None:
        return None
    elaborator.dimensions = frozenset(dim for type_ in types for dim in type_.shape if isinstance(dim, str))
    elaborator.given = _given_dimensions(document, inputs, elaborator.dimensions)
    body = Body()
    handles = tuple(body.add_input(type_) for type_ in types)
    env = elaborator.block_env(definition, {}, types, body, handles)
    ends = _ends(elaborator, elaborator.plan(definition), env)
    env.x, env.order = ends[-1] if ends else env.names.inputs["input"], inf
    try:
        training, train = elaborator.outputs(env, "train_outputs")
        names, results = elaborator.outputs(env, "outputs")
        if not results:
            last = next(
                (end for end in reversed(ends) if not set(end) & set(train)), env.names.inputs["input"]
            )
            env.single(last, "x")
            results = last
    except Problem as problem:
        elaborator.report(problem, document.file, definition.path)
        return None
    except Poisoned:
        return None
    origin = Origin(document.file, definition.path)
    root = body.finish("model", (*results, *train), origin, declared=len(types))
    return None if root is None else (root, names, training)


def _ends(elaborator: Elaborator, plan: Plan, env: Env) -> list[Handles]:
    """The value after each node of the model's chain."""
    ends: list[Handles] = []
    x = env.names.inputs["input"]
    for step in plan.chain:
        x = elaborator.chain([step], env, x)
        ends.append(x)
    return ends


def _input_types(
    elaborator: Elaborator, document: Document, definition: Definition, given: InputShapes
) -> tuple[TensorType, ...] | None:
    """The types of the model's inputs."""
    declared = _declared(document)
    for name in given:
        if name not in definition.inputs and name != "input":
            known = ", ".join(definition.inputs)
            raise UsageError(f"the model has no input `{shown(name)}`; its inputs are {known}")
    frame = elaborator.file_frame(document)
    types = []
    for index, (name, raw, path) in enumerate(declared):
        override_ = _override(given, name, index)
        try:
            if override_ is not None:
                types.append(_override_type(name, tuple(override_), raw))
                continue
            setting = compile_setting(raw, DIMENSIONS, path)
            shape = setting.evaluate(frame)
            types.append(_checked_type(shape))
        except Problem as problem:
            if problem.code == "AS301" and problem.help is None:
                problem.help = 'the name of a free dimension starts in upper case, as in "N"'
            elaborator.report(problem, document.file, path)
        except Poisoned:
            continue
    return tuple(types) if len(types) == len(declared) else None


def _declared(document: Document) -> list[tuple[str, list[Any], Path]]:
    """The inputs as the spec has them: name, shape, path."""
    section = document.section
    assert section is not None  # noqa: S101 — there is a model
    if section.inputs is None:
        return [("input", section.input or [], ("model", "input"))]
    return [(item.name, item.shape, ("model", "inputs", i, "shape")) for i, item in enumerate(section.inputs)]


def _override(given: InputShapes, name: str, index: int) -> Sequence[Dim] | None:
    """The shape that an input is given in place of the spec's."""
    return given.get(name) or (given.get("input") if index == 0 else None)


def _given_dimensions(document: Document, given: InputShapes, free: frozenset[str]) -> dict[str, Dim]:
    """The values that given shapes put in place of the spec's free dimensions."""
    found: dict[str, Dim] = {}
    for index, (name, shape, _) in enumerate(_declared(document)):
        for old, new in zip(shape, _override(given, name, index) or (), strict=False):
            if isinstance(old, str) and _FREE.fullmatch(old) and old not in free:
                found.setdefault(old, new)
    return found


def _override_type(name: str, shape: tuple[Dim, ...], declared: list[Any]) -> TensorType:
    if len(shape) != len(declared):
        raise UsageError(
            f"the shape given for `{shown(name)}` has {len(shape)} axes, the spec's has {len(declared)}, batch first"
        )
    try:
        return _checked_type(shape)
    except Problem as problem:
        raise UsageError(f"the shape given for `{shown(name)}` is wrong: {problem.message}") from None


_MAX_RANK = 8
_FREE = re.compile("[A-Z][A-Za-z0-9_]*")
"""The name of a free dimension."""


def _checked_type(shape: Value) -> TensorType:
    """The type of an input; its first axis may be free, the others need sizes."""
    if not isinstance(shape, tuple) or not 1 <= len(shape) <= _MAX_RANK:
        raise Problem("AS203", f"an input has 1 to {_MAX_RANK} axes, not {show(shape)}")
    for axis, dim in enumerate(shape):
        if isinstance(dim, Symbol):
            continue
        if isinstance(dim, str) and _FREE.fullmatch(dim):
            if axis:
                raise Problem(
                    "AS407",
                    f"the free dimension `{dim}` needs a value",
                    at=(axis,),
                    help="give the whole shape with `--input`, as in `--input N,3,224,224`",
                    subject=dim,
                )
        elif isinstance(dim, int) and dim > limits.INTEGER:
            raise Problem("AS203", f"a size of {dim} does not fit into 64 bits", at=(axis,))
        elif isinstance(dim, bool) or not isinstance(dim, int) or dim < 1:
            raise Problem(
                "AS203", f"a size is a positive integer or a name in upper case, not {show(dim)}", at=(axis,)
            )
    return TensorType(shape)  # type: ignore[arg-type]
