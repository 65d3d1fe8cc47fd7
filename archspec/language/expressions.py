"""Expressions: Python's meaning, on numbers, text, lists and shapes, total and bounded.

    conditional   = or [ "if" or "else" conditional ]
    or, and, not  as in Python; comparisons chain; `in` and `not in`
    arithmetic    + - * / // % ** on numbers
    postfix       list[i], list[a:b], function(…)
    atom          number, true, false, 'text', [list], name, node.channels, (…)

An expression cannot loop, call anything but `FUNCTIONS`, or see anything but the names that its scope gives it.
Whatever has no value is a `Problem` that quotes the values.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn, Protocol

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import shown
from archspec.ir import Value
from archspec.language import limits

SHAPE_ATTRIBUTES = ("channels", "height", "width", "shape")


class Scope(Protocol):
    """What an expression can see."""

    def value(self, name: str) -> Value:
        """The value of a parameter, `let` or counter. Raises `Problem` if there is none."""

    def shape(self, path: str, attribute: str) -> Value:
        """`channels`, `height`, `width` or `shape` of the value that `path` names."""


# --- the tree ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text or a truth value."""

    result: Value

    def evaluate(self, scope: Scope) -> Value:  # noqa: ARG002, D102
        return self.result


@dataclass(frozen=True, slots=True)
class Name:
    """A parameter, a `let` or a counter."""

    name: str

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        return scope.value(self.name)


@dataclass(frozen=True, slots=True)
class Shape:
    """A size of a value in the network: `x.channels`."""

    path: str
    attribute: str

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        return scope.shape(self.path, self.attribute)


@dataclass(frozen=True, slots=True)
class List:
    """A list."""

    items: tuple["Tree", ...]

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        return tuple(item.evaluate(scope) for item in self.items)


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic on two numbers."""

    op: str
    left: "Tree"
    right: "Tree"

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        return arithmetic(self.op, self.left.evaluate(scope), self.right.evaluate(scope))


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Logic:
    """`a and b`, `a or b`: the operand that decides, as in Python."""

    op: str
    left: "Tree"
    right: "Tree"

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        left = self.left.evaluate(scope)
        return self.right.evaluate(scope) if bool(left) == (self.op == "and") else left


@dataclass(frozen=True, slots=True)
class Conditional:
    """`a if test else b`."""

    test: "Tree"
    then: "Tree"
    other: "Tree"

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        return (self.then if self.test.evaluate(scope) else self.other).evaluate(scope)


@dataclass(frozen=True, slots=True)
class Index:
    """`list[i]`."""

    base: "Tree"
    index: "Tree"

    def evaluate(self, scope: Scope) -> Value:  # noqa: D102
        base, index = self.base.evaluate(scope), self.index.evaluate(scope)
        if not isinstance(base, tuple | str) or not isinstance(index, int):
            fail(f"{show(base)} has no element {show(index)}")
        if not -len(base) <= index < len(base):
            fail(f"index {index} is outside {show(base)}, which has {len(base)} elements")
        return base[index]


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


Tree = (
    Literal | Name | Shape | List | Unary | Binary | Compare | Logic | Conditional | Index | Slice | Call
)  # fmt: skip


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
    if isinstance(value, tuple | list):
        inside = ", ".join(map(show, value[:8])) + (", ..." if len(value) > 8 else "")
        return f"[{inside}]"
    if isinstance(value, dict):
        inside = ", ".join(f"{shown(str(key))} = {show(item)}" for key, item in list(value.items())[:8])
        return f"{{ {inside} }}" if inside else "{}"
    return shown(str(value))


def bounded(value: Value) -> Value:
    """`value`, unless it is a number too large to be meant."""
    if isinstance(value, float):
        if not -1e300 < value < 1e300:  # also nan
            fail("the result is not a finite number")
    elif isinstance(value, int) and not -limits.INTEGER <= value <= limits.INTEGER:
        fail("the result does not fit into 64 bits")
    return value


_ARITHMETIC: dict[str, Callable[..., Value]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "%": operator.mod, "**": operator.pow,
}  # fmt: skip
_COMPARISON: dict[str, Callable[..., object]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge, "in": lambda a, b: a in b, "not in": lambda a, b: a not in b,
}  # fmt: skip


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
        fail(f"{show(left)} {op} {show(right)} is not a real number")
    return bounded(result)


def compare(op: str, left: Value, right: Value) -> bool:
    """`left op right`, Python's meaning."""
    try:
        return bool(_COMPARISON[op](left, right))
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


def _round(value: float, digits: int = 0, /) -> float:
    if not -20 <= digits <= 20:
        raise ValueError(digits)
    return round(value, digits) if digits else round(value)


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "min": min, "max": max, "abs": abs, "int": lambda value: int(value + 0), "len": len, "sum": sum,
    "ceil": lambda value: -int(-value // 1), "floor": lambda value: int(value // 1),
    "round": _round, "divisible": divisible,
}  # fmt: skip
USAGE = {
    "min": "min(a, b, …) or min(list)", "max": "max(a, b, …) or max(list)", "abs": "abs(number)",
    "int": "int(number)", "len": "len(list)", "sum": "sum(list of numbers)", "ceil": "ceil(number)",
    "floor": "floor(number)", "round": "round(number)", "divisible": "divisible(value, divisor)",
}  # fmt: skip
KEYWORDS = frozenset(("true", "false", "and", "or", "not", "in", "if", "else"))
RESERVED = KEYWORDS | FUNCTIONS.keys() | {"x", "input"}
"""Words that cannot name a parameter."""


# --- the parser -------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d+)?)
    | (?P<name>[^\W\d]\w*(?:\.\w+)*)
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<op>\*\*|//|==|!=|<=|>=|[-+*/%<>()\[\],:])
    | (?P<end>$)
    )""",
    re.VERBOSE,
)
_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "%": 2}


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.next = 0
        self.depth = 0

    def peek(self) -> str:
        return self.tokens[self.next][1]

    def take(self, *words: str) -> bool:
        kind, word = self.tokens[self.next]
        if word in words and kind != "text":
            self.next += 1
            return True
        return False

    def expect(self, word: str) -> None:
        if not self.take(word):
            self.unexpected(f"`{word}`")

    def unexpected(self, wanted: str) -> NoReturn:
        found = shown(self.peek())
        syntax(f"expected {wanted}, found {f'`{found}`' if found else 'the end'}", self.text)

    def whole(self) -> Tree:
        tree = self.conditional()
        if self.tokens[self.next][0] != "end":
            self.unexpected("the end")
        return tree

    def conditional(self) -> Tree:
        self.depth += 1
        if self.depth > limits.EXPRESSION_DEPTH:
            syntax(f"nested deeper than {limits.EXPRESSION_DEPTH} levels", self.text)
        tree = self.either()
        if self.take("if"):
            test = self.either()
            self.expect("else")
            tree = Conditional(test, tree, self.conditional())
        self.depth -= 1
        return tree

    def either(self) -> Tree:
        tree = self.both()
        while self.take("or"):
            tree = Logic("or", tree, self.both())
        return tree

    def both(self) -> Tree:
        tree = self.negation()
        while self.take("and"):
            tree = Logic("and", tree, self.negation())
        return tree

    def negation(self) -> Tree:
        negations = 0
        while self.take("not"):
            negations += 1
        tree = self.comparison()
        for _ in range(min(negations, 2 + negations % 2)):  # not not a is bool(a): two or three suffice
            tree = Unary("not", tree)
        return tree

    def comparison(self) -> Tree:
        first = self.sum(1)
        rest: list[tuple[str, Tree]] = []
        while (op := self.peek()) in _COMPARISON or op == "not":
            self.next += 1
            if op == "not":
                self.expect("in")
                op = "not in"
            rest.append((op, self.sum(1)))
        return Compare(first, tuple(rest)) if rest else first

    def sum(self, binding: int) -> Tree:
        tree = self.sign() if binding == 2 else self.sum(2)
        while self.tokens[self.next][0] == "op" and _BINDING.get(op := self.peek()) == binding:
            self.next += 1
            tree = Binary(op, tree, self.sign() if binding == 2 else self.sum(2))
        return tree

    def sign(self) -> Tree:
        self.depth += 1
        if self.depth > limits.EXPRESSION_DEPTH:
            syntax(f"nested deeper than {limits.EXPRESSION_DEPTH} levels", self.text)
        op = self.peek()
        if self.take("-", "+"):
            tree: Tree = Unary(op, self.sign())
        else:
            tree = self.postfix()
            if self.take("**"):
                tree = Binary("**", tree, self.sign())
        self.depth -= 1
        return tree

    def postfix(self) -> Tree:
        tree = self.atom()
        while self.take("["):
            bounds: list[Tree | None] = []
            colons = 0
            while True:
                bounds.append(None if self.peek() in (":", "]") else self.conditional())
                if not self.take(":"):
                    break
                colons += 1
            self.expect("]")
            if colons > 2 or (not colons and bounds == [None]):
                syntax("an index is `[i]` or `[from:to:step]`", self.text)
            index = bounds[0]
            tree = Slice(tree, tuple(bounds)) if colons or index is None else Index(tree, index)
        return tree

    def atom(self) -> Tree:
        kind, word = self.tokens[self.next]
        self.next += 1
        if kind == "number":
            return Literal(_number(word, self.text))
        if kind == "text":
            return Literal(word[1:-1])
        if kind == "name" and word not in KEYWORDS - {"true", "false"}:
            return self.name(word)
        if word == "(" and kind == "op":
            tree = self.conditional()
            self.expect(")")
            return tree
        if word == "[" and kind == "op":
            return List(self.items("]"))
        self.next -= 1
        return self.unexpected("a value")

    def name(self, word: str) -> Tree:
        if word in ("true", "false"):
            return Literal(word == "true")
        if self.take("("):
            if word not in FUNCTIONS:
                syntax(f"there is no function `{shown(word)}`", self.text,
                       f"the functions are {', '.join(FUNCTIONS)}")  # fmt: skip
            return Call(word, self.items(")"))
        path, _, attribute = word.rpartition(".")
        if not path:
            return Name(word)
        if attribute not in SHAPE_ATTRIBUTES:
            syntax(f"`{shown(path)}` has no `{shown(attribute)}`", self.text,
                   f"a value has {', '.join(SHAPE_ATTRIBUTES)}")  # fmt: skip
        return Shape(path, attribute)

    def items(self, close: str) -> tuple[Tree, ...]:
        items: list[Tree] = []
        while not self.take(close):
            items.append(self.conditional())
            if not self.take(","):
                self.expect(close)
                break
        return tuple(items)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens = []
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        if not match:
            rest = text[position:].lstrip()
            syntax(f"`{shown(rest[:1])}` is not part of the expression language", text)
        kind = str(match.lastgroup)
        tokens.append((kind, match[kind]))
        if kind == "end":
            return tokens
        if len(tokens) > limits.EXPRESSION_TOKENS:
            syntax(f"more than {limits.EXPRESSION_TOKENS} words and signs", text)
        position = match.end()


def _number(word: str, text: str) -> int | float:
    try:
        value = int(word) if word.replace("_", "").isdecimal() else float(word)
    except ValueError:
        syntax(f"`{shown(word)}` is not a number", text)
    if abs(value) > limits.INTEGER and (isinstance(value, int) or value > 1e300):
        syntax(f"`{shown(word)}` is too large", text)
    return value


def syntax(message: str, text: str, help: str | None = None) -> NoReturn:  # noqa: A002
    """The text is no expression."""
    raise Problem("AS205", f"`{shown(text)}` is not an expression: {message}", help=help)


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression: its text, its tree, and the names that it mentions."""

    text: str
    tree: Tree
    names: frozenset[str]
    """Parameters, `let`s and counters."""
    paths: frozenset[str]
    """What shapes are taken of."""

    def evaluate(self, scope: Scope) -> Value:
        """The value in `scope`. Raises `Problem` where there is none."""
        try:
            return self.tree.evaluate(scope)
        except Problem as problem:
            if problem.code == "AS307" and not problem.notes and not isinstance(self.tree, Name | Shape):
                problem.notes = (f"in the expression `{shown(self.text)}`",)
            raise


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Parse an expression. Raises `Problem` (AS205) where it is none."""
    if len(text) > limits.EXPRESSION_LENGTH:
        syntax(f"longer than {limits.EXPRESSION_LENGTH} characters", text)
    if not text.isascii():
        odd = next(c for c in text if not c.isascii())
        syntax(f"`{shown(odd)}` is not ASCII", text)
    tree = _Parser(text).whole()
    names: set[str] = set()
    paths: set[str] = set()
    _mentions(tree, names, paths)
    return Expression(text, tree, frozenset(names), frozenset(paths))


def _mentions(tree: object, names: set[str], paths: set[str]) -> None:
    if isinstance(tree, Name):
        names.add(tree.name)
    elif isinstance(tree, Shape):
        paths.add(tree.path)
    elif isinstance(tree, tuple):
        for item in tree:
            _mentions(item, names, paths)
    elif hasattr(tree, "__dataclass_fields__"):
        for field in tree.__dataclass_fields__:
            _mentions(getattr(tree, field), names, paths)
