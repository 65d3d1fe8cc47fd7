"""Ops as functions of tensors, with the numbers in their calls."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from archspec.backends.torch.source.ops import Calls, Ops, first, function_text, refused, stem
from archspec.backends.torch.source.parts import Action, Number, TensorValue
from archspec.backends.torch.source.symbols import (
    ABSENT,
    Symbol,
    ValueColumn,
    matches,
    reads_sizes,
    size,
    uniform,
)
from archspec.diagnostics import Problem
from archspec.elaborate.settings import Setting
from archspec.elaborate.steps import Step
from archspec.language.expressions import Binary, List, Literal, Name, Tree, Unary
from archspec.ops.core.torch_code import placeholders, without_numbers

MAX_SIZE = 9
"""The largest expression over sizes: two sizes with an argument each, and a number."""


class Functions(Ops):
    """Writes ops as functions."""

    def function(
        self, step: Step, calls: Calls, inputs: list[TensorValue], *, named: bool, start: bool
    ) -> Action | None:
        """A node without a module, as an action of `forward`; `None` if it has a module.

        Where its numbers differ and there is a module, that has them as arguments, unless sizes tell them.
        """
        codes = self.codes_of(calls)
        there = [code for code in codes if code is not None]
        if not all(code.function for code in there):
            return None
        texts = [function_text(code) if code is not None else None for code in codes]
        has_module = any(code.module for code in there)
        if has_module and named and len({*texts} - {None}) == 1:
            return None
        found = self.numbers(step, calls, inputs, texts, only_sizes=has_module, start=start)
        if found is None:
            return None
        node = first(calls)
        action = Action(node, found[0], (), (), numbers=found[1])
        action.typed = all(code.typed for code in there)
        return action

    def numbers(
        self,
        step: Step,
        calls: Calls,
        inputs: list[TensorValue],
        texts: Sequence[str | None],
        *,
        start: bool,
        only_sizes: bool = False,
    ) -> tuple[str, dict[str, Number]] | None:
        """A template for the calls of all rows, with the numbers that differ.

        `None` if they differ in more than numbers, or if `only_sizes` in some that do not follow from sizes.
        """
        split = [None if text is None else without_numbers(text) for text in texts]
        around, words = next(item for item in split if item is not None)
        if any(item is not None and item[0] != around for item in split):
            return None
        result: dict[str, Number] = {}
        pieces = [*words]
        candidates: list[tuple[str, Symbol]] | None = None
        for index in range(len(words)):
            column = tuple(ABSENT if item is None else ast.literal_eval(item[1][index]) for item in split)
            if uniform(column):
                continue
            if candidates is None:
                candidates = [*self._expressions(step, calls, inputs, start=start)]
            found = _found(column, candidates)
            if only_sizes and (found is None or not reads_sizes(found.symbol.tree)):
                return None
            if found is None:
                wanted = f"{stem(first(calls))}_{_field_of(calls, column)}"
                found = Number(wanted, self.role(wanted, column))
            result[f"#{index}"] = found
            pieces[index] = f"{{#{index}}}"
        return "".join(map("".join, zip(around, [*pieces, ""], strict=True))), result

    def _expressions(
        self, step: Step, calls: Calls, inputs: list[TensorValue], *, start: bool
    ) -> Iterator[tuple[str, Symbol]]:
        """The expressions of the op's fields in the document, then what the op says of its numbers, by field."""
        node = first(calls)
        settings = self.settings_of(step, node, start=start)
        view = self.view_of(step, calls, inputs, start=start)
        plain = replace(view, fields=None)
        outer = view.fields
        self.in_forward, known, self.known = True, self.known, {}

        def field(name: str) -> Symbol | None:
            setting = settings.get(name)
            if setting is None or not setting.parts:
                return outer(name) if outer else None
            items = [self.setting(part, plain) for part in setting.parts]
            return self.symbol(List(tuple([Literal("") if item is None else item.tree for item in items])))

        found = [
            (name, self.setting(part, plain))
            for name, setting in settings.items()
            for part in _parts(setting)
        ]
        formulas = self.facts.code(node).numbers
        fields = replace(view, fields=field)
        found += [(next(iter(settings), "size"), self.formula(text, fields)) for text in formulas]
        self.in_forward, self.known = False, known
        for name, symbol in found:
            if symbol is None or symbol.is_literal:
                continue
            if _is_short(symbol.tree) if reads_sizes(symbol.tree) else ABSENT not in symbol.values:
                yield name, symbol

    def free_sizes(self, action: Action, inputs: list[TensorValue]) -> None:
        """Say where the free dimensions in an action's call are read."""
        for name in placeholders(action.template):
            if name in action.numbers:
                continue
            source = next(
                (
                    value
                    for value in (*inputs, *self.values.values())
                    if any(type_ is not None and name in type_.shape for type_ in value.types)
                ),
                None,
            )
            if source is None:
                kind = action.node.module.kind
                message = f"`{kind}` needs the size of `{name}`, which no value in scope has"
                raise refused(Problem("AS702", message, subject=kind), action.node)
            action.dims[name] = source.number


def _found(column: ValueColumn, candidates: list[tuple[str, Symbol]]) -> Number | None:
    """The shortest expression that yields a number. Of equally short ones it comes last for the next number."""
    fitting = [item for item in candidates if matches(column, item[1].values)]
    if not fitting:
        return None
    found = min(fitting, key=lambda item: size(item[1].tree))
    candidates.remove(found)
    candidates.append(found)
    return Number(*found)


def _field_of(calls: Calls, column: ValueColumn) -> str:
    """The field of the op that is the number, or else its first one."""
    there = [(node.module.op, need) for node, need in zip(calls, column, strict=True) if node is not None]
    names = [name for op, _ in there[:1] if op is not None for name in type(op).model_fields]
    return next((name for name in names if all(getattr(op, name) == need for op, need in there)), names[0])


def _parts(setting: Setting) -> Iterator[Setting]:
    """The expressions in a field of a node."""
    if setting.parts:
        for part in setting.parts:
            yield from _parts(part)
    elif not setting.constant:
        yield setting


def _is_short(tree: Tree) -> bool:
    """Whether an expression can be in `forward`: arithmetic, and not too much of it."""
    return size(tree) <= MAX_SIZE and _is_arithmetic(tree)


def _is_arithmetic(tree: Tree) -> bool:
    match tree:
        case Name() | Literal():
            return True
        case Unary(op="-"):
            return _is_arithmetic(tree.operand)
        case Binary(op="+" | "-" | "*" | "//" | "%"):
            return _is_arithmetic(tree.left) and _is_arithmetic(tree.right)
    return False
