"""The types of arguments."""

from collections.abc import Sequence
from typing import Any

from archspec.backends.torch.source.symbols import ABSENT, ClassName


def annotation(values: Sequence[Any]) -> str | None:
    """The type annotation of an argument with these values; `None` if there is none."""
    kinds = {_kind(value) for value in values if value is not ABSENT}
    if kinds == {"int", "float"}:
        return "float"
    if len(kinds) > 1 and all(kind is not None and kind.startswith("tuple[int") for kind in kinds):
        return "tuple[int, ...]"
    if (
        "int" in kinds
        and len(kinds) == 2
        and all(kind and kind.startswith(("int", "tuple[int")) for kind in kinds)
    ):
        return " | ".join(sorted(kind for kind in kinds if kind))
    there = [value for value in values if value is not ABSENT]
    if there and all(isinstance(value, ClassName) for value in there):
        names = sorted({*there})
        own = all("." not in name for name in names)
        return f"type[{' | '.join(names)}]" if own else "type[nn.Module]"
    return kinds.pop() if len(kinds) == 1 else None


def _kind(value: Any) -> str | None:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return type(value).__name__
    if isinstance(value, ClassName):
        return "type[nn.Module]"
    if isinstance(value, str):
        return "str"
    if isinstance(value, tuple) and value:
        kinds = {_kind(item) for item in value}
        if len(kinds) == 1 and kinds <= {"int", "float", "bool", "str"}:
            kind = kinds.pop()
            return (
                f"tuple[{', '.join([str(kind)] * len(value))}]" if len(value) <= 4 else f"tuple[{kind}, ...]"
            )
    return None
