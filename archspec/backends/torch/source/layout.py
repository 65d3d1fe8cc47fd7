"""Format code as `ruff format` does: lines of 88 columns, one argument per line where they do not fit in one."""

import re
from dataclasses import dataclass
from typing import TypeAlias

WIDTH = 88
INDENT = "    "


@dataclass(frozen=True, slots=True)
class Bracket:
    """Items in brackets: a call, a list, a signature. `head` ends with the opening bracket."""

    head: str
    items: tuple["Code", ...]
    tail: str = ")"
    spread: bool = False
    """Whether to put each item on its own line even if all fit in one."""
    comments: tuple[str, ...] = ()
    """A trailing comment for each item, shown only if each is on its own line."""


@dataclass(frozen=True, slots=True)
class Prefixed:
    """Code with a prefix, such as a keyword."""

    prefix: str
    code: "Code"


@dataclass(frozen=True, slots=True)
class Generated:
    """`*(item for _ in range(n))`, or `**{name: item for …}`."""

    item: "Code"
    clause: str
    before: str = "*("
    after: str = ")"


@dataclass(frozen=True, slots=True)
class Alternative:
    """`then if test else other`."""

    then: "Code"
    test: str
    other: "Code"


Code: TypeAlias = "str | Bracket | Prefixed | Generated | Alternative"


def flat(code: Code) -> str | None:
    """The code on one line; `None` if it must be split."""
    match code:
        case str():
            return code
        case Prefixed():
            inner = flat(code.code)
            return None if inner is None else code.prefix + inner
        case Generated():
            inner = flat(code.item)
            return None if inner is None else f"{code.before}{inner} {code.clause}{code.after}"
        case Alternative():
            then, other = flat(code.then), flat(code.other)
            return None if then is None or other is None else f"{then} if {code.test} else {other}"
    items = [flat(item) for item in code.items]
    if (code.spread and items) or None in items:
        return None
    return code.head + ", ".join(item for item in items if item is not None) + code.tail


def lines(code: Code, before: str = "", after: str = "", indent: str = "") -> list[str]:
    """The lines of `before`, the code and `after`, all indented."""
    text = flat(code)
    if text is not None and len(indent + before + text + after) <= WIDTH:
        return [indent + before + text + after]
    deeper = indent + INDENT
    if isinstance(code, Bracket) and before.endswith(" = "):
        first = code.head + code.tail * (not code.items)
        made = lines(code, indent=deeper)
        if len(indent + before + first) > WIDTH and are_short([indent + before + "(", *made]):
            return [f"{indent}{before}(", *made, f"{indent}){after}"]
    match code:
        case Alternative():
            opening = f"{indent}{before}(" if before.endswith(" = ") else f"{indent}{before}"
            parts = [
                *lines(code.then, "", "", deeper),
                f"{deeper}if {code.test}",
                *lines(code.other, "else ", "", deeper),
            ]
            if before.endswith(" = "):
                return [opening, *parts, f"{indent}){after}"]
            bare = [line[len(INDENT) :] for line in parts]
            bare[-1] += after
            return bare
        case Prefixed():
            return lines(code.code, before + code.prefix, after, indent)
        case Generated():
            made = lines(code.item, "", "", deeper)
            opening, closing = f"{indent}{before}{code.before}", f"{indent}{code.after}{after}"
            one = flat(code.item)
            if one is not None and len(f"{deeper}{one} {code.clause}") <= WIDTH:
                return [opening, f"{deeper}{one} {code.clause}", closing]
            return [opening, *made, f"{deeper}{code.clause}", closing]
        case Bracket() if code.items:
            inner = flat(Bracket(deeper, code.items, "", code.spread))
            if inner is not None and len(inner) <= WIDTH:
                return [indent + before + code.head, inner, indent + code.tail + after]
            result = [indent + before + code.head]
            for index, item in enumerate(code.items):
                made = lines(item, after=",", indent=deeper)
                comment = code.comments[index] if code.comments else ""
                result += commented(made, comment)
            return [*result, indent + code.tail + after]
    return [indent + before + (text or "") + after]


def commented(made: list[str], comment: str) -> list[str]:
    """A single line with a trailing comment, if that fits."""
    if not comment or len(made) > 1 or len(made[-1]) + len(comment) + 4 > WIDTH:
        return made
    return [f"{made[0]}  # {comment}"]


# --- expressions as text -------------------------------------------------------------------------------


def fill(template: str, parts: dict[str, tuple[str, bool]]) -> str:
    """Substitute expressions into a template, parenthesised where necessary."""
    result, depth, index = "", 0, 0
    while index < len(template):
        char = template[index]
        if char != "{":
            depth += (char in "([") - (char in ")]")
            result += char
            index += 1
            continue
        stop = template.index("}", index)
        text, atomic = parts[template[index + 1 : stop]]
        enclosed = depth > 0 and template[stop + 1 : stop + 2] not in (".", "[")
        bare = atomic or enclosed or template == "{0}" or _is_product_in_sum(text, template)
        result += text if bare else f"({text})"
        index = stop + 1
    return result


_WITH_NUMBER = re.compile(r"[^,\[\]]*\{#[^,\[\]]*")
"""An index or an argument with a number that differs between instances."""


def spaced(template: str, parts: dict[str, tuple[str, bool]]) -> str:
    """A template with spaces around the colons of slices, as `ruff format` has them unless all bounds are simple."""

    def change(found: re.Match[str]) -> str:
        text = found[0]
        simple = all(parts[name][0].isidentifier() for name in re.findall(r"\{(#\d+)\}", text))
        if ":" not in text or simple:
            return text
        indent = text[: len(text) - len(text.lstrip())]
        return indent + " : ".join(part.strip() for part in text.split(":")).strip()

    return _WITH_NUMBER.sub(change, template)


def _is_product_in_sum(text: str, template: str) -> bool:
    """Whether all operators of the text bind more tightly than all of those around it."""
    return _operators(text) <= {"*", "/", "@"} and set() < _operators(template) <= {"+", "-"}


def _operators(text: str) -> set[str]:
    """Every second word outside of brackets."""
    depth, outer = 0, ""
    for char in text:
        depth += (char in "([") - (char in ")]")
        outer += char if depth == 0 else ""
    return {*outer.split()[1::2]}


def is_atomic(text: str) -> bool:
    """Whether an expression never needs parentheses, as no operator in it binds less tightly than a call."""
    depth = 0
    for char in text:
        depth += (char in "([") - (char in ")]")
        if char == " " and depth == 0:
            return False
    return True


def are_short(made: list[str]) -> bool:
    """Whether all lines fit the width."""
    return all(len(line) <= WIDTH for line in made)
