"""Expressions with their values: what a spec says, beside what it is worth by Python."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Context:
    """What an expression can see: names, the shape of the node's input, and shapes of values by their path."""

    names: Mapping[str, Any]
    x: Shape | None = None
    shapes: Callable[[str], Shape] | None = None

    def shape(self, path: str) -> Shape:
        if path == "x":
            assert self.x is not None
            return self.x
        assert self.shapes is not None
        return self.shapes(path)


@dataclass(frozen=True, eq=False)
class Term:
    """An expression, or a text with expressions in braces. `level` is how tightly its outermost operator binds."""

    text: str
    value: Callable[[Context], Any]
    level: int = 9

    def bare(self, level: int) -> str:
        """The text as an operand of an operator of this level."""
        return self.text if self.level >= level else f"({self.text})"


def evaluate(item: Any, context: Context) -> Any:
    """The value of a field: terms are worked out, lists and tables element by element."""
    if isinstance(item, Term):
        return item.value(context)
    if isinstance(item, list):
        return [evaluate(one, context) for one in item]
    if isinstance(item, dict):
        return {key: evaluate(one, context) for key, one in item.items()}
    return item


def constant(value: float | bool) -> Term:
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    return Term(text, lambda _: value, 7 if not isinstance(value, bool) and value < 0 else 9)


def name(word: str) -> Term:
    return Term(word, lambda context: context.names[word])


def size(path: str, axis: int, text: str, rank: int = 0) -> Term:
    """A size of a value, which must have so many axes."""

    def value(context: Context) -> int:
        shape = context.shape(path)
        if len(shape) < rank:
            raise IndexError(text)
        return shape[axis]

    return Term(f"{path}.{text}", value)


Call = tuple[str, Callable[..., Any]]
"""A function by its name."""


def call(function: str, apply: Callable[..., Any], *parts: Term) -> Term:
    return Term(
        f"{function}({', '.join(part.text for part in parts)})",
        lambda context: apply(*(part.value(context) for part in parts)),
    )


def item(of: Term, index: Term) -> Term:
    return Term(
        f"{of.bare(9)}[{index.text}]", lambda context: of.value(context)[integral(index.value(context))]
    )


def backwards(word: str) -> Term:
    """A list by its name, from its end."""
    return Term(f"{word}[::-1]", lambda context: context.names[word][::-1])


OPERATORS: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "or": (1, lambda a, b: a or b),
    "and": (2, lambda a, b: a and b),
    "==": (4, lambda a, b: a == b),
    "!=": (4, lambda a, b: a != b),
    "<": (4, lambda a, b: a < b),
    "<=": (4, lambda a, b: a <= b),
    ">": (4, lambda a, b: a > b),
    ">=": (4, lambda a, b: a >= b),
    "in": (4, lambda a, b: a in b),
    "not in": (4, lambda a, b: a not in b),
    "+": (5, lambda a, b: a + b),
    "-": (5, lambda a, b: a - b),
    "*": (6, lambda a, b: a * b),
    "/": (6, lambda a, b: a / b),
    "//": (6, lambda a, b: a // b),
    "%": (6, lambda a, b: a % b),
    "**": (8, lambda a, b: a**b),
}


def binary(left: Term, operator: str, right: Term) -> Term:
    level, apply = OPERATORS[operator]
    # Comparisons chain, and a power binds to the right: their operands stand in brackets.
    own = level + 1 if level == 4 or operator == "**" else level
    text = f"{left.bare(own)} {operator} {right.bare(level + 1)}"
    if operator == "and":  # decides by the left
        return Term(text, lambda context: left.value(context) and right.value(context), level)
    if operator == "or":
        return Term(text, lambda context: left.value(context) or right.value(context), level)
    return Term(text, lambda context: apply(left.value(context), right.value(context)), level)


def negation(of: Term) -> Term:
    return Term(f"not {of.bare(3)}", lambda context: not of.value(context), 3)


def minus(of: Term) -> Term:
    return Term(f"-{of.bare(7)}", lambda context: -of.value(context), 7)


def choice(condition: Term, yes: Term, no: Term) -> Term:
    return Term(
        f"{yes.bare(1)} if {condition.bare(1)} else {no.text}",
        lambda context: yes.value(context) if condition.value(context) else no.value(context),
        0,
    )


def template(*parts: str | Term) -> Term:
    """A text with expressions in it."""
    text = "".join(part if isinstance(part, str) else f"{{{part.text}}}" for part in parts)
    only = parts[0]
    if len(parts) == 1 and isinstance(only, Term):  # an op as an argument stays what it is
        return Term(text, only.value)
    return Term(
        text,
        lambda context: "".join(
            part if isinstance(part, str) else spelled(part.value(context)) for part in parts
        ),
    )


def spelled(value: Any) -> str:
    return str(integral(value)) if isinstance(value, float) and value.is_integer() else str(value)


def integral(value: Any) -> Any:
    """A float stands for an integer if it is one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def divisible(value: float, divisor: int) -> int:
    """The width that MobileNet's authors round to."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def comprehension(pick: Term, count: Term) -> Term:
    """`[v * pick for v in range(1, count + 1) if v != 2]`."""
    text = f"[v * {pick.bare(7)} for v in range(1, {count.bare(6)} + 1) if v != 2]"
    return Term(text, lambda c: [v * pick.value(c) for v in range(1, count.value(c) + 1) if v != 2])


ROUNDING: list[Call] = [("ceil", math.ceil), ("floor", math.floor), ("round", round), ("int", int)]


class Writer:
    """Makes terms of the names in sight that have the value that is wanted, in the context at hand."""

    def __init__(self, rng: Random, context: Context, paths: tuple[str, ...] = ()) -> None:
        self.rng = rng
        self.context = context
        self.paths = paths

    def named(self, *kinds: type) -> list[Term]:
        """The names that hold such a value here, and whose type says so: a padding may be a word elsewhere."""
        names = self.context.names.items()
        return [
            name(word) for word, value in names if type(value) in kinds and word not in ("kernel", "border")
        ]

    def atoms(self) -> list[Term]:
        """Numbers by name: parameters, counters, elements of lists, sizes of the input and of earlier values."""
        found = self.named(int, float)
        for word, value in self.context.names.items():
            if isinstance(value, list) and value and all(isinstance(n, int) for n in value):
                index = constant(self.rng.randrange(-len(value), len(value)))
                of = name(word)
                found += [
                    item(of, index),
                    call("len", len, of),
                    call("sum", sum, of),
                    call("max", max, of),
                    call("min", min, of),
                    item(backwards(word), constant(0)),
                ]
                counters = [n for n, v in self.context.names.items() if n in "ijk" and isinstance(v, int)]
                found += [item(of, name(n)) for n in counters if self.context.names[n] < len(value)]
        paths = ["x"] * (self.context.x is not None) + list(self.paths)
        for path in paths:
            shape = self.context.shape(path)
            found += [size(path, 1, "channels", 2)] if len(shape) > 1 else []
            found += [size(path, -1, "width", 3)] if len(shape) > 2 else []
            found += [size(path, -2, "height", 4)] if len(shape) > 3 else []
            axis = self.rng.randrange(1, len(shape)) if len(shape) > 1 else None
            found += [size(path, axis, f"shape[{axis}]")] if axis is not None else []
        return found

    def number(self) -> Term:
        """Some number."""
        rng = self.rng
        atoms = self.atoms() or [constant(rng.randrange(1, 5))]
        pick = rng.choice(atoms)
        small = constant(rng.choice([1, 2, 3, 4]))
        other = rng.choice([*atoms, small, small])
        rounding = rng.choice(ROUNDING)
        listed = Term(f"[{pick.text}, {other.text}]", lambda c: [pick.value(c), other.value(c)])
        forms: tuple[Callable[[], Term], ...] = (
            *(lambda: pick,) * 3,
            lambda: binary(pick, rng.choice("+-*"), other),
            lambda: binary(pick, rng.choice(["//", "%", "+", "*"]), small),
            lambda: call("max", max, pick, other),
            lambda: call("min", min, pick, other, small),
            lambda: call("divisible", divisible, binary(pick, "*", constant(0.75)), small),
            lambda: choice(self.condition(), pick, other),
            lambda: call(*rounding, binary(pick, "/", small)),
            lambda: call("abs", abs, binary(small, "-", pick)),
            lambda: binary(minus(pick), "+", binary(small, "*", other)),
            lambda: binary(binary(pick, "-", other), "*", small),
            lambda: binary(small, "**", constant(rng.randrange(3))),
            lambda: call("int", int, self.condition()),
            lambda: call("sqrt", math.sqrt, binary(pick, "*", pick)),
            lambda: call("log2", math.log2, binary(constant(2), "**", small)),
            lambda: call("sum", sum, comprehension(pick, small)),
            lambda: item(comprehension(pick, small), constant(rng.choice([0, -1]))),
            lambda: item(listed, constant(rng.choice([0, 1, -1]))),
        )
        return rng.choice(forms)()

    def condition(self) -> Term:
        """Something true or false."""
        rng = self.rng
        flags = self.named(bool)
        atoms = self.atoms() or [constant(2)]
        left, right = rng.choice(atoms), rng.choice([*atoms, constant(rng.randrange(8))])
        plain = binary(left, rng.choice(["==", "!=", "<", "<=", ">", ">="]), right)
        match rng.randrange(7):
            case 0 if flags:
                return rng.choice(flags)
            case 1 if flags:
                return negation(rng.choice(flags))
            case 2:
                return binary(plain, rng.choice(["and", "or"]), rng.choice([*flags, constant(True)]))
            case 3:
                return negation(plain)
            case 4 if words := self.named(str):
                word = rng.choice(words)
                listed = Term("['relu', \"gelu\"]", lambda _: ["relu", "gelu"])
                return binary(word, rng.choice(["in", "not in"]), listed)
            case _:
                return plain

    def value_of(self, term: Term) -> Any:
        """Its value here; `None` where it has none."""
        try:
            return integral(term.value(self.context))
        except (ArithmeticError, IndexError, TypeError, ValueError):
            return None

    def integer(self, low: int, high: int, plain: float = 0.4) -> int | Term:
        """An integer from `low` to `high`, written plainly or as an expression."""
        for _ in range(6 if self.rng.random() > plain else 0):
            term = self.number()
            value = self.value_of(term)
            if type(value) is int and low <= value <= high:
                return term
        return self.exactly(self.rng.randint(low, high), plain)

    def exactly(self, wanted: int, plain: float = 0.5) -> int | Term:
        """An integer that must be this one."""
        if self.rng.random() < plain:
            return wanted
        terms = [self.number() for _ in range(4)]
        for term in terms:
            if self.value_of(term) == wanted and not isinstance(self.value_of(term), bool):
                return term
        near = self.value_of(terms[0])
        if type(near) is not int or abs(near) > 1000 or near == wanted:
            return wanted
        return binary(terms[0], "+" if near < wanted else "-", constant(abs(wanted - near)))

    def flag(self, wanted: bool | None = None, plain: float = 0.5) -> bool | Term:
        wanted = self.rng.random() < 0.5 if wanted is None else wanted
        if self.rng.random() < plain:
            return wanted
        term = self.condition()
        value = self.value_of(term)
        if not isinstance(value, bool):
            return wanted
        return term if value is wanted else negation(term)

    def fraction(self, low: float, high: float) -> float | Term:
        """A number that need not be whole."""
        value = round(self.rng.uniform(low, high), 3)
        if self.rng.random() < 0.5:
            return value
        term = self.rng.choice([*self.named(float, int), constant(0.5)])
        scaled = binary(term, "*", constant(round(self.rng.uniform(0.01, 0.1), 3)))
        worth = self.value_of(scaled)
        return scaled if isinstance(worth, float) and low <= worth <= high else value
