"""Every example of every op against torch on the meta device."""

import json
from typing import Any

import pytest
import torch
from op_examples import CASES, VALID, name_case
from torch import nn

import archspec
from archspec import ops
from archspec.ops import Example, Op
from archspec.report.explain import explain
from archspec.testing import statements, torch_forms
from archspec.testing.cases import is_fixed
from archspec.testing.statements import value_of
from archspec.types import TensorType


@pytest.mark.parametrize(("op", "example"), VALID, ids=name_case)
@pytest.mark.parametrize("batch", [1, 3])
def test_agrees_with_torch(op: type[Op], example: Example, batch: int) -> None:
    torch_forms.shapes(op, example, batch)


@pytest.mark.parametrize(("op", "example"), [case for case in CASES if not case[1].valid], ids=name_case)
def test_refuses(op: type[Op], example: Example) -> None:
    statements.refusal(op, example)


@pytest.mark.parametrize("name", sorted(ops.names()))
def test_every_op_has_examples_and_docs(name: str) -> None:
    op = ops.lookup(name)
    assert op is not None
    statements.declaration(op)


@pytest.mark.parametrize(("op", "example"), [case for case in CASES if is_fixed(case[1])], ids=name_case)
def test_means_the_same_in_a_spec(op: type[Op], example: Example) -> None:
    statements.in_a_spec(op, example)


# --- arithmetic that is shown --------------------------------------------------------------------------


@pytest.mark.parametrize(("op", "example"), VALID, ids=name_case)
@pytest.mark.parametrize("batch", ["N", 3])
def test_shown_arithmetic_is_true(op: type[Op], example: Example, batch: int | str) -> None:
    """Of MACs and of sizes, with the batch free and fixed."""
    statements.arithmetic(op, example, batch)


FORMULAS = [
    (
        "conv",
        {"out": 12, "kernel": 3, "groups": 3},
        "(12 * 6 * 7) outputs * 2 channels per group * (3 * 3) kernel",
    ),
    (
        "conv_transpose",
        {"out": 9, "kernel": 3, "groups": 3, "stride": 2},
        "(6 * 8 * 9) inputs * 3 channels per group * (3 * 3) kernel",
    ),
    ("conv_transpose", {"out": 9, "kernel": [3, 2]}, "(6 * 8 * 9) inputs * 9 channels * (3 * 2) kernel"),
    ("linear", {"out": 5}, "(6 * 8 * 5) outputs * 9 inputs"),
]


@pytest.mark.parametrize(("name", "fields", "formula"), FORMULAS)
def test_explained_macs(name: str, fields: dict[str, Any], formula: str) -> None:
    """What is multiplied, in words."""
    spec = {
        "archspec": 1,
        "model": {"input": ["N", 6, 8, 9], "layers": [{"name": "it", "op": name, **fields}]},
    }
    model = archspec.load("spec.json", source=json.dumps(spec))
    macs = model.totals.macs
    assert f"  MACs        {formula} = {macs:,} (" in explain(model, "it")
    assert value_of(formula) == macs


# kernel and dilation, dilation * (kernel - 1) // 2
HALVES = [
    (1, 1, 0),
    (2, 1, 0),
    (3, 1, 1),
    (4, 1, 1),
    (5, 1, 2),
    (6, 1, 2),
    (2, 2, 1),
    (4, 2, 3),
    (6, 2, 5),
    (2, 3, 1),
    (3, 3, 3),
    (4, 3, 4),
    (2, 4, 2),
    (4, 5, 7),
    ((4, 3), 3, (4, 3)),
    (4, (1, 2), (1, 3)),
    ((2, 4), (3, 2), (1, 3)),
]


@pytest.mark.parametrize(("kernel", "dilation", "padding"), HALVES)
@pytest.mark.parametrize("stride", [1, 2])
def test_half_padding(kernel: Any, dilation: Any, padding: Any, stride: int) -> None:
    """The value is that of a convolution of PyTorch with this padding; the table and `--explain` show it."""
    node = {
        "op": "conv",
        "out": 5,
        "kernel": kernel,
        "dilation": dilation,
        "stride": stride,
        "padding": "half",
    }
    spec = {"archspec": 1, "model": {"input": ["N", 3, 31, 29], "layers": [{"name": "it", **node}]}}
    model = archspec.load("spec.json", source=json.dumps(spec))
    theirs = nn.Conv2d(3, 5, kernel, stride, padding, dilation)
    expected = tuple(theirs(torch.empty(1, 3, 31, 29)).shape[1:])
    assert model.outputs[0].shape[1:] == expected
    built = archspec.build(model).get_submodule("it")
    assert (built.padding, built.stride, built.dilation) == (theirs.padding, theirs.stride, theirs.dilation)

    shown = [row.text for row in model.modules() if row.path == "it"]
    pads = f" p{short(padding)}" if padding else ""
    text = f"conv 5, k{short(kernel)}" + " s2" * (stride == 2) + pads
    text += f" d{short(dilation)}" * (dilation != 1)
    assert shown == [text]
    lines = explain(model, "it").splitlines()
    assert lines[0] == f"it: {text}"
    for axis, name in enumerate(("height", "width")):
        k, d, p = (
            value[axis] if isinstance(value, tuple) else value for value in (kernel, dilation, padding)
        )
        shown_size = f"{name}: floor(({(31, 29)[axis]} - {d * (k - 1) + 1} + {2 * p} + {stride}) / {stride})"
        assert any(line.endswith(f"{shown_size} = {expected[1 + axis]}") for line in lines)


def make_op(name: str, **fields: Any) -> Op:
    op = ops.lookup(name)
    assert op is not None
    return op(**fields)


def short(value: Any) -> str:
    return "×".join(map(str, value)) if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize(
    ("name", "fields", "theirs", "text"),
    [
        ("maxpool", {"kernel": 4}, nn.MaxPool2d(4, 2, 1), "maxpool k4 s2 p1"),
        ("maxpool", {"kernel": 2, "dilation": 2}, nn.MaxPool2d(2, 2, 1, 2), "maxpool k2 s2 p1 d2"),
        ("maxpool", {"kernel": 2, "dilation": 3}, nn.MaxPool2d(2, 2, 1, 3), "maxpool k2 s2 p1 d3"),
        ("avgpool", {"kernel": 6}, nn.AvgPool2d(6, 2, 2), "avgpool k6 s2 p2"),
    ],
)
def test_half_padding_of_pools(name: str, fields: dict[str, Any], theirs: nn.Module, text: str) -> None:
    ours = make_op(name, stride=2, padding="half", **fields)
    x = TensorType((1, 3, 31, 29))
    assert ours.brief() == text
    assert ours.output((x,)).shape == tuple(theirs(torch.rand(1, 3, 31, 29)).shape)
