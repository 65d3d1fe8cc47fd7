"""Peak memory of inference in eager PyTorch, computed once for each distinct module."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from archspec.analysis.sizing import Sizing, layout, renumbered
from archspec.ir import Module
from archspec.ops.core.base import Op
from archspec.ops.core.held import Strides

Layouts = tuple[Strides | None, ...]
"""The memory layouts of a call's inputs."""
ModuleCall = tuple[Module, Layouts]
"""A module and the memory layouts of its inputs."""


@dataclass(frozen=True, slots=True)
class CallMemory:
    """The memory that a call needs. Storages are numbered: those of the inputs first, then those it allocates."""

    weights: int
    peak: int
    """The most bytes of storages allocated inside that are live at once, outputs included."""
    at: int | None = None
    """The body node during whose call the peak occurs."""
    made: tuple[int, ...] = ()
    """The sizes of the new storages that are returned."""
    outputs: tuple["StorageView", ...] = ()
    """The storage and layout of each output."""


StorageView = tuple[int, Strides | None]
"""The storage number of a value, and its strides if it is not contiguous."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """A call in a body: the numbers of the storages that it uses and of those that it allocates."""

    index: int
    call: CallMemory
    given: list[int]
    made: range
    held: Layouts


@dataclass(slots=True)
class Peaks:
    """The memory needs of calls in inference, memoised for each distinct module."""

    sizing: Sizing
    known: dict[ModuleCall, CallMemory] = field(default_factory=dict)

    def root(self, module: Module) -> CallMemory:
        """The memory that a network needs."""
        return self.of(module, (None,) * len(module.inputs))

    def of(self, *call: *ModuleCall) -> CallMemory:
        """The memory that a call needs."""
        if call not in self.known:
            module, held = call
            self.known[call] = (
                self.composite(module, held) if module.op is None else self.leaf(module, module.op, held)
            )
        return self.known[call]

    def leaf(self, module: Module, op: Op, held: Layouts) -> CallMemory:
        """The memory of an op: its outputs."""
        count = len(module.inputs)
        weights = sum(self.sizing.weights(op, module))
        inputs = self.sizing.given(module, held)
        outputs = self.sizing.made(op, module, inputs)
        if op.view(inputs, training=False) and not op.copies(inputs, outputs):
            return CallMemory(weights, 0, outputs=tuple([(0, layout(x)) for x in outputs]))
        made = tuple(0 if op.is_parameter else self.sizing.bytes(type_) for type_ in module.outputs)
        lying = tuple([(number, layout(x)) for number, x in enumerate(outputs, start=count)])
        return CallMemory(weights, sum(made), None, made, lying)

    def composite(self, module: Module, held: Layouts) -> CallMemory:
        """The memory that the calls of a body need in sequence."""
        count = len(module.inputs)
        storages = [0] * count  # in bytes; storages of inputs are counted where they were allocated
        values: list[StorageView] = list(enumerate(held))
        calls = list(self.steps(module, values, storages))
        results = [values[value] for value in module.results]
        out = [number for number, _ in results]
        peak, at = busiest(calls, storages, {*range(count), *out})
        owners = {module.body[step.index].owner_index(step.index): step.call.weights for step in calls}
        numbers, made = renumbered(count, out)
        return CallMemory(
            sum(owners.values()),
            peak,
            at,
            tuple(storages[number] for number in made),
            tuple([(numbers[number], strides) for number, strides in results]),
        )

    def steps(self, module: Module, values: list[StorageView], storages: list[int]) -> Iterator[Allocation]:
        """The calls of a body in order; appends the storages of each call, and the storages of its values."""
        for index, node in enumerate(module.body):
            taken = [values[value] for value in node.inputs]
            held = tuple([strides for _, strides in taken])
            call = self.of(node.module, held)
            made = range(len(storages), len(storages) + len(call.made))
            numbers = [*(number for number, _ in taken), *made]
            values += [(numbers[number], strides) for number, strides in call.outputs]
            storages += call.made
            yield Allocation(index, call, numbers[: len(taken)], made, held)

    def place(self, module: Module) -> tuple[str, str]:
        """The path of the module during whose call the peak occurs, and the op that runs then."""
        path: list[str] = []
        held: Layouts = (None,) * len(module.inputs)
        while (at := self.of(module, held).at) is not None:
            node = module.body[at]
            name = module.body[node.owner_index(at)].name
            path += [] if name is None else [name]
            calls = self.steps(module, list(enumerate(held)), [0] * len(held))
            held = next(step.held for step in calls if step.index == at)
            module = node.module
        return ".".join(path), module.kind


def busiest(calls: list[Allocation], storages: list[int], kept: set[int]) -> tuple[int, int | None]:
    """The most bytes that are live during a call, and the index of that call. The storages `kept` outlive all calls."""
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
