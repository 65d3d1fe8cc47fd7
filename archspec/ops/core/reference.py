"""What the op classes say of themselves, read from their docstrings: for `archspec ops` and the documentation."""

import ast
import inspect
import textwrap
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, get_args, get_origin

from archspec import ops
from archspec.ops.core.base import NoMacs, Op
from archspec.ops.core.data import Example

GROUPS = (
    "Weights",
    "Pools",
    "Norms",
    "Activations",
    "Regularisers",
    "Shape",
    "Reductions",
    "Arithmetic",
    "Attention",
    "Joins",
)
"""The headings of a reference, in their order; others follow."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an op."""

    name: str
    type: str
    """What it takes, in words."""
    default: str
    """As a spec would write it; empty for a required field."""
    doc: str


@dataclass(frozen=True, slots=True)
class OpReference:
    """What a reference says of an op."""

    name: str
    group: str
    summary: str
    """The first sentence of the docstring."""
    doc: str
    link: str
    fields: tuple[Field, ...]
    output: str
    """The shape rule, in words."""
    weights: str
    macs: str
    inputs: str
    """How many there are."""
    constraints: tuple[str, ...]
    """What must hold of them, as far as it is declared."""
    examples: tuple[Example, ...]


def entries() -> list[OpReference]:
    """All builtin ops, by group and name."""
    found = [describe(name) for name in sorted(ops.names())]
    order = {group: index for index, group in enumerate(GROUPS)}
    return sorted(found, key=lambda entry: (order.get(entry.group, len(GROUPS)), entry.group, entry.name))


def describe(name: str) -> OpReference:
    """What is known of one op. Raises `KeyError` where there is none."""
    op = ops.lookup(name)
    if op is None:
        raise KeyError(name)
    text = inspect.cleandoc(op.__doc__ or "")
    words = text.split()
    link = next((word.rstrip(".,)") for word in words if word.startswith("https://")), "")
    lines = [line for line in text.splitlines() if not line.strip().startswith("https://")]
    doc = "\n".join(lines).replace(link, "").strip() if link else text
    summary = " ".join(doc.split("\n\n")[0].split())
    docs = field_docs(op)
    fields = tuple(_field(key, info, docs.get(key, "")) for key, info in op.model_fields.items())
    least, most = op.arity
    inputs = str(least) if least == most else f"{least} or more" if most > 100 else f"{least} to {most}"
    return OpReference(
        name,
        op.group,
        summary,
        doc,
        link,
        fields,
        _method(op, "output", "outputs"),
        _method(op, "weights"),
        _method(op, "macs"),
        inputs,
        tuple(map(str, op.constraints)),
        op.examples,
    )


def _method(op: type[Op], *names: str) -> str:
    """The docstring of a method that the op defines for itself."""
    for name in names:
        method = getattr(op, name)
        if method not in (getattr(Op, name), NoMacs.macs):
            return " ".join(inspect.cleandoc(method.__doc__ or "").split())
    return ""


def _field(name: str, info: Any, doc: str) -> Field:
    required = info.is_required()
    default = "" if required else write(info.get_default(call_default_factory=True))
    return Field(name, type_text(info), default, doc)


def type_text(info: Any) -> str:
    """What a field takes."""
    if info.description:
        return str(info.description)
    is_list = get_origin(info.annotation) is tuple
    parts = (info.annotation,) if is_list else get_args(info.annotation) or (info.annotation,)
    words = [_describe(part) for part in parts]
    if "Literal" in str(get_origin(info.annotation)):
        words = [f"`{word}`" for word in get_args(info.annotation)]
        return "one of " + ", ".join(words)
    return " or ".join(word for word in words if word)


def _describe(part: Any) -> str:
    for item in getattr(part, "__metadata__", ()):
        if getattr(item, "description", None):
            return str(item.description)
    if getattr(part, "__metadata__", None):
        return _describe(get_args(part)[0])
    if get_origin(part) is tuple:
        return f"a list of: {_describe(get_args(part)[0])}"
    return {int: "an integer", float: "a number", bool: "true or false", str: "text"}.get(part, "")


def write(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(write, value))}]"
    if isinstance(value, dict):
        return (
            f"{{ {', '.join(f'{key} = {write(item)}' for key, item in value.items())} }}" if value else "{}"
        )
    return "none" if value is None else str(value)


def spec_text(name: str, example: Example) -> str:
    """An example as a node of a spec."""
    fields = "".join(f", {key} = {write(value)}" for key, value in example.fields.items())
    return f'{{ op = "{name}"{fields} }}'


def field_docs(op: type[Op]) -> dict[str, str]:
    """The docstrings below the fields, of the class and its bases."""
    docs: dict[str, str] = {}
    for cls in reversed(op.__mro__):
        if not issubclass(cls, Op) or cls is Op:
            continue
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
        body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
        for item, following in pairwise(body):
            text = _text(following)
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and text:
                docs[item.target.id] = " ".join(inspect.cleandoc(text).split())
    return docs


def _text(node: ast.stmt) -> str:
    """The text of a statement that is nothing but text."""
    value = node.value.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) else None
    return value if isinstance(value, str) else ""
