"""Derived weights: initialisers of the model that are computed from weights of the network."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Any

from archspec.ops.core.data import Weight
from archspec.ops.core.onnx_graph import Graph

if TYPE_CHECKING:
    from archspec.backends.weights.sources import Source

Move = tuple[str, tuple[int, ...]]
"""A rearrangement: `transpose` with an order of axes, `rows` with a range, or `reshape` with a shape."""


@dataclass(frozen=True, slots=True)
class Folded:
    """The weight or bias of a convolution or linear layer with a batch normalisation folded in; fields are keys."""

    source: str
    """The layer's weight or bias; empty for the bias of a layer without one."""
    channel_axes: tuple[int, int]
    """The weight's axis of output channels, and the number of channel groups along the other axis."""
    statistics: tuple[str, str, str, str]
    """Scale, shift, mean and variance; the first two are empty for a norm without them."""
    eps: float
    is_bias: bool

    def within(self, prefix: str) -> "Folded":
        """The same with all keys prefixed."""
        source = self.source and prefix + self.source
        scale, shift, mean, variance = (key and prefix + key for key in self.statistics)
        return replace(self, source=source, statistics=(scale, shift, mean, variance))


@dataclass(frozen=True, slots=True)
class Arranged:
    """A rearranged weight, or a slice of one, by its key."""

    source: str
    moves: tuple[Move, ...]

    def within(self, prefix: str) -> "Arranged":
        """The same with the key prefixed."""
        return replace(self, source=prefix + self.source)


@dataclass(slots=True, eq=False)
class Lowered(Graph):
    """A graph with derived weights."""

    derived: dict[str, Folded | Arranged] = field(default_factory=dict)


def drop_unread(graph: Lowered) -> None:
    """Drop unused weights and constants."""
    read = {value for step in graph.steps for value in step.inputs}
    for table in (graph.weights, graph.constants):
        for name in [name for name in table if name not in read]:
            del table[name]
            graph.types.pop(name, None)


def derived_values(
    derived: Folded | Arranged, source: "Source", state: Mapping[str, Weight]
) -> Iterator[Any]:
    """The values of a derived weight."""
    return (_folded if isinstance(derived, Folded) else _arranged)(derived, source, state)  # type: ignore[arg-type]


def _arranged(arranged: Arranged, source: "Source", state: Mapping[str, Weight]) -> Iterator[Any]:
    import numpy as np

    weight = state[arranged.source]
    tensor = np.concatenate(list(source.chunks(arranged.source, weight))).reshape(weight.shape)
    for kind, numbers in arranged.moves:
        tensor = tensor[slice(*numbers)] if kind == "rows" else getattr(tensor, kind)(numbers)
    yield tensor.reshape(-1)


def _folded(folded: Folded, source: "Source", state: Mapping[str, Weight]) -> Iterator[Any]:
    """The values of a folded weight, computed in double precision."""
    import numpy as np

    def whole(key: str, default: float) -> Any:
        if not key:
            return default
        return np.concatenate([chunk.astype(np.float64) for chunk in source.chunks(key, state[key])])

    scale, shift, mean, variance = map(whole, folded.statistics, (1.0, 0.0, 0.0, 1.0))
    factor = scale / np.sqrt(variance + folded.eps)
    if folded.is_bias:
        yield (whole(folded.source, 0.0) - mean) * factor + shift
        return
    shape, (axis, groups) = state[folded.source].shape, folded.channel_axes
    inner, outer = prod(shape[axis + 1 :]), prod(shape[axis:])
    start = 0
    for chunk in source.chunks(folded.source, state[folded.source]):
        index = np.arange(start, start + len(chunk))
        channel = index // inner % shape[axis]
        if groups > 1 and axis:  # the weight of a transposed convolution is grouped along the input channels
            channel += index // (outer * (shape[0] // groups)) * shape[axis]
        yield chunk * factor[channel]
        start += len(chunk)
