"""Values in a document, compiled: constants once, expressions to what evaluates them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import Path, shown
from archspec.diagnostics.problems import Within
from archspec.language import limits
from archspec.language.arithmetic import show
from archspec.language.expressions import Scope, Tree
from archspec.language.params import Parameter
from archspec.language.parser import parse
from archspec.language.templates import Template, parse_template
from archspec.ops.core.fields import EXPRESSION, FREE_DIMENSION, PADDING_KEYWORDS, TEXT, Reading
from archspec.ops.core.init import NAMES as INITIALISERS
from archspec.types import Table, Value, multiple

_FREE = re.compile(FREE_DIMENSION)
NOTHING: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False, repr=False)
class Setting:
    """A value in the document. `evaluate` gives it in a scope; a constant needs none."""

    path: Path
    evaluate: Callable[[Scope], Value]
    names: frozenset[str] = NOTHING
    """The parameters, `let`s and counters that it mentions."""
    paths: frozenset[str] = NOTHING
    """The values whose shapes it mentions."""
    constant: bool = False
    words: frozenset[str] = NOTHING
    """The keywords that could stand in its place."""
    parts: tuple["Setting", ...] = ()
    """The settings that a list or a table is made of."""
    tree: Tree | Template | None = None
    """What an expression, or a text with expressions in it, says; `None` for constants, lists and tables."""


def constant(path: Path, value: Value) -> Setting:
    """A setting that is the same everywhere."""
    return Setting(path, lambda _: value, constant=True)


def compile_setting(raw: Any, reading: Reading, path: Path) -> Setting:
    """Compile `raw`. `reading` says how strings are read in its place.

    Raises `Problem`, relative to `path`, for text that does not parse.
    """
    kind = type(raw)
    if kind is str:
        return _compile_text(raw, reading, path)
    if kind is int or kind is bool:
        return constant(path, raw)
    if kind is float:
        return constant(path, integral(raw))
    if kind is list:
        return _compile_list(raw, reading, path)
    if kind is dict:
        return _compile_table(raw, reading, path)
    raise Problem("AS203", f"{show(raw)} is not a value of the language")


def _compile_text(text: str, reading: Reading, path: Path) -> Setting:
    if reading.dimension:
        return _compile_dimension(text, path)
    if reading.text:
        template = parse_template(text)
        literal = template.literal
        if literal is not None:
            return constant(path, literal)
        return Setting(path, template.evaluate, template.names, template.paths, tree=template)
    if reading.keywords or reading.initialiser:
        return _compile_keyword(text, reading, path)
    return _compile_expression(text, path)


def _compile_dimension(text: str, path: Path) -> Setting:
    """A free dimension, a multiple of one, or an expression."""
    front, star, last = text.rpartition("*")
    front = front.rstrip()
    if (name := _FREE.match(last.strip())) and not star:
        return constant(path, text)
    if name and front and not front.endswith("*"):
        return _compile_multiple(front, name[0], path)
    setting = _compile_expression(text, path)
    free = next((word for word in sorted(setting.names) if _FREE.match(word)), None)
    if free is not None:
        raise Problem(
            "AS203",
            f"`{shown(text)}` is neither a size nor a multiple of `{free}`",
            help=f'a shape is a list of sizes: ["{free}", …]'
            if text.startswith("[")
            else f'a factor stands in front of a free dimension: "2 * {free}"',
            subject=text,
        )
    return setting


def _compile_multiple(front: str, name: str, path: Path) -> Setting:
    """A number times a free dimension: `"64 * N"`, `"(height // 7) ** 2 * N"`."""
    factor = _compile_expression(front, path)

    def evaluate(scope: Scope) -> Value:
        value = factor.evaluate(scope)
        if type(value) is not int or value < 1:
            raise Problem("AS203", f"`{name}` can be multiplied by a positive integer, not by {show(value)}")
        return multiple(value, name)

    if factor.constant:
        return constant(path, evaluate(Nowhere()))
    return Setting(path, evaluate, factor.names, factor.paths)


def _compile_expression(text: str, path: Path) -> Setting:
    try:
        expression = parse(text)
    except Problem as problem:
        if "{" in text and not problem.help:
            bare = re.sub(r"\{([^{}]*)\}", r"\1", text)
            problem.help = f'a string here is an expression already: write "{shown(bare)}"'
        raise
    if not expression.names and not expression.paths:
        value = integral(expression.evaluate(Nowhere()))
        return constant(path, value)
    return Setting(
        path,
        lambda scope: integral(expression.evaluate(scope)),
        expression.names,
        expression.paths,
        tree=expression.tree,
    )


def _compile_keyword(text: str, reading: Reading, path: Path) -> Setting:
    """Substitute first; then the keyword if it is one, else an expression."""
    template = parse_template(text)

    def is_word(word: str) -> bool:
        return word in reading.keywords or (
            reading.initialiser and word.partition("(")[0].strip() in INITIALISERS
        )

    if template.literal is not None:
        if is_word(text):
            return constant(path, text)
        try:
            setting = _compile_expression(text, path)
        except Problem as problem:
            if reading.keywords and re.fullmatch(r"[\w-]+", text):
                known = ", ".join(sorted(reading.keywords))
                raise Problem(
                    "AS203", f"`{shown(text)}` is neither one of {known} nor an expression", subject=text
                ) from problem
            raise
        setting.words = reading.keywords
        return setting

    def evaluate(scope: Scope) -> Value:
        word = template.evaluate(scope, numbers=reading.initialiser)
        return word if is_word(word) else integral(parse(word).evaluate(scope))

    return Setting(path, evaluate, template.names, template.paths, tree=template)


def _compile_list(raw: list[Any], reading: Reading, path: Path) -> Setting:
    items = [_inside(item, reading, path, index) for index, item in enumerate(raw)]
    if all(item.constant for item in items):
        return constant(path, tuple(item.evaluate(NOWHERE) for item in items))

    def evaluate(scope: Scope) -> Value:
        return tuple([_evaluate_inside(item, scope) for item in items])

    return _made_of(items, path, evaluate)


def _compile_table(raw: dict[str, Any], reading: Reading, path: Path) -> Setting:
    items = [(key, _inside(raw[key], reading, path, key)) for key in sorted(raw)]
    if all(item.constant for _, item in items):
        return constant(path, Table((key, item.evaluate(NOWHERE)) for key, item in items))

    def evaluate(scope: Scope) -> Value:
        return Table((key, _evaluate_inside(item, scope)) for key, item in items)

    return _made_of([item for _, item in items], path, evaluate)


def _inside(raw: Any, reading: Reading, path: Path, key: str | int) -> Setting:
    if reading.keywords:  # which stand for the whole value: a side of a padding is a number
        reading = replace(reading, keywords=frozenset())
    with Within(key):
        return compile_setting(raw, reading, (*path, key))


def _evaluate_inside(item: Setting, scope: Scope) -> Value:
    with Within(item.path[-1]):
        return item.evaluate(scope)


def _made_of(items: list[Setting], path: Path, evaluate: Callable[[Scope], Value]) -> Setting:
    names = NOTHING.union(*(item.names for item in items))
    paths = NOTHING.union(*(item.paths for item in items))
    return Setting(path, evaluate, names, paths, parts=tuple(items))


def integral(value: Value) -> Value:
    """A float without a fraction is an integer wherever a number is expected, in a list too."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= limits.INTEGER else value
    if type(value) is tuple:
        return tuple(map(integral, value))
    return value


class Nowhere:
    """The scope of a constant."""

    def __init__(self) -> None:
        self.left = limits.EVALUATIONS

    def value(self, name: str) -> Value:
        """A constant mentions no name."""
        raise LookupError(name)

    def shape(self, path: str, attribute: str) -> Value:
        """A constant mentions no shape."""
        raise LookupError(path, attribute)

    def spend(self, evaluations: int) -> None:
        """Bound what the comprehensions of a constant evaluate."""
        self.left -= evaluations
        if self.left < 0:
            raise Problem(
                "AS306", "the comprehensions of this expression are too long", help="shorten their lists"
            )


NOWHERE = Nowhere()
"""The scope for settings that are known to be constant."""


def param_reading(param: Parameter) -> Reading:
    """How a string is read as an argument for `param`."""
    if param.type in ("str", "op"):
        return TEXT
    if param.type == "padding":
        return Reading(keywords=PADDING_KEYWORDS)
    return EXPRESSION


def compile_argument(raw: Any, param: Parameter, path: Path) -> Setting:
    """Compile an argument, or a default, for `param`."""
    if param.lists_text and isinstance(raw, list):
        return _compile_list(raw, TEXT, path)
    return compile_setting(raw, param_reading(param), path)


def thaw(value: Value) -> Any:
    """A value as pydantic takes it: tables as dictionaries."""
    if isinstance(value, Table):
        return {key: thaw(item) for key, item in value}
    if isinstance(value, tuple):
        return tuple(map(thaw, value))
    return str(value) if isinstance(value, str) else value
