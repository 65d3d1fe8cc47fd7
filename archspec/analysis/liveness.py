"""Which tensors are alive during inference, over the schedule of eager PyTorch, once for each distinct module."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from archspec.analysis.cost import Live, training_only
from archspec.analysis.sizing import Sizing, owner_of, renumbered
from archspec.ir import Module
from archspec.ops.core.base import Op


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
        made = tuple(0 if op.is_parameter else self.sizing.bytes(type_) for type_ in module.outputs)
        return Lived(weights, sum(made), None, made, tuple(range(count, count + len(made))))

    def composite(self, module: Module, only: Live) -> Lived:
        """What the calls of a body need, one after the other."""
        count = len(module.inputs)
        storages = [0] * count  # their bytes; those of the inputs count where they were made
        values: list[int | None] = list(range(count))
        steps = list(self.steps(module, only, values, storages))
        results = [None if place in only else values[value] for place, value in enumerate(module.results)]
        peak, at = busiest(steps, storages, {*range(count), *results})
        owners = {owner_of(module.body[step.index], step.index): step.call.weights for step in steps}
        numbers, made = renumbered(count, [number for number in results if number is not None])
        return Lived(
            sum(owners.values()), peak, at, tuple(storages[number] for number in made),
            tuple(None if number is None else numbers[number] for number in results),
        )  # fmt: skip

    def steps(
        self, module: Module, only: Live, values: list[int | None], storages: list[int]
    ) -> Iterator[Step]:
        """The calls of a body in turn; each one's storages, and which of them its values have, are appended."""
        for index, (node, unused) in enumerate(zip(module.body, unwanted(module, only), strict=True)):
            given = [number for value in node.inputs if (number := values[value]) is not None]
            outputs = len(node.module.outputs)
            if len(unused) == outputs or len(given) < len(node.inputs):
                values += [None] * outputs
                continue
            call = self.of(node.module, unused if node.module.op is None else frozenset())
            made = range(len(storages), len(storages) + len(call.made))
            numbers = [*given, *made]
            values += [None if number is None else numbers[number] for number in call.outputs]
            storages += call.made
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


def busiest(steps: list[Step], storages: list[int], kept: set[int | None]) -> tuple[int, int | None]:
    """The most bytes alive during a call, and in which. The storages of `kept` outlive all calls."""
    last = {number: position for position, step in enumerate(steps) for number in (*step.given, *step.made)}
    dying = [0] * len(steps)
    for number, position in last.items():
        if number not in kept:
            dying[position] += storages[number]
    alive, peak, at = 0, 0, None
    for step, freed in zip(steps, dying, strict=True):
        if at is None or alive + step.call.peak > peak:
            peak, at = alive + step.call.peak, step.index
        alive += sum(storages[number] for number in step.made) - freed
    return peak, at


def unwanted(module: Module, only: Live) -> list[Live]:
    """For each node of a body, the outputs that are for training only, if the outputs `only` of the body are."""
    if not only:
        return [only] * len(module.body)
    return training_only(module, frozenset(range(len(module.results))) - only, only)
