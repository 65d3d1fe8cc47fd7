"""The examples of all ops, as test cases."""

from archspec import ops
from archspec.ops import Example
from archspec.testing.cases import is_fixed

CASES = [
    (op, example)
    for name in sorted(ops.names())
    for op in [ops.lookup(name)]
    if op is not None
    for example in op.examples
]
VALID = [(op, example) for op, example in CASES if example.valid]
FIXED = [(op, example) for op, example in VALID if is_fixed(example)]
"""Those of which nothing but the batch is free."""


def name_case(value: object) -> str:
    """The id of a test: the op, or the example's fields."""
    if isinstance(value, Example):
        return "-".join(f"{key}={field}" for key, field in value.fields.items()) or "plain"
    return getattr(value, "name", "")
