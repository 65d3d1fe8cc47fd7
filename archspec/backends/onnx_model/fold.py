"""Folding batch normalisation into the convolution or linear layer before it. The weights that change get new names."""

from dataclasses import dataclass, field, replace

from archspec.ir import TensorType
from archspec.ops.core.base import Weight
from archspec.ops.core.init import ZEROS
from archspec.ops.core.onnx_code import Graph, Step


@dataclass(frozen=True, slots=True)
class Folded:
    """The weight or bias of a convolution or linear layer with the batch normalisation behind it, by their keys."""

    source: str
    """The convolution's weight or bias; empty: a bias that it does not have."""
    channel_axes: tuple[int, int]
    """The weight's axis of output channels, and how many groups of such there are along the other axis."""
    statistics: tuple[str, str, str, str]
    """Scale, shift, mean and variance; the first two are empty where there are none."""
    eps: float
    is_bias: bool

    def within(self, prefix: str) -> "Folded":
        """The same of keys that stand further out."""
        source = self.source and prefix + self.source
        scale, shift, mean, variance = (key and prefix + key for key in self.statistics)
        return replace(self, source=source, statistics=(scale, shift, mean, variance))


@dataclass(slots=True, eq=False)
class Target(Graph):
    """A graph some of whose weights are made of others."""

    folded: dict[str, Folded] = field(default_factory=dict)


_FOLDABLE = ("Conv", "ConvTranspose", "Gemm")


def fold(graph: Target) -> None:
    """Fold what can be folded: a normalisation that is all that reads the output of a layer before it."""
    makers = {step.outputs[0]: step for step in graph.steps}
    readers: dict[str, int] = dict.fromkeys(graph.outputs, 2)
    for step in graph.steps:
        for value in step.inputs:
            readers[value] = readers.get(value, 0) + 1
    gone = set()
    for norm in graph.steps:
        layer = makers.get(norm.inputs[0]) if norm.op == "BatchNormalization" else None
        if layer is not None and layer.op in _FOLDABLE and readers[norm.inputs[0]] == 1:
            if layer.inputs[1] not in graph.weights or layer.inputs[1] in graph.folded:
                continue
            _fold(graph, layer, norm)
            del graph.types[norm.inputs[0]]
            makers[norm.outputs[0]] = layer
            gone.add(id(norm))
    graph.steps[:] = [step for step in graph.steps if id(step) not in gone]
    _drop_unread(graph)


def _fold(graph: Target, layer: Step, norm: Step) -> None:
    weight_key, bias_key = (*layer.inputs[1:], "")[:2]
    keys = [key if key in graph.weights else "" for key in norm.inputs[1:]]
    statistics = (keys[0], keys[1], keys[2], keys[3])
    eps = norm.attributes["epsilon"]
    assert isinstance(eps, float)  # noqa: S101 — the op has written it
    groups = layer.attributes.get("group", 1)
    assert isinstance(groups, int)  # noqa: S101 — likewise
    axes = (1, groups) if layer.op == "ConvTranspose" else (0, 1)
    shape = graph.weights[weight_key].shape
    channels = shape[axes[0]] * axes[1]
    new = []
    for source, is_bias, size in ((weight_key, False, shape), (bias_key, True, (channels,))):
        name = graph.unique(f"{layer.name}/{'bias' if is_bias else 'weight'}")
        folded = Folded(source, axes, statistics, eps, is_bias)
        graph.folded[name] = folded
        graph.weights[name] = Weight(name, size, ZEROS)
        graph.types[name] = TensorType(size)
        new.append(name)
    layer.inputs[1:] = new
    layer.outputs = norm.outputs


def _drop_unread(graph: Target) -> None:
    read = {value for step in graph.steps for value in step.inputs}
    for table in (graph.weights, graph.constants):
        for name in [name for name in table if name not in read]:
            del table[name]
