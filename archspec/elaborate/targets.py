"""The targets of calls: what an op name stands for, and the fields that it has."""

from typing import Any

from archspec import ops
from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import Path, Replacement, shown, suggest
from archspec.elaborate.construct import construct
from archspec.elaborate.frames import Poisoned, Reporter, undefined
from archspec.elaborate.settings import NOWHERE, Setting, compile_argument, compile_setting
from archspec.elaborate.suggestions import ADVICE_ON_FIELDS, FIELDS, OF_ONE_OP, elsewhere
from archspec.language.document import Definition, Document
from archspec.language.names import NODE_KEYS, WIRING_OPS
from archspec.language.params import MISSING
from archspec.ops.core.base import Op

Target = type[Op] | Definition
"""What an op name stands for."""


def resolve_op(name: str, document: Document, definition: Definition | None = None) -> Target:
    """What `name` stands for in `document`: a block of it, of a library, a builtin op, a plug-in."""
    if name in document.blocks:
        return document.blocks[name]
    alias, dot, rest = name.partition(".")
    if dot and alias in document.libraries:
        library = document.libraries[alias]
        if library is None:
            raise Poisoned
        if rest in library.blocks:
            return library.blocks[rest]
        known = [f"{alias}.{block}" for block in library.blocks]
        raise Problem(
            "AS204", f"there is no block `{shown(name)}`", at=("op",), help=suggest(name, known), subject=name
        )
    found = ops.lookup(name)
    if found is not None:
        return found
    raise unknown_op(name, document, definition)


def unknown_op(name: str, document: Document, definition: Definition | None) -> Problem:
    """The problem for an op that does not exist, with what was probably meant."""
    libraries = [
        f"{alias}.{block}"
        for alias, library in document.libraries.items()
        if library
        for block in library.blocks
    ]
    help_: Replacement | str | None = suggest(name, [*ops.names(), *WIRING_OPS, *document.blocks, *libraries])
    params = {**document.params, **(definition.params if definition else {})}
    if name in params:
        help_ = f'`{name}` is a parameter: write op = "{{{name}}}"'
    elif name.lower() in ops.names():
        help_ = Replacement(name.lower())
    elif (meant := elsewhere(name)) is not None:
        help_ = meant
    elif name in WIRING_OPS:
        help_ = f"`{name}` is wiring: it has no defaults, and an expression cannot choose it"
    elif help_ is None:
        blocks = ", ".join(f"`{block}`" for block in [*document.blocks, *libraries][:8])
        help_ = (
            f"the blocks here are {blocks}; `archspec ops` lists the ops"
            if blocks
            else "`archspec ops` lists the ops"
        )
    return Problem("AS204", f"there is no op `{shown(name)}`", at=("op",), help=help_, subject=name)


def no_keyword(word: str, target: Target) -> Problem:
    """The problem for a padding keyword of an op that takes none."""
    return Problem(
        "AS203",
        f"the padding of `{target.name}` is a number for each axis: it cannot be `{word}`",
        help=target.no_keyword if isinstance(target, type) else None,
    )


def compile_field(raw: Any, target: Target, key: str, path: Path) -> Setting:
    """Compile the value of a field or argument."""
    if isinstance(target, Definition):
        return compile_argument(raw, target.params[key], path)
    return compile_setting(raw, target.readings()[key], path)


def field_names(target: Target) -> list[str]:
    """The fields of an op, or the parameters of a block."""
    return list(target.params if isinstance(target, Definition) else target.model_fields)


def required(target: Target) -> list[str]:
    """Those without a default."""
    if isinstance(target, Definition):
        return [name for name, param in target.params.items() if param.default is MISSING]
    return [name for name, info in target.model_fields.items() if info.is_required()]


def unknown_field(key: str, target: Target, *, first: bool = False) -> Problem:
    """The problem for a field that the op does not have, with what was probably meant."""
    known = field_names(target)
    if first and key in NODE_KEYS:
        text = f"`first` overrides fields of the op, not `{key}`"
        return Problem("AS208", text, subject=key, about_key=True)
    help_ = (
        (suggest(key, known) if isinstance(target, Definition) else OF_ONE_OP.get((target.name, key.lower())))
        or _elsewhere(key.lower(), known)
        or suggest(key, [*known, *(NODE_KEYS if not first else ())])
        or (f"its fields are {', '.join(known)}" if known else "it has no fields")
    )
    text = f"`{target.name}` has no `{shown(key)}`"
    return Problem("AS201", text, help=help_, subject=key, about_key=True)


def _elsewhere(key: str, known: list[str]) -> Replacement | str | None:
    """The field that other libraries call `key`, if it is one of those known, or what to write instead."""
    name = FIELDS.get(key)
    return Replacement(name) if name in known else ADVICE_ON_FIELDS.get(key)


def _check_constant(target: Target, key: str, setting: Setting) -> None:
    """Refuse a default that no node could have. Raises `Problem`."""
    value = setting.evaluate(NOWHERE)
    if isinstance(target, Definition):
        target.params[key].conform(value)
        return
    made = construct(target, {key: value}, {key: setting}, setting.path)
    if not isinstance(made, Op) and key in made:  # other fields may be missing
        raise made[key][0]


def check_defaults(document: Document, report: Reporter) -> None:
    """Check `[defaults]` by themselves: every op exists and has the fields, every value compiles."""
    for name, fields in document.defaults.items():
        path: Path = ("defaults", name)
        try:
            target = resolve_op(name, document)
        except Problem as problem:
            problem.at, problem.about_key = (), True
            report(problem, document.file, path)
            continue
        except Poisoned:
            continue
        for key, raw in fields.items():
            try:
                if key not in field_names(target):
                    raise unknown_field(key, target)
                setting = compile_field(raw, target, key, (*path, key))
                for word in sorted(setting.names):
                    if word not in document.params and word not in document.let:
                        raise undefined(word, [*document.params, *document.let, *sorted(setting.words)])
                if setting.paths:
                    raise Problem(
                        "AS208", "a default sees the file's parameters, not the network", about_key=True
                    )
                if setting.constant:
                    _check_constant(target, key, setting)
            except Problem as problem:
                report(problem, document.file, (*path, key))
