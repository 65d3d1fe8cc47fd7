"""What the tests of the ONNX backend share: running a model beside the PyTorch module with the same weights."""

import json
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime import GraphOptimizationLevel
from torch import nn

import archspec
from archspec import Model
from archspec.backends.onnx_model import model_of
from archspec.backends.options import Options
from archspec.backends.torch_module import build

LEVELS = (GraphOptimizationLevel.ORT_DISABLE_ALL, GraphOptimizationLevel.ORT_ENABLE_ALL)


def session(model: onnx.ModelProto | str, level: Any = GraphOptimizationLevel.ORT_ENABLE_ALL) -> Any:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level, options.log_severity_level = level, 4
    source = model if isinstance(model, str) else model.SerializeToString()
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def node(op: str, fields: dict[str, Any], *shapes: tuple[int | str, ...]) -> Model:
    """A network of one node. Raises `SpecError` where the fields do not suit the inputs."""
    inputs = [{"name": f"in{index}", "shape": list(shape)} for index, shape in enumerate(shapes)]
    layer = {"op": op, "name": "node", "from": [item["name"] for item in inputs], **fields}
    spec = {"archspec": 1, "model": {"inputs": inputs, "layers": [layer]}}
    return archspec.load("node.json", source=json.dumps(spec))


def weights_of(proto: onnx.ModelProto) -> dict[str, torch.Tensor]:
    return {
        tensor.name: torch.tensor(onnx.numpy_helper.to_array(tensor))
        for tensor in proto.graph.initializer
        if "/" not in tensor.name
    }


def randomise(proto: onnx.ModelProto) -> None:
    """Give norms other statistics and factors than 0 and 1, which hide errors: all vectors are drawn anew."""
    generator = np.random.default_rng(0)
    for tensor in proto.graph.initializer:
        if "/" not in tensor.name and len(tensor.dims) == 1:
            values = generator.uniform(0.5, 1.5, tensor.dims).astype(np.float32)
            tensor.raw_data = values.tobytes()


def module_with(model: Model, proto: onnx.ModelProto) -> nn.Module:
    """The PyTorch module with the weights of the ONNX model. Counters, and what is not in it, stay as they are."""
    module = build(model).eval()
    weights = weights_of(proto)
    state = module.state_dict()
    assert set(weights) <= set(state)
    module.load_state_dict({key: weights.get(key, value) for key, value in state.items()})
    return module


def agree(
    model: Model, *, random_norms: bool = True, batches: tuple[int, ...] = (1, 3), **options: Any
) -> onnx.ModelProto:
    """The full check, then what ONNX Runtime computes as written and optimised, against PyTorch."""
    proto = model_of(model, Options(**options))
    derived = options.get("fold_bn") or options.get("for_")
    if random_norms and not derived:
        randomise(proto)
    onnx.checker.check_model(proto, full_check=True)
    module = module_with(model, proto) if not derived else module_with(model, model_of(model))
    runs = [session(proto, level) for level in LEVELS]
    names = [item.name for item in runs[0].get_inputs()]
    assert names == list(model.inputs)
    for batch in batches if model.fixed_batch is None else (model.fixed_batch,):
        torch.manual_seed(batch)
        inputs = [
            torch.randn([dim if isinstance(dim, int) else batch for dim in type_.shape])
            for type_ in model.inputs.values()
        ]
        with torch.no_grad():
            outputs = module(*inputs)
        wanted = [value.detach().numpy() for value in (outputs if isinstance(outputs, tuple) else (outputs,))]
        feed = dict(zip(names, (value.numpy() for value in inputs), strict=True))
        for run in runs:
            close(run.run(None, feed), wanted)
    return proto


def close(ours: list[Any], theirs: list[Any]) -> None:
    """The same up to rounding in single precision; where PyTorch has no number, neither have we."""
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.shape == other.shape
        scale = float(np.nan_to_num(np.abs(other), posinf=0).max(initial=0.0))
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5 * scale, equal_nan=True)
