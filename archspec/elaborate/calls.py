"""Nodes that call an op or a block."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from archspec.diagnostics import Label, Problem
from archspec.elaborate.body import Body, Draft, Handles
from archspec.elaborate.construct import construct
from archspec.elaborate.frames import Poisoned
from archspec.elaborate.plan import Compiler
from archspec.elaborate.run import Run
from archspec.elaborate.scopes import Binding, Env
from archspec.elaborate.settings import NOWHERE, Setting
from archspec.elaborate.steps import Settings, Step
from archspec.elaborate.targets import Target, resolve_op
from archspec.ir import Module, Origin
from archspec.language import limits
from archspec.language.document import Definition, Document
from archspec.language.params import MISSING
from archspec.ops.core.base import Op
from archspec.types import Dim, TensorTypes, Value, factored, settled


@dataclass(slots=True, eq=False, repr=False)
class Place:
    """Where a node stands: what goes in, the name that it gives itself, and whether a repeat contains it."""

    inputs: list[Handles]
    name: str | None
    contained: bool


def call(run: Run, step: Step, env: Env, place: Place, *, first: bool) -> Handles:
    """A node that calls an op or a block."""
    target, settings = find(run, step, env, first=first)
    if isinstance(target, Definition):
        return call_block(run, step, env, target, settings, place)
    return call_op(run, step, env, target, settings, place)


def find(run: Run, step: Step, env: Env, *, first: bool = False) -> tuple[Target, Settings]:
    """The target of a call in this place, and its compiled fields."""
    first = first and bool(step.first)
    target, called = step.target, ""
    if target is None:
        target, called = resolve(run, step, env)
    settings = step.settings.get((target, first))
    if settings is None:
        compiler = Compiler(env.definition, env.local)
        try:
            settings = compiler.fields(step, target, called, first=first)
        finally:
            for problem, path in compiler.problems:
                run.report(problem, env.definition.document.file, path)
    return target, settings


def resolve(run: Run, step: Step, env: Env) -> tuple[Target, str]:
    """The target that an expression chooses in this place, and its name."""
    assert step.op is not None  # noqa: S101 — only groups have none
    called = run.evaluate(step.op, env, "op")
    document = called.document if isinstance(called, OpName) else env.definition.document
    try:
        return resolve_op(str(called), document, env.definition), str(called)
    except Problem:
        if (document, str(called)) in run.unknown:
            raise Poisoned from None  # an expression says it in many places
        run.unknown.add((document, str(called)))
        raise


class OpName(str):
    """A text argument with the document that wrote it, in which it is resolved if it names an op."""

    __slots__ = ("document",)

    document: Document

    def __repr__(self) -> str:
        return f"{str.__repr__(self)}@{id(self.document)}"


def named(text: str, given: Value, document: Document) -> OpName:
    """The text as an `OpName` of the document that wrote it first."""
    if isinstance(given, OpName):
        return given
    name = OpName(text)
    name.document = document
    return name


def makes_modules(run: Run, step: Step, env: Env) -> bool:
    """Whether the node makes modules: joins of given values and calls of shared weights do not."""
    if step.kind != "call":
        return step.kind != "reuse"
    target = step.target or resolve(run, step, env)[0]
    return isinstance(target, Definition) or target.is_module


def types_of(env: Env, handles: Handles) -> TensorTypes:
    """The types of values; `Poisoned` if one is unknown."""
    types = env.body.types
    found = tuple([types[handle] for handle in handles])
    if None in found:
        raise Poisoned
    return cast(TensorTypes, found)


def flat(step: Step, env: Env, op: str, inputs: list[Handles], least: int, most: int) -> Handles:
    """The inputs as single tensors. Refuses a value with several parts, and a wrong number of inputs."""
    sources = step.sources or []
    for index, value in enumerate(inputs):
        if len(value) > 1:
            source = sources[index] if len(sources) == len(inputs) else None  # a `*` stands for several
            name = str(source.evaluate(NOWHERE)) if source is not None and source.constant else "x"
            raise env.several(value, name).within(*(source.path[len(step.path) :] if source else ()))
    check_number(step, op, inputs, least, most)
    return tuple([value[0] for value in inputs])


def check_number(
    step: Step, op: str, inputs: list[Handles], least: int, most: int, at: str | None = None
) -> None:
    """Refuse more or fewer inputs than an op, a block or a wiring node takes; the key `at` gives them."""
    if at is None and step.sources:
        at = "from"
    if not least <= len(inputs) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise Problem(
            "AS310",
            f"`{op}` takes {wanted} {'input' if wanted == '1' else 'inputs'}, not {len(inputs)}",
            at=() if at is None else (at,),
            subject=op,
        )


def evaluate_fields(
    run: Run, step: Step, env: Env, settings: Settings, free: tuple[str, ...] = ()
) -> dict[str, Value]:
    """The values of fields or arguments. Sizes in those that `free` lists may be symbols."""
    values = settings.fixed
    if settings.varying:
        values = dict(values)
    for key, setting in settings.varying:
        try:
            if key in settings.lexical:
                values[key] = setting.evaluate(run.file_frame(env.definition.document))
            else:
                values[key] = env.evaluate(setting.evaluate, free=key in free)
        except Problem as problem:
            if key in settings.lexical:
                run.report(problem, env.definition.document.file, setting.path)
                raise Poisoned from None
            raise problem.within(*setting.path[len(step.path) :]) from None
    return values


# --- ops ------------------------------------------------------------------------------------------------------


def call_op(run: Run, step: Step, env: Env, op: type[Op], settings: Settings, place: Place) -> Handles:
    """A call of an op."""
    inputs = [] if op.arity[1] == 0 and step.sources is None else place.inputs
    handles = op.distinct(flat(step, env, op.name, inputs, *op.arity))
    types = types_of(env, handles)
    module = step.cache.get(types) if not settings.varying and len(step.settings) == 1 else None
    if module is None:
        module = leaf(run, step, env, op, settings, handles)
        if not settings.varying:
            step.cache[types] = module
    label = run.label(step, env)
    if not op.is_module:
        if step.sources is None:
            raise Problem(
                "AS310",
                f"`{op.name}` joins nothing here: it needs `branches`, or values to join in `from`",
                subject=op.name,
            )
        check_joined(step.sources, env, handles)
        draft = Draft(module, handles, step.origin, copy=env.copy, label=label or place.name)
        return run.add(env, draft, step.path)
    if op.is_parameter and place.name is None and not place.contained:
        raise Problem("AS202", f"`{op.name}` needs a name: it is the key of its weight", subject=op.name)
    draft = run.draft(step, env, module, handles, place.name, counts=not op.is_parameter)
    draft.label = label
    return run.add(env, draft, step.path)


def check_joined(sources: list[Setting], env: Env, handles: Handles) -> None:
    """Refuse to join a parameter with itself: after a `param`, `x` is the parameter, not the value before it."""
    if all(not source.constant or source.evaluate(NOWHERE) != "x" for source in sources):
        return
    last = env.body.drafts[-1] if env.body.drafts else None
    if last is None or len(handles) != 2 or handles[0] != handles[1] or last.outputs[:1] != [handles[0]]:
        return
    if last.module.op is not None and last.module.op.is_parameter:
        raise Problem(
            "AS310",
            f"this joins the parameter `{last.name}` with itself",
            at=("from",),
            help="after a `param`, `x` is the parameter: name the value before it with `as`, and join that",
            subject=last.name or "",
        )


def leaf(run: Run, step: Step, env: Env, op: type[Op], settings: Settings, handles: Handles) -> Module:
    """The module of an op with these fields and inputs."""
    types = types_of(env, handles)
    fields = evaluate_fields(run, step, env, settings, op.free_sizes)
    key = (op, repr(fields), types)
    module = run.leaves.get(key)
    if module is None:
        run.differ(key[1])
        instance = settings.op
        if instance is None:
            made = construct(op, fields, settings.items, step.path)
            if not isinstance(made, Op):
                for problem, path in made.values():
                    run.report(problem, env.definition.document.file, path)
                raise Poisoned
            instance = made
        try:
            module = run.leaves[key] = typed(sized(instance, run.given), types, run.dimensions)
        except Problem as problem:
            field = problem.at[0] if problem.at else None
            setting = settings.items.get(str(field))
            at = () if setting is None or field in settings.lexical else setting.path[len(step.path) :]
            problem.at = (*at, *problem.at[1:]) if at else ()
            say_where_from(problem, env, handles)
            raise
    return module


def sized(op: Op, given: Mapping[str, Dim]) -> Op:
    """The op with the values that its free dimensions have in this network."""
    names = [name for name, reading in op.readings().items() if reading.dimension] if given else []
    changed = {
        name: with_given(value, given) for name in names if isinstance(value := getattr(op, name), tuple)
    }
    return op.model_copy(update=changed) if changed else op


def with_given(shape: tuple[Any, ...], given: Mapping[str, Dim]) -> tuple[Any, ...]:
    """A shape with the values that free dimensions of the spec have in this network."""
    return tuple([settled(dim, given) if isinstance(dim, int | str) else dim for dim in shape])


def typed(op: Op, types: TensorTypes, dimensions: frozenset[str]) -> Module:
    """The module of an op on inputs of these types. `dimensions` are the free dimensions of the network."""
    op.fits(types)
    outputs = op.outputs(types)
    for output in outputs:
        for dim in output.shape:
            if type(dim) is str:
                name = factored(dim)[1]
                if name not in dimensions:
                    known = ", ".join(f"`{name}`" for name in sorted(dimensions)) or "none"
                    raise Problem(
                        "AS301", f"there is no free dimension `{name}`: the inputs have {known}", subject=name
                    )
            elif type(dim) is int and dim > limits.INTEGER:
                raise Problem("AS306", f"a size of {dim} does not fit into 64 bits")
    if "init" in op.model_fields_set or _has_free_features(types):
        # An initialiser may not suit its weight, and a size that a weight needs may be free.
        op.weights(types)
        op.macs(types, outputs)
    return Module(op, types, outputs, op.name, declared=len(types))


def _has_free_features(types: TensorTypes) -> bool:
    return any(isinstance(dim, str) for type_ in types for dim in type_.shape[1:])


def say_where_from(problem: Problem, env: Env, handles: Handles) -> None:
    """Label the nodes whose values do not fit together."""
    if problem.code != "AS401" or len(handles) < 2:
        return
    made = [(origin_of(env.body, handle), env.body.types[handle]) for handle in handles]
    problem.labels = tuple(
        [Label(str(type_), origin.path, origin.file) for origin, type_ in dict.fromkeys(made) if origin]
    )


def origin_of(body: Body, handle: int) -> Origin | None:
    """The node that makes a value; `None` for the input of a block."""
    while handle in body.inputs:
        bound = body.bound[body.inputs.index(handle)]
        if body.parent is None or bound < 0:
            return None
        body, handle = body.parent, bound
    draft = body.maker(handle)
    return None if draft is None else draft.origin


# --- blocks ---------------------------------------------------------------------------------------------------


def call_block(
    run: Run, step: Step, env: Env, definition: Definition, settings: Settings, place: Place
) -> Handles:
    """A call of a block."""
    count = len(definition.inputs)
    handles = flat(step, env, definition.name, place.inputs, count, count)
    types = types_of(env, handles)
    args = arguments(run, step, env, definition, settings)
    if any(active is definition for active, _, _ in run.active):
        raise Problem("AS304", f"the block `{definition.name}` contains itself", subject=definition.name)
    run.deeper()
    run.active.append((definition, env.definition.document.file, step.path))
    try:
        if definition.inline and place.name is None and not place.contained:
            if run.containing:
                run.containing[-1].add(definition)
            return inline(run, step, env, definition, args, handles, types)
        module = run.instance(definition, args, types)
    finally:
        run.active.pop()
        run.depth -= 1
    if module is None:
        raise Poisoned
    draft = run.draft(step, env, module, handles, place.name)
    draft.label = run.label(step, env)

    def again(given: Handles) -> tuple[Module, Handles] | None:
        other = run.instance(definition, args, types_of(env, given))
        return None if other is None else (other, given)

    draft.again = again
    return run.add(env, draft, step.path)


def arguments(run: Run, step: Step, env: Env, definition: Definition, settings: Settings) -> dict[str, Value]:
    """The arguments of a call in the types that the block declares, without those that equal their defaults."""
    args: dict[str, Value] = {}
    failed = False
    values = evaluate_fields(run, step, env, settings)
    for key, param in definition.params.items():
        if key not in values:
            continue
        try:
            value = param.conform(values[key])
        except Problem as problem:
            run.report(problem, env.definition.document.file, settings.items[key].path)
            failed = True
            continue
        if param.type in ("str", "op"):
            value = named(str(value), values[key], env.definition.document)
            if value == param.literal and value.document is definition.document:
                continue
        if param.literal is MISSING or repr(value) != repr(param.literal):  # 1 is not true
            args[key] = value
    if failed:
        raise Poisoned
    return args


def inline(
    run: Run,
    step: Step,
    env: Env,
    definition: Definition,
    args: dict[str, Value],
    handles: Handles,
    types: TensorTypes,
) -> Handles:
    """A block whose modules live in the caller's scope; it still sees nothing of its caller."""
    inner = run.block_env(definition, args, types, env.body, handles)
    inner.copy = env.copy
    outside = env.body.inside
    env.body.inside = (*outside, step.origin)
    result = run.chain(run.plan(definition).chain, inner, inner.names.inputs["input"])
    env.body.inside = outside
    return labelled(run, step, env, result)


def labelled(run: Run, step: Step, env: Env, result: Handles) -> Handles:
    """The value of a node that is not a module, under its label if it has one."""
    if step.label is None:
        return result
    label = str(run.label(step, env))
    passed = run.pass_through(step, env, result, label)
    env.names.enter(label, Binding(env.body, passed, None, step.path))
    return passed
