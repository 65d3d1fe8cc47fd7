"""Every example of every op against torch on the meta device."""

import json
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
from archspec.ir import TensorType
from archspec.ops import Example, Op


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
