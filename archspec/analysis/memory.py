"""Memory in bytes, at a batch size and for a floating type: what training keeps, and the peak of inference.

Both walk the bodies of composites once for each distinct module, whatever the number of its instances. They follow
storages, not tensors: a view shares that of its input, and each storage counts once, wherever its tensors go. A call
therefore tells which of its inputs' storages come out again, and which new ones, of which size.

What is counted is what eager PyTorch holds on a CPU for contiguous tensors. What a kernel needs while it runs, and
what an allocator rounds up, is not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Literal

from archspec.analysis.cost import Live, training_only
from archspec.ir import Module, Node, TensorType
from archspec.ops.core.base import Op, Saved, sizes

DEFINITIONS = {
    "weights": "bytes of parameters and buffers, shared weights once",
    "activations": "bytes of what autograd keeps for the backward pass in training mode: every storage once, weights "
    "and the network's inputs excluded",
    "training": "weights, a gradient for each parameter, the optimizer's state, and activations",
    "peak": "most bytes of tensors that are alive at once in inference without gradients, the network's inputs "
    "included, weights and the workspace of kernels excluded; a module's inputs live until its call returns, other "
    "values until after their last use",
}

Optimizer = Literal["sgd", "momentum", "adam"]
STATES: dict[Optimizer, int] = {"sgd": 0, "momentum": 1, "adam": 2}
"""Numbers that an optimizer keeps for each parameter."""

INDEX = 8
"""Bytes of an integer."""


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
    return Memory(_inference(root, train, sizing), _training(root, sizing, optimizer))


def _training(root: Module, sizing: "Sizing", optimizer: Optimizer) -> Training:
    call = Keeping(sizing).of(root, (False,) * len(root.inputs))
    activations = call.inside + sum(storage.size for storage in call.made if storage.saved)
    return Training(
        call.params + call.buffers, call.params, STATES[optimizer] * call.params, activations
    )  # fmt: skip


def _inference(root: Module, train: int, sizing: "Sizing") -> Inference:
    count = len(root.results)
    liveness = Liveness(sizing)
    only = frozenset(range(count - train, count))
    call = liveness.of(root, only)
    held = sum(map(sizing.bytes, root.inputs))
    return Inference(call.weights, held + call.peak, *liveness.place(root, only))


@dataclass(frozen=True, slots=True)
class Sizing:
    """The bytes of things."""

    batch: int
    element: int

    def bytes(self, type_: TensorType) -> int:
        """Of a tensor."""
        return self.element * prod(sizes(self.filled(type_).shape))

    def filled(self, type_: TensorType) -> TensorType:
        """The type with the batch size in place of free dimensions."""
        return TensorType(tuple([self.batch if isinstance(dim, str) else dim for dim in type_.shape]))

    def weights(self, op: Op, module: Module) -> tuple[int, int]:
        """Of an op's parameters, and of its buffers."""
        params = buffers = 0
        for weight in op.weights(module.inputs):
            size = weight.size * (INDEX if weight.dtype == "int64" else self.element)
            if weight.buffer:
                buffers += size
            else:
                params += size
        return params, buffers

    def saved(self, op: Op, module: Module) -> Saved:
        """What autograd keeps of a call."""
        inputs, outputs = (tuple(map(self.filled, types)) for types in (module.inputs, module.outputs))
        return op.saved(inputs, outputs)


def is_weight(op: Op) -> bool:
    """Whether the output is a weight itself, which is there anyway: a `param`."""
    return op.is_module and not op.takes_position


# --- training ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Storage:
    """The memory of a value. That of a module's input has no size: it counts where it was made."""

    size: int
    saved: bool = False
    trained: bool = True
    """Whether its values depend on a parameter: what does not is not differentiated."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a call keeps. Storages are numbered: those of the inputs first, then those made."""

    params: int
    buffers: int
    inside: int = 0
    """Bytes kept that no one outside has a tensor of."""
    inputs: frozenset[int] = frozenset()
    """The inputs whose storage is kept."""
    made: tuple[Storage, ...] = ()
    """The new storages that come out."""
    outputs: tuple[int, ...] = ()
    """The storage of each output."""


@dataclass(slots=True)
class Keeping:
    """What calls keep for the backward pass, remembered for each distinct module."""

    sizing: Sizing
    known: dict[tuple[Module, tuple[bool, ...]], Kept] = field(default_factory=dict)

    def of(self, module: Module, trained: tuple[bool, ...]) -> Kept:
        """What a call keeps, given which inputs depend on parameters."""
        key = (module, trained)
        if key not in self.known:
            self.known[key] = self.composite(module, trained) if module.op is None else self.leaf(
                module, module.op, trained
            )  # fmt: skip
        return self.known[key]

    def leaf(self, module: Module, op: Op, trained: tuple[bool, ...]) -> Kept:
        """What an op keeps: nothing where there is nothing to differentiate."""
        count, sizing = len(module.inputs), self.sizing
        params, buffers = sizing.weights(op, module)
        if op.view(module.inputs, training=True):
            return Kept(params, buffers, outputs=(0,) * len(module.outputs))
        differentiated = bool(params) or any(trained)
        saved = sizing.saved(op, module) if differentiated else Saved()
        made = tuple(
            Storage(0 if is_weight(op) else sizing.bytes(type_), index in saved.outputs, differentiated)
            for index, type_ in enumerate(module.outputs)
        )
        inside = sizing.element * saved.elements + INDEX * saved.indices
        return Kept(
            params, buffers, inside, frozenset(saved.inputs), made, tuple(range(count, count + len(made)))
        )

    def composite(self, module: Module, trained: tuple[bool, ...]) -> Kept:
        """What the calls of a body keep."""
        count = len(module.inputs)
        params = buffers = inside = 0
        storages = [Storage(0, trained=flag) for flag in trained]
        values = list(range(count))
        owners = set()
        for index, node in enumerate(module.body):
            given = [values[value] for value in node.inputs]
            call = self.of(node.module, tuple([storages[storage].trained for storage in given]))
            inside += call.inside
            for position in call.inputs:
                storages[given[position]].saved = True
            given += range(len(storages), len(storages) + len(call.made))
            values += [given[storage] for storage in call.outputs]
            storages += [Storage(made.size, made.saved, made.trained) for made in call.made]
            if (owner := owner_of(node, index)) not in owners:
                owners.add(owner)
                params += call.params
                buffers += call.buffers
        results = [values[value] for value in module.results]
        numbers, made = renumbered(count, results)
        inside += sum(
            storage.size
            for number, storage in enumerate(storages)
            if storage.saved and number >= count and number not in numbers
        )
        kept = frozenset(number for number in range(count) if storages[number].saved)
        return Kept(
            params, buffers, inside, kept, tuple(storages[number] for number in made),
            tuple(numbers[number] for number in results),
        )  # fmt: skip


# --- inference -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lived:
    """What a call needs. Storages are numbered: those of the inputs first, then those made."""

    weights: int
    peak: int
    """Most bytes of storages made inside that are alive at once, what comes out included."""
    at: int | None = None
    """The node of the body in whose call that is."""
    made: tuple[int, ...] = ()
    """The sizes of the new storages that come out."""
    outputs: tuple[int | None, ...] = ()
    """The storage of each output; `None` where it exists in training only."""


@dataclass(frozen=True, slots=True)
class Step:
    """A call in a body: the storages that it uses and those that it makes, by their numbers."""

    index: int
    call: Lived
    given: list[int]
    made: range


@dataclass(slots=True)
class Liveness:
    """What calls need in inference, remembered for each distinct module."""

    sizing: Sizing
    known: dict[tuple[Module, Live], Lived] = field(default_factory=dict)

    def of(self, module: Module, only: Live = frozenset()) -> Lived:
        """What a call needs that leaves out the outputs `only`, which are for training."""
        key = (module, only)
        if key not in self.known:
            self.known[key] = (
                self.composite(module, only) if module.op is None else self.leaf(module, module.op)
            )
        return self.known[key]

    def leaf(self, module: Module, op: Op) -> Lived:
        """What an op needs: its outputs."""
        count = len(module.inputs)
        weights = sum(self.sizing.weights(op, module))
        if op.view(module.inputs, training=False):
            return Lived(weights, 0, outputs=(0,) * len(module.outputs))
        made = tuple(0 if is_weight(op) else self.sizing.bytes(type_) for type_ in module.outputs)
        return Lived(weights, sum(made), None, made, tuple(range(count, count + len(made))))

    def composite(self, module: Module, only: Live) -> Lived:
        """What the calls of a body need, one after the other."""
        count = len(module.inputs)
        bytes_ = [0] * count
        values: list[int | None] = list(range(count))
        steps = list(self.steps(module, only, values, sizes))
        results = [values[value] if i not in only else None for i, value in enumerate(module.results)]
        peak, at = busiest(steps, sizes, {*range(count), *results})
        owners = {owner_of(module.body[step.index], step.index): step.call.weights for step in steps}
        numbers, made = renumbered(count, [number for number in results if number is not None])
        return Lived(
            sum(owners.values()), peak, at, tuple(sizes[number] for number in made),
            tuple(None if number is None else numbers[number] for number in results),
        )  # fmt: skip

    def steps(
        self, module: Module, only: Live, values: list[int | None], sizes: list[int]
    ) -> Iterator[Step]:  # fmt: skip
        """The calls of a body. Appends the storage of each value to `values`, their sizes to `sizes`."""
        for index, (node, unused) in enumerate(zip(module.body, unwanted(module, only), strict=True)):
            given = [number for value in node.inputs if (number := values[value]) is not None]
            outputs = len(node.module.outputs)
            if len(unused) == outputs or len(given) < len(node.inputs):
                values += [None] * outputs
                continue
            call = self.of(node.module, unused if node.module.op is None else frozenset())
            made = range(len(sizes), len(sizes) + len(call.made))
            numbers = [*given, *made]
            values += [None if number is None else numbers[number] for number in call.outputs]
            sizes += call.made
            yield Step(index, call, given, made)

    def place(self, module: Module, only: Live) -> tuple[str, str]:
        """The path of the module in whose call the peak is, and the op that is called then."""
        path = []
        while (at := self.of(module, only).at) is not None:
            node = module.body[at]
            name = module.body[owner_of(node, at)].name
            path += [] if name is None else [name]
            unused = unwanted(module, only)[at]
            module, only = node.module, unused if node.module.op is None else frozenset()
        return ".".join(path), module.kind


def busiest(steps: list[Step], sizes: list[int], kept: set[int | None]) -> tuple[int, int | None]:
    """The most bytes alive during a call, and in which. The storages of `kept` outlive all calls."""
    last = {number: position for position, step in enumerate(steps) for number in (*step.made, *step.given)}
    dying: list[int] = [0] * len(steps)
    for number, position in last.items():
        if number not in kept:
            dying[position] += sizes[number]
    alive, peak, at = 0, 0, None
    for step, freed in zip(steps, dying, strict=True):
        if at is None or alive + step.call.peak > peak:
            peak, at = alive + step.call.peak, step.index
        alive += sum(sizes[number] for number in step.made) - freed
    return peak, at


def unwanted(module: Module, only: Live) -> list[Live]:
    """For each node of a body, the outputs that are for training only, if the outputs `only` of the body are."""
    if not only:
        return [only] * len(module.body)
    return training_only(module, frozenset(range(len(module.results))) - only, only)


def owner_of(node: Node, index: int) -> int:
    """The index of the node that owns the weights."""
    return index if node.shares is None else node.shares


def renumbered(count: int, results: list[int]) -> tuple[dict[int, int], list[int]]:
    """The numbers, seen from outside, of the storages that come out, and those among them that are new."""
    made = list(dict.fromkeys(number for number in results if number >= count))
    inputs = {number: number for number in range(count)}
    return inputs | {number: position for position, number in enumerate(made, start=count)}, made
