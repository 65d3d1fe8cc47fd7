"""Text with `{expressions}` in it: names, ops, references."""

import re
from dataclasses import dataclass
from functools import lru_cache

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import shown
from archspec.language import limits
from archspec.language.arithmetic import show
from archspec.language.expressions import Scope
from archspec.language.parser import Expression, parse
from archspec.types import Value


@dataclass(slots=True, eq=False, repr=False)
class Template:
    """Text and expressions in turn."""

    parts: tuple[str | Expression, ...]
    names: frozenset[str]
    paths: frozenset[str]

    @property
    def literal(self) -> str | None:
        """The text, if there are no expressions in it."""
        return str(self.parts[0]) if isinstance(self.parts[0], str) and len(self.parts) == 1 else None

    def evaluate(self, scope: Scope, *, numbers: bool = False) -> str:
        """The text in `scope`. A template that is one expression yields that expression's own text.

        `numbers` allows fractions, which a name cannot have.
        """
        if len(self.parts) == 1:
            return _text(self.parts[0], scope, numbers)
        return "".join([_text(part, scope, numbers) for part in self.parts])


def _text(part: str | Expression, scope: Scope, numbers: bool) -> str:
    if isinstance(part, str):
        return part
    value: Value = part.evaluate(scope)
    if numbers and isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        if len(value) > limits.TEXT_LENGTH:
            raise Problem(
                "AS307", f"`{{{shown(part.text)}}}` is longer than {limits.TEXT_LENGTH:,} characters"
            )
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise Problem(
            "AS307", f"`{{{shown(part.text)}}}` is {show(value)}; only text and integers can be put into text"
        )
    return str(value)


@lru_cache(maxsize=4096)
def parse_template(text: str) -> Template:
    """Parse text with `{expressions}`. Raises `Problem` (AS205) for a brace without its partner."""
    if "{" not in text and "}" not in text:
        return Template((text,), frozenset(), frozenset())
    if len(text) > limits.TEXT_LENGTH:
        raise Problem(
            "AS205", f"`{shown(text)}` is longer than {limits.TEXT_LENGTH:,} characters", subject=text
        )
    parts: list[str | Expression] = []
    rest = text
    while rest:
        before, brace, after = rest.partition("{")
        if "}" in before:
            raise Problem("AS205", f"`{shown(text)}` has a `}}` without its `{{`", subject=text)
        if before:
            parts.append(before)
        if brace:
            inside, brace, after = after.partition("}")
            if not brace:
                raise Problem("AS205", f"`{shown(text)}` has a `{{` without its `}}`", subject=text)
            parts.append(parse(inside))
        rest = after
    expressions = [part for part in parts if isinstance(part, Expression)]
    return Template(
        tuple(parts) or ("",),
        frozenset[str]().union(*(expression.names for expression in expressions)),
        frozenset[str]().union(*(expression.paths for expression in expressions)),
    )


_HOLE = re.compile(r"\{[^{}]*\}")


def around(text: str) -> list[str]:
    """The text around the expressions of a template."""
    return _HOLE.split(text)


def fits(name: str, parts: list[str]) -> bool:
    """Whether a name has these parts, in their order, from its start to its end, with anything between them."""
    if len(parts) == 1:
        return name == parts[0]
    first, *middle, last = parts
    if not (name.startswith(first) and name.endswith(last) and len(name) >= len(first) + len(last)):
        return False
    rest = name[len(first) : len(name) - len(last)]
    for part in middle:
        _, found, rest = rest.partition(part) if part else ("", "-", rest)
        if not found:
            return False
    return True
