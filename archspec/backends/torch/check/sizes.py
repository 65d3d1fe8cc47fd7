"""The sizes of values in the expressions of a `forward`: `x.shape[2]` is the number that the spec says."""

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from archspec.backends.torch.check.values import ExpressionKey, Recorder, Symbolic
from archspec.types import TensorType

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
}


class Sizes:
    """Replaces sizes by what they are in one composite."""

    def __init__(self, recorder: Recorder, start: int, end: int) -> None:
        self.recorder = recorder
        self.calculated = [*_calculated(recorder.order[start:end])]
        """The values of `forward` in whose expressions there are sizes, in the order of their making."""

    def settled(self, value: Any, types: Mapping[Symbolic, TensorType]) -> Any:
        """An expression with numbers in place of sizes. What is in `types` stays as it is.

        A free dimension is the same wherever it is taken from.
        """
        if isinstance(value, tuple):
            return tuple(self.settled(part, types) for part in value)
        if not isinstance(value, Symbolic) or value in types:
            return value
        match value.key:
            case ("item", Symbolic(key=("attribute", of, "shape")), int(axis)) if of in types:
                shape = types[of].shape
                if -len(shape) <= axis < len(shape):
                    dim = shape[axis]
                    return dim if isinstance(dim, int) else self.recorder.value("dimension", str(dim))
            case ("operator", sign, left, right):
                parts = self.settled(left, types), self.settled(right, types)
                if sign in _ARITHMETIC and all(type(part) is int for part in parts):
                    return _ARITHMETIC[sign](*parts)
                return self.recorder.value("operator", sign, *parts)
            case ("operator", "-", operand):
                part = self.settled(operand, types)
                return -part if type(part) is int else self.recorder.value("operator", "-", part)
            case ("item" | "attribute" | "call", *_):
                return self.recorder.value(*self.settled(value.key, types))
        return value

    def found(self, wanted: Symbolic, types: Mapping[Symbolic, TensorType]) -> Symbolic | None:
        """The value of `forward` that is the same as `wanted` once sizes are numbers."""
        alike = [value for value in self.calculated if value.key[0] == wanted.key[0] and value not in types]
        if not alike:
            return None
        goal = self.settled(wanted, types)
        return next((value for value in alike if self.settled(value, types) is goal), None)


def _calculated(order: list[Symbolic]) -> Iterator[Symbolic]:
    """The values that are made of sizes, directly or not."""
    known: set[Symbolic] = set()
    for value in order:
        if (value.key[0] == "attribute" and value.key[2] == "shape") or _mentions(value.key, known):
            known.add(value)
            yield value


def _mentions(key: ExpressionKey, known: set[Symbolic]) -> bool:
    return any(
        _mentions(part, known) if type(part) is tuple else isinstance(part, Symbolic) and part in known
        for part in key
    )
