"""The storages that autograd keeps for the backward pass, computed once for each distinct module.

A storage is kept if it is live after the forward pass: those that only lead to unused values have been released.
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
    """A storage shared by values. That of a module's input has no size: it is counted where it was allocated."""

    size: int
    saved: bool = False


AutogradView = tuple[int, bool, Strides | None]
"""The storage number of a tensor, whether it requires a gradient, and its strides if it is not contiguous."""


@dataclass(frozen=True, slots=True)
class CallActivations:
    """The storages that a call keeps. They are numbered: those of the inputs first, then those it allocates."""

    params: int
    buffers: int
    inside: int = 0
    """The bytes of kept storages that are not visible outside."""
    inputs: frozenset[int] = frozenset()
    """The inputs whose storages are kept."""
    made: tuple[Storage, ...] = ()
    """The new storages that are returned."""
    outputs: tuple[AutogradView, ...] = ()
    """The outputs. One that does not depend on a parameter requires no gradient."""


Given = tuple[tuple[bool, ...], tuple[Strides | None, ...]]
"""Which inputs of a call require gradients, and their memory layouts."""


@dataclass(slots=True)
class Activations:
    """The storages that calls keep for the backward pass, memoised for each distinct module."""

    sizing: Sizing
    known: dict[tuple[Module, Given, Live], CallActivations] = field(default_factory=dict)
    liveness: Liveness = field(default_factory=Liveness)

    def of(self, module: Module, given: Given, wanted: Live) -> CallActivations:
        """The storages that a call keeps if the outputs `wanted` are used."""
        key = (module, given, wanted)
        if key not in self.known:
            self.known[key] = (
                self.composite(module, given, wanted)
                if module.op is None
                else self.leaf(module, module.op, given, wanted)
            )
        return self.known[key]

    def root(self, module: Module) -> CallActivations:
        """The storages that a network keeps; its inputs require no gradients."""
        count = len(module.inputs)
        return self.of(module, ((False,) * count, (None,) * count), every(module))

    def leaf(self, module: Module, op: Op, given: Given, wanted: Live) -> CallActivations:
        """The storages that an op keeps: none if nothing requires a gradient."""
        trained, held = given
        count, sizing = len(module.inputs), self.sizing
        params, buffers = sizing.weights(op, module)
        inputs = sizing.given(module, held)
        made = sizing.made(op, module, inputs)
        differentiated = bool(params) or any(trained)
        if op.view(inputs, training=True) and not op.copies(inputs, made):
            outputs = tuple([(0, trained[0], layout(x)) for x in made])
            return CallActivations(params, buffers, outputs=outputs)
        saved = op.saved(_told(inputs, trained), made) if differentiated and wanted else Saved()
        storages = tuple(
            Storage(0 if op.is_parameter else sizing.bytes(x), index in saved.outputs)
            for index, x in enumerate(made)
        )
        outputs = tuple([(number, differentiated, layout(x)) for number, x in enumerate(made, start=count)])
        inside = sizing.element * saved.elements + INDEX * saved.indices
        return CallActivations(params, buffers, inside, frozenset(saved.inputs), storages, outputs)

    def composite(self, module: Module, given: Given, wanted: Live) -> CallActivations:
        """The storages that the calls of a body keep."""
        count = len(module.inputs)
        params = buffers = inside = 0
        storages = [Storage(0) for _ in range(count)]
        values: list[AutogradView] = list(zip(range(count), *given, strict=True))
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
        return CallActivations(
            params,
            buffers,
            inside,
            kept,
            tuple(storages[number] for number in made),
            tuple([(numbers_[number], trained, strides) for number, trained, strides in results]),
        )


def _told(inputs: Inputs, trained: tuple[bool, ...]) -> Inputs:
    """The inputs, marked with whether they require gradients."""
    return tuple(
        [x if flag else Held(x.shape, layout(x), flag) for x, flag in zip(inputs, trained, strict=True)]
    )
