"""Ops as constructor calls and as functions, over the names of a class."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from archspec.analysis.cost import Costs
from archspec.backends.torch.source.names import is_attribute
from archspec.backends.torch.source.parts import Constructor, Initialised, Item, TensorValue
from archspec.backends.torch.source.scope import Scope, View
from archspec.backends.torch.source.symbols import (
    ABSENT,
    ClassName,
    Symbol,
    ValueColumn,
    constant,
    matches,
    uniform,
)
from archspec.diagnostics import Problem, SpecError
from archspec.elaborate.settings import Setting
from archspec.elaborate.steps import Step
from archspec.ir import Module, Node
from archspec.language.expressions import Binary, Name, Tree
from archspec.language.parser import Expression
from archspec.language.templates import Template
from archspec.ops import lookup
from archspec.ops import names as op_names
from archspec.ops.core.base import custom_inits
from archspec.ops.core.torch_code import Argument, TorchCode, expression, without_numbers
from archspec.types import TensorType

LIGHT = frozenset(("Norms", "Activations", "Regularisers", "Shape", "Arithmetic", "Joins"))
"""The groups of ops whose calls may be nested around their input's expression."""
Calls = Sequence[Node | None]
"""The node of each row; `None` where `when` removed it."""


class Facts:
    """What is known of the ops of all classes."""

    def __init__(self) -> None:
        self.costs = Costs()
        self.codes: dict[Module, TorchCode] = {}
        self.ruled: set[str] = set()
        """The PyTorch classes whose modules all have the same initialisers, which one loop sets."""

    def weights(self, module: Module) -> int:
        """The number of weights in a module."""
        return self.costs.of(module).weights

    def code(self, node: Node) -> TorchCode:
        """The PyTorch code of a node's op. Raises `SpecError` if there is none."""
        try:
            return self.code_of(node.module)
        except Problem as problem:
            raise refused(problem, node) from None

    def code_of(self, module: Module) -> TorchCode:
        """The PyTorch code of an op."""
        if module not in self.codes:
            assert module.op is not None  # noqa: S101 — asked of ops only
            self.codes[module] = module.op.torch(module.inputs)
        return self.codes[module]

    def plain_module(self, op: Any) -> ClassName | None:
        """The PyTorch class of an op without weights or required fields, such as an activation."""
        found = lookup(op) if isinstance(op, str) and op in op_names() else None
        if found is None or any(info.is_required() for info in found.model_fields.values()):
            return None
        try:
            code = found().torch((TensorType(("N", 1, 1, 1)),))
        except Problem:
            return None
        return ClassName(code.module) if code.is_plain else None


def refused(problem: Problem, node: Node) -> SpecError:
    """The error for a node that cannot be written in PyTorch."""
    return SpecError([problem.located(node.origin.file, node.origin.path)])


def first(calls: Calls) -> Node:
    """The first node that is there."""
    return next(node for node in calls if node is not None)


class Ops(Scope):
    """Writes ops."""

    facts: Facts
    values: dict[int, TensorValue]
    partial: bool

    # --- constructors ------------------------------------------------------------------------------------

    def codes_of(self, calls: Calls) -> list[TorchCode | None]:
        """The PyTorch code of each row's op, which must be of one kind."""
        codes = [None if node is None or node.module.op is None else self.facts.code(node) for node in calls]
        there = [code for code in codes if code is not None]
        op = first(calls).module.op
        if any(node is not None and type(node.module.op) is not type(op) for node in calls):
            plain = all(code.is_plain for code in there)
            if not plain or any(self.facts.weights(node.module) for node in calls if node is not None):
                self.fail("ops of several kinds")
        else:
            is_parameter = op is not None and op.is_parameter
            kinds = {
                (code.module, code.call if is_parameter else without_numbers(code.call)[0], code.helper)
                for code in there
            }
            if len(kinds) > 1 or len({len(code.arguments) for code in there}) > 1:
                self.fail("calls of several kinds")
        return codes

    def settings_of(self, step: Step, node: Node, *, start: bool) -> dict[str, Setting]:
        """What the document says of the fields of a node's op."""
        op = node.module.op
        found = None if op is None else step.settings.get((type(op), start and bool(step.first)))
        return {} if found is None else found.items

    def view_of(self, step: Step, calls: Calls, inputs: list[TensorValue], *, start: bool) -> View:
        """What an op's formulas see: its fields and its input."""
        node = first(calls)
        kind = node.module.op
        found = None if kind is None else step.settings.get((type(kind), start and bool(step.first)))
        view = View(inputs[0] if inputs else None)

        def field(name: str) -> Symbol | None:
            op = node.module.op
            if op is None or name not in type(op).model_fields:
                return None
            column = tuple(getattr(n.module.op, name, ABSENT) if n is not None else ABSENT for n in calls)
            if uniform(column):
                return constant(column)
            if found is None or name not in found.items:
                return None
            own = replace(view, file=name in found.lexical)
            symbol = self.setting(found.items[name], own)
            return symbol if symbol is not None and matches(column, symbol.values) else None

        return replace(view, fields=field)

    def constructor(self, step: Step, calls: Calls, inputs: list[TensorValue], *, start: bool) -> Constructor:
        """The constructor call of a module, from the arguments of all rows."""
        codes = self.codes_of(calls)
        code = next(code for code in codes if code is not None)
        node, view = first(calls), self.view_of(step, calls, inputs, start=start)
        target = self.target(step, codes)
        arguments: list[tuple[str, Symbol]] = []
        alike = len({type(node.module.op) for node in calls if node is not None}) == 1
        for index, argument in enumerate(code.arguments if alike and not self.trouble else ()):
            items = [code.arguments[index] if code is not None else None for code in codes]
            if all(item is None or item.is_default for item in items):
                continue
            column = tuple(item.value if item is not None else ABSENT for item in items)
            wanted = "_".join(filter(None, (stem(node), argument.role(index))))
            arguments.append((argument.name, self.value_of(column, argument, view, wanted)))
        wrap = code.call if node.module.op is not None and node.module.op.is_parameter else "{m}"
        return Constructor(target, arguments, wrap.replace("{m}", "{0}"))

    def value_of(self, column: ValueColumn, argument: Argument, view: View, wanted: str) -> Symbol:
        """An argument of a constructor."""
        candidates = (self.formula(text, view) for text in argument.formulas)
        return self.fit(column, candidates) or self.role(wanted, column)

    def target(self, step: Step, codes: Sequence[TorchCode | None]) -> Symbol | str:
        """The class of an op; an argument if it differs."""
        column: ValueColumn = tuple(ClassName(code.module) if code is not None else ABSENT for code in codes)
        if uniform(column):
            return next(code.module for code in codes if code is not None)
        return self.chosen(step.op, column) or self.role("activation", column)

    def chosen(self, setting: Setting | None, column: ValueColumn) -> Symbol | None:
        """The argument for a class that a parameter of the block names: `op = "{act}"`."""
        if uniform(column):
            return constant(column)
        parts = setting.tree.parts if setting is not None and isinstance(setting.tree, Template) else ()
        if len(parts) != 1 or not isinstance(parts[0], Expression) or not isinstance(parts[0].tree, Name):
            return None
        return self.type_argument(parts[0].tree.name, column)

    def type_argument(self, name: str, column: ValueColumn) -> Symbol | None:
        """The argument for a class that a parameter names."""
        if uniform(column):
            return constant(column)
        key = f"@type {name}"
        if key not in self.arguments:
            if self.space.given is not None or name not in (
                *self.space.definition.params,
                *self.rows[0].frame.document.params,
            ):
                return None
            values: list[Any] = [ABSENT] * len(self.rows)
            for place, value in zip(self.places, column, strict=True):
                values[place] = value if values[place] is ABSENT else values[place]
            values = [
                self.facts.plain_module(row.value(name)) if value is ABSENT else value
                for row, value in zip(self.rows, values, strict=True)
            ]
            there = next(value for value in values if value is not None)
            param = self.space.definition.params.get(name)
            default = self.facts.plain_module(param.default) if param is not None else None
            made = tuple(value if value is not None else there for value in values)
            with self.instances():
                self.argument(key, name, made, *([] if default is None else [default]))
        symbol = self.symbol(Name(key))
        return symbol if matches(column, symbol.values) else None

    def inits_of(self, calls: Calls) -> list[Initialised]:
        """The weights of an op with non-default initialisers, which must be equal in all rows."""
        node = first(calls)
        if self.facts.code(node).module in self.facts.ruled:
            return []
        there = [node.module for node in calls if node is not None]
        found = {tuple(custom_inits(module.op, module.inputs)) for module in there if module.op is not None}
        if len(found) > 1:
            self.fail("initialisers differ")
        return [Initialised(name, init) for name, init in found.pop()]

    def item(self, step: Step, calls: Calls, inputs: list[TensorValue], *, start: bool) -> Item:
        """The module of an op."""
        node = first(calls)
        op = node.module.op
        assert op is not None  # noqa: S101 — asked of ops only
        made = self.constructor(step, calls, inputs, start=start)
        codes = [self.facts.code(node) for node in calls if node is not None and node.module.op is not None]
        item = Item((node.name or "",), node.positional, made, inits=self.inits_of(calls))
        item.is_parameter = op.is_parameter
        item.is_buffer = op.is_parameter and op.weights(node.module.inputs)[0].buffer
        item.fresh = all(code.fresh for code in codes)
        item.inplace = all(code.inplace for code in codes)
        weights = any(self.facts.weights(node.module) for node in calls if node is not None)
        item.is_free = (
            not weights and not op.is_parameter and (node.positional or not is_attribute(node.name or ""))
        )
        return item

    # --- sizes of outputs ------------------------------------------------------------------------------------

    def op_dims(
        self, step: Step, calls: Calls, output: int, inputs: list[TensorValue], *, start: bool
    ) -> tuple[Symbol | None, ...]:
        """The sizes of an op's output; for a row without it, those of its input."""
        view = self.view_of(step, calls, inputs, start=start)
        code = self.facts.code(first(calls))

        def candidates(axis: int) -> Iterator[Symbol | None]:
            dims = [value.dims for value in inputs]
            if (formula := code.sizes.get(axis)) is not None:
                yield self.formula(formula, view)
            elif code.joined == axis:
                yield self.total([each[axis] for each in dims if axis < len(each)])
            yield from (each[axis] for each in dims if axis < len(each))
            for each in dims:  # axes may have moved
                yield from each

        return self.dims(calls, output, inputs, candidates)

    def dims(
        self, calls: Calls, output: int, inputs: list[TensorValue], candidates: Any
    ) -> tuple[Symbol | None, ...]:
        """The sizes of an output, from the candidates for each axis."""
        shapes = [node.module.outputs[output].shape if node is not None else None for node in calls]
        there = [shape for shape in shapes if shape is not None]
        if len({len(shape) for shape in there}) > 1:
            self.fail("ranks differ")
        dims = []
        for axis in range(len(there[0])):
            before = inputs[0].dims[axis] if inputs and axis < len(inputs[0].dims) else None
            column = tuple(
                (shape[axis] if axis < len(shape) else ABSENT)
                if shape is not None
                else before.values[row]
                if before is not None and not self.partial
                else ABSENT
                for row, shape in enumerate(shapes)
            )
            dims.append(self.fit(column, candidates(axis)))
        return tuple(dims)

    def total(self, parts: list[Symbol | None]) -> Symbol | None:
        """The sum of sizes."""
        tree: Tree | None = None
        for part in parts:
            if part is None:
                return None
            tree = part.tree if tree is None else Binary("+", tree, part.tree)
        return self.symbol(tree) if tree is not None else None

    # --- functions -------------------------------------------------------------------------------------------


def stem(node: Node) -> str:
    """The stem of an argument that is named after a node."""
    return node.name if node.name is not None and not node.positional else node.module.kind


def function_text(code: TorchCode) -> str:
    """An op without a module, as a template over its inputs."""
    return code.function if "{0}" in code.function else expression(code.function, *code.arguments)
