"""Nodes that wire other nodes: groups, residual, dense, joins with branches, reuse."""

from collections.abc import Callable
from dataclasses import replace
from math import inf

from archspec import ops
from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import shown, suggest
from archspec.diagnostics.problems import meaningless_key
from archspec.elaborate.body import Body, Draft, Handles
from archspec.elaborate.calls import Place, check_number, find, flat, labelled, leaf, typed, types_of
from archspec.elaborate.frames import Poisoned
from archspec.elaborate.run import Run
from archspec.elaborate.scopes import Env, GroupFrame, Names, moment
from archspec.elaborate.steps import Chain, Settings, Step
from archspec.ir import Module
from archspec.language.arithmetic import show
from archspec.language.document import Definition
from archspec.ops.core.base import Op
from archspec.types import TensorType

Build = Callable[[Env, list[Handles]], Handles]
"""Adds the nodes of a composite to a body, given its inputs there; the composite's value."""


def composite(
    run: Run, step: Step, env: Env, kind: str, inputs: list[Handles], build: Build, name: str | None
) -> Handles:
    """A module with a scope of its own, which sees the values around it."""
    before = replace(env)  # `env` itself moves on
    now = moment()

    def again(given: Handles) -> tuple[Module, Handles] | None:
        return make(run, step, before, kind, [(handle,) for handle in given], build, until=now)

    made = make(run, step, env, kind, inputs, build)
    if made is None:
        raise Poisoned
    draft = run.draft(step, env, *made, name)
    draft.again = again
    draft.label = run.label(step, env)
    return run.add(env, draft, step.path)


def make(
    run: Run, step: Step, env: Env, kind: str, inputs: list[Handles], build: Build, until: float = inf
) -> tuple[Module, Handles] | None:
    """The module, and the values that it takes from the body around it, as they were at the moment `until`."""
    body = Body(env.body)
    given = [group_input(body, env, value) for value in inputs]
    names = Names(body, outer=env.names, written=env.names.written, until=until)
    inner = Env(env.frame, body, names, env.definition, env.plan, counters=env.counters)
    run.deeper()
    try:
        result = build(inner, given)
    finally:
        run.depth -= 1
    result = tuple([body.capture(body, handle) for handle in result])
    if not body.inputs:
        for value in inputs[:1]:
            body.capture(env.body, value[0])  # a group has an input even if nothing uses it
    module = body.finish(kind, result, step.origin, declared=len(given), parts=len(result))
    return None if module is None else (module, tuple(body.bound))


def group_input(body: Body, env: Env, value: Handles) -> Handles:
    """A value as a group sees it. One with several parts is not an input, since no node can take it as a whole."""
    if len(value) == 1:
        return (body.add_input(env.single(value, "x"), value[0]),)
    return tuple([body.add_unread(env.body.types[handle], handle) for handle in value])


def wire(run: Run, step: Step, env: Env, kind: str, place: Place, build: Build) -> Handles:
    """A wiring node with one input: a module if it is named or in a container, else transparent."""
    check_number(step, f"{kind}` with `branches" if step.kind == "join" else kind, place.inputs, 1, 1)
    if place.name is None and not place.contained:
        return labelled(run, step, env, build(env, place.inputs))
    return composite(run, step, env, kind, place.inputs, build, place.name)


def group(run: Run, step: Step, env: Env, place: Place) -> Handles:
    """A chain, whose nodes see the group's `let`."""

    def build(inner: Env, given: list[Handles]) -> Handles:
        if not step.let:
            return run.chain(step.layers, inner, given[0])
        inner.x = given[0]
        frame, counters = inner.frame, inner.counters
        inner.frame = GroupFrame(inner, step.let, step.path)
        inner.counters = {name: value for name, value in counters.items() if name not in step.let}
        try:
            return run.chain(step.layers, inner, given[0])
        finally:
            inner.frame, inner.counters = frame, counters

    return wire(run, step, env, "group", place, build)


def residual(run: Run, step: Step, env: Env, place: Place) -> Handles:
    """`layers(x) + shortcut(x)`; just `layers(x)` without `skip`."""

    def build(inner: Env, given: list[Handles]) -> Handles:
        x = given[0]
        y = run.chain(step.layers, inner, x)
        inner.x = x
        if step.skip is not None and not run.truth(step.skip, inner, "skip"):
            return run.pass_through(step, inner, y)
        side = run.chain(step.shortcut or [], inner, x)
        left, right = inner.single(y, "x"), inner.single(side, "x")
        if left != right:
            raise Problem(
                "AS401",
                f"the residual cannot add {left} and {right}",
                notes=(f"layers: {left}", f"{'shortcut' if step.shortcut else 'input'}: {right}"),
                help=_residual_help(left, right, has_shortcut=bool(step.shortcut)),
            )
        return join(run, step, inner, _builtin("add"), y + side)

    return wire(run, step, env, "residual", place, build)


def _residual_help(left: TensorType, right: TensorType, *, has_shortcut: bool) -> str:
    """What to change, from how the shapes of layers and shortcut differ: at the borders, or by strides or channels."""
    pairs = list(zip(left.spatial, right.spatial, strict=False))
    is_rim = (
        left.rank == right.rank
        and left.shape[:2] == right.shape[:2]
        and all(isinstance(a, int) and isinstance(b, int) and a < 2 * b and b < 2 * a for a, b in pairs)
    )
    if is_rim:
        return 'pad the convolutions so that they keep the size, as with `padding = "half"`'
    if has_shortcut:
        return "the strides and channels of `shortcut` must bring the input to the shape of `layers`"
    return "a `shortcut` can bring the input to the shape of `layers`"


def dense(run: Run, step: Step, env: Env, place: Place) -> Handles:
    """n times `x = concat(x, layers(x))`."""

    def build(inner: Env, given: list[Handles]) -> Handles:
        x = inner.x = given[0]
        inner.single(x, "x")
        counters, copy = inner.counters, inner.copy
        for index in range(run.count(step, inner)):
            run.spend()
            inner.counters = {**counters, step.index: index}
            inner.copy = (*copy, index)
            y = run.chain(step.layers, inner, x)
            inner.single(y, "x")
            x = join(run, step, inner, _builtin("concat"), x + y)
        inner.counters, inner.copy = counters, copy
        return x

    return wire(run, step, env, "dense", place, build)


def branches(run: Run, step: Step, env: Env, place: Place) -> Handles:
    """A join of branches from one input. Its fields see that input."""
    op, settings = find(run, step, env)
    if isinstance(op, Definition) or op.is_module:
        raise meaningless_key("branches", f"only joins have `branches`, not `{shown(op.name)}`")
    join_op = op

    def build(inner: Env, given: list[Handles]) -> Handles:
        x = given[0]
        values = [value for branch in step.branches for value in values_of(run, branch, inner, x)]
        for value in values:
            inner.single(value, "x")
        if not values:
            raise Problem(
                "AS310", f"no branch of `{join_op.name}` is left", at=("branches",), subject=join_op.name
            )
        check_number(step, join_op.name, values, *join_op.arity, at="branches")
        inner.x = x
        return join(run, step, inner, join_op, tuple([value[0] for value in values]), settings)

    return wire(run, step, env, join_op.name, place, build)


def values_of(run: Run, branch: Step | Chain, env: Env, x: Handles) -> list[Handles]:
    """The values of an item of `branches`: one, none if `when` removes it, several with `parallel`."""
    if not isinstance(branch, Step) or branch.parallel is None or branch.broken:
        return [] if is_dropped(run, branch, env, x) else [run.chain([branch], env, x)]
    if branch.when is not None and branch.index not in branch.when.names and is_dropped(run, branch, env, x):
        return []
    env.x, env.order = x, branch.order
    counters, copy = env.counters, env.copy
    values = []
    try:
        count = run.count(branch, env)
    except (Problem, Poisoned) as error:
        return [run.failed(branch, env, error)]
    for index in range(count):
        env.counters, env.copy = {**counters, branch.index: index}, (*copy, index)
        if not is_dropped(run, branch, env, x):
            values.append(run.chain([branch], env, x))
    env.counters, env.copy = counters, copy
    return values


def is_dropped(run: Run, branch: object, env: Env, x: Handles) -> bool:
    """Whether `when` removes a branch, which then does not count as one."""
    if not isinstance(branch, Step) or branch.when is None or branch.broken:
        return False
    env.order = branch.order
    try:
        if not run.is_removed(branch, env, x):
            return False
        run.removed(branch, env, x)
    except (Problem, Poisoned):
        return False  # the branch itself reports it
    return True


def join(
    run: Run, step: Step, env: Env, op: type[Op], handles: Handles, settings: Settings | None = None
) -> Handles:
    """The join at the end of a wiring node."""
    module = leaf(run, step, env, op, settings or _NO_SETTINGS, handles)
    return env.body.add(Draft(module, handles, step.origin, copy=env.copy))


_NO_SETTINGS = Settings({})


def _builtin(name: str) -> type[Op]:
    op = ops.lookup(name)
    assert op is not None  # noqa: S101 — it is builtin
    return op


def reuse(run: Run, step: Step, env: Env, place: Place) -> Handles:
    """A further call of an earlier module, with its weights."""
    assert step.of is not None  # noqa: S101 — it is required
    of = str(run.evaluate(step.of, env, "of"))
    if env.is_lost(of):
        raise Poisoned
    known = env.body.modules
    if of not in known:
        raise Problem(
            "AS301",
            f"there is no earlier module `{shown(of)}` in this scope",
            at=("of",),
            help=suggest(of, [*known])
            or (f"its modules are {', '.join(f'`{name}`' for name in [*known][:12])}" if known else None),
            subject=of,
        )
    index = known[of]
    if index is None:
        raise Poisoned
    owner = env.body.drafts[index]
    count = owner.module.declared
    handles = flat(step, env, "reuse", place.inputs, count, count)
    if owner.module.op is not None:
        made: tuple[Module, Handles] | None = (
            typed(owner.module.op, types_of(env, handles), run.dimensions),
            handles,
        )
    else:
        assert owner.again is not None  # noqa: S101 — every composite can be made again
        made = owner.again(handles)
    if made is None:
        raise Poisoned
    module, handles = made
    check_shared(of, owner.module, module)
    label = run.label(step, env) or place.name
    draft = Draft(module, handles, step.origin, copy=env.copy, label=label, shares=index)
    return run.add(env, draft, step.path)


def check_shared(name: str, owner: Module, module: Module) -> None:
    """Refuse a further call whose weights would have other shapes than those that it shares."""
    found = difference(owner, module, set())
    if found is not None:
        key, ours, theirs = found
        raise Problem(
            "AS406",
            f"the weight `{'.'.join([name, *key])}` would have another shape for this input",
            notes=(f"first call: {show(ours)}", f"this call: {show(theirs)}"),
            subject=".".join([name, *key]),
        )


def difference(
    owner: Module, module: Module, seen: set[tuple[Module, Module]]
) -> tuple[tuple[str, ...], tuple[int, ...] | None, tuple[int, ...] | None] | None:
    """The first weight in which two modules differ: its key and both shapes, `None` where there is no such weight."""
    if owner is module or (owner, module) in seen:
        return None
    seen.add((owner, module))
    if owner.op is not None and module.op is not None:
        ours, theirs = ({w.name: w.shape for w in m.op.weights(m.inputs)} for m in (owner, module) if m.op)
        for key in ours | theirs:
            if ours.get(key) != theirs.get(key):
                return (key,), ours.get(key), theirs.get(key)
        return None
    here = {node.name: node.module for node in owner.body if node.name is not None}
    there = {node.name: node.module for node in module.body if node.name is not None}
    for name in here | there:
        if name not in here or name not in there:
            return (name,), None, None
        found = difference(here[name], there[name], seen)
        if found is not None:
            return (name, *found[0]), *found[1:]
    return None


WIRING = {"group": group, "residual": residual, "dense": dense, "join": branches, "reuse": reuse}
"""What each kind of wiring node does."""
