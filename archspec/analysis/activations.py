"""What autograd keeps for the backward pass, followed from storage to storage, once for each distinct module."""

from dataclasses import dataclass, field

from archspec.analysis.sizing import INDEX, Sizing, owner_of, renumbered
from archspec.ir import Module
from archspec.ops.core.base import Op, Saved


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
            Storage(0 if op.is_parameter else sizing.bytes(type_), index in saved.outputs, differentiated)
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
