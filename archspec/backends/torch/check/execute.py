"""Execute generated source, and the templates of ops, on stand-ins for PyTorch."""

import __future__

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from archspec.backends.torch.check.stand_ins import Leaf, Modules, names
from archspec.backends.torch.check.values import Symbolic

_HOLE = re.compile(r"\{(\w+)\}")


def executed(source: ast.Module, recorder: Modules, helpers: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """Execute the source on stand-ins; return its namespace and the name of its last class.

    `helpers` are the classes of the source that are treated as PyTorch's.
    """
    scope = {**names(recorder), "__name__": "generated", "_parts": _parts}
    kept: list[ast.stmt] = []
    for item in source.body:
        if isinstance(item, ast.ClassDef) and item.name in helpers:
            base = ast.unparse(item.bases[0]).removeprefix("nn.")
            bases = (Leaf if base == "Module" else getattr(scope["nn"], base),)
            scope[item.name] = type(item.name, bases, {"kind": item.name, "recorder": recorder})
        elif isinstance(item, ast.ClassDef | ast.FunctionDef):
            kept.append(item)
    _count_parts(kept)
    module = ast.Module(kept, [])
    exec(compile(module, "<generated>", "exec", __future__.annotations.compiler_flag), scope)  # noqa: S102 — our own
    return scope, next(item.name for item in reversed(kept) if isinstance(item, ast.ClassDef))


def _count_parts(statements: list[ast.stmt]) -> None:
    """Rewrite `a, b = x` to `a, b = _parts(x, 2)`, since a value does not know its number of parts."""
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Tuple(elts=parts)], value=value):
                call = ast.Call(ast.Name("_parts", ast.Load()), [value, ast.Constant(len(parts))], [])
                statement.value = ast.fix_missing_locations(ast.copy_location(call, statement))
            case ast.ClassDef(body=body) | ast.FunctionDef(body=body) | ast.For(body=body):
                _count_parts(body)
            case ast.If(body=body, orelse=orelse):
                _count_parts(body)
                _count_parts(orelse)


def _parts(value: Symbolic, number: int) -> tuple[Symbolic, ...]:
    return tuple(value[index] for index in range(number))


@dataclass(frozen=True, slots=True)
class OpTemplate:
    """The template of an op, as a function of the enclosing module and of the values in braces."""

    holes: tuple[str, ...]
    fill: Callable[..., Any]


def templates(texts: Iterable[str], scope: dict[str, Any]) -> dict[str, OpTemplate]:
    """Compile templates, whose texts use the names of `scope`."""
    holes = {text: tuple(dict.fromkeys(_HOLE.findall(text))) for text in texts}
    functions = [_function(text, names) for text, names in holes.items()]
    exec(compile(f"_templates = [{', '.join(functions)}]", "<templates>", "exec"), scope)  # noqa: S102 — of our ops
    return {
        text: OpTemplate(names, function)
        for (text, names), function in zip(holes.items(), scope["_templates"], strict=True)
    }


def _function(text: str, holes: tuple[str, ...]) -> str:
    arguments = ", ".join(["self", *(f"_{name}" for name in holes)])
    body = _HOLE.sub(r"_\1", text)
    return f"lambda {arguments}: {body}"
