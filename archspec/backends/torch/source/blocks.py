"""Blocks as calls of their classes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

from archspec.backends.torch.source.functions import Functions
from archspec.backends.torch.source.names import Namer, variable_name
from archspec.backends.torch.source.ops import Calls, first, stem
from archspec.backends.torch.source.parts import (
    REQUIRED,
    Class,
    ClassArgument,
    Constructor,
    Container,
    Item,
    Loop,
    Made,
    TensorValue,
)
from archspec.backends.torch.source.scope import View
from archspec.backends.torch.source.symbols import (
    ABSENT,
    ClassName,
    Symbol,
    names,
    rebuild,
    same_symbol,
    substitute,
)
from archspec.elaborate.settings import compile_argument
from archspec.elaborate.steps import Plan, Step
from archspec.ir import Module, Node
from archspec.language.document import Definition
from archspec.language.expressions import Binary, Compare, Conditional, Literal, Name, Tree
from archspec.language.params import MISSING


class Classes(Protocol):
    """The classes of a network, as the builder of one of them sees the others."""

    found: dict[Module, Class]

    def plan(self, definition: Definition) -> Plan:
        """The compiled body of a definition."""

    def class_of(self, module: Module) -> Class | None:
        """The class of a block; `None` if it is under way."""

    def group_class(self, step: Step, calls: Calls, builder: Any) -> Class | None:
        """The class of a group whose nodes `forward` cannot call itself."""

    def is_chain(self, module: Module) -> bool:
        """Whether a composite can be an `nn.Sequential`."""

    def is_mixed(self, nodes: list[Node]) -> bool:
        """Whether some modules of a chain have names of their own."""

    def is_sequential(self, module: Module) -> bool:
        """Whether a class can be an `nn.Sequential`."""

    def shape_comment(self, module: Module) -> str:
        """The shape of a module's output, as a summary shows it."""

    def mark_training(self, class_: Class) -> None:
        """Mark the actions that only training outputs need."""


class Blocks(Functions):
    """Writes calls of blocks, and of groups with a class of their own."""

    program: Classes

    def call_of(
        self, step: Step, calls: Calls, classes: list[Class | None], inputs: list[TensorValue], *, start: bool
    ) -> Constructor:
        """The constructor call of a generated class, or of one of several that an argument names."""
        found = [*dict.fromkeys(class_ for class_ in classes if class_ is not None)]
        target: Class | Symbol | str = found[0]
        if len(found) > 1 or None in [c for c, node in zip(classes, calls, strict=True) if node is not None]:
            target = self._target(step, calls, classes)
        keys: dict[str, ClassArgument] = {}
        for class_ in found:
            keys |= {argument.key: argument for argument in class_.arguments if argument.key not in keys}
        arguments: list[tuple[str, Symbol]] = []
        known: dict[str, Symbol | None] = {}
        for key, argument in keys.items():
            own = [next((a for a in c.arguments if a.key == key), None) if c else None for c in classes]
            column = tuple(
                class_.given(a, node.module) if node is not None and class_ is not None and a else ABSENT
                for node, class_, a in zip(calls, classes, own, strict=True)
            )
            candidates = self._candidates(step, calls, argument, inputs, known, start=start, column=column)
            symbol = self.fit(column, candidates) or self._by_role(calls, argument, column)
            known[key] = symbol
            arguments.append((key, symbol))
        if len(found) > 1:
            for class_ in found:
                self._widen(class_, keys)
        return Constructor(target, arguments, classes=tuple(found))

    def _by_role(self, calls: Calls, argument: ClassArgument, column: tuple[Any, ...]) -> Symbol:
        """An argument of a call that becomes one of the class around it."""
        wanted = argument.wanted
        if wanted in self.rows[0].frame.params or any(a.wanted == wanted for a in self.arguments.values()):
            wanted = f"{stem(first(calls))}_{wanted}"
        return self.role(wanted, column)

    def _target(self, step: Step, calls: Calls, classes: list[Class | None]) -> Symbol | str:
        column: list[Any] = []
        for node, class_ in zip(calls, classes, strict=True):
            name: Any = ABSENT if class_ is None else ClassName(class_.name)
            if node is not None and class_ is None:
                code = self.facts.code(node)
                name = ClassName(code.module)
                if not code.is_plain:
                    return self.fail("an op with arguments in the place of a block")
            column.append(name)
        if any(class_ is not None and class_.is_main for class_ in classes):
            return self.fail("the network in a block")
        return self.chosen(step.op, tuple(column)) or self.fail("blocks of several kinds")

    @staticmethod
    def _widen(class_: Class, keys: dict[str, ClassArgument]) -> None:
        """Let a class take the arguments of those that can stand in its place."""
        own = {argument.key for argument in class_.arguments}
        for key, argument in keys.items():
            if key not in own:
                values = (argument.values[0],) * len(class_.modules)
                class_.arguments.append(replace(argument, values=values, kept=True))
                class_.ids[key] = Namer(class_.ids.values()).give(variable_name(argument.wanted))
            else:
                mine = next(a for a in class_.arguments if a.key == key)
                mine.kept = True
                if argument.default is REQUIRED:
                    mine.default = REQUIRED

    def _candidates(
        self,
        step: Step,
        calls: Calls,
        argument: ClassArgument,
        inputs: list[TensorValue],
        known: dict[str, Symbol | None],
        *,
        start: bool,
        column: tuple[Any, ...],
    ) -> Iterator[Symbol | None]:
        """The expressions for an argument of a class."""
        key = argument.key
        module = first(calls).module
        view = View(inputs[0] if inputs else None)
        if argument.axis is not None:
            index, axis = argument.axis
            if index < len(inputs) and axis < len(inputs[index].dims):
                yield self.lift(inputs[index].dims[axis])
            return
        definition = (
            self.rows[0].files.definition(module.definition)
            if module.is_block and module.definition
            else None
        )
        if definition is None:
            if key.startswith("@type "):
                yield self.symbol_of(key) if key in self.arguments else None
            yield self.resolve(key, view)  # a group sees the names around it
            return
        found = step.settings.get((definition, start and bool(step.first)))
        settings = found.items if found is not None else {}
        name = key.removeprefix("@type ")
        setting = settings.get(name)
        if key.startswith("@type "):
            if name not in definition.params:
                yield self.type_argument(name, column)
            yield self.chosen(setting, column)
        elif key in definition.params:
            if setting is not None:
                yield self.setting(setting, replace(view, file=found is not None and name in found.lexical))
            elif definition.params[name].default is not MISSING:
                param = definition.params[name]
                fields = replace(view, fields=known.get)
                yield self.setting(compile_argument(param.default, param, ()), fields)
        elif not key.startswith("@"):
            yield self.resolve(key, replace(view, file=True))  # a name of the file

    def _expanded(self, trees: list[Tree], classes: list[Class], target: Symbol) -> Symbol | None:
        """A size of which the classes that an argument names make different multiples: `expansion * width`."""
        numbers = [int(t.result) for t in trees if isinstance(t, Literal) and type(t.result) is int]
        least = min(numbers, default=0)
        if len(numbers) < len(trees) or least < 1 or any(n % least for n in numbers):
            return None
        *others, tree = [Literal(n // least) for n in numbers]
        factor: Tree = tree
        for class_, other in zip(classes, others, strict=False):
            factor = Conditional(
                Compare(target.tree, (("==", Literal(ClassName(class_.name))),)), other, factor
            )
        with self.instances():
            symbol = self.symbol(factor)
            if ABSENT in symbol.values:
                return None
            known = next((key for key, (_, s) in self.locals.items() if same_symbol(s, symbol)), None)
            if known is None and "=expansion" not in self.locals:
                known = "=expansion"
                self.locals[known] = ("expansion", symbol)
                self.bind(known, symbol.values)
        return self.symbol(Binary("*", Name(known), Literal(least))) if known else None

    def symbol_of(self, key: str) -> Symbol:
        """An argument of this class."""
        return self.symbol(Name(key))

    def block_dims(
        self,
        calls: Calls,
        classes: list[Class | None],
        made: Constructor,
        output: int,
        inputs: list[TensorValue],
    ) -> tuple[Symbol | None, ...]:
        """The sizes of a block's output, in terms of the arguments of its call."""
        found = [*dict.fromkeys(class_ for class_ in classes if class_ is not None)]

        def expressed(class_: Class, axis: int) -> Tree | None:
            dims = class_.outputs[output].dims if output < len(class_.outputs) else ()
            symbol = dims[axis] if axis < len(dims) else None
            if symbol is None:
                return None
            mapping = {key: given.tree for key, given in made.arguments}
            tree = class_.expanded(symbol.tree)
            return settled(substitute(tree, mapping)) if mapping.keys() >= {*names(tree)} else None

        def candidates(axis: int) -> Iterator[Symbol | None]:
            trees = [expressed(class_, axis) for class_ in found]
            if len(found) > 1 and isinstance(made.target, Symbol) and None not in trees:
                yield self._expanded([tree for tree in trees if tree is not None], found, made.target)
            *others, tree = trees
            if tree is not None:
                yield self.symbol(tree)
            if others and isinstance(made.target, Symbol):
                for class_, other in zip(found, others, strict=False):
                    if tree is not None and other is not None:
                        test = Compare(made.target.tree, (("==", Literal(ClassName(class_.name))),))
                        tree = Conditional(test, other, tree)
                if tree is not None and None not in others:
                    yield self.symbol(tree)
            yield from (value.dims[axis] for value in inputs if axis < len(value.dims))

        return self.dims(calls, output, inputs, candidates)


def settled(tree: Tree) -> Tree:
    """An expression with the products of its literals multiplied."""
    tree = rebuild(tree, settled)
    if isinstance(tree, Binary) and isinstance(tree.left, Literal) and isinstance(tree.right, Literal):
        left, right = tree.left.result, tree.right.result
        if tree.op == "*" and type(left) is int and type(right) is int:
            return Literal(left * right)
    return tree


def equal(left: Made, right: Made) -> bool:
    """Whether two modules are constructed by the same code."""
    if isinstance(left, Constructor) and isinstance(right, Constructor):
        return (
            _same_target(left.target, right.target)
            and left.wrap == right.wrap
            and left.inplace == right.inplace
            and len(left.arguments) == len(right.arguments)
            and all(
                a == b and same_symbol(x, y)
                for (a, x), (b, y) in zip(left.arguments, right.arguments, strict=True)
            )
        )
    if isinstance(left, Container) and isinstance(right, Container):
        return len(left.items) == len(right.items) and all(
            (
                isinstance(a, Item)
                and isinstance(b, Item)
                and a.text == b.text
                and equal(a.made, b.made)
                and a.when is b.when
            )
            or (
                isinstance(a, Loop)
                and isinstance(b, Loop)
                and same_symbol(a.count, b.count)
                and equal(Container(a.items), Container(b.items))
            )
            for a, b in zip(left.items, right.items, strict=True)
        )
    return False


def _same_target(left: object, right: object) -> bool:
    if isinstance(left, Symbol) and isinstance(right, Symbol):
        return same_symbol(left, right)
    return left == right
