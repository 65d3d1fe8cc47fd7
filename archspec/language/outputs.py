"""The outputs of a model or a block, as they are declared."""

from dataclasses import dataclass
from typing import Any

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import suggest
from archspec.diagnostics.problems import Within, unknown_key
from archspec.language.arithmetic import show, wrong_value
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
    name_at: tuple[int | str, ...]
    """Where it gets that name."""
    when: Any = None
    """The condition, as the document has it; `None` for an output that is always there."""

    def namesake(self) -> Problem:
        """The problem of another output with the same name, relative to the list of outputs."""
        help_ = "give one of them another name"
        if self.name_at == self.at:
            help_ += f': {{ name = "…", of = "{self.of}" }}'
        return Problem(
            "AS303",
            f"there are two outputs `{self.name}`",
            at=self.name_at,
            help=help_,
            subject=self.of if self.name_at == self.at else self.name,
        )


def declare(raw: Any, index: int) -> Output:
    """An item of `outputs`: a name, or `{ name, of, when }`. Raises `Problem` at its place in the item."""
    if isinstance(raw, str):
        return Output((index,), raw, _last(raw), (index,))
    if not isinstance(raw, dict):
        raise Problem("AS203", f"an output is a name or a table {{ name, of, when }}, not {show(raw)}")
    for key, value in raw.items():
        if key not in KEYS:
            help_ = suggest(key, KEYS) or "the keys of an output are name, of and when"
            raise unknown_key("an output", key, help_)
        if key != "when" and not isinstance(value, str):
            raise wrong_value(key, "text", value)
        if value is None:
            raise wrong_value(key, "true or false", value)
    if not raw.keys() & {"name", "of"}:
        raise Problem("AS202", "an output needs `of`, the name of a value")
    key = "of" if "of" in raw else "name"
    of = raw[key]
    if "name" in raw:
        with Within("name"):
            check_label(raw["name"])
    name_key = "name" if "name" in raw else key
    return Output((index, key), of, raw.get("name", _last(of)), (index, name_key), raw.get("when"))


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
