"""Symbolic values: expressions together with their values in all instances of a block.

A class is generated once for all instances of a block. Each value in its constructor is a column: one value per
instance. A symbol is an expression over the constructor's arguments together with the column that it evaluates to, so
that every generated expression has been compared with every instance.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final

from archspec.diagnostics import Problem
from archspec.language.expressions import (
    Binary,
    Call,
    Compare,
    Comprehension,
    Conditional,
    Index,
    List,
    Literal,
    Logic,
    Name,
    Slicing,
    Tree,
    Unary,
)
from archspec.ops.core.torch_code import literal
from archspec.types import Table, Value


class ClassName(str):
    """A class name as a value, such as an activation that a block takes as an argument."""

    __slots__ = ()


ABSENT: Final[Any] = type("Absent", (), {"__repr__": lambda _: "ABSENT"})()
"""A missing value in a column: any value of an expression is accepted for that instance."""
ValueColumn = tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Symbol:
    """An expression and its column of values, one per instance."""

    tree: Tree
    values: ValueColumn

    @property
    def is_literal(self) -> bool:
        """Whether the expression is a literal."""
        return isinstance(self.tree, Literal)

    @property
    def is_simple(self) -> bool:
        """Whether the expression is a name or a literal."""
        return isinstance(self.tree, Literal | Name)


def same(left: Any, right: Any) -> bool:
    """Whether two values have the same source text: 1 is neither 1.0 nor True."""
    if type(left) is not type(right):
        return False
    if isinstance(left, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def matches(column: ValueColumn, values: ValueColumn) -> bool:
    """Whether `values` equals `column` wherever that is not `ABSENT`."""
    return all(need is ABSENT or same(need, value) for need, value in zip(column, values, strict=True))


def uniform(column: ValueColumn) -> bool:
    """Whether all values that are not `ABSENT` are the same."""
    there = [value for value in column if value is not ABSENT]
    return bool(there) and all(same(value, there[0]) for value in there[1:])


def constant(column: ValueColumn) -> Symbol:
    """A uniform column as a literal."""
    value = next(value for value in column if value is not ABSENT)
    return Symbol(Literal(value), (value,) * len(column))


class Bindings:
    """The environment of one instance: a mapping from arguments to values."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def value(self, name: str) -> Value:
        """The value of an argument."""
        value = self.values[name]
        if value is ABSENT:
            raise Problem("AS307", f"`{name}` has no value here")
        return value  # type: ignore[no-any-return]

    def shape(self, path: str, attribute: str) -> Value:
        """Always raises: shapes are already replaced by arguments."""
        raise LookupError(path, attribute)

    def spend(self, evaluations: int) -> None:
        """Do nothing: elaboration has already enforced the limit."""


def evaluate(tree: Tree, rows: Sequence[Mapping[str, Any]]) -> ValueColumn:
    """The value of an expression for each instance; `ABSENT` where it has none."""
    if isinstance(tree, Literal):
        return (tree.result,) * len(rows)
    if isinstance(tree, Name):
        return tuple([row[tree.name] for row in rows])
    values = []
    for row in rows:
        try:
            values.append(tree.evaluate(Bindings(row)))
        except Problem:
            values.append(ABSENT)
    return tuple(values)


def size_name(value: int, axis: int) -> str:
    """The name of the size of an axis of a value, which only `forward` knows."""
    return f"#{value}.{axis}"


def size_of(name: str) -> tuple[int, int] | None:
    """The value and the axis of the name of a size; `None` for other names."""
    value, _, axis = name.removeprefix("#").partition(".")
    return (int(value), int(axis)) if name.startswith("#") else None


def reads_sizes(tree: Tree) -> bool:
    """Whether only `forward` can evaluate an expression."""
    return any(name.startswith("#") for name in names(tree))


def children(tree: Tree) -> Iterator[Tree]:
    """The direct subexpressions."""
    for field in fields(tree):
        value = getattr(tree, field.name)
        for item in value if isinstance(value, tuple) and not isinstance(tree, Literal) else (value,):
            part = item[1] if isinstance(item, tuple) and isinstance(tree, Compare) else item
            if is_dataclass(part) and not isinstance(part, type):
                yield part  # type: ignore[misc]


def names(tree: Tree) -> Iterator[str]:
    """Every occurrence of a name in an expression."""
    if isinstance(tree, Name):
        yield tree.name
    own = tree.name if isinstance(tree, Comprehension) else None
    for child in children(tree):
        yield from (name for name in names(child) if name != own)


def rebuild(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """The expression with `change` applied to each child."""
    match tree:
        case Unary():
            return Unary(tree.op, change(tree.operand))
        case Binary():
            return Binary(tree.op, change(tree.left), change(tree.right))
        case Logic():
            return Logic(tree.op, change(tree.left), change(tree.right))
        case Compare():
            return Compare(change(tree.first), tuple((op, change(part)) for op, part in tree.rest))
        case Conditional():
            return Conditional(change(tree.test), change(tree.then), change(tree.other))
        case Index():
            return Index(change(tree.base), change(tree.index))
        case List():
            return List(tuple(map(change, tree.items)))
        case Call():
            return Call(tree.function, tuple(map(change, tree.arguments)))
        case Slicing():
            return Slicing(change(tree.base), tuple(bound and change(bound) for bound in tree.bounds))
        case Comprehension():
            test = tree.test and change(tree.test)
            return Comprehension(change(tree.item), tree.name, change(tree.values), test, tree.size)
    return tree


def size(tree: Tree) -> int:
    """The number of nodes of an expression."""
    return 1 + sum(map(size, children(tree)))


def is_product(tree: Tree) -> bool:
    """Whether an expression consists of multiplication, division and rounding only."""
    if isinstance(tree, Call):
        return tree.function == "divisible" and is_product(tree.arguments[0])
    if isinstance(tree, Binary):
        return tree.op in ("*", "/", "//") and is_product(tree.left) and is_product(tree.right)
    return isinstance(tree, Name | Literal)


def substitute(tree: Tree, mapping: Mapping[str, Tree]) -> Tree:
    """The expression with names replaced."""
    if isinstance(tree, Name):
        return mapping.get(tree.name, tree)
    return rebuild(tree, lambda part: substitute(part, mapping))


_OPPOSITES = {"==": "!=", "!=": "==", "in": "not in", "not in": "in"}


def simplify(tree: Tree) -> Tree:
    """Apply identities: `1 * a`, `a + 0`, `false or a`, an element of a literal list."""
    match tree:
        case Binary("+", Binary("+", other, Literal(int(first))), Literal(int(second))):
            return Binary("+", other, Literal(first + second))
        case Unary("-", Unary("-", other)) | Unary("not", Unary("not", other)):
            return other
        case Unary("not", Compare(first, ((op, other),))) if op in _OPPOSITES:
            return Compare(first, ((_OPPOSITES[op], other),))
        case Compare(Conditional(test, Literal(then), Literal(other)), (("==", Literal(value)),)) if (
            then != other
        ):
            return test if value == then else simplify(Unary("not", test))
        case Binary("*", Literal(1), other) | Binary("*" | "//" | "**", other, Literal(1)):
            return other
        case Binary("+" | "-", other, Literal(0)) | Binary("+", Literal(0), other):
            return other
        case Logic("or", Literal(False), other) | Logic("and", Literal(True), other):
            return other
        case Logic("or", other, Literal(False)) | Logic("and", other, Literal(True)):
            return other
        case Conditional(Literal(test), then, other):
            return then if test else other
        case Index(List(items), Literal(int(index))) if -len(items) <= index < len(items):
            return items[index]
    return tree


def gathered(tree: Tree) -> Tree:
    """A sum with like terms collected, if that is shorter: `a + 4 + (a + b + 3)` as `2 * a + b + 7`."""
    terms: dict[str, tuple[Tree, int]] = {}
    rest = _gather(tree, 1, terms)
    result: Tree | None = None
    for term, factor in terms.values():
        if factor:
            sign = "-" if factor < 0 and result is not None else "+"
            size_ = abs(factor) if sign == "-" else factor
            part = term if size_ == 1 else Binary("*", Literal(size_), term)
            result = part if result is None else Binary(sign, result, part)
    if result is None:
        return Literal(rest)
    if rest:
        result = Binary("-" if rest < 0 else "+", result, Literal(abs(rest)))
    return result if size(result) < size(tree) else tree


def _gather(tree: Tree, factor: int, terms: dict[str, tuple[Tree, int]]) -> int:
    """Add the terms of a sum, times `factor`, to `terms`; return the constant term."""
    match tree:
        case Literal(result=int(value)) if not isinstance(value, bool):
            return factor * value
        case Binary(op="+" | "-"):
            other = factor if tree.op == "+" else -factor
            return _gather(tree.left, factor, terms) + _gather(tree.right, other, terms)
        case Binary(op="*", left=Literal(result=int(value)), right=part) if not isinstance(value, bool):
            return _gather(part, factor * value, terms)
        case Binary(op="*", left=part, right=Literal(result=int(value))) if not isinstance(value, bool):
            return _gather(part, factor * value, terms)
    key = python(tree, _ItsName())
    terms[key] = (tree, terms[key][1] + factor if key in terms else factor)
    return 0


class _ItsName(dict[str, str]):
    """The identity mapping of names."""

    def __missing__(self, key: str) -> str:
        return key


class _Inside(dict[str, str]):
    """The identifiers inside of a comprehension."""

    def __init__(self, around: Mapping[str, str], name: str) -> None:
        super().__init__({name: name})
        self.around = around

    def __missing__(self, key: str) -> str:
        return self.around[key]


FUNCTIONS = {name: f"math.{name}" for name in ("ceil", "floor", "sqrt", "log2")} | {
    "divisible": "make_divisible"
}
"""The functions of the expression language that Python calls otherwise."""

_SIMPLE = re.compile(r"-?[\w.]+")
_BINDING = {"or": 2, "and": 3, "not": 4, "+": 6, "-": 6, "*": 7, "/": 7, "//": 7, "%": 7, "**": 9}


def python(tree: Tree, identifiers: Mapping[str, str], level: int = 0) -> str:
    """An expression as Python source, parenthesised if its precedence is below `level`."""
    text, binding = _python(tree, identifiers)
    return f"({text})" if binding < level else text


def _python(tree: Tree, ids: Mapping[str, str]) -> tuple[str, int]:  # noqa: C901 — one case for each kind of tree
    match tree:
        case Literal():
            negative = isinstance(tree.result, int | float) and tree.result < 0
            return written(tree.result), 8 if negative else 10
        case Name():
            return ids[tree.name], 10
        case List():
            inside = ", ".join(python(item, ids) for item in tree.items)
            return (f"({inside},)" if len(tree.items) == 1 else f"({inside})"), 10
        case Unary("not", Unary("not", inner)):
            is_bool = isinstance(inner, Compare) or (isinstance(inner, Unary) and inner.op == "not")
            return _python(inner, ids) if is_bool else (f"bool({python(inner, ids)})", 10)
        case Unary():
            own = 4 if tree.op == "not" else 8
            nested = isinstance(tree.operand, Unary) and own == 8  # to avoid `--a`
            return f"{tree.op}{' ' * (own == 4)}{python(tree.operand, ids, own + nested)}", own
        case Binary():
            own = _BINDING[tree.op]
            right_first = tree.op == "**"
            left = python(tree.left, ids, own + right_first)
            right = python(tree.right, ids, own + (not right_first))
            space = "" if right_first and _SIMPLE.fullmatch(left) and _SIMPLE.fullmatch(right) else " "
            return f"{left}{space}{tree.op}{space}{right}", own
        case Logic():
            own = _BINDING[tree.op]
            return f"{python(tree.left, ids, own)} {tree.op} {python(tree.right, ids, own + 1)}", own
        case Compare():
            rest = "".join(f" {op} {python(part, ids, 6)}" for op, part in tree.rest)
            return python(tree.first, ids, 6) + rest, 5
        case Conditional():
            test, then = python(tree.test, ids, 2), python(tree.then, ids, 2)
            return f"{then} if {test} else {python(tree.other, ids, 1)}", 1
        case Index(Comprehension() as listed, Literal(0)):
            return f"next({python(listed, ids)[1:-1]})", 10
        case Index():
            return f"{python(tree.base, ids, 10)}[{python(tree.index, ids)}]", 10
        case Slicing():
            texts = [python(bound, ids) if bound else "" for bound in tree.bounds]
            colon = ":" if all(map(_SIMPLE.fullmatch, filter(None, texts))) else " : "
            return f"{python(tree.base, ids, 10)}[{colon.join(texts).strip()}]", 10
        case Comprehension():
            around = _Inside(ids, tree.name)
            condition = f" if {python(tree.test, around, 2)}" if tree.test else ""
            item, values = python(tree.item, around), python(tree.values, ids, 2)
            return f"[{item} for {tree.name} in {values}{condition}]", 10
        case Call():
            inside = ", ".join(python(item, ids) for item in tree.arguments)
            return f"{FUNCTIONS.get(tree.function, tree.function)}({inside})", 10
    raise LookupError(type(tree).__name__)


def written(value: Any) -> str:
    """A value as a Python literal."""
    return value if isinstance(value, ClassName) else literal(plain(value))


def plain(value: Value) -> Any:
    """A value of the spec language as a Python value."""
    if isinstance(value, Table):
        raise LookupError("a table has no literal")
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    return str(value) if isinstance(value, str) and not isinstance(value, ClassName) else value


def same_symbol(left: Symbol, right: Symbol) -> bool:
    """Whether two symbols have the same expression."""
    ids = _ItsName()
    return same(left.values, right.values) and python(left.tree, ids) == python(right.tree, ids)
