"""Write ops as constructor calls."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from archspec.backends.torch.source.align import Unlike
from archspec.backends.torch.source.columns import Dims, ValueColumns, View
from archspec.backends.torch.source.facts import Facts
from archspec.backends.torch.source.names import variable_name
from archspec.backends.torch.source.parts import REQUIRED, Built, Constructor, Initialised, ModuleChain
from archspec.backends.torch.source.places import Place
from archspec.backends.torch.source.symbols import (
    ABSENT,
    ClassName,
    SourceSymbol,
    ValueColumn,
    constant,
    matches,
    uniform,
)
from archspec.ir import Module, Node
from archspec.language.expressions import Name
from archspec.language.parser import Expression, parse
from archspec.language.templates import parse_template
from archspec.ops.core.base import custom_inits
from archspec.ops.core.torch_code import Argument, TorchCode, expression, without_numbers

Nodes = tuple[Node | None, ...]
"""A node of each instance; `None` where an instance lacks it."""
Sites = Sequence[Place | None]
"""The composite in which the node of each instance is called."""


class Constructors(ValueColumns):
    """Writes ops as constructor calls."""

    def __init__(self, facts: Facts, places: list[Place]) -> None:
        super().__init__(places)
        self.facts = facts

    # --- ops -------------------------------------------------------------------------------------------

    def _codes(self, nodes: Nodes) -> list[TorchCode | None]:
        """The PyTorch code of each instance's op. All instances use the same class and the same kind of call."""
        first = next(node for node in nodes if node is not None)
        codes: list[TorchCode | None] = []
        for node in nodes:
            if node is None:
                codes.append(None)
                continue
            if node.module.op is None:
                raise Unlike
            codes.append(self.facts.code(node))
        if any(node is not None and type(node.module.op) is not type(first.module.op) for node in nodes):
            self._check_plain(nodes, codes)
            return codes
        is_parameter = first.module.op is not None and first.module.op.is_parameter
        kinds = {
            (code.module, code.call if is_parameter else without_numbers(code.call)[0], code.helper)
            for code in codes
            if code is not None
        }
        if len(kinds) > 1:
            raise Unlike
        return codes

    def _check_plain(self, nodes: Nodes, codes: list[TorchCode | None]) -> None:
        """Raise `Unlike` unless the ops differ only in their classes: then the class can be an argument."""
        for node, code in zip(nodes, codes, strict=True):
            if node is None or code is None:
                continue
            if node.module.op is None or not code.is_plain or node.module.op.weights(node.module.inputs):
                raise Unlike

    def _kind(self, places: Sites, nodes: Nodes, codes: list[TorchCode | None]) -> SourceSymbol | str:
        """The class of an op; an argument if it differs."""
        column: ValueColumn = tuple(ClassName(code.module) if code is not None else ABSENT for code in codes)
        if uniform(column):
            return next(code.module for code in codes if code is not None)
        node, place = next((n, p) for n, p in zip(nodes, places, strict=True) if n is not None and p)
        return self._type_argument(place.raw(node).get("op"), column) or self.role("activation", column)

    def _type_argument(self, raw: Any, column: ValueColumn) -> SourceSymbol | None:
        """The argument for an op given by a parameter of the block: `op = "{act}"`."""
        parts = parse_template(raw).parts if isinstance(raw, str) else ()
        if len(parts) != 1 or not isinstance(parts[0], Expression) or not isinstance(parts[0].tree, Name):
            return None
        name = parts[0].tree.name
        param = self.places[0].frame.params.get(name)
        if param is None or self.pairs is not None:
            return None
        key = f"@type {name}"
        if key not in self.parameters:
            values = self._types(name, column)
            if values is None:
                return None
            default = self.facts.plain_module(param.default) if isinstance(param.default, str) else None
            self.parameter(key, name, values, REQUIRED if default is None else default)
        known = self.parameters[key].values
        return SourceSymbol(Name(key), known) if matches(column, known) else None

    def _types(self, name: str, column: ValueColumn) -> ValueColumn | None:
        """The classes named by a parameter of the block, including those of instances that do not use it here."""
        values = []
        for place, value in zip(self.places, column, strict=True):
            op = place.value(name)
            known = self.facts.plain_module(op) if value is ABSENT and isinstance(op, str) else value
            if known is None:
                return None
            values.append(known)
        return tuple(values)

    def _constructor(
        self, places: Sites, nodes: Nodes, codes: list[TorchCode | None], here: list[Dims]
    ) -> Constructor:
        """The constructor call of a module, from the arguments of all instances."""
        node = next(node for node in nodes if node is not None)
        code = next(code for code in codes if code is not None)
        view = View(at(places, nodes), here[0] if here else None, self._fields(places, nodes, here))
        arguments = []
        lengths = {len(code.arguments) for code in codes if code is not None}
        if len(lengths) > 1:
            raise Unlike
        for index, argument in enumerate(code.arguments):
            items = [code.arguments[index] if code is not None else None for code in codes]
            if all(item is None or item.is_default for item in items):
                continue
            column = tuple(item.value if item is not None else ABSENT for item in items)
            wanted = "_".join(filter(None, (stem(node), argument.role(index))))
            arguments.append((argument.name, self._argument(column, argument, view, wanted)))
        wrap = code.call if node.module.op is not None and node.module.op.is_parameter else "{m}"
        return Constructor(self._kind(places, nodes, codes), arguments, wrap.replace("{m}", "{0}"))

    def _argument(self, column: ValueColumn, argument: Argument, view: View, wanted: str) -> SourceSymbol:
        candidates = (self.expression(parse(text).tree, view) for text in argument.formulas)
        return self.fit(column, candidates) or self.role(wanted, column)

    def _fields(self, places: Sites, nodes: Nodes, here: list[Dims]) -> Callable[[str], SourceSymbol | None]:
        """The fields of an op as symbols."""

        def field(name: str) -> SourceSymbol | None:
            node = next(node for node in nodes if node is not None)
            op = node.module.op
            if op is None or name not in type(op).model_fields:
                return None
            column = tuple(getattr(n.module.op, name) if n is not None else ABSENT for n in nodes)
            if uniform(column) and ABSENT not in column:
                return constant(column)
            raw = setting(places, nodes, name, op.name)
            if op.readings()[name].text:
                return None
            symbol = self.text(raw, View(at(places, nodes), here[0] if here else None))
            if symbol is not None and matches(column, symbol.values):
                return symbol
            return constant(column) if uniform(column) else None

        return field

    def _inits(self, nodes: Nodes, code: TorchCode) -> list[Initialised]:
        """The weights of an op with non-default initialisers, which must be equal in all instances."""
        if code.module in self.facts.rules:
            return []
        there = [node.module for node in nodes if node is not None]
        found = {tuple(custom_inits(module.op, module.inputs)) for module in there if module.op is not None}
        if len(found) > 1:
            raise Unlike
        return [Initialised((name,) if name else (), init, code.module) for name, init in found.pop()]


def at(places: Sites, nodes: Nodes) -> list[Place | None]:
    """The environments, extended by the counters of the repeats around a node."""
    return [
        replace(place, counters={**place.counters, **place.counts(node)}) if place and node else place
        for place, node in zip(places, nodes, strict=True)
    ]


def setting(places: Sites, nodes: Nodes, key: str, op: str) -> Any:
    """The document's value of a field; `None` if it is not set, or differs between instances."""
    found = [
        place.setting(node, key, op) for place, node in zip(places, nodes, strict=True) if place and node
    ]
    return found[0] if all(item == found[0] for item in found[1:]) else None


def stem(node: Node) -> str:
    """The stem of an argument that is named after a node."""
    return node.name if node.name is not None and not node.positional else node.module.kind


def equal(left: Built, right: Built) -> bool:
    """Whether two modules are constructed by the same code."""
    if isinstance(left, Constructor) and isinstance(right, Constructor):
        return (
            same_target(left.target, right.target)
            and left.wrap == right.wrap
            and left.inplace == right.inplace
            and len(left.arguments) == len(right.arguments)
            and all(
                a == b and same_tree(x, y)
                for (a, x), (b, y) in zip(left.arguments, right.arguments, strict=True)
            )
        )
    if isinstance(left, ModuleChain) and isinstance(right, ModuleChain):
        return len(left.items) == len(right.items) and all(
            a.name == b.name
            and equal(a.made, b.made)
            and (a.count is None) == (b.count is None)
            and (a.count is None or b.count is None or same_tree(a.count, b.count))
            and a.when is b.when
            for a, b in zip(left.items, right.items, strict=True)
        )
    return False


def same_target(left: object, right: object) -> bool:
    """Whether two targets are the same class."""
    if isinstance(left, SourceSymbol) and isinstance(right, SourceSymbol):
        return same_tree(left, right)
    return left == right


def same_tree(left: SourceSymbol, right: SourceSymbol) -> bool:
    """Whether two symbols have the same expression."""
    return left.values == right.values and left.is_literal == right.is_literal


def shape_text(module: Module) -> str:
    """The shape of a module's output without a free batch in front: `64×112×112`, as in a summary."""
    shape = module.outputs[0].shape
    return "×".join(map(str, shape[isinstance(shape[0], str) :])) if len(shape) > 1 else ""


def output_name(module: Module, output: int, own: str | None) -> str:
    """The variable of one of several outputs: one that a block declares is called as there; empty: as any value."""
    declared = output - len(module.outputs) + len(module.exports)
    if declared >= 0:
        return variable_name(module.exports[declared])
    if module.exports and output == 0:
        return variable_name(own) if own else ""
    return f"{variable_name(own) if own else 'part'}{output + (module.op is None)}"  # parts count from 0, as in a spec


def function_text(code: TorchCode) -> str:
    """An op without a module, as a template over its inputs."""
    return code.function if "{0}" in code.function else expression(code.function, *code.arguments)
