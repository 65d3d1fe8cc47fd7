"""The nodes of a document, compiled: what can be known, and what is wrong, before any shape is.

Each definition is compiled once. A step keeps what its node says: constants as values, expressions parsed, ops
looked up and their keys checked, names checked against what is in scope.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from archspec import ops
from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import Path, Replacement, shown, suggest
from archspec.elaborate.construct import construct
from archspec.elaborate.scopes import Poisoned, undefined
from archspec.elaborate.settings import NOTHING, NOWHERE, Setting, compile_argument, compile_setting
from archspec.elaborate.targets import (
    Target,
    compile_field,
    field_names,
    no_keyword,
    required,
    resolve_op,
    unknown_field,
)
from archspec.ir import Module, Origin
from archspec.language import limits
from archspec.language.document import Definition
from archspec.language.expressions import show
from archspec.language.names import (
    NODE_KEYS,
    WIRING_KEYS,
    WIRING_OPS,
    check_label,
    check_module_name,
    check_param_name,
)
from archspec.language.outputs import Output
from archspec.language.params import MISSING
from archspec.language.templates import around, fits
from archspec.ops.core.base import Op
from archspec.ops.core.fields import EXPRESSION, PADDING_KEYWORDS, TEXT, Reading
from archspec.types import TensorType, Value

DIMENSIONS = Reading(dimension=True)


@dataclass(slots=True, eq=False, repr=False)
class Step:
    """A node of the document."""

    path: Path
    origin: Origin
    order: int
    """Its place among the nodes of the definition, as they are written."""
    kind: str = "call"
    """`call`, `group`, `residual`, `dense`, `join` (with branches) or `reuse`."""
    op: Setting | None = None
    target: Target | None = None
    """What `op` stands for, where it is not chosen by an expression."""
    name: Setting | None = None
    label: Setting | None = None
    sources: list[Setting] | None = None
    repeat: Setting | None = None
    parallel: Setting | None = None
    """The number of branches that an item of `branches` stands for."""
    index: str = "i"
    first: dict[str, Any] = field(default_factory=dict)
    when: Setting | None = None
    shape: Setting | None = None
    asserted: Any = None
    """`shape` as the document has it, which is a field of some ops, if an expression chooses the op."""
    let: dict[str, Setting] = field(default_factory=dict)
    """What a group computes for the nodes in it."""
    layers: "Chain" = field(default_factory=list)
    shortcut: "Chain | None" = None
    skip: Setting | None = None
    branches: "Chain" = field(default_factory=list)
    of: Setting | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    """The fields of the op as the document has them."""
    settings: dict[tuple[Target, bool], "Settings"] = field(default_factory=dict)
    """The compiled fields for each op that this node can be, without and with `first`."""
    names: frozenset[str] = NOTHING
    """What the node and everything inside mention; `*` where that is not known."""
    own: frozenset[str] = NOTHING
    """What the node itself mentions, without what is inside."""
    broken: bool = False
    cache: dict[tuple[TensorType, ...], Module] = field(default_factory=dict)
    """The modules of a node whose fields are constant."""


Chain = list[Union[Step, "Chain"]]


@dataclass(slots=True, eq=False, repr=False)
class Settings:
    """The fields of an op or the arguments of a block, compiled for one node."""

    items: dict[str, Setting]
    lexical: frozenset[str] = NOTHING
    """The names of those that come from `[defaults]`, which see the file, not the node."""
    fixed: dict[str, Value] = field(init=False)
    """The values of those that are constant."""
    varying: tuple[tuple[str, Setting], ...] = field(init=False)
    """The others."""
    op: Op | None = None
    """The op itself, where all its fields are constant."""

    def __post_init__(self) -> None:
        self.fixed = {key: item.evaluate(NOWHERE) for key, item in self.items.items() if item.constant}
        self.varying = tuple([(key, item) for key, item in self.items.items() if not item.constant])


@dataclass(slots=True, eq=False, repr=False)
class Plan:
    """A definition, compiled."""

    chain: Chain
    names: dict[str, int]
    """Every name that a node or value gets, as far as it is written out, with the order of its node."""
    problems: list[tuple[Problem, Path]]
    """What is wrong in the text, with where it is."""
    calls: list[tuple[Definition, Path]]
    """The blocks that are called by name, and from where."""
    outputs: dict[str, list[tuple[Output, Setting | None]]]
    """What is declared under `outputs` and `train_outputs`, each with its condition."""
    lost: set[str]
    """The names in nodes that are broken: whoever refers to one is not to blame."""

    def is_lost(self, name: str) -> bool:
        """Whether a node that is broken has this name, or may have it."""
        made = (around(text) for text in self.lost if "{" in text)
        return name in self.lost or any(any(parts) and fits(name, parts) for parts in made)


class Compiler:
    """Compiles the nodes of one definition."""

    def __init__(self, definition: Definition, counters: tuple[str, ...] = ()) -> None:
        self.definition = definition
        self.document = definition.document
        self.problems: list[tuple[Problem, Path]] = []
        self.counters = counters
        self.given: dict[str, int] = {}
        self.order = 0
        self.calls: list[tuple[Definition, Path]] = []
        self.lost: set[str] = set()

    def plan(self) -> Plan:
        """The compiled body. Problems are reported, and their nodes marked as broken."""
        for name, raw in self.definition.let.items():
            path: Path = (*self.definition.path, "let", name)
            try:
                self.check_names(compile_setting(raw, EXPRESSION, path), ())
            except Problem as problem:
                self.problems.append((problem, path))
        self.defaults()
        chain = self.chain(self.definition.layers, (*self.definition.path, "layers"))
        outputs = {
            "outputs": self.outputs(self.definition.outputs, "outputs"),
            "train_outputs": self.outputs(self.definition.train_outputs, "train_outputs"),
        }
        return Plan(chain, self.given, self.problems, self.calls, outputs, self.lost)

    def outputs(self, declared: tuple[Output, ...], key: str) -> list[tuple[Output, Setting | None]]:
        """The declared outputs whose conditions are right."""
        compiled: list[tuple[Output, Setting | None]] = []
        for output in declared:
            path: Path = (*self.definition.path, key, output.at[0], "when")
            try:
                setting = None
                if output.when is not None:
                    setting = compile_setting(output.when, EXPRESSION, path)
                    self.check_names(setting, ())
                compiled.append((output, setting))
            except Problem as problem:
                self.problems.append((problem, path))
        return compiled

    def defaults(self) -> None:
        """Check the expressions that are defaults of the definition's parameters, whether it is called or not."""
        for name, param in self.definition.params.items():
            if param.long_form and param.default is not MISSING:
                path = (*self.definition.path, "params", name, "default")
                try:
                    self.check_names(compile_argument(param.default, param, path), ())
                except Problem as problem:
                    self.problems.append((problem, path))

    def chain(self, raw: Any, path: Path) -> Chain:
        """A list of nodes."""
        if not isinstance(raw, list):
            help_ = "one node is a list too: put [ … ] around it" if isinstance(raw, str | dict) else None
            raise Problem(
                "AS203", f"`{path[-1]}` must be a list of nodes, not {show(raw)}", at=path[-1:], help=help_
            )
        return [self.node(item, (*path, index)) for index, item in enumerate(raw)]

    def node(self, raw: Any, path: Path) -> "Step | Chain":
        """A node in any of its four forms."""
        if isinstance(raw, list):
            return self.chain(raw, path)
        self.order += 1
        step = Step(path, Origin(self.document.file, path), self.order)
        if len(self.problems) >= limits.FINDINGS:
            step.broken = True
            return step
        try:
            if isinstance(raw, str):
                raw = {"op": raw}
            if not isinstance(raw, dict):
                raise Problem("AS203", f"a node is a table, a name or a list, not {show(raw)}")
            self.table(step, raw)
        except Problem as problem:
            step.broken = True
            self.problems.append((problem, path))
        except Poisoned:
            step.broken = True
        if step.broken:
            self.lost.update(texts(raw))  # any of which may be a name that it gives
        return step

    def table(self, step: Step, raw: dict[str, Any]) -> None:
        """A node that is a table."""
        outside = self.counters
        if "let" in raw and "op" in raw:
            raise Problem(
                "AS208",
                "only a group has `let`",
                at=("let",),
                help="put the node into a group: { let = { … }, layers = [ … ] }",
                about_key=True,
            )
        if raw.keys() & {"index", "repeat", "parallel"}:
            self.counter(step, raw)
        self.common(step, raw, outside)
        fields = {
            key: value
            for key, value in raw.items()
            if key not in NODE_KEYS or (key == "shape" and step.shape is None)
        }
        if "op" not in raw:
            self.group(step, raw, fields)
        else:
            self.operation(step, raw, fields)
        self.counters = outside
        step.own = step.names
        step.names = step.names.union(
            *(_names(inner) - step.let.keys() for inner in (step.layers, step.shortcut, step.branches))
        )

    def counter(self, step: Step, raw: dict[str, Any]) -> None:
        """`index`, the counter that the node and everything inside can use."""
        index = raw.get("index", "i")
        if "parallel" in raw:
            self.check_parallel(step, raw)
        elif "repeat" not in raw:
            raise Problem(
                "AS208",
                "`index` names the counter of a `repeat`, but there is none",
                at=("index",),
                about_key=True,
            )
        if not isinstance(index, str):
            raise Problem("AS203", f"`index` must be a name, not {show(index)}", at=("index",))
        try:
            check_param_name(index)
        except Problem as problem:
            raise problem.within("index") from None
        step.index = index
        self.counters = (*self.counters, index)

    @staticmethod
    def check_parallel(step: Step, raw: dict[str, Any]) -> None:
        """Refuse `parallel` where there are no branches."""
        if step.path[-2] != "branches":
            raise Problem(
                "AS208",
                "`parallel` makes branches, and stands directly in `branches`",
                at=("parallel",),
                help="copies that follow each other are made by `repeat`",
                about_key=True,
            )
        if "repeat" in raw:
            raise Problem(
                "AS208",
                "a branch has `parallel` or `repeat`, not both",
                at=("repeat",),
                help="put the node with its `repeat` into a group: { parallel = …, layers = [ … ] }",
                about_key=True,
            )

    def common(self, step: Step, raw: dict[str, Any], outside: tuple[str, ...]) -> None:
        """The keys that every node has. `repeat` and `shape` are evaluated outside of the counter."""
        if "name" in raw:
            step.name = self.text(step, raw, "name", check_module_name)
        if "as" in raw:
            step.label = self.text(step, raw, "as", check_label)
        if "from" in raw:
            self.sources(step, raw["from"])
        if "when" in raw:
            step.when = self.scalar(step, raw, "when")
        inside, self.counters = self.counters, outside
        if "repeat" in raw:
            step.repeat = self.scalar(step, raw, "repeat")
            self.check_sources(step)
        if "parallel" in raw:
            step.parallel = self.scalar(step, raw, "parallel")
            self.counters = inside
        if "shape" in raw and not self.is_field(raw, "shape"):
            if not isinstance(raw["shape"], list):
                raise Problem(
                    "AS203", f"`shape` must be a list of sizes, not {show(raw['shape'])}", at=("shape",)
                )
            step.shape = self.setting(step, raw["shape"], DIMENSIONS, ("shape",))
            step.asserted = raw["shape"]
        self.counters = inside
        if not isinstance(raw.get("doc", ""), str):
            raise Problem("AS203", f"`doc` must be text, not {show(raw['doc'])}", at=("doc",))
        if "first" in raw:
            self.first(step, raw)

    def first(self, step: Step, raw: dict[str, Any]) -> None:
        """The fields of the first copy; compiled with the op's others."""
        if "repeat" not in raw:
            raise Problem(
                "AS208",
                "`first` overrides the first copy of a `repeat`, but there is none",
                at=("first",),
                about_key=True,
            )
        if not isinstance(raw["first"], dict):
            raise Problem(
                "AS203", f"`first` must be a table of fields, not {show(raw['first'])}", at=("first",)
            )
        step.first = raw["first"]

    def sources(self, step: Step, raw: Any) -> None:
        """`from`: a name, or a list of names."""
        listed = raw if isinstance(raw, list) else [raw]
        if not listed:
            raise Problem("AS203", "`from` must name at least one value", at=("from",))
        step.sources = []
        for index, source in enumerate(listed):
            at: Path = ("from", index) if isinstance(raw, list) else ("from",)
            if not isinstance(source, str):
                raise Problem("AS203", f"`from` must be a name or a list of names, not {show(source)}", at=at)
            step.sources.append(self.setting(step, source, TEXT, at))

    def check_sources(self, step: Step) -> None:
        """Refuse a `from` that uses the counter of its own node."""
        for source in step.sources or ():
            if step.index in source.names:
                raise Problem(
                    "AS208",
                    f"`from` feeds the first copy only: it cannot use the counter `{step.index}`",
                    at=source.path[len(step.path) :],
                    help="put the `repeat` around the node, so that each copy has its own `from`: "
                    "{ repeat = …, layers = [{ from = …, … }] }",
                    about_key=True,
                )

    def is_field(self, raw: dict[str, Any], key: str) -> bool:
        """Whether the node's op has a field of its own called like a common key, as `reshape` has `shape`."""
        op = raw.get("op")
        target = ops.lookup(op) if isinstance(op, str) and op not in self.document.blocks else None
        return target is not None and key in target.model_fields

    def text(self, step: Step, raw: dict[str, Any], key: str, check: Callable[[str], None]) -> Setting:
        """A name, checked now if no expression is part of it."""
        if not isinstance(raw[key], str):
            raise Problem("AS203", f"`{key}` must be text, not {show(raw[key])}", at=(key,))
        setting = self.setting(step, raw[key], TEXT, (key,))
        if setting.constant:
            try:
                check(raw[key])
            except Problem as problem:
                raise problem.within(key) from None
            self.given.setdefault(raw[key], step.order)
        return setting

    def scalar(self, step: Step, raw: dict[str, Any], key: str) -> Setting:
        """A number or a condition."""
        if isinstance(raw[key], list | dict):
            what = "an integer" if key in ("repeat", "parallel") else "true or false"
            raise Problem(
                "AS203", f"`{key}` must be {what}, or an expression, not {show(raw[key])}", at=(key,)
            )
        return self.setting(step, raw[key], EXPRESSION, (key,))

    def setting(self, step: Step, raw: Any, reading: Reading, at: Path) -> Setting:
        """Compile one value of the node and check the names in it."""
        try:
            setting = compile_setting(raw, reading, (*step.path, *at))
        except Problem as problem:
            raise problem.within(*at) from None
        self.check_names(setting, at)
        step.names |= setting.names
        return setting

    @property
    def spaces(self) -> tuple[Mapping[str, Any], ...]:
        """What has the names that an expression can use, but for counters."""
        return self.definition.params, self.definition.let, self.document.params, self.document.let

    def is_defined(self, name: str) -> bool:
        """Whether an expression can use a name."""
        return name in self.counters or any(name in space for space in self.spaces)

    def is_no_keyword(self, raw: Any, setting: Setting) -> bool:
        """Whether a padding is a keyword, for an op that has none."""
        return (
            isinstance(raw, str)
            and raw in PADDING_KEYWORDS
            and setting.names == {raw}
            and not self.is_defined(raw)
        )

    def check_names(self, setting: Setting, at: Path) -> None:
        """Every name in an expression is a counter, a parameter or a `let`."""
        for part in setting.parts:
            self.check_names(part, (*at, part.path[-1]))
        for name in sorted(setting.names):
            if not self.is_defined(name):
                known = [
                    *self.counters,
                    *(word for space in self.spaces for word in space),
                    *sorted(setting.words),
                ]
                raise undefined(name, known).within(*at)

    def group(self, step: Step, raw: dict[str, Any], fields: dict[str, Any]) -> None:
        """A node without an op."""
        if "layers" not in raw:
            near = next((key for key in raw if suggest(key, ["op", "layers"])), None)
            help_: Replacement | str | None = suggest(near, ["op", "layers"]) if near else None
            if near is None and raw.keys() & {"type", "kind", "layer", "module", "class"}:
                help_ = "what a node does stands in `op`"
            raise Problem("AS202", "a node needs `op`, or `layers` for a group", help=help_)
        step.kind = "group"
        self.only(step, fields, ("layers",), "a group")
        if "let" in raw:
            self.lets(step, raw["let"])
        step.layers = self.chain(raw["layers"], (*step.path, "layers"))

    def lets(self, step: Step, raw: Any) -> None:
        """`let` of a group: values that the nodes in it, and each other, can use."""
        if not isinstance(raw, dict):
            raise Problem("AS203", f"`let` must be a table, not {show(raw)}", at=("let",))
        for name in raw:
            try:
                check_param_name(name, "a `let`")
            except Problem as problem:
                problem.about_key = True
                raise problem.within("let", name) from None
        self.counters = (*self.counters, *raw)
        for name, value in raw.items():
            step.let[name] = self.setting(step, value, EXPRESSION, ("let", name))
        step.names -= raw.keys()

    def only(self, step: Step, fields: dict[str, Any], known: tuple[str, ...], what: str) -> None:
        """Refuse fields that a wiring node does not have."""
        for key in fields:
            if key not in known:
                raise Problem(
                    "AS201",
                    f"{what} has no `{shown(key)}`",
                    at=(key,),
                    help=suggest(key, [*known, *NODE_KEYS]) or f"its own keys are {', '.join(known)}",
                    subject=key,
                    about_key=True,
                )
        if step.first:
            raise Problem(
                "AS208", f"{what} has no fields that `first` could override", at=("first",), about_key=True
            )

    def operation(self, step: Step, raw: dict[str, Any], fields: dict[str, Any]) -> None:
        """A node with an op: wiring, a join, or a call."""
        op = raw["op"]
        if not isinstance(op, str):
            raise Problem("AS203", f"`op` must be text, not {show(op)}", at=("op",))
        if op in WIRING_OPS:
            getattr(self, op)(step, raw, fields)
            return
        step.op = self.setting(step, op, TEXT, ("op",))
        if "branches" in raw:
            step.kind = "join"
            if not isinstance(raw["branches"], list) or not raw["branches"]:
                raise Problem("AS203", "`branches` must be a list with at least one node", at=("branches",))
            step.branches = self.chain(raw["branches"], (*step.path, "branches"))
            self.check_branches(step.branches)
            del fields["branches"]
        for key in WIRING_KEYS:
            if key in fields:
                if step.op.constant:
                    target = resolve_op(
                        op, self.document, self.definition
                    )  # a misspelt `residual` comes first
                    if isinstance(target, Definition) and key in target.params:
                        continue  # no name for a parameter, which is what has been reported
                raise Problem(
                    "AS208", f"`{shown(op)}` has no `{key}`", at=(key,), subject=key, about_key=True
                )
        step.fields = fields
        if step.op.constant:
            step.target = resolve_op(op, self.document, self.definition)
            if isinstance(step.target, Definition):
                self.calls.append((step.target, step.path))
            self.check_target(step)
            for first in (False, True)[: 1 + bool(step.first)]:
                compiled = self.fields(step, step.target, op, first=first)
                step.names = step.names.union(*(item.names for item in compiled.items.values()))
        else:
            step.names |= {"*"}

    def check_branches(self, branches: Chain) -> None:
        """Refuse a `repeat` on a branch, which does not say whether the copies are a chain or branches."""
        for branch in branches:
            if isinstance(branch, Step) and branch.repeat is not None and branch.kind != "dense":
                branch.broken = True
                problem = Problem(
                    "AS208",
                    "a branch has no `repeat`: its copies would be a chain, not branches",
                    at=("repeat",),
                    help="`parallel` makes branches; where a chain is meant, write it as one: [{ repeat = …, … }]",
                    about_key=True,
                )
                self.problems.append((problem, branch.path))

    def check_target(self, step: Step) -> None:
        """Only joins have branches."""
        target = step.target
        is_join = isinstance(target, type) and not target.is_module
        if step.kind == "join" and not is_join:
            raise Problem(
                "AS208",
                "only a join has `branches`",
                at=("branches",),
                help="the joins are concat, add, mul, sub and max",
                about_key=True,
            )

    def residual(self, step: Step, raw: dict[str, Any], fields: dict[str, Any]) -> None:
        """`layers(x) + shortcut(x)`."""
        step.kind = "residual"
        self.only(step, fields, ("layers", "shortcut", "skip"), "`residual`")
        self.need(raw, "layers", "residual")
        step.layers = self.chain(raw["layers"], (*step.path, "layers"))
        if "shortcut" in raw:
            step.shortcut = self.chain(raw["shortcut"], (*step.path, "shortcut"))
        if "skip" in raw:
            step.skip = self.scalar(step, raw, "skip")

    def dense(self, step: Step, raw: dict[str, Any], fields: dict[str, Any]) -> None:
        """n times `x = concat(x, layers(x))`."""
        step.kind = "dense"
        if "layers" not in raw:
            help_ = "`dense` wires concatenations; a fully connected layer is `linear`"
            raise Problem("AS202", "`dense` needs `layers`", help=help_, subject="dense")
        self.only(step, fields, ("layers",), "`dense`")
        self.need(raw, "repeat", "dense")
        step.layers = self.chain(raw["layers"], (*step.path, "layers"))

    def reuse(self, step: Step, raw: dict[str, Any], fields: dict[str, Any]) -> None:
        """An earlier module, called again."""
        step.kind = "reuse"
        self.only(step, fields, ("of",), "`reuse`")
        self.need(raw, "of", "reuse")
        if not isinstance(raw["of"], str):
            raise Problem("AS203", f"`of` must be the name of a module, not {show(raw['of'])}", at=("of",))
        step.of = self.setting(step, raw["of"], TEXT, ("of",))

    @staticmethod
    def need(raw: dict[str, Any], key: str, op: str) -> None:
        """Refuse a wiring node without a key that it cannot do without."""
        if key not in raw:
            raise Problem("AS202", f"`{op}` needs `{key}`", subject=op)

    def fields(self, step: Step, target: Target, name: str, *, first: bool) -> Settings:
        """The fields of `step` for `target`, which it calls `name`, compiled and kept."""
        key = (target, first)
        if key not in step.settings:
            step.settings[key] = self.compile_fields(step, target, name, first=first)
        return step.settings[key]

    def given_fields(self, step: Step, target: Target, *, first: bool) -> dict[str, tuple[Any, Path]]:
        """What the node says for the fields of `target`, and where."""
        given = {key: (value, (*step.path, key)) for key, value in step.fields.items()}
        if first:
            given |= {key: (value, (*step.path, "first", key)) for key, value in step.first.items()}
        if step.asserted is not None and isinstance(target, type) and "shape" in target.model_fields:
            given.setdefault("shape", (step.asserted, (*step.path, "shape")))
        return given

    def compile_fields(self, step: Step, target: Target, name: str, *, first: bool) -> Settings:
        """Compile what the node, its `first` and `[defaults]` say for `target`, and check the keys."""
        known = field_names(target)
        given = self.given_fields(step, target, first=first)
        problems: list[Problem] = []
        items: dict[str, Setting] = {}
        for key, raw in self.document.defaults.get(name, {}).items():
            if key in known and key not in given:
                try:
                    items[key] = compile_field(raw, target, key, ("defaults", name, key))
                except Problem:
                    raise Poisoned from None  # reported where the defaults are
        lexical = frozenset(items)
        for key, (raw, path) in given.items():
            at = path[len(step.path) :]
            try:
                if key not in known:
                    raise unknown_field(key, target, (), first=len(at) > 1)
                items[key] = compile_field(raw, target, key, path)
                if key == "padding" and self.is_no_keyword(raw, items[key]):
                    raise no_keyword(raw, target.name)
                self.check_names(items[key], ())
            except Problem as problem:
                problems.append(problem.within(*at))
        missing = [key for key in required(target) if key not in items and key not in given]
        if missing and not problems:  # a key that is misspelt is not missing as well
            words = ", ".join(f"`{key}`" for key in missing)
            problems.append(Problem("AS202", f"`{name}` needs {words}", subject=name))
        if problems:
            self.problems += [(problem, step.path) for problem in problems]
            raise Poisoned
        settings = Settings(items, lexical)
        if isinstance(target, type) and not settings.varying:
            made = construct(target, settings.fixed, items, step.path)
            if not isinstance(made, Op):
                self.problems += made.values()
                raise Poisoned
            settings.op = made
        return settings


def steps(chain: Chain) -> Iterator[Step]:
    """All nodes of a chain, at any depth."""
    for item in chain:
        if isinstance(item, list):
            yield from steps(item)
        else:
            yield item
            for inner in (item.layers, item.shortcut, item.branches):
                yield from steps(inner or [])


def text_at(definition: Definition, path: Path) -> str:
    """What stands in the document at the path of a text in a node of the definition."""
    value: Any = {"layers": definition.layers}
    for part in path[len(definition.path) :]:
        value = value[part]
    return str(value)


def texts(raw: Any) -> Iterator[str]:
    """Every text in a value of the document, not counting keys."""
    stack = [raw]
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            stack += value.values()
        elif isinstance(value, list | tuple):
            stack += value


def _names(chain: "Chain | None") -> frozenset[str]:
    return NOTHING.union(*(_names(item) if isinstance(item, list) else item.names for item in chain or ()))
