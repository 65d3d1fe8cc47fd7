"""Memory in bytes, at a batch size and for a floating type: what training keeps, and the peak of inference.

Both analyses visit each distinct module once, whatever the number of its instances. They track storages, not tensors:
a view shares the storage of its input, and each storage is counted once. The result for a call therefore includes which
storages of its inputs it returns, and the sizes of the new storages that it returns.

The numbers are those of eager PyTorch on a CPU with contiguous inputs and more than one thread, without the workspace
of kernels and the rounding of allocators. The peak of inference assumes that no op works in place; with in-place ops,
which generated source uses, it may be lower.
"""

from dataclasses import dataclass
from typing import Literal

from archspec.analysis.activations import Activations
from archspec.analysis.inference import without_training
from archspec.analysis.peak import Peaks
from archspec.analysis.sizing import Sizing
from archspec.ir import Module

DEFINITIONS = {
    "weights": "bytes of parameters and buffers, shared weights counted once",
    "activations": "bytes that autograd keeps for the backward pass in training mode: every storage counted once, "
    "weights and the network's inputs excluded",
    "training": "weights, a gradient for each parameter, the optimizer's state, and activations",
    "peak": "the most bytes of tensors that are live at once in inference without gradients, the network's inputs "
    "included, weights and the workspace of kernels excluded; a module's inputs live until its call returns, other "
    "values until after their last use; no op works in place",
}

Optimizer = Literal["sgd", "momentum", "adam"]
STATES: dict[Optimizer, int] = {"sgd": 0, "momentum": 1, "adam": 2}
"""How many numbers an optimizer keeps for each parameter."""


@dataclass(frozen=True, slots=True)
class TrainingMemory:
    """The memory of a training step between the forward and the backward pass, in bytes."""

    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """The sum."""
        return self.weights + self.gradients + self.optimizer + self.activations


@dataclass(frozen=True, slots=True)
class InferenceMemory:
    """The memory of inference, in bytes."""

    weights: int
    peak: int
    """The most bytes of tensors that are live at once, the network's inputs included."""
    path: str
    """The path of the module during whose call the peak occurs; for a join, of the enclosing module."""
    kind: str
    """The op that runs then."""

    @property
    def total(self) -> int:
        """The sum."""
        return self.weights + self.peak


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of a network. The weights differ if some exist in training only."""

    inference: InferenceMemory
    training: TrainingMemory


def memory(
    root: Module, train: int = 0, *, batch: int = 1, element: int = 4, optimizer: Optimizer = "sgd"
) -> Memory:
    """The memory of a network whose last `train` results are training outputs.

    `batch` is the size of every free dimension; `element` is the size of a number in bytes: 4, or 2 in half precision.
    """
    sizing = Sizing(batch, element)
    return Memory(_inference(without_training(root, train), sizing), _training(root, sizing, optimizer))


def _training(root: Module, sizing: Sizing, optimizer: Optimizer) -> TrainingMemory:
    call = Activations(sizing).root(root)
    activations = call.inside + sum(storage.size for storage in call.made if storage.saved)
    return TrainingMemory(
        call.params + call.buffers, call.params, STATES[optimizer] * call.params, activations
    )


def _inference(root: Module, sizing: Sizing) -> InferenceMemory:
    peaks = Peaks(sizing)
    call = peaks.root(root)
    held = sum(map(sizing.bytes, root.inputs))
    return InferenceMemory(call.weights, held + call.peak, *peaks.place(root))
