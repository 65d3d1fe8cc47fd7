"""The examples of all ops, as test cases."""

from typing import Any

from archspec import ops
from archspec.ops import Example, Op
from archspec.types import TensorType

CASES = [
    (op, example)
    for name in sorted(ops.names())
    for op in [ops.lookup(name)]
    if op is not None
    for example in op.examples
]


def name_case(value: object) -> str:
    """The id of a test: the op, or the example's fields."""
    if isinstance(value, Example):
        return "-".join(f"{key}={field}" for key, field in value.fields.items()) or "plain"
    return getattr(value, "name", "")


def make(op: type[Op], example: Example) -> Op:
    """The op with the example's fields."""
    return op(**{key: freeze(value) for key, value in example.fields.items()})


def freeze(value: Any) -> Any:
    return tuple(map(freeze, value)) if isinstance(value, list) else value


def types(example: Example) -> tuple[TensorType, ...]:
    """The types of the example's inputs."""
    return tuple(map(TensorType, example.inputs))
