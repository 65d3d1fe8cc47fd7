"""Every example of every op in OpenVINO, whose kernels and graph passes are others than ONNX Runtime's."""

import json
from typing import Any

import openvino
import pytest
import torch
from nets import spec
from op_examples import FIXED, name_case

import archspec
from archspec import Model
from archspec.backends.onnx import model_of
from archspec.backends.options import Options
from archspec.ops import Example, Op
from archspec.testing.cases import make, spec_of, types
from archspec.testing.onnx_forms import close, module_with, randomise

CORE = openvino.Core()
CORE.set_property("CPU", {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"})


def agree(model: Model, **options: Any) -> None:
    """What OpenVINO computes, against PyTorch."""
    proto = model_of(model, Options(**options))
    randomise(proto)
    compiled = CORE.compile_model(CORE.read_model(proto.SerializeToString(), b""), "CPU")
    torch.manual_seed(0)
    inputs = {
        name: torch.randn([dim if isinstance(dim, int) else 3 for dim in type_.shape])
        for name, type_ in model.inputs.items()
    }
    with torch.no_grad():
        outputs = module_with(model, proto)(*inputs.values())
    wanted = outputs if isinstance(outputs, tuple) else (outputs,)
    read = {port.any_name for port in compiled.inputs}  # those that nothing reads may be gone
    found = compiled({name: value.numpy() for name, value in inputs.items() if name in read})
    close([found[port] for port in compiled.outputs], [value.detach().numpy() for value in wanted])


@pytest.mark.parametrize(("op", "example"), FIXED, ids=name_case)
def test_example(op: type[Op], example: Example) -> None:
    agree(archspec.load("example.json", source=spec_of(op, example, "named")))


def convolvable(shape: tuple[int | str, ...]) -> bool:
    """Whether a convolution reads a value, or writes it."""
    return 3 <= len(shape) <= 5 and isinstance(shape[0], str) and isinstance(shape[1], int)


BETWEEN = [
    (op, example)
    for op, example in FIXED
    if len(example.inputs) == 1
    and all(
        convolvable(type_.shape) for type_ in (*types(example), *make(op, example).outputs(types(example)))
    )
    and len(make(op, example).outputs(types(example))) == 1
]


@pytest.mark.parametrize(("op", "example"), BETWEEN, ids=name_case)
def test_example_between_convolutions(op: type[Op], example: Example) -> None:
    """Where values have the layout that convolutions like, blocks of channels, and passes see more than one node."""
    (shape,) = example.inputs
    layers = [
        {"name": "before", "op": "conv", "out": shape[1], "kernel": 1},
        {"name": "node", "op": op.name, **example.fields},
        {"name": "after", "op": "conv", "out": 4, "kernel": 1},
    ]
    text = json.dumps({"archspec": 1, "model": {"input": list(shape), "layers": layers}})
    agree(archspec.load("example.json", source=text))


@pytest.mark.parametrize(
    "layer",
    [
        '{ op = "channel_shuffle", groups = 2 }',
        '{ op = "pixel_unshuffle", scale = 2 }',
        '{ op = "pixel_shuffle", scale = 2 }',
        '{ op = "pad", padding = 3, mode = "circular" }',
        '{ op = "groupnorm", groups = 2 }',
        '{ op = "upsample", scale = 2, mode = "linear" }',
    ],
)
def test_free_sizes_between_convolutions(layer: str) -> None:
    conv = '{ op = "conv", out = 8, kernel = 3, padding = 1 }'
    agree(spec(f"[{conv}, {layer}, {conv}]"), dynamic=True)
