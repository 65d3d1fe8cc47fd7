"""What autograd keeps for the backward pass, followed from storage to storage, once for each distinct module.

Kept is what is there when the forward pass has returned: what only leads to values that nobody asks for is gone.
"""

from dataclasses import dataclass, field

from archspec.analysis.liveness import Live, Liveness, every
from archspec.analysis.sizing import INDEX, Sizing, layout, renumbered
from archspec.ir import Module
from archspec.ops.core.base import Op
from archspec.ops.core.data import Inputs, Saved
from archspec.ops.core.held import Held, Strides


@dataclass(slots=True)
class Storage:
    """The memory of values. That of a module's input has no size: it counts where it was made."""

    size: int
    saved: bool = False


Value = tuple[int, bool, Strides | None]
"""The number of the storage of a tensor, whether it is differentiated, and how it lies there if not row by row."""


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
    outputs: tuple[Value, ...] = ()
    """The outputs. What does not depend on a parameter is not differentiated."""


Given = tuple[tuple[bool, ...], tuple[Strides | None, ...]]
"""Which inputs of a call are differentiated, and how they lie in memory."""


@dataclass(slots=True)
class Keeping:
    """What calls keep for the backward pass, remembered for each distinct module."""

    sizing: Sizing
    known: dict[tuple[Module, Given, Live], Kept] = field(default_factory=dict)
    liveness: Liveness = field(default_factory=Liveness)

    def of(self, module: Module, given: Given, wanted: Live) -> Kept:
        """What a call keeps, of whose outputs some are asked for."""
        key = (module, given, wanted)
        if key not in self.known:
            self.known[key] = (
                self.composite(module, given, wanted)
                if module.op is None
                else self.leaf(module, module.op, given, wanted)
            )
        return self.known[key]

    def root(self, module: Module) -> Kept:
        """What a network keeps, of whose inputs none is differentiated."""
        count = len(module.inputs)
        return self.of(module, ((False,) * count, (None,) * count), every(module))

    def leaf(self, module: Module, op: Op, given: Given, wanted: Live) -> Kept:
        """What an op keeps: nothing where there is nothing to differentiate."""
        trained, held = given
        count, sizing = len(module.inputs), self.sizing
        params, buffers = sizing.weights(op, module)
        inputs = sizing.given(module, held)
        made = sizing.made(op, module, inputs)
        differentiated = bool(params) or any(trained)
        if op.view(inputs, training=True) and not op.copies(inputs, made):
            outputs = tuple([(0, trained[0], layout(x)) for x in made])
            return Kept(params, buffers, outputs=outputs)
        saved = op.saved(_told(inputs, trained), made) if differentiated and wanted else Saved()
        storages = tuple(
            Storage(0 if op.is_parameter else sizing.bytes(x), index in saved.outputs)
            for index, x in enumerate(made)
        )
        outputs = tuple([(number, differentiated, layout(x)) for number, x in enumerate(made, start=count)])
        inside = sizing.element * saved.elements + INDEX * saved.indices
        return Kept(params, buffers, inside, frozenset(saved.inputs), storages, outputs)

    def composite(self, module: Module, given: Given, wanted: Live) -> Kept:
        """What the calls of a body keep."""
        count = len(module.inputs)
        params = buffers = inside = 0
        storages = [Storage(0) for _ in range(count)]
        values: list[Value] = list(zip(range(count), *given, strict=True))
        owners = set()
        parts = self.liveness.of(module, wanted).parts
        for index, (node, used) in enumerate(zip(module.body, parts, strict=True)):
            taken = [values[value] for value in node.inputs]
            told = tuple([trained for _, trained, _ in taken]), tuple([strides for _, _, strides in taken])
            call = self.of(node.module, told, used)
            inside += call.inside
            for position in call.inputs:
                storages[taken[position][0]].saved = True
            numbers = [number for number, _, _ in taken]
            numbers += range(len(storages), len(storages) + len(call.made))
            values += [(numbers[number], trained, strides) for number, trained, strides in call.outputs]
            storages += [Storage(made.size, made.saved) for made in call.made]
            if (owner := node.owner_index(index)) not in owners:
                owners.add(owner)
                params += call.params
                buffers += call.buffers
        results = [values[value] for value in module.results]
        numbers_, made = renumbered(count, [number for number, _, _ in results])
        inside += sum(
            storage.size
            for number, storage in enumerate(storages)
            if storage.saved and number >= count and number not in numbers_
        )
        kept = frozenset(number for number in range(count) if storages[number].saved)
        return Kept(
            params,
            buffers,
            inside,
            kept,
            tuple(storages[number] for number in made),
            tuple([(numbers_[number], trained, strides) for number, trained, strides in results]),
        )


def _told(inputs: Inputs, trained: tuple[bool, ...]) -> Inputs:
    """The inputs, which tell whether they are differentiated."""
    return tuple(
        [x if flag else Held(x.shape, layout(x), flag) for x, flag in zip(inputs, trained, strict=True)]
    )
