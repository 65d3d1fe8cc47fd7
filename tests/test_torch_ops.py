"""Every example of every op, as PyTorch source in all its forms, against the example's own PyTorch."""

import json
from typing import Any

import pytest
import torch
from op_examples import FIXED, VALID, name_case

import archspec
from archspec import ops
from archspec.backends.torch.module import build
from archspec.ops import Example, Op
from archspec.ops.core.checks import sizes
from archspec.ops.core.torch_code import placeholders
from archspec.testing import torch_forms
from archspec.testing.cases import FORMS, applies, hides_sizes, make, results, types

FORMED = [
    pytest.param(op, example, form, id=f"{name_case(op)}-{name_case(example)}-{form}")
    for op, example in FIXED
    for form in FORMS
    if applies(op, example, form)
]


@pytest.mark.parametrize(("op", "example", "form"), FORMED)
def test_agrees_with_torch(op: type[Op], example: Example, form: str) -> None:
    torch_forms.source(op, example, form, values="trunc_normal" not in example.torch)


def test_only_expand_asks_for_sizes_that_it_cannot_see() -> None:
    """AS702: the size of the batch, inside of a block none of whose values has it."""
    hidden = {
        (op.name, example.inputs)
        for op, example in FIXED
        if op.is_module
        and not op.is_parameter
        and len(results(op, example)) == 1
        and hides_sizes(op, example, "in a block")
    }
    expand = ops.lookup("expand")
    assert expand is not None
    assert hidden == {
        ("expand", example.inputs)
        for example in expand.examples
        if example.valid and "N" in example.fields["shape"] and "N" not in example.inputs[0]
    }


def test_ops_say_whether_they_ask_for_sizes() -> None:
    """`validate` writes the source of networks with these, to see whether the sizes are there."""
    asking = {
        op for op, example in VALID if any(placeholders(make(op, example).torch(types(example)).function))
    }
    assert asking
    assert all(op.asks_for_sizes for op in asking)


@pytest.mark.parametrize(("op", "example"), FIXED, ids=name_case)
def test_initial_values_are_those_of_torch(op: type[Op], example: Example) -> None:
    """Where the spec asks for nothing else: the same random numbers from the same seed."""
    torch_forms.initial_values(op, example)


@pytest.mark.parametrize(
    ("padding", "kernel", "stride", "size"),
    [
        ({"bottom": 1, "right": 1}, 2, 2, (7, 9)),
        ({"top": 1}, 3, 2, (8, 7)),
        ({"left": 1, "bottom": 1}, [2, 3], [3, 2], (9, 11)),
        ("same_upper", 3, 2, (8, 11)),
        ("same_lower", 2, 2, (7, 8)),
        ({"right": 1}, 2, 3, (6, 6)),
        ({"bottom": 1}, 3, 3, (9, 10)),
    ],
)
@pytest.mark.parametrize("ceil", [False, True])
@pytest.mark.parametrize("pool", ["maxpool", "avgpool", "avgpool_real"])
def test_uneven_padding_of_pools(
    padding: Any, kernel: Any, stride: Any, size: Any, ceil: bool, pool: str
) -> None:
    """By definition: per window the maximum, or the sum over the number of elements that count."""
    fields = {"kernel": kernel, "stride": stride, "padding": padding, "ceil": ceil}
    if pool == "avgpool_real":
        fields["count_include_pad"] = False
    op = ops.lookup(pool.partition("_")[0])
    assert op is not None
    made = op.model_validate(
        {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    )
    node = {"op": op.name, **fields}
    model = {"input": ["N", 2, *size], "layers": [node]}
    ours = build(archspec.load("p.json", source=json.dumps({"archspec": 1, "model": model})))
    x = torch.randn(2, 2, *size)
    types_ = (archspec.load("p.json", source=json.dumps({"archspec": 1, "model": model})).root.inputs[0],)
    rows, columns = made.windows(types_)
    height, width = sizes((rows.count, columns.count))
    want = torch.empty(2, 2, height, width)
    for i in range(height):
        for j in range(width):
            (top, bottom, high), (left, right, wide) = (
                span(window, index) for window, index in ((rows, i), (columns, j))
            )
            inside = x[:, :, top:bottom, left:right]
            if pool == "maxpool":
                want[:, :, i, j] = inside.amax((2, 3))
            else:
                number = high * wide if pool == "avgpool" else inside.shape[2] * inside.shape[3]
                want[:, :, i, j] = inside.sum((2, 3)) / number
    torch.testing.assert_close(ours(x), want)


def span(window: Any, index: int) -> tuple[int, int, int]:
    """The elements that a window sees, and how many places it has inside the padded input."""
    start = index * window.stride - window.before
    stop = min(start + window.kernel, window.n + window.after)
    return max(start, 0), min(stop, window.n), stop - start
