"""Memory in bytes, at a batch size and for a floating type: what training keeps, and the peak of inference.

Both walk the bodies of composites once for each distinct module, whatever the number of its instances. They follow
storages, not tensors: a view shares that of its input, and each storage counts once, wherever its tensors go. A call
therefore tells which of its inputs' storages come out again, and which new ones, of which size.

What is counted is what eager PyTorch holds on a CPU for contiguous tensors. What a kernel needs while it runs, and
what an allocator rounds up, is not. The peak of inference is that of a network without ops that work in place: with
them, as generated source has them, it may be lower.
"""

from dataclasses import dataclass
from typing import Literal

from archspec.analysis.activations import Keeping
from archspec.analysis.inference import without_training
from archspec.analysis.peak import Peaks
from archspec.analysis.sizing import Sizing
from archspec.ir import Module

DEFINITIONS = {
    "weights": "bytes of parameters and buffers, shared weights once",
    "activations": "bytes of what autograd keeps for the backward pass in training mode: every storage once, weights "
    "and the network's inputs excluded",
    "training": "weights, a gradient for each parameter, the optimizer's state, and activations",
    "peak": "most bytes of tensors that are alive at once in inference without gradients, the network's inputs "
    "included, weights and the workspace of kernels excluded; a module's inputs live until its call returns, other "
    "values until after their last use; no op works in place",
}

Optimizer = Literal["sgd", "momentum", "adam"]
STATES: dict[Optimizer, int] = {"sgd": 0, "momentum": 1, "adam": 2}
"""Numbers that an optimizer keeps for each parameter."""


@dataclass(frozen=True, slots=True)
class Training:
    """What a training step holds between the forward and the backward pass, in bytes."""

    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """The sum."""
        return self.weights + self.gradients + self.optimizer + self.activations


@dataclass(frozen=True, slots=True)
class Inference:
    """What inference holds, in bytes."""

    weights: int
    peak: int
    """Most bytes of tensors alive at once, the network's inputs included."""
    path: str
    """The module in whose call that is; for a join, the module around it."""
    kind: str
    """The op that is called then."""

    @property
    def total(self) -> int:
        """The sum."""
        return self.weights + self.peak


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of a network. The two differ in weights where some exist in training only."""

    inference: Inference
    training: Training


def memory(
    root: Module, train: int = 0, *, batch: int = 1, element: int = 4, optimizer: Optimizer = "sgd"
) -> Memory:
    """The memory of a network whose last `train` results are training outputs.

    `batch` stands for every free dimension; `element` is the bytes of a number: 4, or 2 in half precision.
    """
    sizing = Sizing(batch, element)
    return Memory(_inference(without_training(root, train), sizing), _training(root, sizing, optimizer))


def _training(root: Module, sizing: Sizing, optimizer: Optimizer) -> Training:
    call = Keeping(sizing).root(root)
    activations = call.inside + sum(storage.size for storage in call.made if storage.saved)
    return Training(call.params + call.buffers, call.params, STATES[optimizer] * call.params, activations)


def _inference(root: Module, sizing: Sizing) -> Inference:
    peaks = Peaks(sizing)
    call = peaks.root(root)
    held = sum(map(sizing.bytes, root.inputs))
    return Inference(call.weights, held + call.peak, *peaks.place(root))
