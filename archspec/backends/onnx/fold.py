"""Fold batch normalisation into the preceding convolution or linear layer. Folded weights get new names."""

from archspec.backends.onnx.derived import Folded, Lowered, drop_unread
from archspec.ops.core.data import Weight
from archspec.ops.core.init import ZEROS
from archspec.ops.core.onnx_graph import OnnxStep
from archspec.types import TensorType

_FOLDABLE = ("Conv", "ConvTranspose", "Gemm")


def fold(graph: Lowered) -> None:
    """Fold every normalisation that is the only consumer of a convolution or linear layer."""
    makers = {step.outputs[0]: step for step in graph.steps}
    readers: dict[str, int] = dict.fromkeys(graph.outputs, 2)
    for step in graph.steps:
        for value in step.inputs:
            readers[value] = readers.get(value, 0) + 1
    gone = set()
    for norm in graph.steps:
        layer = makers.get(norm.inputs[0]) if norm.op == "BatchNormalization" else None
        if layer is not None and layer.op in _FOLDABLE and readers[norm.inputs[0]] == 1:
            if layer.inputs[1] not in graph.weights or layer.inputs[1] in graph.derived:
                continue
            _fold(graph, layer, norm)
            del graph.types[norm.inputs[0]]
            makers[norm.outputs[0]] = layer
            gone.add(id(norm))
    graph.steps[:] = [step for step in graph.steps if id(step) not in gone]
    drop_unread(graph)


def _fold(graph: Lowered, layer: OnnxStep, norm: OnnxStep) -> None:
    weight_key, bias_key = (*layer.inputs[1:], "")[:2]
    keys = [key if key in graph.weights else "" for key in norm.inputs[1:]]
    statistics = (keys[0], keys[1], keys[2], keys[3])
    eps = norm.attributes["epsilon"]
    assert isinstance(eps, float)  # noqa: S101 — set by the op
    groups = layer.attributes.get("group", 1)
    assert isinstance(groups, int)  # noqa: S101 — likewise
    axes = (1, groups) if layer.op == "ConvTranspose" else (0, 1)
    shape = graph.weights[weight_key].shape
    channels = shape[axes[0]] * axes[1]
    new = []
    for source, is_bias, size in ((weight_key, False, shape), (bias_key, True, (channels,))):
        name = graph.unique(f"{layer.name}/{'bias' if is_bias else 'weight'}")
        folded = Folded(source, axes, statistics, eps, is_bias)
        graph.derived[name] = folded
        graph.weights[name] = Weight(name, size, ZEROS)
        graph.types[name] = TensorType(size)
        new.append(name)
    layer.inputs[1:] = new
    layer.outputs = norm.outputs
