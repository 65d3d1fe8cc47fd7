"""The keys that nodes of all kinds have, compiled: names, `from`, `when`, `repeat`, `shape`, `first`."""

from collections.abc import Callable, Mapping
from typing import Any

from archspec import ops
from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import Path
from archspec.diagnostics.problems import Within, meaningless_key
from archspec.elaborate.frames import undefined
from archspec.elaborate.settings import Setting, compile_setting
from archspec.elaborate.steps import Step
from archspec.language.arithmetic import show, wrong_value
from archspec.language.document import Definition
from archspec.language.names import check_label, check_module_name, check_param_name
from archspec.ops.core.fields import EXPRESSION, TEXT, Reading

DIMENSIONS = Reading(dimension=True)


class KeyCompiler:
    """Compiles single values of the nodes of one definition, and checks the names in them."""

    def __init__(self, definition: Definition, counters: tuple[str, ...] = ()) -> None:
        self.definition = definition
        self.document = definition.document
        self.problems: list[tuple[Problem, Path]] = []
        self.counters = counters
        self.given: dict[str, int] = {}
        self.order = 0
        self.calls: list[tuple[Definition, Path]] = []
        self.lost: set[str] = set()

    @property
    def spaces(self) -> tuple[Mapping[str, Any], ...]:
        """The tables of names that an expression can use besides counters."""
        return self.definition.params, self.definition.let, self.document.params, self.document.let

    def is_defined(self, name: str) -> bool:
        """Whether an expression can use a name."""
        return name in self.counters or any(name in space for space in self.spaces)

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

    def setting(self, step: Step, raw: Any, reading: Reading, at: Path) -> Setting:
        """Compile one value of the node and check the names in it."""
        with Within(*at):
            setting = compile_setting(raw, reading, (*step.path, *at))
        self.check_names(setting, at)
        step.names |= setting.names
        return setting

    def scalar(self, step: Step, raw: dict[str, Any], key: str) -> Setting:
        """A number or a condition."""
        if isinstance(raw[key], list | dict):
            what = "an integer" if key in ("repeat", "parallel") else "true or false"
            raise wrong_value(key, f"{what}, or an expression", raw[key])
        return self.setting(step, raw[key], EXPRESSION, (key,))

    def text(self, step: Step, raw: dict[str, Any], key: str, check: Callable[[str], None]) -> Setting:
        """A name, checked now if no expression is part of it."""
        if not isinstance(raw[key], str):
            raise wrong_value(key, "text", raw[key])
        setting = self.setting(step, raw[key], TEXT, (key,))
        if setting.constant:
            with Within(key):
                check(raw[key])
            self.given.setdefault(raw[key], step.order)
        return setting

    def common(self, step: Step, raw: dict[str, Any], outside: tuple[str, ...]) -> None:
        """The keys that every node has. `repeat` and `shape` do not see the counter."""
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
                raise wrong_value("shape", "a list of sizes", raw["shape"])
            step.shape = self.setting(step, raw["shape"], DIMENSIONS, ("shape",))
            step.asserted = raw["shape"]
        self.counters = inside
        if not isinstance(raw.get("doc", ""), str):
            raise wrong_value("doc", "text", raw["doc"])
        if "first" in raw:
            self.first(step, raw)

    def counter(self, step: Step, raw: dict[str, Any]) -> None:
        """`index`, the counter that the node and everything inside can use."""
        index = raw.get("index", "i")
        if "parallel" in raw:
            self.check_parallel(step, raw)
        elif "repeat" not in raw:
            raise meaningless_key(
                "index", "`index` names the counter of a `repeat`, which this node does not have"
            )
        if not isinstance(index, str):
            raise wrong_value("index", "a name", index)
        with Within("index"):
            check_param_name(index)
        step.index = index
        self.counters = (*self.counters, index)

    @staticmethod
    def check_parallel(step: Step, raw: dict[str, Any]) -> None:
        """Refuse `parallel` where there are no branches."""
        if step.path[-2] != "branches":
            raise meaningless_key(
                "parallel",
                "`parallel` makes branches: it must be directly in `branches`",
                "`repeat` makes copies that follow each other",
            )
        if "repeat" in raw:
            raise meaningless_key(
                "repeat",
                "a branch has `parallel` or `repeat`, not both",
                "put the node with its `repeat` into a group: { parallel = …, layers = [ … ] }",
            )

    def first(self, step: Step, raw: dict[str, Any]) -> None:
        """The fields of the first copy; compiled with the op's others."""
        if "repeat" not in raw:
            raise meaningless_key(
                "first", "`first` overrides the first copy of a `repeat`, which this node does not have"
            )
        if not isinstance(raw["first"], dict):
            raise wrong_value("first", "a table of fields", raw["first"])
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
