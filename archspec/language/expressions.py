"""Expressions: Python's meaning, on numbers, text, lists and shapes, total and bounded.

An expression cannot loop, call anything but `FUNCTIONS`, or see anything but the names that its scope gives it.
Whatever has no value is a `Problem` that quotes the values.
"""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, Protocol

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import shown
from archspec.language import limits
from archspec.types import Table, Value

SHAPE_ATTRIBUTES = ("channels", "height", "width", "shape")


class Scope(Protocol):
    """What an expression can see."""

    def value(self, name: str) -> Value:
        """The value of a parameter, `let` or counter. Raises `Problem` if there is none."""

    def shape(self, path: str, attribute: str) -> Value:
        """`channels`, `height`, `width` or `shape` of the value that `path` names."""

    def spend(self, evaluations: int) -> None:
        """Count what comprehensions evaluate. Raises `Problem` where it is more than any network needs."""


# --- the tree ---------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False, repr=False)
class Literal:
    """A number, a text or a truth value."""

    result: Value

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        return self.result


@dataclass(slots=True, eq=False, repr=False)
class Name:
    """A parameter, a `let` or a counter."""

    name: str

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        return scope.value(self.name)


@dataclass(slots=True, eq=False, repr=False)
class Shape:
    """A size of a value in the network: `x.channels`."""

    path: str
    attribute: str

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        return scope.shape(self.path, self.attribute)


@dataclass(slots=True, eq=False, repr=False)
class List:
    """A list."""

    items: tuple["Tree", ...]

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        return bounded(tuple([item.evaluate(scope) for item in self.items]))


@dataclass(slots=True, eq=False, repr=False)
class Unary:
    """`-a`, `+a`, `not a`."""

    op: str
    operand: "Tree"

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        value = self.operand.evaluate(scope)
        if self.op == "not":
            return not value
        if not isinstance(value, int | float):
            fail(f"`{self.op}` needs a number, not {show(value)}")
        return -value if self.op == "-" else +value


@dataclass(slots=True, eq=False, repr=False)
class Binary:
    """Arithmetic on two numbers."""

    op: str
    left: "Tree"
    right: "Tree"

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        return arithmetic(self.op, self.left.evaluate(scope), self.right.evaluate(scope))


@dataclass(slots=True, eq=False, repr=False)
class Compare:
    """A chain of comparisons: `a < b <= c`."""

    first: "Tree"
    rest: tuple[tuple[str, "Tree"], ...]

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        left = self.first.evaluate(scope)
        for op, tree in self.rest:
            right = tree.evaluate(scope)
            if not compare(op, left, right):
                return False
            left = right
        return True


@dataclass(slots=True, eq=False, repr=False)
class Logic:
    """`a and b`, `a or b`: the operand that decides, as in Python."""

    op: str
    left: "Tree"
    right: "Tree"

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        left = self.left.evaluate(scope)
        return self.right.evaluate(scope) if bool(left) == (self.op == "and") else left


@dataclass(slots=True, eq=False, repr=False)
class Conditional:
    """`a if test else b`."""

    test: "Tree"
    then: "Tree"
    other: "Tree"

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        return (self.then if self.test.evaluate(scope) else self.other).evaluate(scope)


@dataclass(slots=True, eq=False, repr=False)
class Index:
    """`list[i]`."""

    base: "Tree"
    index: "Tree"

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        base, index = self.base.evaluate(scope), self.index.evaluate(scope)
        if not isinstance(base, tuple | str) or not isinstance(index, int):
            fail(f"{show(base)} has no element {show(index)}")
        if not -len(base) <= index < len(base):
            fail(
                f"index {index} is outside {show(base)}, which has {len(base)} element{'s' * (len(base) != 1)}"
            )
        return base[index]


@dataclass(slots=True, eq=False, repr=False)
class Slice:
    """`list[a:b:step]`."""

    base: "Tree"
    bounds: tuple["Tree | None", ...]

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        base = self.base.evaluate(scope)
        if not isinstance(base, tuple | str):
            fail(f"{show(base)} is no list to take a slice of")
        bounds: list[int | None] = []
        for bound in self.bounds:
            value = None if bound is None else bound.evaluate(scope)
            if value is not None and not isinstance(value, int):
                fail(f"{show(value)} is no integer to bound a slice with")
            bounds.append(value)
        if bounds[2:] == [0]:
            fail("the step of a slice is not 0")
        return base[slice(*bounds)]


@dataclass(slots=True, eq=False, repr=False)
class Call:
    """A function from `FUNCTIONS`."""

    function: str
    arguments: tuple["Tree", ...]

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        arguments = [argument.evaluate(scope) for argument in self.arguments]
        try:
            return bounded(FUNCTIONS[self.function](*arguments))
        except (TypeError, ValueError, OverflowError, ZeroDivisionError):
            given = ", ".join(map(show, arguments))
            fail(f"`{self.function}({given})` has no value", help=f"write it as `{USAGE[self.function]}`")


@dataclass(slots=True, eq=False, repr=False)
class Comprehension:
    """`[item for name in values if test]`."""

    item: "Tree"
    name: str
    values: "Tree"
    test: "Tree | None"
    size: int
    """The number of trees in `item` and `test`: what each element costs."""

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        values = self.values.evaluate(scope)
        if not isinstance(values, tuple):
            fail(f"{show(values)} is no list to take elements from")
        scope.spend(len(values) * self.size)
        local = _Local(scope, self.name)
        items = []
        for local.element in values:
            if self.test is None or self.test.evaluate(local):
                items.append(self.item.evaluate(local))
        return bounded(tuple(items))


@dataclass(slots=True, eq=False, repr=False)
class _Local:
    """A scope in which the name of a comprehension is an element of its list."""

    outer: Scope
    name: str
    element: Value = 0

    def value(self, name: str) -> Value:
        return self.element if name == self.name else self.outer.value(name)

    def shape(self, path: str, attribute: str) -> Value:
        return self.outer.shape(path, attribute)

    def spend(self, evaluations: int) -> None:
        self.outer.spend(evaluations)


Tree = (
    Literal
    | Name
    | Shape
    | List
    | Unary
    | Binary
    | Compare
    | Logic
    | Conditional
    | Index
    | Slice
    | Call
    | Comprehension
)


# --- values -----------------------------------------------------------------------------------------------


def fail(message: str, help: str | None = None) -> NoReturn:  # noqa: A002 — the diagnostic's word
    """There is no value."""
    raise Problem("AS307", message, help=help)


def show(value: object) -> str:
    """A value as a spec would write it, cut to a readable length."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{shown(value)}'"
    if isinstance(value, Table):
        value = dict(value)
    if isinstance(value, tuple | list):
        inside = ", ".join(map(show, value[:8])) + (", ..." if len(value) > 8 else "")
        return f"[{inside}]"
    if isinstance(value, dict):
        inside = ", ".join(f"{shown(str(key))} = {show(item)}" for key, item in list(value.items())[:8])
        return f"{{ {inside} }}" if inside else "{}"
    return shown(str(value))


def bounded(value: Value) -> Value:
    """`value`, unless it is a number or a list too large to be meant."""
    if isinstance(value, float):
        if not -1e300 < value < 1e300:  # also nan
            fail("the result is not a finite number")
    elif isinstance(value, int):
        if not -limits.INTEGER <= value <= limits.INTEGER:
            fail("the result does not fit into 64 bits")
    elif isinstance(value, tuple) and elements(value) > limits.LIST_LENGTH:
        fail(f"the list has more than {limits.LIST_LENGTH:,} elements")
    return value


def elements(value: Value) -> int:
    """The elements of a list, those of lists inside it included."""
    return sum(1 + elements(item) for item in value) if isinstance(value, tuple) else 0


_ARITHMETIC: dict[str, Callable[..., Value]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
COMPARISONS: dict[str, Callable[..., object]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
}


def arithmetic(op: str, left: Value, right: Value) -> Value:
    """`left op right` for numbers."""
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        fail(f"`{op}` needs numbers, not {show(left)} and {show(right)}")
    # A power is refused before it is computed: 9**9**9 has 369,693,100 digits.
    if op == "**" and abs(right) * max(abs(left), 2).__trunc__().bit_length() > 1_100:
        fail(f"{show(left)} ** {show(right)} does not fit into 64 bits")
    try:
        result = _ARITHMETIC[op](left, right)
    except ZeroDivisionError:
        fail(f"{show(left)} {op} {show(right)} divides by zero")
    except OverflowError:
        fail(f"{show(left)} {op} {show(right)} is too large")
    if isinstance(result, complex):
        fail(f"({show(left)}) {op} {show(right)} is not a real number")
    return bounded(result)


def compare(op: str, left: Value, right: Value) -> bool:
    """`left op right`, Python's meaning."""
    try:
        return bool(COMPARISONS[op](left, right))
    except TypeError:
        fail(f"{show(left)} and {show(right)} cannot be compared with `{op}`")


def divisible(value: float, divisor: int) -> int:
    """The multiple of `divisor` nearest to `value`, but never below 90 % of it.

    MobileNet's rounding of channels: https://arxiv.org/abs/1704.04861 and torchvision's `_make_divisible`.
    """
    if isinstance(divisor, float) or divisor < 1:
        raise ValueError(divisor)
    result = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return result + divisor if result < 0.9 * value else result


def _sum(values: tuple[float, ...], /) -> float:
    if not isinstance(values, tuple):
        raise TypeError(values)
    return sum(values)  # a list inside it is a TypeError


def _range(*bounds: int) -> tuple[int, ...]:
    if any(isinstance(bound, bool) for bound in bounds):
        raise TypeError(bounds)
    numbers = range(*bounds)
    if len(numbers) > limits.LIST_LENGTH:
        fail(f"the list has more than {limits.LIST_LENGTH:,} elements")
    return tuple(numbers)


def _round(value: float, digits: int | None = None, /) -> float:
    if digits is not None and not -20 <= digits <= 20:
        raise ValueError(digits)
    return round(value, digits)


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "int": lambda value: int(value + 0),
    "len": len,
    "sum": _sum,
    "ceil": lambda value: -int(-value // 1),
    "floor": lambda value: int(value // 1),
    "round": _round,
    "sqrt": math.sqrt,
    "log2": math.log2,
    "range": _range,
    "divisible": divisible,
}
USAGE = {
    "min": "min(a, b, …) or min(list)",
    "max": "max(a, b, …) or max(list)",
    "abs": "abs(number)",
    "int": "int(number)",
    "len": "len(list)",
    "sum": "sum(list of numbers)",
    "ceil": "ceil(number)",
    "floor": "floor(number)",
    "round": "round(number)",
    "sqrt": "sqrt(number)",
    "log2": "log2(number)",
    "range": "range(stop), range(start, stop) or range(start, stop, step)",
    "divisible": "divisible(value, divisor)",
}
KEYWORDS = frozenset(("true", "false", "and", "or", "not", "in", "if", "else", "for"))
RESERVED = KEYWORDS | FUNCTIONS.keys() | {"x", "input"}
"""Words that cannot name a parameter."""
