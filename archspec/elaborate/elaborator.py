"""The one pass from plans to the module tree: parameters, names, wiring and shapes together.

This file has what all nodes share: findings, limits, definitions, chains, repeats, names. What a node does is in
`calls` (ops and blocks) and `wiring` (groups, residual, dense, joins, reuse).
"""

from contextlib import suppress
from math import inf

from archspec.diagnostics import Problem
from archspec.diagnostics.problems import Within
from archspec.elaborate import calls, wiring
from archspec.elaborate.body import Body, Draft, Handles
from archspec.elaborate.frames import Poisoned
from archspec.elaborate.run import Run
from archspec.elaborate.scopes import Binding, Env
from archspec.elaborate.settings import Setting
from archspec.elaborate.steps import Chain, Step, text_at
from archspec.elaborate.targets import check_defaults
from archspec.ir import Module, Origin
from archspec.language import limits
from archspec.language.arithmetic import show
from archspec.language.document import Definition, Document
from archspec.language.templates import around
from archspec.ops.core.symbol import Symbol
from archspec.types import TensorTypes, Value, shape_text


class Elaborator(Run):
    """One run over one network: the walk over its nodes. Findings are collected in `diagnostics`."""

    # --- definitions -----------------------------------------------------------------------------------

    def compile_document(self, document: Document) -> None:
        """Compile all that a file defines, so that everything wrong in it is found, used or not."""
        self.check_defaults(document, set())
        self.check_recursion(document)
        for definition in (*document.blocks.values(), *([document.model] if document.model else [])):
            self.plan(definition)

    def check_recursion(self, document: Document) -> None:
        """Find blocks that contain themselves, called or not."""
        done: set[Definition] = set()
        for start in document.blocks.values():
            stack = [(start, iter(self.plan(start).calls))]
            while stack:
                definition, calls_ = stack[-1]
                called, path = next(calls_, (None, ()))
                if called is None:
                    done.add(definition)
                    stack.pop()
                elif any(called is active for active, _ in stack):
                    problem = Problem(
                        "AS304", f"the block `{called.name}` contains itself", subject=called.name
                    )
                    self.report(problem, definition.document.file, path)
                elif called not in done:
                    stack.append((called, iter(self.plan(called).calls)))

    def check_defaults(self, document: Document, seen: set[Document]) -> None:
        """Check the `[defaults]` of a file and of all libraries that it reaches."""
        if document not in seen:
            seen.add(document)
            check_defaults(document, self.report)
            for library in document.libraries.values():
                if library is not None:
                    self.check_defaults(library, seen)

    def instance(self, definition: Definition, args: dict[str, Value], types: TensorTypes) -> Module | None:
        """The module of a block with these arguments and inputs; `None` if something in it is wrong."""
        key = (definition, repr(args), types)
        if key not in self.instances:
            self.differ(key[1])
            self.containing.append({definition})
            try:
                self.instances[key] = self.elaborate_block(definition, args, types)
            finally:
                self.contents[key] = frozenset(self.containing.pop())
        elif not self.contents[key].isdisjoint(
            active for active, _, _ in self.active if active is not definition
        ):
            # it was made elsewhere, outside of the block that it contains
            inside = next(
                active for active, _, _ in self.active if active in self.contents[key] - {definition}
            )
            raise Problem("AS304", f"the block `{inside.name}` contains itself", subject=inside.name)
        if self.containing:
            self.containing[-1] |= self.contents[key]
        return self.instances[key]

    def elaborate_block(
        self, definition: Definition, args: dict[str, Value], types: TensorTypes
    ) -> Module | None:
        """A block in a scope of its own."""
        body = Body()
        env = self.block_env(definition, args, types, body, tuple([body.add_input(type_) for type_ in types]))
        x = self.chain(self.plan(definition).chain, env, env.names.inputs["input"])
        file, path = definition.document.file, definition.path
        try:
            env.x, env.order = x, inf
            env.single(x, "x")
            names, exports = self.outputs(env, "outputs")
        except Problem as problem:
            self.report(problem, file, path)
            return None
        except Poisoned:
            return None
        return body.finish(
            definition.name,
            x + exports,
            Origin(file, path),
            tuple(args.items()),
            declared=len(types),
            exports=names,
        )

    def outputs(self, env: Env, key: str) -> tuple[tuple[str, ...], Handles]:
        """The outputs of a block or the model that are declared under `key`: their names, and one tensor each."""
        names: list[str] = []
        found: list[int] = []
        is_lost = False
        for output, when in self.plan(env.definition).outputs[key]:
            try:
                with Within(key, output.at[0]):
                    if when is not None and not self.truth(when, env, "when"):
                        continue
            except Poisoned:  # nobody knows whether it is there, but the others can be checked
                is_lost = True
                continue
            with Within(key, *output.at):
                found.append(self.output(env, output.of, found))
            if output.name in names:
                raise output.namesake().within(key)
            names.append(output.name)
        if is_lost:
            raise Poisoned
        return tuple(names), tuple(found)

    def output(self, env: Env, of: str, others: list[int]) -> int:
        """The value of an output. Refuses one that is an output already."""
        handles = env.resolve(of)
        env.single(handles, of)
        if handles[0] in others:
            raise Problem("AS303", f"`{of}` is an output already", subject=of)
        return handles[0]

    # --- chains ----------------------------------------------------------------------------------------

    def chain(self, chain: Chain, env: Env, x: Handles) -> Handles:
        """Elaborate the nodes in their order; the value of the last."""
        for step in chain:
            x = self.step(step, env, x) if type(step) is Step else self.chain(step, env, x)  # type: ignore[arg-type]
        return x

    def step(self, step: Step, env: Env, x: Handles) -> Handles:
        """A node with all its copies. Where something is wrong, a value of unknown type."""
        counters, copy = env.counters, env.copy
        try:
            if step.broken or len(self.diagnostics) >= limits.FINDINGS:
                raise Poisoned
            env.x, env.order, env.kept = x, step.order, False
            if step.repeat is not None and step.kind != "dense":
                result = self.repeat(step, env, x)
            else:
                result = self.copy(step, env, x)
            if step.shape is not None and env.kept:
                env.x = x
                self.check_shape(step, step.shape, env, result)
            return result
        except (Problem, Poisoned) as error:
            env.counters, env.copy = counters, copy
            return self.failed(step, env, error)

    def failed(self, step: Step, env: Env, error: Exception) -> Handles:
        """Report what is wrong with a node, unless that has been done, and go on without it."""
        if isinstance(error, Problem):
            self.report(error, env.definition.document.file, step.path)
        return self.poison(step, env)

    def poison(self, step: Step, env: Env) -> Handles:
        """Stand in for a node that failed, so that nothing that depends on it is reported."""
        handles = (env.body.new(None),)
        env.names.miscounted |= step.name is None
        for key, setting in (("name", step.name), ("as", step.label)):
            if setting is not None and not setting.constant:
                env.names.lost.append(around(text_at(env.definition, (*step.path, key))))
            elif setting is not None:
                name = str(setting.evaluate(env))
                env.names.entries.setdefault(name, Binding(env.body, handles, None, step.path))
                env.body.modules.setdefault(name, None)
        return handles

    # --- repeats ---------------------------------------------------------------------------------------

    def repeat(self, step: Step, env: Env, x: Handles) -> Handles:
        """Copies in a chain: spliced into the scope, or in a container of their own."""
        is_numbered = step.name is not None and step.index in step.name.names
        if step.when is not None and step.index not in step.when.names and self.is_removed(step, env, x):
            return self.removed_copies(step, env, x) if is_numbered else self.removed(step, env, x)
        count = self.count(step, env)
        if count == 0:
            return x if is_numbered else self.removed(step, env, x)
        inputs = self.sources(step, env, x)
        is_spliced = step.name is None or is_numbered
        contained = not is_spliced and self.makes_modules(step, env, x, inputs, count)
        if contained is None:  # only the name is left of an empty container
            return self.removed(step, env, x, inputs)
        if not contained:
            return self.copies(step, env, x, inputs, count)

        def build(inner: Env, given: list[Handles]) -> Handles:
            return self.copies(step, inner, given[0] if given else (), given, count, contained=True)

        env.kept = True
        return wiring.composite(self, step, env, "repeat", inputs, build, self.name(step, env))

    def makes_modules(
        self, step: Step, env: Env, x: Handles, inputs: list[Handles], count: int
    ) -> bool | None:
        """Whether the copies make modules, which the first that `when` keeps tells; `None` if it keeps none."""
        counters = env.counters
        try:
            for index in range(count):
                env.counters = {**counters, step.index: index}
                if not self.is_removed(step, env, x, inputs):
                    return calls.makes_modules(self, step, env)
        finally:
            env.counters = counters
        return None

    def removed_copies(self, step: Step, env: Env, x: Handles) -> Handles:
        """The copies of a node that `when` removes, each with the name that its counter makes."""
        counters = env.counters
        with suppress(Problem):  # the number of removed copies does not matter
            for index in range(self.count(step, env)):
                self.spend()
                env.counters = {**counters, step.index: index}
                x = self.removed(step, env, x)
        env.counters = counters
        return x

    def copies(
        self, step: Step, env: Env, x: Handles, inputs: list[Handles], count: int, *, contained: bool = False
    ) -> Handles:
        """`count` copies, each fed by the one before."""
        body, counters, copy = env.body, env.counters, env.copy
        start = len(body.types)
        alike = (
            (contained or step.kind == "call") and step.label is None and not step.names & {step.index, "*"}
        )
        for index in range(count):
            env.counters = {**counters, step.index: index}
            env.copy = (*copy, index)
            last = body.drafts[-1] if body.drafts else None
            if alike and index > 1 and last is not None and self.is_alike(last, body, start, x):
                x = self.call_again(last, env, x)
            else:
                before = len(body.drafts)
                x = self.copy(step, env, x, inputs, contained=contained, first=index == 0)
                alike &= len(body.drafts) == before + 1
            inputs = [x, *inputs[1:]] if inputs else []
        env.counters, env.copy = counters, copy
        return x

    def is_alike(self, last: Draft, body: Body, start: int, x: Handles) -> bool:
        """Whether the next copy of a node that does not mention its counter equals the last one.

        It does if its input has the same type, and if the last one used nothing else of the copies before it.
        """
        return (
            last.positional
            and bool(last.inputs)
            and (last.outputs[0],) == x
            and len(last.outputs) == 1
            and body.types[x[0]] == last.module.inputs[0]
            and all(handle < start for handle in last.inputs[1:])
        )

    def call_again(self, last: Draft, env: Env, x: Handles) -> Handles:
        """Another call of the module of the last copy."""
        self.spend()
        body = env.body
        draft = Draft(last.module, x + last.inputs[1:], last.origin, str(body.position), True, env.copy)
        draft.again = last.again
        body.position += 1
        return self.add(env, draft, last.origin.path)

    # --- one copy --------------------------------------------------------------------------------------

    def copy(
        self,
        step: Step,
        env: Env,
        x: Handles,
        inputs: list[Handles] | None = None,
        *,
        contained: bool = False,
        first: bool = False,
    ) -> Handles:
        """One copy of a node. In a container the copies are named by their position."""
        self.spend()
        if step.when is not None and self.is_removed(step, env, x, inputs):
            return self.removed(step, env, x, inputs)
        if inputs is None:
            inputs = self.sources(step, env, x)
        env.x = inputs[0]
        place = calls.Place(inputs, None if contained else self.name(step, env), contained)
        if step.kind == "call":
            result = calls.call(self, step, env, place, first=first)
        else:
            result = wiring.WIRING[step.kind](self, step, env, place)
        env.kept = True
        return result

    def check_shape(self, step: Step, shape: Setting, env: Env, result: Handles) -> None:
        """Check the shape that the node asserts of its output; for a repeat, of the last copy's."""
        asserted = self.evaluate(shape, env, "shape")
        if isinstance(asserted, tuple):
            asserted = calls.with_given(asserted, self.given)
        actual = env.single(result, "x")
        if asserted == actual.shape or any(isinstance(dim, Symbol) for dim in actual.shape):
            return  # sizes stay free: the assertion has been checked with those that the spec gives
        draft = env.body.maker(result[0])
        maker = None if draft is None else draft.module
        if maker is not None and maker.op is not None and "shape" in maker.op.model_fields_set:
            return  # an expression chose an op that has `shape` as a field
        dims = asserted if isinstance(asserted, tuple) else (asserted,)
        text = shape_text([dim if isinstance(dim, str) else show(dim) for dim in dims])
        problem = Problem(
            "AS405",
            f"the output is {actual}, not {text} as asserted",
            at=("shape",),
            notes=tuple(maker.op.explain(maker.inputs)) if maker is not None and maker.op is not None else (),
            help="the batch axis is part of a `shape`" if asserted == actual.shape[1:] else None,
        )
        self.report(problem, env.definition.document.file, step.path)  # and go on with the shape that it has
