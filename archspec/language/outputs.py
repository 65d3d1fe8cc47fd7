"""The outputs of a model or a block, as they are declared."""

from dataclasses import dataclass
from typing import Any

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import shown, suggest
from archspec.language.arithmetic import show
from archspec.language.names import check_label

KEYS = ("name", "of", "when")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Output:
    """An output: a value, the name that it has outside, and a condition."""

    at: tuple[int | str, ...]
    """Where the value is named: its place in the list, and a key of the table that may be there."""
    of: str
    """The value, named as in `from`."""
    name: str
    """What it is called outside: by the caller of a block, in an ONNX file."""
    when: Any = None
    """The condition, as the document has it; `None` for an output that is always there."""


def declare(raw: Any, index: int) -> Output:
    """An item of `outputs`: a name, or `{ name, of, when }`. Raises `Problem` at its place in the item."""
    if isinstance(raw, str):
        return Output((index,), raw, _last(raw))
    if not isinstance(raw, dict):
        raise Problem("AS203", f"an output is a name or a table {{ name, of, when }}, not {show(raw)}")
    for key, value in raw.items():
        if key not in KEYS:
            help_ = suggest(key, KEYS) or "the keys of an output are name, of and when"
            raise Problem(
                "AS201",
                f"an output has no `{shown(key)}`",
                at=(key,),
                help=help_,
                subject=key,
                about_key=True,
            )
        if key != "when" and not isinstance(value, str):
            raise Problem("AS203", f"`{key}` must be text, not {show(value)}", at=(key,))
    if not raw.keys() & {"name", "of"}:
        raise Problem("AS202", "an output needs `of`, the name of a value")
    key = "of" if "of" in raw else "name"
    of = raw[key]
    if "name" in raw:
        try:
            check_label(raw["name"])
        except Problem as problem:
            raise problem.within("name") from None
    return Output((index, key), of, raw.get("name", _last(of)), raw.get("when"))


def declare_all(raw: list[Any]) -> tuple[list[Output], list[Problem]]:
    """All items of `outputs`, and what is wrong with others, each problem at its place in the list."""
    found: list[Output] = []
    problems = []
    for index, item in enumerate(raw):
        try:
            found.append(declare(item, index))
        except Problem as problem:
            problems.append(problem.within(index))
    return found, problems


def _last(path: str) -> str:
    return path.rpartition(".")[2]
