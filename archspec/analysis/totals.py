"""The totals of a network: for inference, and for training if that needs more."""

from dataclasses import dataclass

from archspec.analysis.cost import Cost, Costs
from archspec.analysis.inference import without_training
from archspec.ir import Module
from archspec.types import TensorType


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a network at one batch size. Parameters and buffers are counted in elements."""

    params: int
    trainable: int
    buffers: int
    macs: int
    flops: int
    modules: int
    weights: int
    """The number of entries of the state_dict."""
    outputs: tuple[TensorType, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Report:
    """The totals of a network. `training` is `None` if training needs no more than inference."""

    inference: Totals
    training: Totals | None


def report(root: Module, train: int, costs: Costs, batch: int = 1) -> Report:
    """The totals of a network whose last `train` results are training outputs."""
    count = len(root.results)
    outputs = root.outputs[: count - train]
    whole = costs.of(root)
    if not train:
        return Report(_totals(whole, outputs, batch), None)
    live = costs.of(without_training(root, train))
    return Report(_totals(live, outputs, batch), _totals(whole, root.outputs, batch))


def _totals(cost: Cost, outputs: tuple[TensorType, ...], batch: int) -> Totals:
    macs = cost.macs_of(batch)
    return Totals(cost.params, cost.params, cost.buffers, macs, 2 * macs, cost.modules, cost.weights, outputs)
