"""From the values of fields to an op, and from what pydantic refuses to findings."""

from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import Path
from archspec.elaborate.settings import Setting, thaw
from archspec.language.arithmetic import show
from archspec.ops.core.base import Op
from archspec.ops.core.symbol import Symbol
from archspec.types import Value

Problems = dict[str, tuple[Problem, Path]]
"""What is wrong with each field, and where."""


def construct(op: type[Op], values: dict[str, Value], items: dict[str, Setting], path: Path) -> Op | Problems:
    """The op with these values of its fields, or what is wrong with them: a finding for each field, and its place.

    `items` are the settings that the values come from, `path` is the node's.
    """
    known = {name: _settled(value) if name in op.free_sizes else value for name, value in values.items()}
    free = {name: value for name, value in values.items() if value != known[name]}
    try:
        made = op(
            **{
                name: thaw(value) if isinstance(value, tuple | str) else value
                for name, value in known.items()
            }
        )
        return made.model_copy(update=free) if free else made
    except ValidationError as error:
        found: Problems = {}
        errors = error.errors(include_url=False)
        # A message of ours is worth more than that another form is wanted.
        for item in sorted(errors, key=lambda item: item["type"] != "value_error"):
            field = str(item["loc"][0]) if item["loc"] else ""
            message = str(item["msg"]).removeprefix("Value error, ")
            if field not in items:
                found.setdefault(field, (Problem("AS203", message), path))
            elif item["type"] == "value_error":
                if not message.startswith(f"`{field}` "):
                    message = f"`{field}`: {message}"
                found.setdefault(field, (Problem("AS203", message), items[field].path))
            else:
                found.setdefault(field, (_refused(op, field, values[field], items[field]), items[field].path))
        return found


def _settled(value: Value) -> Value:
    """Sizes with a number, of which any will do for a check, in place of symbols."""
    if isinstance(value, tuple):
        return tuple(map(_settled, value))
    return 1 if isinstance(value, Symbol) else value


def _refused(op: type[Op], field: str, value: Value, setting: Setting) -> Problem:
    message = f"`{field}` must be {expected(op.model_fields[field])}, not {show(value)}"
    help_ = None
    if isinstance(value, str) and not setting.constant:
        help_ = (
            'a parameter with text as its default is text; `{ type = "int", default = "…" }` is an expression'
        )
    return Problem("AS203", message, help=help_)


def expected(info: Any) -> str:
    """What a field must be, in words."""
    if info.description:
        return str(info.description)
    if get_origin(info.annotation) is Literal:
        return "one of " + ", ".join(f"`{word}`" for word in get_args(info.annotation))
    for part in get_args(info.annotation):
        for item in getattr(part, "__metadata__", ()):
            if getattr(item, "description", None):
                return str(item.description)
    return "of another type"
