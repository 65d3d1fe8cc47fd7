"""Expressions: Python's meaning, on numbers, text, lists and shapes, total and bounded.

An expression cannot loop, call anything but `FUNCTIONS`, or see anything but the names that its scope gives it.
An expression without a value raises a `Problem` that quotes its operands.
"""

from dataclasses import dataclass
from typing import Protocol

from archspec.language.arithmetic import FUNCTIONS, USAGE, arithmetic, bounded, compare, fail, show
from archspec.types import Value

SHAPE_ATTRIBUTES = ("channels", "height", "width", "shape")


class Scope(Protocol):
    """What an expression can see."""

    def value(self, name: str) -> Value:
        """The value of a parameter, `let` or counter. Raises `Problem` if there is none."""

    def shape(self, path: str, attribute: str) -> Value:
        """`channels`, `height`, `width` or `shape` of the value that `path` names."""

    def spend(self, evaluations: int) -> None:
        """Count what comprehensions evaluate. Raises `Problem` where it is more than any network needs."""


@dataclass(slots=True, eq=False, repr=False)
class Literal:
    """A number, a text or a truth value."""

    result: Value

    def evaluate(self, scope: Scope) -> Value:
        return self.result


@dataclass(slots=True, eq=False, repr=False)
class Name:
    """A parameter, a `let` or a counter."""

    name: str

    def evaluate(self, scope: Scope) -> Value:
        return scope.value(self.name)


@dataclass(slots=True, eq=False, repr=False)
class SizeOf:
    """A size of a value in the network: `x.channels`."""

    path: str
    attribute: str

    def evaluate(self, scope: Scope) -> Value:
        return scope.shape(self.path, self.attribute)


@dataclass(slots=True, eq=False, repr=False)
class List:
    """A list."""

    items: tuple["Tree", ...]

    def evaluate(self, scope: Scope) -> Value:
        return bounded(tuple([item.evaluate(scope) for item in self.items]))


@dataclass(slots=True, eq=False, repr=False)
class Unary:
    """`-a`, `+a`, `not a`."""

    op: str
    operand: "Tree"

    def evaluate(self, scope: Scope) -> Value:
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

    def evaluate(self, scope: Scope) -> Value:
        return arithmetic(self.op, self.left.evaluate(scope), self.right.evaluate(scope))


@dataclass(slots=True, eq=False, repr=False)
class Compare:
    """A chain of comparisons: `a < b <= c`."""

    first: "Tree"
    rest: tuple[tuple[str, "Tree"], ...]

    def evaluate(self, scope: Scope) -> Value:
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

    def evaluate(self, scope: Scope) -> Value:
        left = self.left.evaluate(scope)
        return self.right.evaluate(scope) if bool(left) == (self.op == "and") else left


@dataclass(slots=True, eq=False, repr=False)
class Conditional:
    """`a if test else b`."""

    test: "Tree"
    then: "Tree"
    other: "Tree"

    def evaluate(self, scope: Scope) -> Value:
        return (self.then if self.test.evaluate(scope) else self.other).evaluate(scope)


@dataclass(slots=True, eq=False, repr=False)
class Index:
    """`list[i]`."""

    base: "Tree"
    index: "Tree"

    def evaluate(self, scope: Scope) -> Value:
        base, index = self.base.evaluate(scope), self.index.evaluate(scope)
        if not isinstance(base, tuple | str) or not isinstance(index, int):
            fail(f"{show(base)} has no element {show(index)}")
        if not -len(base) <= index < len(base):
            fail(
                f"index {index} is outside {show(base)}, which has {len(base)} element{'s' * (len(base) != 1)}"
            )
        return base[index]


@dataclass(slots=True, eq=False, repr=False)
class Slicing:
    """`list[a:b:step]`."""

    base: "Tree"
    bounds: tuple["Tree | None", ...]

    def evaluate(self, scope: Scope) -> Value:
        base = self.base.evaluate(scope)
        if not isinstance(base, tuple | str):
            fail(f"only lists and text have slices, not {show(base)}")
        bounds: list[int | None] = []
        for bound in self.bounds:
            value = None if bound is None else bound.evaluate(scope)
            if value is not None and not isinstance(value, int):
                fail(f"the bounds of a slice must be integers, not {show(value)}")
            bounds.append(value)
        if bounds[2:] == [0]:
            fail("the step of a slice must not be 0")
        return base[slice(*bounds)]


@dataclass(slots=True, eq=False, repr=False)
class Call:
    """A function from `FUNCTIONS`."""

    function: str
    arguments: tuple["Tree", ...]

    def evaluate(self, scope: Scope) -> Value:
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
    """The number of trees in `item` and `test`: the cost of each element."""

    def evaluate(self, scope: Scope) -> Value:
        values = self.values.evaluate(scope)
        if not isinstance(values, tuple):
            fail(f"a comprehension needs a list, not {show(values)}")
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
    | SizeOf
    | List
    | Unary
    | Binary
    | Compare
    | Logic
    | Conditional
    | Index
    | Slicing
    | Call
    | Comprehension
)


KEYWORDS = frozenset(("true", "false", "and", "or", "not", "in", "if", "else", "for"))
RESERVED = KEYWORDS | FUNCTIONS.keys() | {"x", "input"}
"""Words that cannot name a parameter."""
