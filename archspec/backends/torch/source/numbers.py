"""Write the numbers in the calls of `forward` that differ between the instances of a block.

They follow from the sizes of values, as in `x.reshape(-1, 8, x.shape[2] * x.shape[3])`, or are attributes.
"""

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from archspec.backends.torch.source.align import Aligned
from archspec.backends.torch.source.columns import Dims, Fields, View
from archspec.backends.torch.source.facts import Facts
from archspec.backends.torch.source.loops import Loops
from archspec.backends.torch.source.modules import Nodes, Sites, at, setting, stem
from archspec.backends.torch.source.parts import Number
from archspec.backends.torch.source.places import Place
from archspec.backends.torch.source.symbols import (
    ABSENT,
    SourceSymbol,
    ValueColumn,
    constant,
    matches,
    reads_sizes,
    size,
    size_name,
    uniform,
)
from archspec.language.expressions import Binary, List, Literal, Name, Tree, Unary
from archspec.language.parser import parse
from archspec.ops.core.torch_code import without_numbers
from archspec.types import TensorType

MAX_SIZE = 9
"""The largest expression over sizes: two sizes with an argument each, and a number."""


class Numbers(Loops):
    """Finds expressions for the numbers of calls."""

    def __init__(self, facts: Facts, places: list[Place]) -> None:
        super().__init__(facts, places)
        self.types: dict[int, list[TensorType]] = {}
        """The type of each value in each instance."""
        self.sizes: dict[int, Dims] = {}
        """The sizes of each value as `forward` can say them: a literal, or the size itself."""
        self.known_in_forward: dict[str, SourceSymbol | None] = {}

    def note_types(self, value: int, types: list[TensorType]) -> None:
        """Record the types of a value."""
        self.types[value] = types
        dims = []
        for axis in range(types[0].rank):
            column = tuple(type_.shape[axis] if axis < type_.rank else ABSENT for type_ in types)
            key = size_name(value, axis)
            is_free = any(isinstance(value, str) for value in column)
            dims.append(constant(column) if is_free and uniform(column) else self.bind(key, column))
        self.sizes[value] = tuple(dims)

    def note_outputs(self, step: Aligned) -> None:
        """Record the types of a step's outputs; where an instance lacks it, its input passes through."""
        for output, value in enumerate(step.outputs):
            types = []
            for row, entry in enumerate(step.entries):
                if entry is None:
                    types.append(self.types[step.inputs[0]][row])
                else:
                    last = entry.copies[-1][-1] if entry.copies else entry.node
                    types.append(last.module.outputs[output])
            self.note_types(value, types)

    @contextmanager
    def in_forward(self) -> Iterator[None]:
        """Within the context, expressions are those of `forward`, which knows all sizes."""
        kept = self.values, self.known
        self.values, self.known = self.sizes, self.known_in_forward
        try:
            yield
        finally:
            self.values, self.known = kept

    def numbers(
        self,
        places: Sites,
        nodes: Nodes,
        step: Aligned,
        texts: Sequence[str | None],
        *,
        only_sizes: bool = False,
    ) -> tuple[str, dict[str, Number]] | None:
        """A template for the calls of all instances, with the numbers that differ.

        `None` if they differ in more than numbers, or if `only_sizes` in some that do not follow from sizes.
        """
        split = [None if text is None else without_numbers(text) for text in texts]
        around, words = next(item for item in split if item is not None)
        if any(item is not None and item[0] != around for item in split):
            return None
        result: dict[str, Number] = {}
        pieces = [*words]
        candidates: list[tuple[str, SourceSymbol]] | None = None
        for index in range(len(words)):
            column = tuple(ABSENT if item is None else ast.literal_eval(item[1][index]) for item in split)
            if uniform(column):
                continue
            if candidates is None:
                candidates = [*self._expressions(places, nodes, step)]
            found = self._found(column, candidates)
            if only_sizes and (found is None or not reads_sizes(found.symbol.tree)):
                return None
            hole = f"#{index}"
            result[hole] = found or self._argument_for(nodes, column)
            pieces[index] = f"{{{hole}}}"
        return "".join(map("".join, zip(around, [*pieces, ""], strict=True))), result

    def _found(self, column: ValueColumn, candidates: list[tuple[str, SourceSymbol]]) -> Number | None:
        """The shortest expression that yields a number. Of equally short ones it comes last for the next number."""
        fitting = [item for item in candidates if matches(column, item[1].values)]
        if not fitting:
            return None
        found = min(fitting, key=lambda item: size(item[1].tree))
        candidates.remove(found)
        candidates.append(found)
        return Number(*found)

    def _argument_for(self, nodes: Nodes, column: ValueColumn) -> Number:
        """A number as an argument of the constructor."""
        node = next(node for node in nodes if node is not None)
        wanted = f"{stem(node)}_{self._field_of(nodes, column)}"
        return Number(wanted, self.role(wanted, column))

    def _expressions(self, places: Sites, nodes: Nodes, step: Aligned) -> Iterator[tuple[str, SourceSymbol]]:
        """The expressions of the op's fields in the document, then what the op says of its numbers, by field."""
        node = next(node for node in nodes if node is not None)
        op = node.module.op
        assert op is not None  # noqa: S101 — blocks have no numbers
        here = [self.sizes[value] for value in step.inputs]
        view = View(at(places, nodes), here[0] if here else None)
        raws = {name: setting(places, nodes, name, op.name) for name in type(op).model_fields}
        with self.in_forward():
            found = [
                (name, self.text(text, view))
                for name, raw in raws.items()
                if not op.readings()[name].text
                for text in _texts(raw)
            ]
            view = replace(view, fields=self._listed(raws, view, self._fields(places, nodes, here)))
            formulas = self.facts.code(node).numbers
            found += [(next(iter(raws)), self.expression(parse(text).tree, view)) for text in formulas]
        for name, symbol in found:
            if symbol is None or symbol.is_literal:
                continue
            if _is_short(symbol.tree) if reads_sizes(symbol.tree) else ABSENT not in symbol.values:
                yield name, symbol

    def _listed(self, raws: dict[str, Any], view: View, fields: Fields) -> Fields:
        """The fields of an op, in whose lists there may be names of dimensions beside expressions."""

        def field(name: str) -> SourceSymbol | None:
            raw = raws.get(name)
            if not isinstance(raw, list):
                return fields(name)
            items = [self.text(item, view) for item in raw]
            pairs = zip(raw, items, strict=True)
            return self.symbol(List(tuple(Literal(str(a)) if b is None else b.tree for a, b in pairs)))

        return field

    def _field_of(self, nodes: Nodes, column: ValueColumn) -> str:
        """The field of the op that is the number, or else its first one."""
        there = [(node.module.op, need) for node, need in zip(nodes, column, strict=True) if node is not None]
        names = [name for op, _ in there[:1] if op is not None for name in type(op).model_fields]
        return next(
            (name for name in names if all(getattr(op, name) == need for op, need in there)), names[0]
        )


def _texts(raw: Any) -> Iterator[Any]:
    """The expressions in a field of a node."""
    if isinstance(raw, list):
        for item in raw:
            yield from _texts(item)
    elif isinstance(raw, dict):
        for item in raw.values():
            yield from _texts(item)
    elif isinstance(raw, str):
        yield raw


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
