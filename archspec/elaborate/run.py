"""What all nodes use of a run: limits, findings, caches, names and the body. The walk itself is in `elaborator`."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from archspec.diagnostics import Diagnostic, Label, Problem
from archspec.diagnostics.diagnostic import Path
from archspec.diagnostics.problems import Within
from archspec.elaborate.body import Body, Draft, Handles
from archspec.elaborate.frames import Frame, Poisoned
from archspec.elaborate.plans import Plans
from archspec.elaborate.scopes import Binding, Env, Names
from archspec.elaborate.settings import Setting
from archspec.elaborate.steps import Chain, Plan, Step
from archspec.ir import REMOVED, Module
from archspec.language import limits
from archspec.language.arithmetic import wrong_value
from archspec.language.document import Definition, Document
from archspec.language.names import check_label, check_module_name
from archspec.types import Dim, TensorType, TensorTypes, Value


class TooLarge(Exception):  # noqa: N818 — a limit, not an error of the program
    """The network exceeds a limit, which the message names."""


class Run(ABC):
    """The state of one run over one network. Findings are collected in `diagnostics`."""

    def __init__(self, plans: Plans | None = None) -> None:
        self.plans = plans or Plans()
        self.diagnostics: list[Diagnostic] = []
        self.seen: set[tuple[str, str, Path]] = set()
        self.unknown: set[tuple[Document, str]] = set()
        """The ops chosen by expressions that do not exist."""
        self.nodes = self.distinct = 0
        self.depth = 0
        self.dimensions: frozenset[str] = frozenset()
        """The free dimensions of the network's inputs."""
        self.given: dict[str, Dim] = {}
        """The values of the spec's free dimensions, where the inputs of this network have other shapes."""
        self.leaves: dict[tuple[Any, ...], Module] = {}
        self.instances: dict[tuple[Any, ...], Module | None] = {}
        self.contents: dict[tuple[Any, ...], frozenset[Definition]] = {}
        """The definitions of the blocks in an instance, its own included."""
        self.containing: list[set[Definition]] = []
        """The same for the instances under way, outermost first."""
        self.removals: dict[TensorType, Module] = {}
        self.frames: dict[Document, Frame] = {}
        self.active: list[tuple[Definition, str, Path]] = []
        """The block calls under way: what is called, and from which node."""

    # --- the walk --------------------------------------------------------------------------------------

    @abstractmethod
    def chain(self, chain: Chain, env: Env, x: Handles) -> Handles:
        """Elaborate the nodes in their order; the value of the last."""

    @abstractmethod
    def failed(self, step: Step, env: Env, error: Exception) -> Handles:
        """Report what is wrong with a node, unless that has been done; a value of unknown type."""

    @abstractmethod
    def instance(self, definition: Definition, args: dict[str, Value], types: TensorTypes) -> Module | None:
        """A block with its arguments, for inputs of these types; `None` where something is wrong in it."""

    # --- findings and limits ---------------------------------------------------------------------------------

    def report(self, problem: Problem, file: str, path: Path) -> None:
        """Record a finding, once for its code and place."""
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
        """Count a module that differs from all before it, and its values, which take time if they are long."""
        self.distinct += 1 + len(values) // 200
        if self.distinct > limits.DISTINCT:
            raise TooLarge(f"{limits.DISTINCT:,} distinct modules")

    def deeper(self) -> None:
        """Enter a group or a block, unless they are nested too deeply."""
        if self.depth >= limits.DEPTH:
            raise Problem("AS306", f"groups and blocks are nested deeper than {limits.DEPTH} levels")
        self.depth += 1

    # --- definitions -----------------------------------------------------------------------------------------

    def plan(self, definition: Definition) -> Plan:
        """The compiled body of a definition. Problems of its text are reported without the calls that led to it."""
        plan = self.plans.of(definition)
        if plan.problems:
            active, self.active = self.active, []
            for problem, path in plan.problems:
                self.report(problem, definition.document.file, path)
            self.active = active
        return plan

    def file_frame(self, document: Document, given: dict[str, Value] | None = None) -> Frame:
        """The frame of a file. `given` overrides its parameters; a library's keep their defaults."""
        frame = self.frames.get(document)
        if frame is None:
            frame = Frame(document, (), document.params, document.let, given or {}, {}, None, self.report)
            self.frames[document] = frame
        return frame

    def block_env(
        self, definition: Definition, args: dict[str, Value], types: TensorTypes, body: Body, handles: Handles
    ) -> Env:
        """The environment at the start of a block's body."""
        self.plans.reached.add(definition)
        document = definition.document
        inputs = {"input": types[0], **dict(zip(definition.inputs, types, strict=True))}
        frame = Frame(
            document,
            definition.path,
            definition.params,
            definition.let,
            args,
            inputs,
            self.file_frame(document),
            self.report,
        )
        named = {name: (handle,) for name, handle in zip(definition.inputs, handles, strict=True)}
        plan = self.plan(definition)
        names = Names(body, {"input": handles[:1], **named}, written=plan.names)
        return Env(frame, body, names, definition, plan)

    # --- keys of a node --------------------------------------------------------------------------------------

    def count(self, step: Step, env: Env) -> int:
        """How many copies a node has, or how many branches it stands for."""
        key, setting = ("repeat", step.repeat) if step.parallel is None else ("parallel", step.parallel)
        assert setting is not None  # noqa: S101 — only copies are counted
        count = self.evaluate(setting, env, key)
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise wrong_value(key, "an integer of at least 0", count)
        if count > limits.NODES:
            raise Problem(
                "AS306",
                f"{count:,} copies are more than the {limits.NODES:,} nodes that a network may have",
                at=(key,),
            )
        return count

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
        inputs: list[Handles] = []
        for source in step.sources:
            env.x = x
            with Within(*source.path[len(step.path) :]):
                values = env.each(str(source.evaluate(env)))
            for _ in values[1:]:
                self.spend()
            inputs += values
        if not inputs:
            raise Problem("AS310", "no value is left: what `*` stands for has no copies", at=("from",))
        return inputs

    def evaluate(self, setting: Setting, env: Env, *at: str | int) -> Value:
        """The value of a setting; problems are located at `at` below the node."""
        with Within(*at):
            return setting.evaluate(env)

    def truth(self, setting: Setting, env: Env, key: str) -> bool:
        """The value of a condition."""
        value = self.evaluate(setting, env, key)
        if not isinstance(value, bool):
            raise wrong_value(key, "true or false", value)
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
            with Within(key):
                check(text)
        return text

    # --- nodes of the body -----------------------------------------------------------------------------------

    def removed(self, step: Step, env: Env, x: Handles, inputs: list[Handles] | None = None) -> Handles:
        """Pass over a node that `when` removes: its name stands for its input.

        Problems of its name or its inputs are ignored, since no other node can refer to what they name.
        """
        value, words = inputs[0] if inputs else x, []
        with suppress(Problem, Poisoned):
            if inputs is None:
                value = self.sources(step, env, x)[0]
            env.x = value
            words = [word for word in (self.name(step, env), self.label(step, env)) if word is not None]
        passed = self.pass_through(step, env, value, words[0] if words else None)
        for word in words:
            env.names.enter(word, Binding(env.body, passed, None, step.path, stands_in=True))
        return passed if step.sources is None else x

    def pass_through(self, step: Step, env: Env, value: Handles, label: str | None = None) -> Handles:
        """Add a node that is not a module, whose value is its input."""
        if len(value) != 1:
            return value
        type_ = env.single(value, "x")
        module = self.removals.get(type_)
        if module is None:
            module = self.removals[type_] = Module(None, (type_,), (type_,), REMOVED, results=(0,))
        return env.body.add(Draft(module, value, step.origin, copy=env.copy, label=label))

    def draft(
        self, step: Step, env: Env, module: Module, handles: Handles, name: str | None, *, counts: bool = True
    ) -> Draft:
        """A node that is a module, named by its position if it has no name. A `param` with a name takes no position."""
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
                raise Problem(
                    "AS303",
                    f"there are two modules `{name}` in one scope",
                    at=() if draft.positional else ("name",),
                    help="in a repeat, put the counter into the name, as in `conv{i + 1}`"
                    if draft.copy
                    else "give one of them another name",
                    labels=self.owner(body, name, draft),
                    subject=name,
                )
            body.modules[name] = len(body.drafts)
        outputs = body.add(draft)
        value = outputs if draft.module.op is not None else outputs[: draft.module.parts]
        if name is not None:
            self.enter(env, name, Binding(body, value, draft, path), "name")
        if draft.label is not None:
            self.enter(env, draft.label, Binding(body, value, draft, path), "as")
        return value

    @staticmethod
    def owner(body: Body, name: str, other: Draft) -> list[Label]:
        """A label for the module that has the name already, if another node of the document makes it."""
        index = body.modules[name]
        first = body.drafts[index].origin if index is not None else other.origin
        return [] if first == other.origin else [Label("the first one", first.path, first.file)]

    def enter(self, env: Env, name: str, entry: Binding, key: str) -> None:
        """Give a name to a value; a problem is located at the node's `key`."""
        with Within(key):
            env.names.enter(name, entry)


@dataclass(slots=True)
class Budget:
    """What is left of the limits that the networks of a file share."""

    nodes: int = limits.ALL_NODES
    distinct: int = limits.ALL_DISTINCT

    @property
    def is_spent(self) -> bool:
        """Whether no further network may be elaborated."""
        return self.nodes <= 0 or self.distinct <= 0

    def take(self, run: Run) -> None:
        """Subtract the cost of a network."""
        self.nodes -= run.nodes
        self.distinct -= run.distinct
