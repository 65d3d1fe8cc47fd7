"""What expressions compute: operators and functions on numbers, text and lists, bounded in what they cost."""

import math
import operator
from collections.abc import Callable
from typing import NoReturn

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import shown
from archspec.language import limits
from archspec.types import Table, Value


def fail(message: str, help: str | None = None) -> NoReturn:  # noqa: A002 — the diagnostic's word
    """Refuse to compute a value."""
    raise Problem("AS307", message, help=help)


def show(value: object) -> str:
    """A value as a spec would write it, cut to a readable length."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{shown(value)}'"
    if isinstance(value, Table):
        value = dict(value)
    if isinstance(value, tuple | list):
        inside = ", ".join(map(show, value[:8])) + (", ..." if len(value) > 8 else "")
        return f"[{inside}]"
    if isinstance(value, dict):
        inside = ", ".join(f"{shown(str(key))} = {show(item)}" for key, item in list(value.items())[:8])
        return f"{{ {inside} }}" if inside else "{}"
    return shown(str(value))


def wrong_value(key: str, wanted: str, value: object, advice: str | None = None) -> Problem:
    """The problem of a key whose value is of the wrong kind."""
    return Problem("AS203", f"`{key}` must be {wanted}, not {show(value)}", at=(key,), help=advice)


def bounded(value: Value) -> Value:
    """`value`, unless it is a number or a list too large to be meant."""
    if isinstance(value, float):
        if not -1e300 < value < 1e300:  # also nan
            fail("the result is not a finite number")
    elif isinstance(value, int):
        if not -limits.INTEGER <= value <= limits.INTEGER:
            fail("the result does not fit into 64 bits")
    elif isinstance(value, tuple) and elements(value) > limits.LIST_LENGTH:
        fail(f"the list has more than {limits.LIST_LENGTH:,} elements")
    return value


def elements(value: Value) -> int:
    """The elements of a list, those of lists inside it included."""
    return sum(1 + elements(item) for item in value) if isinstance(value, tuple) else 0


_ARITHMETIC: dict[str, Callable[..., Value]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


COMPARISONS: dict[str, Callable[..., object]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
}


def arithmetic(op: str, left: Value, right: Value) -> Value:
    """`left op right` for numbers."""
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        fail(f"`{op}` needs numbers, not {show(left)} and {show(right)}")
    # A power is refused before it is computed: 9**9**9 has 369,693,100 digits.
    if op == "**" and abs(right) * max(abs(left), 2).__trunc__().bit_length() > 1_100:
        fail(f"{show(left)} ** {show(right)} does not fit into 64 bits")
    try:
        result = _ARITHMETIC[op](left, right)
    except ZeroDivisionError:
        fail(f"{show(left)} {op} {show(right)} divides by zero")
    except OverflowError:
        fail(f"{show(left)} {op} {show(right)} is too large")
    if isinstance(result, complex):
        fail(f"({show(left)}) {op} {show(right)} is not a real number")
    return bounded(result)


def compare(op: str, left: Value, right: Value) -> bool:
    """`left op right`, Python's meaning."""
    try:
        return bool(COMPARISONS[op](left, right))
    except TypeError:
        fail(f"{show(left)} and {show(right)} cannot be compared with `{op}`")


def divisible(value: float, divisor: int) -> int:
    """The multiple of `divisor` nearest to `value`, but never below 90 % of it.

    MobileNet's rounding of channels: https://arxiv.org/abs/1704.04861 and torchvision's `_make_divisible`.
    """
    if isinstance(divisor, float) or divisor < 1:
        raise ValueError(divisor)
    result = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return result + divisor if result < 0.9 * value else result


def _sum(values: tuple[float, ...], /) -> float:
    if not isinstance(values, tuple):
        raise TypeError(values)
    return sum(values)  # a list inside it is a TypeError


def _range(*bounds: int) -> tuple[int, ...]:
    if any(isinstance(bound, bool) for bound in bounds):
        raise TypeError(bounds)
    numbers = range(*bounds)
    if len(numbers) > limits.LIST_LENGTH:
        fail(f"the list has more than {limits.LIST_LENGTH:,} elements")
    return tuple(numbers)


def _round(value: float, digits: int | None = None, /) -> float:
    if digits is not None and not -20 <= digits <= 20:
        raise ValueError(digits)
    return round(value, digits)


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "int": lambda value: int(value + 0),
    "len": len,
    "sum": _sum,
    "ceil": lambda value: -int(-value // 1),
    "floor": lambda value: int(value // 1),
    "round": _round,
    "sqrt": math.sqrt,
    "log2": math.log2,
    "range": _range,
    "divisible": divisible,
}


USAGE = {
    "min": "min(a, b, …) or min(list)",
    "max": "max(a, b, …) or max(list)",
    "abs": "abs(number)",
    "int": "int(number)",
    "len": "len(list)",
    "sum": "sum(list of numbers)",
    "ceil": "ceil(number)",
    "floor": "floor(number)",
    "round": "round(number)",
    "sqrt": "sqrt(number of at least 0)",
    "log2": "log2(number above 0)",
    "range": "range(stop), range(start, stop) or range(start, stop, step)",
    "divisible": "divisible(value, divisor)",
}
