"""`[expect]`: what a network's numbers must be."""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import Path, shown, suggest
from archspec.language.arithmetic import show
from archspec.types import Dim

NUMBERS = ("params", "buffers", "macs", "flops")
"""The numbers that can be expected: of inference, and of training under `training`."""
_BOUND = re.compile(r"\s*+(<=|>=|==|<|>)\s*+([0-9][0-9_]*+(?:\.[0-9]++)?)\s*+(k|M|G|T)?\s*+")
_FACTOR = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(slots=True, eq=False, repr=False)
class Bound:
    """What a number must be: `sign` and `value`, as the spec has it in `text`."""

    sign: str
    value: float
    text: str

    def holds(self, actual: int) -> bool:
        """Whether the number is as expected."""
        return _COMPARE[self.sign](actual, self.value)


@dataclass(slots=True, eq=False, repr=False)
class Expectation:
    """What is expected of one quantity. `path` leads to it from its table."""

    path: Path
    bound: Bound | None = None
    output: tuple[Dim, ...] = ()


def parse(raw: dict[str, Any]) -> tuple[list[Expectation], list[Problem]]:
    """The expectations of one table, and what is wrong with it."""
    found: list[Expectation] = []
    problems: list[Problem] = []
    for key, value in raw.items():
        try:
            if key == "training":
                inner, wrong = _training(value)
                found += inner
                problems += [problem.within("training") for problem in wrong]
            elif key == "output":
                found.append(Expectation((key,), output=_shape(value)))
            else:
                found.append(Expectation((key,), _bound(key, value, (*NUMBERS, "output", "training"))))
        except Problem as problem:
            problems.append(problem.within(key))
    return found, problems


def _training(raw: Any) -> tuple[list[Expectation], list[Problem]]:
    if not isinstance(raw, dict):
        raise Problem("AS203", f"`training` must be a table of {', '.join(NUMBERS)}, not {show(raw)}")
    found, problems = [], []
    for key, value in raw.items():
        try:
            found.append(Expectation(("training", key), _bound(key, value, NUMBERS, " of training")))
        except Problem as problem:
            problems.append(problem.within(key))
    return found, problems


def _bound(key: str, value: Any, known: Sequence[str], of: str = "") -> Bound:
    """What one of the numbers must be; `known` is all that can be expected there."""
    if key not in NUMBERS:
        text = f"nothing called `{shown(key)}` can be expected{of}"
        raise Problem("AS201", text, help=suggest(key, known), subject=key, about_key=True)
    return parse_bound(value)


def parse_bound(value: Any) -> Bound:
    """An integer is an exact number; text is a bound such as `<= 4.1G`. Raises `Problem` (AS203)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Bound("==", value, f"{value:,}")
    match = _BOUND.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise Problem(
            "AS203",
            f"{show(value)} is neither an integer nor a bound",
            help='an integer is an exact number; a bound is text such as "<= 4.1G"',
        )
    return Bound(match[1], float(match[2].replace("_", "")) * _FACTOR[match[3] or ""], str(value).strip())


def _shape(value: Any) -> tuple[Dim, ...]:
    if not isinstance(value, list) or not all(type(dim) in (int, str) for dim in value):
        raise Problem("AS203", f'`output` must be a list of sizes such as ["N", 1000], not {show(value)}')
    return tuple([dim if isinstance(dim, int) else _tidy(dim) for dim in value])


def _tidy(dim: str) -> str:
    """A free dimension or a multiple of one, with single spaces."""
    return " * ".join([part.strip() for part in dim.split("*")])
