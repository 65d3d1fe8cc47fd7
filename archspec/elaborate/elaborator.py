"""The one pass from plans to the module tree: parameters, names, wiring and shapes together.

This file has what all nodes share: findings, limits, definitions, chains, repeats, names. What a node does is in
`calls` (ops and blocks) and `wiring` (groups, residual, dense, joins, reuse).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import Any

from archspec.diagnostics import Diagnostic, Label, Problem
from archspec.diagnostics.diagnostic import Path
from archspec.elaborate import calls, wiring
from archspec.elaborate.body import Body, Draft, Handles
from archspec.elaborate.plan import Chain, Compiler, Plan, Step, text_at
from archspec.elaborate.scopes import Entry, Env, Frame, Names, Poisoned
from archspec.elaborate.settings import Setting
from archspec.elaborate.targets import check_defaults
from archspec.ir import Module, Origin
from archspec.language import limits
from archspec.language.document import Definition, Document
from archspec.language.expressions import show
from archspec.language.names import check_label, check_module_name
from archspec.language.templates import around
from archspec.ops.core.symbol import Symbol
from archspec.types import Dim, TensorType, Value

Types = tuple[TensorType, ...]


class TooLarge(Exception):  # noqa: N818 — a limit, not an error of the program
    """The network has more than archspec elaborates, of what the message says."""


@dataclass(slots=True)
class Budget:
    """What the networks of a file may cost together: what is left of it."""

    nodes: int = limits.ALL_NODES
    distinct: int = limits.ALL_DISTINCT

    @property
    def is_spent(self) -> bool:
        """Whether no further network may be elaborated."""
        return self.nodes <= 0 or self.distinct <= 0

    def take(self, run: "Elaborator") -> None:
        """Take off what a network has cost."""
        self.nodes -= run.nodes
        self.distinct -= run.distinct


class Elaborator:
    """One run over one network. Findings are collected in `diagnostics`."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.seen: set[tuple[str, str, Path]] = set()
        self.unknown: set[tuple[Document, str]] = set()
        """The ops that do not exist, of those that expressions choose."""
        self.nodes = self.distinct = 0
        self.depth = 0
        self.dimensions: frozenset[str] = frozenset()
        """The free dimensions of the network's inputs."""
        self.given: dict[str, Dim] = {}
        """What free dimensions of the spec are in this network, where its inputs have other shapes."""
        self.leaves: dict[tuple[Any, ...], Module] = {}
        self.instances: dict[tuple[Any, ...], Module | None] = {}
        self.contents: dict[tuple[Any, ...], frozenset[Definition]] = {}
        """The definitions of the blocks in an instance, its own included."""
        self.containing: list[set[Definition]] = []
        """The same of those under way."""
        self.removals: dict[TensorType, Module] = {}
        self.frames: dict[Document, Frame] = {}
        self.active: list[tuple[Definition, str, Path]] = []
        """The block calls under way: what is called, and from which node."""

    # --- findings and limits ---------------------------------------------------------------------------

    def report(self, problem: Problem, file: str, path: Path) -> None:
        """Keep a finding, once for its code and place."""
        diagnostic = problem.located(file, path, [(file, path) for _, file, path in reversed(self.active)])
        key = (diagnostic.code, file, diagnostic.path)
        if key not in self.seen:
            self.seen.add(key)
            self.diagnostics.append(diagnostic)

    def spend(self) -> None:
        """Count a node."""
        self.nodes += 1
        if self.nodes > limits.NODES:
            raise TooLarge(f"{limits.NODES:,} nodes, equal blocks counted once")

    def differ(self, values: str) -> None:
        """Count a module that is like no other so far, and the length of its values, which take time as well."""
        self.distinct += 1 + len(values) // 200
        if self.distinct > limits.DISTINCT:
            raise TooLarge(f"{limits.DISTINCT:,} modules that differ from each other")

    def deeper(self) -> None:
        """Enter a group or a block; bound how deep they are nested."""
        if self.depth >= limits.DEPTH:
            raise Problem("AS306", f"groups and blocks are nested deeper than {limits.DEPTH} levels")
        self.depth += 1

    # --- definitions -----------------------------------------------------------------------------------

    def plan(self, definition: Definition) -> Plan:
        """The compiled body of a definition. What is wrong in its text is reported, whoever calls it."""
        plan: Plan | None = definition.compiled
        if plan is None:
            plan = definition.compiled = Compiler(definition).plan()
        if plan.problems:
            active, self.active = self.active, []
            for problem, path in plan.problems:
                self.report(problem, definition.document.file, path)
            self.active = active
        return plan

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
                    problem = Problem("AS304", f"the block `{called.name}` contains itself")
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

    def file_frame(self, document: Document, given: dict[str, Value] | None = None) -> Frame:
        """The frame of a file. `given` overrides its parameters; a library's keep their defaults."""
        frame = self.frames.get(document)
        if frame is None:
            frame = Frame(document, (), document.params, document.let, given or {}, {}, None, self.report)
            self.frames[document] = frame
        return frame

    def instance(self, definition: Definition, args: dict[str, Value], types: Types) -> Module | None:
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
            # it was made elsewhere, where it was not inside of itself
            inside = next(
                active for active, _, _ in self.active if active in self.contents[key] - {definition}
            )
            raise Problem("AS304", f"the block `{inside.name}` contains itself")
        if self.containing:
            self.containing[-1] |= self.contents[key]
        return self.instances[key]

    def elaborate_block(self, definition: Definition, args: dict[str, Value], types: Types) -> Module | None:
        """A block in a scope of its own."""
        body = Body()
        env = self.block_env(definition, args, types, body, tuple([body.add_input(type_) for type_ in types]))
        x = self.chain(self.plan(definition).chain, env, env.names.inputs["input"])
        file, path = definition.document.file, definition.path
        try:
            env.x, env.order = x, inf
            env.single(x, "x")
            exports = self.outputs(env, definition.outputs, "outputs")
        except Problem as problem:
            self.report(problem, file, path)
            return None
        except Poisoned:
            return None
        return body.finish(
            definition.name, x + exports, Origin(file, path), tuple(args.items()),
            declared=len(types), exports=definition.outputs,
        )  # fmt: skip

    def outputs(self, env: Env, names: tuple[str, ...], key: str) -> Handles:
        """The declared outputs of a block or the model, each one tensor."""
        found: list[int] = []
        for index, name in enumerate(names):
            try:
                handles = env.resolve(name)
                env.single(handles, name)
                if handles[0] in found:
                    raise Problem("AS303", f"`{name}` is an output already")
            except Problem as problem:
                raise problem.within(key, index) from None
            found += handles
        return tuple(found)

    def block_env(
        self, definition: Definition, args: dict[str, Value], types: Types, body: Body, handles: Handles
    ) -> Env:  # fmt: skip
        """The place where a block's body starts."""
        definition.reached = True
        document = definition.document
        inputs = {"input": types[0], **dict(zip(definition.inputs, types, strict=True))}
        frame = Frame(
            document, definition.path, definition.params, definition.let, args, inputs,
            self.file_frame(document), self.report,
        )  # fmt: skip
        named = {name: (handle,) for name, handle in zip(definition.inputs, handles, strict=True)}
        names = Names(body, {"input": handles[:1], **named}, written=self.plan(definition).names)
        return Env(frame, body, names, definition)

    # --- chains ----------------------------------------------------------------------------------------

    def chain(self, chain: Chain, env: Env, x: Handles) -> Handles:
        """Node after node; the value of the last."""
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
        except Problem as problem:
            self.report(problem, env.definition.document.file, step.path)
        except Poisoned:
            pass
        env.counters, env.copy = counters, copy
        return self.poison(step, env)

    def poison(self, step: Step, env: Env) -> Handles:
        """Stand in for a node that failed, so that nothing that depends on it is reported."""
        handles = (env.body.new(None),)
        for key, setting in (("name", step.name), ("as", step.label)):
            if setting is not None and not setting.constant:
                env.names.lost.append(around(text_at(env.definition, (*step.path, key))))
            elif setting is not None:
                name = str(setting.evaluate(env))
                env.names.entries.setdefault(name, Entry(env.body, handles, None, step.path))
                env.body.modules.setdefault(name, None)
        return handles

    # --- repeats ---------------------------------------------------------------------------------------

    def count(self, step: Step, env: Env) -> int:
        """How many copies a node has."""
        assert step.repeat is not None  # noqa: S101 — only repeats are counted
        count = self.evaluate(step.repeat, env, "repeat")
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise Problem(
                "AS203", f"`repeat` must be an integer of at least 0, not {show(count)}", at=("repeat",)
            )
        if count > limits.NODES:
            raise Problem("AS306", f"{count:,} copies are more than the {limits.NODES:,} nodes that a network may have",
                          at=("repeat",))  # fmt: skip
        return count

    def repeat(self, step: Step, env: Env, x: Handles) -> Handles:
        """Copies in a chain: spliced into the scope, or in a container of their own."""
        is_numbered = step.name is not None and step.index in step.name.names
        if step.when is not None and step.index not in step.when.names and self.is_removed(step, env, x):
            return self.removed_copies(step, env, x) if is_numbered else self.removed(step, env, x)
        count = self.count(step, env)
        if count == 0:
            return x if is_numbered else self.removed(step, env, x)
        inputs = self.sources(step, env, x)
        if step.name is None or is_numbered or not self.makes_modules(step, env, x, inputs, count):
            return self.copies(step, env, x, inputs, count)

        def build(inner: Env, given: list[Handles]) -> Handles:
            return self.copies(step, inner, given[0] if given else (), given, count, contained=True)

        env.kept = True
        return wiring.composite(self, step, env, "repeat", inputs, build, self.name(step, env))

    def makes_modules(self, step: Step, env: Env, x: Handles, inputs: list[Handles], count: int) -> bool:
        """Whether the copies of a node make modules: as the first does that `when` does not remove."""
        counters = env.counters
        try:
            for index in range(count):
                env.counters = {**counters, step.index: index}
                if not self.is_removed(step, env, x, inputs):
                    return calls.makes_modules(self, step, env)
        finally:
            env.counters = counters
        return True

    def removed_copies(self, step: Step, env: Env, x: Handles) -> Handles:
        """The copies of a node that `when` removes, each with the name that its counter makes."""
        counters = env.counters
        with suppress(Problem):  # of how many copies, nobody asks
            for index in range(self.count(step, env)):
                self.spend()
                env.counters = {**counters, step.index: index}
                x = self.removed(step, env, x)
        env.counters = counters
        return x

    def copies(
        self, step: Step, env: Env, x: Handles, inputs: list[Handles], count: int, *, contained: bool = False
    ) -> Handles:  # fmt: skip
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
        """Whether the next copy of a node that does not mention its counter is the last one again.

        It is if its input has the same type, and if the last one used nothing of the copies before it but its input.
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
        self, step: Step, env: Env, x: Handles, inputs: list[Handles] | None = None, *, contained: bool = False,
        first: bool = False,
    ) -> Handles:  # fmt: skip
        """One copy of a node. In a container the copies are named by their position."""
        self.spend()
        if step.when is not None and self.is_removed(step, env, x, inputs):
            return self.removed(step, env, x, inputs)
        if inputs is None:
            inputs = self.sources(step, env, x)
        env.x = inputs[0]
        name = None if contained or step.name is None else self.name(step, env)
        if step.kind == "call":
            result = calls.call(self, step, env, inputs, name, contained=contained, first=first)
        else:
            result = wiring.WIRING[step.kind](self, step, env, inputs, name, contained)
        env.kept = True
        return result

    def is_removed(self, step: Step, env: Env, x: Handles, inputs: list[Handles] | None = None) -> bool:
        """Whether `when` is false. Of the rest of the node, only `from` is evaluated, and only if `x` is asked for."""
        if step.when is None:
            return False
        env.x = inputs[0] if inputs else x
        if inputs is None and step.sources is not None:
            env.late = lambda: self.sources(step, env, x)[0]
        try:
            return not self.truth(step.when, env, "when")
        finally:
            env.late = None

    def sources(self, step: Step, env: Env, x: Handles) -> list[Handles]:
        """The inputs of a node: what `from` names, or the value before it."""
        if step.sources is None:
            return [x]
        inputs = []
        for source in step.sources:
            env.x = x
            try:
                inputs.append(env.resolve(str(source.evaluate(env))))
            except Problem as problem:
                raise problem.within(*source.path[len(step.path) :]) from None
        return inputs

    def evaluate(self, setting: Setting, env: Env, *at: str | int) -> Value:
        """The value of a setting; problems are located at `at` below the node."""
        try:
            return setting.evaluate(env)
        except Problem as problem:
            raise problem.within(*at) from None

    def truth(self, setting: Setting, env: Env, key: str) -> bool:
        """The value of a condition."""
        value = self.evaluate(setting, env, key)
        if not isinstance(value, bool):
            raise Problem("AS203", f"`{key}` must be true or false, not {show(value)}", at=(key,))
        return value

    def name(self, step: Step, env: Env) -> str | None:
        """The name that the node gives itself."""
        return self.text(step.name, env, "name", check_module_name)

    def label(self, step: Step, env: Env) -> str | None:
        """The name that the node gives its value with `as`."""
        return self.text(step.label, env, "as", check_label)

    def text(self, setting: Setting | None, env: Env, key: str, check: Callable[[str], None]) -> str | None:
        """A name, checked if it was not when it was compiled."""
        if setting is None:
            return None
        text = str(self.evaluate(setting, env, key))
        if not setting.constant:
            try:
                check(text)
            except Problem as problem:
                raise problem.within(key) from None
        return text

    def check_shape(self, step: Step, shape: Setting, env: Env, result: Handles) -> None:
        """The shape that the node asserts of its output; of a repeat, that of the last copy."""
        asserted = self.evaluate(shape, env, "shape")
        if isinstance(asserted, tuple):
            asserted = calls.with_given(asserted, self.given)
        actual = env.single(result, "x")
        if asserted == actual.shape or any(isinstance(dim, Symbol) for dim in actual.shape):
            return  # where sizes stay free, what is asserted has been checked for those that the spec gives
        maker = next(
            (draft.module for draft in reversed(env.body.drafts) if result[0] in draft.outputs), None
        )
        if maker is not None and maker.op is not None and "shape" in maker.op.model_fields_set:
            return  # an op that an expression chose, and whose field it is
        text = "×".join(map(str, asserted)) if isinstance(asserted, tuple) else show(asserted)
        problem = Problem(
            "AS405", f"the output is {actual}, not {text} as asserted", at=("shape",),
            notes=tuple(maker.op.explain(maker.inputs)) if maker is not None and maker.op is not None else (),
            help="the batch axis is part of a `shape`" if asserted == actual.shape[1:] else None,
        )  # fmt: skip
        self.report(problem, env.definition.document.file, step.path)  # and go on with the shape that it has

    # --- nodes of the body -----------------------------------------------------------------------------

    def removed(self, step: Step, env: Env, x: Handles, inputs: list[Handles] | None = None) -> Handles:
        """A node that `when` removes: the chain passes through, its name stands for its input.

        Nothing is wrong with it: a name or an input that it cannot have is one that nobody can ask for.
        """
        value, words = inputs[0] if inputs else x, []
        with suppress(Problem, Poisoned):
            if inputs is None:
                value = self.sources(step, env, x)[0]
            env.x = value
            words = [word for word in (self.name(step, env), self.label(step, env)) if word is not None]
        passed = self.pass_through(step, env, value, words[0] if words else None)
        for word in words:
            env.names.enter(word, Entry(env.body, passed, None, step.path, stands_in=True))
        return passed if step.sources is None else x

    def pass_through(self, step: Step, env: Env, value: Handles, label: str | None = None) -> Handles:
        """A node that is no module, whose value is its input."""
        if len(value) != 1:
            return value
        type_ = env.single(value, "x")
        module = self.removals.get(type_)
        if module is None:
            module = self.removals[type_] = Module(None, (type_,), (type_,), "removed", results=(0,))
        return env.body.add(Draft(module, value, step.origin, copy=env.copy, label=label))

    def draft(
        self, step: Step, env: Env, module: Module, handles: Handles, name: str | None, *, counts: bool = True
    ) -> Draft:  # fmt: skip
        """A node that is a module, named by its position if nothing else. `param` counts only there."""
        draft = Draft(module, handles, step.origin, name, copy=env.copy)
        if name is None:
            draft.name, draft.positional = str(env.body.position), True
        if counts or name is None:
            env.body.position += 1
        return draft

    def add(self, env: Env, draft: Draft, path: Path) -> Handles:
        """Append a node and enter its names."""
        body, name = env.body, draft.name
        if name is not None:
            if name in body.modules:
                raise Problem("AS303", f"there are two modules `{name}` in one scope",
                              at=() if draft.positional else ("name",),
                              help="in a repeat, put the counter into the name, such as `conv{i + 1}`"
                              if draft.copy else "give one of them another name",
                              labels=self.owner(body, name, draft))  # fmt: skip
            body.modules[name] = len(body.drafts)
        outputs = body.add(draft)
        value = outputs if draft.module.op is not None else outputs[: draft.module.parts]
        if name is not None:
            self.enter(env, name, Entry(body, value, draft, path), "name")
        if draft.label is not None:
            self.enter(env, draft.label, Entry(body, value, draft, path), "as")
        return value

    @staticmethod
    def owner(body: Body, name: str, other: Draft) -> list[Label]:
        """Where the module is that has a name already, if that is another node of the document."""
        index = body.modules[name]
        first = body.drafts[index].origin if index is not None else other.origin
        return [] if first == other.origin else [Label("the first one", first.path, first.file)]

    def enter(self, env: Env, name: str, entry: Entry, key: str) -> None:
        """Give a name to a value; a problem is that of the node's `key`."""
        try:
            env.names.enter(name, entry)
        except Problem as problem:
            raise problem.within(key) from None
