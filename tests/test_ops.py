"""Every example of every op against torch on the meta device."""

import json
import re
from math import ceil, floor
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from op_examples import CASES, make, name_case, types
from pydantic import ValidationError
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import archspec
from archspec import ops
from archspec.diagnostics import Problem
from archspec.diagnostics.rules import RULES
from archspec.ops import Example, Op
from archspec.report.explain import explain
from archspec.types import TensorType


def module_of(oracle: Any) -> nn.Module | None:
    """The module that has the weights: the oracle itself, or the default argument of a function around it."""
    candidates = [oracle, *(getattr(oracle, "__defaults__", None) or ())]
    return next((value for value in candidates if isinstance(value, nn.Module)), None)


@pytest.mark.parametrize(("op", "example"), [case for case in CASES if case[1].valid], ids=name_case)
@pytest.mark.parametrize("batch", [1, 3])
def test_agrees_with_torch(op: type[Op], example: Example, batch: int) -> None:
    ours, inputs = make(op, example), types(example)
    ours.check(inputs)
    outputs = ours.outputs(inputs)
    weights = ours.weights(inputs)

    def shape(type_: TensorType) -> list[int]:
        return [batch if isinstance(dim, str) else dim for dim in type_.shape]

    names = {"torch": torch, "nn": nn, "F": F, "N": batch}
    oracle = eval(example.torch, names)  # noqa: S307 — text from our op classes
    values = [torch.empty(shape(type_), device="meta") for type_ in inputs]
    module = module_of(oracle)
    if module is not None:
        module.to("meta").eval()
    with FlopCounterMode(display=False) as counter:
        result = oracle(*values)
    results = [result] if isinstance(result, Tensor) else list(result)
    assert [list(value.shape) for value in results] == [shape(type_) for type_ in outputs]
    assert counter.get_total_flops() == 2 * batch * ours.macs(inputs, outputs)

    state = {} if module is None else module.state_dict()
    keys = {key.removeprefix("0.").removeprefix("1.") if "Sequential" in example.torch else key: value
            for key, value in state.items()}  # fmt: skip
    assert list(keys) == [weight.name for weight in weights if weight.name]
    by_name = {weight.name: weight for weight in weights}
    for key, value in keys.items():
        assert tuple(value.shape) == by_name[key].shape
        assert value.is_floating_point() == (by_name[key].dtype == "float")
    if module is not None:
        trained = sum(weight.size for weight in weights if not weight.buffer)
        assert sum(parameter.numel() for parameter in module.parameters()) == trained


def elaborate(op: Op, inputs: tuple[TensorType, ...]) -> None:
    op.check(inputs)
    op.weights(inputs)
    op.outputs(inputs)


@pytest.mark.parametrize(("op", "example"), [case for case in CASES if not case[1].valid], ids=name_case)
def test_refuses(op: type[Op], example: Example) -> None:
    if example.error == "AS203":
        with pytest.raises(ValidationError):
            make(op, example)
        return
    ours, inputs = make(op, example), types(example)
    with pytest.raises(Problem) as caught:
        elaborate(ours, inputs)
    assert caught.value.code == example.error


def test_every_op_has_examples_and_docs() -> None:
    for name in ops.names():
        op = ops.lookup(name)
        assert op is not None
        assert any(example.valid for example in op.examples), name
        assert op.__doc__, name
        assert op.__doc__ != Op.__doc__, name
        for example in op.examples:
            assert bool(example.error) != bool(example.torch)
            assert not example.error or example.error in RULES
            assert example.valid or set(example.fields) <= set(op.model_fields)


def spec_of(name: str, example: Example) -> str:
    """The example as a network of one node."""
    inputs = [{"name": f"in{index}", "shape": list(shape)} for index, shape in enumerate(example.inputs)]
    node = {"name": "node", "op": name, "from": [item["name"] for item in inputs], **example.fields}
    if not inputs:
        del node["from"]
    model = {
        "inputs": [*inputs, {"name": "batch", "shape": ["N"]}],  # so that there is an `N` in any case
        "outputs": outputs_of(name, example),
        "layers": [node],
    }
    return json.dumps({"archspec": 1, "model": model})


def outputs_of(name: str, example: Example) -> list[str]:
    op = ops.lookup(name)
    assert op is not None
    count = len(make(op, example).outputs(types(example))) if example.valid else 1
    return ["node"] if count == 1 else [f"node.{part}" for part in range(count)]


SPECS = [(name, op, example) for op, example in CASES for name in [op.name]
         if not any(isinstance(dim, str) for shape in example.inputs for dim in shape[1:])]  # fmt: skip


@pytest.mark.parametrize(("name", "op", "example"), SPECS, ids=name_case)
def test_means_the_same_in_a_spec(name: str, op: type[Op], example: Example) -> None:
    if example.error:
        with pytest.raises(archspec.SpecError) as caught:
            archspec.load("example.json", source=spec_of(name, example))
        assert [finding.code for finding in caught.value.diagnostics] == [example.error]
        return
    ours, inputs = make(op, example), types(example)
    model = archspec.load("example.json", source=spec_of(name, example))
    assert model.outputs == ours.outputs(inputs)
    assert model.totals.macs == ours.macs(inputs, ours.outputs(inputs))
    assert [weight.shape for weight in model.weights().values()] == [
        weight.shape for weight in ours.weights(inputs)
    ]


# --- arithmetic that is shown --------------------------------------------------------------------------


def value_of(formula: str) -> float:
    """What arithmetic comes to, as a reader works it out: words say what numbers are."""
    text = re.sub(r"\b(?!floor\b|ceil\b)[a-z]+\b", "", formula)
    return float(eval(text, {"__builtins__": {}, "floor": floor, "ceil": ceil}))  # noqa: S307 — checked numbers


def filled(types_: tuple[TensorType, ...], batch: int | str) -> tuple[TensorType, ...]:
    """The types with numbers for free dimensions."""
    numbers = {"N": batch, "H": 11, "W": 13, "L": 5}
    return tuple(
        TensorType(tuple(numbers.get(dim, dim) if isinstance(dim, str) else dim for dim in type_.shape))
        for type_ in types_
    )


@pytest.mark.parametrize(("op", "example"), [case for case in CASES if case[1].valid], ids=name_case)
@pytest.mark.parametrize("batch", ["N", 3])
def test_shown_arithmetic_is_true(op: type[Op], example: Example, batch: int | str) -> None:
    """Of MACs and of sizes, with the batch free and fixed."""
    named = batch if "N" not in example.fields.get("shape", ()) else "N"
    ours, inputs = make(op, example), filled(types(example), named)
    ours.check(inputs)
    outputs = ours.outputs(inputs)
    macs, formula = ours.macs(inputs, outputs), ours.macs_formula(inputs, outputs)
    assert bool(formula) == bool(macs)
    if formula:
        assert value_of(formula) == macs
    sizes = {dim for type_ in outputs for dim in type_.shape if isinstance(dim, int)}
    for line in ours.explain(inputs):
        shown, result = line.partition(": ")[2].partition(", as ")[0].split(" = ")
        assert value_of(shown) == float(result)
        assert int(result) in sizes or op.name == "split"  # which shows the whole, the sum of its parts


FORMULAS = [
    ("conv", {"out": 12, "kernel": 3, "groups": 3}, "(12 * 6 * 7) outputs * 2 channels per group * (3 * 3) kernel"),
    ("conv_transpose", {"out": 9, "kernel": 3, "groups": 3, "stride": 2},
     "(6 * 8 * 9) inputs * 3 channels per group * (3 * 3) kernel"),
    ("conv_transpose", {"out": 9, "kernel": [3, 2]}, "(6 * 8 * 9) inputs * 9 channels * (3 * 2) kernel"),
    ("linear", {"out": 5}, "(6 * 8 * 5) outputs * 9 inputs"),
]  # fmt: skip


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
    (1, 1, 0), (2, 1, 0), (3, 1, 1), (4, 1, 1), (5, 1, 2), (6, 1, 2), (2, 2, 1), (4, 2, 3), (6, 2, 5), (2, 3, 1),
    (3, 3, 3), (4, 3, 4), (2, 4, 2), (4, 5, 7), ((4, 3), 3, (4, 3)), (4, (1, 2), (1, 3)), ((2, 4), (3, 2), (1, 3)),
]  # fmt: skip


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
