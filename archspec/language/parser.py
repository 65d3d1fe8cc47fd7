"""The parser of expressions: text to tree.

conditional   = or [ "if" or "else" conditional ]
or, and, not  as in Python; comparisons chain; `in` and `not in`
arithmetic    + - * / // % ** on numbers, with Python's precedence
postfix       list[i], list[a:b], function(…)
atom          number, true, false, 'text', [list], [… for name in list if …], name, node.channels, (…)
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import shown
from archspec.language import limits
from archspec.language.arithmetic import COMPARISONS, FUNCTIONS
from archspec.language.expressions import (
    KEYWORDS,
    RESERVED,
    SHAPE_ATTRIBUTES,
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
    Scope,
    SizeOf,
    Slicing,
    Tree,
    Unary,
)
from archspec.types import Value

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
        help_ = _help(found + (self.tokens[self.next + 1][1] if found else ""))
        syntax(f"expected {wanted}, found {f'`{found}`' if found else 'the end'}", self.text, help_)

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
        while (op := self.peek()) in COMPARISONS or op == "not":
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
            tree = Slicing(tree, tuple(bounds)) if colons or index is None else Index(tree, index)
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
            return self.brackets()
        self.next -= 1
        return self.unexpected("a value")

    def name(self, word: str) -> Tree:
        if word in ("true", "false"):
            return Literal(word == "true")
        if self.take("("):
            if word not in FUNCTIONS:
                syntax(
                    f"there is no function `{shown(word)}`",
                    self.text,
                    f"the functions are {', '.join(FUNCTIONS)}",
                )
            return Call(word, self.items(")"))
        path, _, attribute = word.rpartition(".")
        if not path:
            return Name(word)
        if attribute not in SHAPE_ATTRIBUTES:
            help_ = f"a value has {', '.join(SHAPE_ATTRIBUTES)}"
            if attribute.isdecimal():
                help_ = f"an item of a list is `{shown(path)}[{attribute}]`"
            syntax(f"`{shown(path)}` has no `{shown(attribute)}`", self.text, help_)
        return SizeOf(path, attribute)

    def brackets(self) -> Tree:
        """A list, or a comprehension, after its `[`."""
        if self.take("]"):
            return List(())
        first = self.conditional()
        if self.take("for"):
            return self.comprehension(first)
        return List((first, *(self.items("]") if self.take(",") else self.close("]"))))

    def close(self, word: str) -> tuple[Tree, ...]:
        self.expect(word)
        return ()

    def comprehension(self, item: Tree) -> Tree:
        kind, name = self.tokens[self.next]
        if kind != "name" or "." in name or name in RESERVED:
            self.unexpected("a name for the elements")
        self.next += 1
        self.expect("in")
        values = self.either()
        test = self.either() if self.take("if") else None
        if self.peek() == "for":
            syntax(
                "a comprehension has one `for`",
                self.text,
                "nest one in the other: [[… for j in b] for i in a]",
            )
        self.expect("]")
        return Comprehension(item, name, values, test, _size(item) + _size(test))

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
            syntax(f"`{shown(rest[:1])}` is not part of the expression language", text, _help(rest))
        kind = str(match.lastgroup)
        tokens.append((kind, match[kind]))
        if kind == "end":
            return tokens
        if len(tokens) > limits.EXPRESSION_TOKENS:
            syntax(f"more than {limits.EXPRESSION_TOKENS} words and signs", text)
        position = match.end()


def _number(word: str, text: str) -> int | float:
    if word.lstrip("0")[:1].isdecimal() and word[0] == "0" and word.replace("_", "").isdecimal():
        syntax(f"`{shown(word)}` starts with a zero", text)
    try:
        value = int(word) if word.replace("_", "").isdecimal() else float(word)
    except ValueError:
        syntax(f"`{shown(word)}` is not a number", text)
    if abs(value) > limits.INTEGER and (isinstance(value, int) or value > 1e300):
        syntax(f"`{shown(word)}` is too large", text)
    return value


_SIGNS = (
    ("||", "write `or`"),
    ("|", "write `or`"),
    ("&&", "write `and`"),
    ("&", "write `and`"),
    ("<>", "write `!=`"),
    ("!", "write `not`"),
    ("?", "write `a if condition else b`"),
    ("=", "two values are compared with `==`"),
    (",", "a list needs brackets, as in `[1, 2]`"),
    ("^", "a power is written `a ** b`"),
)


def _help(rest: str) -> str | None:
    """What to write instead of a sign of other languages."""
    return next((help_ for sign, help_ in _SIGNS if rest.startswith(sign)), None)


def syntax(message: str, text: str, help: str | None = None) -> NoReturn:  # noqa: A002 — the diagnostic's word
    """Refuse a text that is not an expression."""
    raise Problem("AS205", f"`{shown(text)}` is not an expression: {message}", help=help, subject=text)


@dataclass(slots=True, eq=False, repr=False)
class Expression:
    """A parsed expression: its text, its tree, and the names that it mentions."""

    text: str
    tree: Tree
    names: frozenset[str]
    """Parameters, `let`s and counters."""
    paths: frozenset[str]
    """The values whose shapes it mentions."""

    def evaluate(self, scope: Scope) -> Value:
        """The value in `scope`. Raises `Problem` where there is none."""
        try:
            return self.tree.evaluate(scope)
        except Problem as problem:
            if problem.code == "AS307" and not problem.notes and not isinstance(self.tree, Name | SizeOf):
                problem.notes = (f"in the expression `{shown(self.text)}`",)
            raise


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Parse an expression. Raises `Problem` (AS205) if it is not one."""
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
    elif isinstance(tree, Comprehension):
        inside: set[str] = set()
        _mentions((tree.item, tree.test), inside, paths)
        names |= inside - {tree.name}
        _mentions(tree.values, names, paths)
    elif isinstance(tree, SizeOf):
        paths.add(tree.path)
    elif isinstance(tree, tuple):
        for item in tree:
            _mentions(item, names, paths)
    elif hasattr(tree, "__dataclass_fields__"):
        for field in tree.__dataclass_fields__:
            _mentions(getattr(tree, field), names, paths)


def _size(tree: object) -> int:
    """The number of trees in a tree."""
    if isinstance(tree, tuple):
        return sum(map(_size, tree))
    if not hasattr(tree, "__dataclass_fields__"):
        return 0
    return 1 + sum(_size(getattr(tree, field)) for field in tree.__dataclass_fields__)
