"""Compile the nodes of a document: what can be known, and what is wrong, before any shape is known.

Each definition is compiled once. A step keeps what its node says: constants as values, expressions parsed, ops
looked up and their keys checked, names checked against what is in scope.
"""

from typing import Any

from archspec import ops
from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import Path, Replacement, shown, suggest
from archspec.diagnostics.problems import meaningless_key, unknown_key
from archspec.elaborate.frames import Poisoned
from archspec.elaborate.node_fields import FieldCompiler
from archspec.elaborate.settings import Setting, compile_argument, compile_setting
from archspec.elaborate.steps import Chain, Plan, Step, names_in
from archspec.elaborate.targets import resolve_op
from archspec.ir import Origin
from archspec.language import limits
from archspec.language.arithmetic import show, wrong_value
from archspec.language.document import Definition
from archspec.language.expressions import Scope
from archspec.language.names import NODE_KEYS, WIRING_KEYS, WIRING_OPS, check_param_name
from archspec.language.outputs import Output
from archspec.language.params import MISSING
from archspec.language.reading import texts
from archspec.ops.core.fields import EXPRESSION, TEXT
from archspec.types import Value


class Compiler(FieldCompiler):
    """Compiles the nodes of one definition."""

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
        """The declared outputs with their conditions; one that is wrong has no value."""
        compiled: list[tuple[Output, Setting | None]] = []
        for output in declared:
            path: Path = (*self.definition.path, key, output.at[0], "when")
            try:
                setting = None
                if output.when is not None:
                    setting = compile_setting(output.when, EXPRESSION, path)
                    self.check_names(setting, ())
            except Problem as problem:
                self.problems.append((problem, path))
                setting = Setting(path, _poisoned)
            compiled.append((output, setting))
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
            help_ = "one node needs a list too: put [ … ] around it" if isinstance(raw, str | dict) else None
            raise wrong_value(str(path[-1]), "a list of nodes", raw, help_)
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
            help_ = "put the node into a group: { let = { … }, layers = [ … ] }"
            raise meaningless_key("let", "only a group has `let`", help_)
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
            *(names_in(inner) - step.let.keys() for inner in (step.layers, step.shortcut, step.branches))
        )

    def group(self, step: Step, raw: dict[str, Any], fields: dict[str, Any]) -> None:
        """A node without an op."""
        if "layers" not in raw:
            near = next((key for key in raw if suggest(key, ["op", "layers"])), None)
            help_: Replacement | str | None = suggest(near, ["op", "layers"]) if near else None
            if near is None and raw.keys() & {"type", "kind", "layer", "module", "class"}:
                help_ = "`op` says what a node does"
            raise Problem("AS202", "a node needs `op`, or `layers` for a group", help=help_)
        step.kind = "group"
        self.only(step, fields, ("layers",), "a group")
        if "let" in raw:
            self.lets(step, raw["let"])
        step.layers = self.chain(raw["layers"], (*step.path, "layers"))

    def lets(self, step: Step, raw: Any) -> None:
        """`let` of a group: values that the nodes in it, and each other, can use."""
        if not isinstance(raw, dict):
            raise wrong_value("let", "a table", raw)
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
                help_ = suggest(key, [*known, *NODE_KEYS]) or f"its own keys are {', '.join(known)}"
                raise unknown_key(what, key, help_)
        if step.first:
            raise meaningless_key("first", f"{what} has no fields that `first` could override")

    def operation(self, step: Step, raw: dict[str, Any], fields: dict[str, Any]) -> None:
        """A node with an op: wiring, a join, or a call."""
        op = raw["op"]
        if not isinstance(op, str):
            raise wrong_value("op", "text", op)
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
                        continue  # a parameter cannot have this name, which has been reported
                is_join = key == "layers" and op in ops.joins()
                help_ = "it joins the values of `branches` or `from`" if is_join else None
                raise meaningless_key(key, f"`{shown(op)}` has no `{key}`", help_, subject=key)
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
        """Refuse a `repeat` on a branch, whose copies could be a chain or branches."""
        for branch in branches:
            if isinstance(branch, Step) and branch.repeat is not None and branch.kind != "dense":
                branch.broken = True
                problem = meaningless_key(
                    "repeat",
                    "a branch cannot have `repeat`: its copies would be a chain, not branches",
                    "`parallel` makes branches; where a chain is meant, write it as one: [{ repeat = …, … }]",
                )
                self.problems.append((problem, branch.path))

    def check_target(self, step: Step) -> None:
        """Refuse `branches` for anything but a join."""
        target = step.target
        is_join = isinstance(target, type) and not target.is_module
        if step.kind == "join" and not is_join:
            help_ = f"the joins are {', '.join(ops.joins())}"
            raise meaningless_key("branches", "only a join has `branches`", help_)

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
            raise wrong_value("of", "the name of a module", raw["of"])
        step.of = self.setting(step, raw["of"], TEXT, ("of",))

    @staticmethod
    def need(raw: dict[str, Any], key: str, op: str) -> None:
        """Refuse a wiring node that lacks a required key."""
        if key not in raw:
            raise Problem("AS202", f"`{op}` needs `{key}`", subject=op)


def _poisoned(_: Scope) -> Value:
    """What a setting evaluates to that is wrong in itself."""
    raise Poisoned
