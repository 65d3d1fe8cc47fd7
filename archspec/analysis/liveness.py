"""Which tensors are alive during inference, over the schedule of eager PyTorch, once for each distinct module."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from archspec.analysis.cost import Live, training_only
from archspec.analysis.sizing import Sizing, layout, owner_of, renumbered
from archspec.ir import Module
from archspec.ops.core.base import Op
from archspec.ops.core.held import Strides

Layouts = tuple[Strides | None, ...]
"""How the inputs of a call lie in memory."""
Call = tuple[Module, Live, Layouts]
"""A module, the outputs that are left out, as they are for training, and how the inputs lie in memory."""


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
    outputs: tuple["Lying | None", ...] = ()
    """Where each output is; `None` where it exists in training only."""


Lying = tuple[int, Strides | None]
"""The number of the storage in which a value is, and how it lies there if not row by row."""


@dataclass(frozen=True, slots=True)
class Step:
    """A call in a body: the storages that it uses and those that it makes, by their numbers."""

    index: int
    call: Lived
    given: list[int]
    made: range
    held: Layouts


@dataclass(slots=True)
class Liveness:
    """What calls need in inference, remembered for each distinct module."""

    sizing: Sizing
    known: dict[Call, Lived] = field(default_factory=dict)

    def root(self, module: Module, only: Live = frozenset()) -> Lived:
        """What a network needs without the outputs `only`, which are for training."""
        return self.of(module, only, (None,) * len(module.inputs))

    def of(self, *call: *Call) -> Lived:
        """What a call needs."""
        if call not in self.known:
            module, only, held = call
            self.known[call] = (
                self.composite(module, only, held) if module.op is None else self.leaf(module, module.op, held)
            )  # fmt: skip
        return self.known[call]

    def leaf(self, module: Module, op: Op, held: Layouts) -> Lived:
        """What an op needs: its outputs."""
        count = len(module.inputs)
        weights = sum(self.sizing.weights(op, module))
        inputs = self.sizing.given(module, held)
        outputs = self.sizing.made(op, module, inputs)
        if op.view(inputs, training=False) and not op.copies(inputs, outputs):
            return Lived(weights, 0, outputs=tuple([(0, layout(x)) for x in outputs]))
        made = tuple(0 if op.is_parameter else self.sizing.bytes(type_) for type_ in module.outputs)
        lying = tuple([(number, layout(x)) for number, x in enumerate(outputs, start=count)])
        return Lived(weights, sum(made), None, made, lying)

    def composite(self, module: Module, only: Live, held: Layouts) -> Lived:
        """What the calls of a body need, one after the other."""
        count = len(module.inputs)
        storages = [0] * count  # their bytes; those of the inputs count where they were made
        values: list[Lying | None] = list(enumerate(held))
        calls = list(self.steps(module, only, values, storages))
        results = [None if place in only else values[value] for place, value in enumerate(module.results)]
        out = [value[0] for value in results if value is not None]
        peak, at = busiest(calls, storages, {*range(count), *out})
        owners = {owner_of(module.body[step.index], step.index): step.call.weights for step in calls}
        numbers, made = renumbered(count, out)
        return Lived(
            sum(owners.values()), peak, at, tuple(storages[number] for number in made),
            tuple(None if value is None else (numbers[value[0]], value[1]) for value in results),
        )  # fmt: skip

    def steps(
        self, module: Module, only: Live, values: list[Lying | None], storages: list[int]
    ) -> Iterator[Step]:
        """The calls of a body in turn; each one's storages, and which of them its values have, are appended."""
        for index, (node, unused) in enumerate(zip(module.body, unwanted(module, only), strict=True)):
            taken = [found for value in node.inputs if (found := values[value]) is not None]
            outputs = len(node.module.outputs)
            if len(unused) == outputs or len(taken) < len(node.inputs):
                values += [None] * outputs
                continue
            held = tuple([strides for _, strides in taken])
            call = self.of(node.module, unused if node.module.op is None else frozenset(), held)
            made = range(len(storages), len(storages) + len(call.made))
            numbers = [*(number for number, _ in taken), *made]
            values += [None if found is None else (numbers[found[0]], found[1]) for found in call.outputs]
            storages += call.made
            yield Step(index, call, numbers[: len(taken)], made, held)

    def place(self, module: Module, only: Live) -> tuple[str, str]:
        """The path of the module in whose call the peak is, and the op that is called then."""
        path: list[str] = []
        held: Layouts = (None,) * len(module.inputs)
        while (at := self.of(module, only, held).at) is not None:
            node = module.body[at]
            name = module.body[owner_of(node, at)].name
            path += [] if name is None else [name]
            values: list[Lying | None] = list(enumerate(held))
            unused = unwanted(module, only)[at]
            calls = self.steps(module, only, values, [0] * len(held))
            held = next(step.held for step in calls if step.index == at)
            module, only = node.module, unused if node.module.op is None else frozenset()
        return ".".join(path), module.kind


def busiest(calls: list[Step], storages: list[int], kept: set[int | None]) -> tuple[int, int | None]:
    """The most bytes alive during a call, and in which. The storages of `kept` outlive all calls."""
    last = {number: position for position, step in enumerate(calls) for number in (*step.given, *step.made)}
    dying = [0] * len(calls)
    for number, position in last.items():
        if number not in kept:
            dying[position] += storages[number]
    alive, peak, at = 0, 0, None
    for step, freed in zip(calls, dying, strict=True):
        if at is None or alive + step.call.peak > peak:
            peak, at = alive + step.call.peak, step.index
        alive += sum(storages[number] for number in step.made) - freed
    return peak, at


def unwanted(module: Module, only: Live) -> list[Live]:
    """For each node of a body, the outputs that are for training only, if the outputs `only` of the body are."""
    if not only:
        return [only] * len(module.body)
    return training_only(module, frozenset(range(len(module.results))) - only, only)
