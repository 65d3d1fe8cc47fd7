"""Liveness: which outputs of each module are used, for some results of the network.

There is one backward walk over a body. What differs is what a call takes of its inputs: all of them (`used`, `needed`),
or those that its used outputs depend on (`Liveness`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from archspec.elaborate import Network
from archspec.ir import Module, Node, walk

Live = frozenset[int]
"""The indices of a module's outputs that are used."""
NOTHING: Live = frozenset()
Taken = Callable[[Node, Live], Iterable[int]]
"""The values that a node takes for some of its outputs."""


def every(module: Module) -> Live:
    """All outputs of a module."""
    return frozenset(range(len(module.outputs)))


def inference(network: Network) -> Live:
    """The results of a network that are not for training only."""
    return frozenset(range(len(network.root.results) - len(network.train_outputs)))


def used(module: Module, wanted: Live, taken: Taken | None = None) -> list[Live]:
    """For each node of a composite's body, the outputs that its results `wanted` depend on.

    A node of which an output is used takes all its inputs, unless `taken` says otherwise.
    """
    return _backwards(module, wanted, taken or _all)[0]


def _all(node: Node, here: Live) -> tuple[int, ...]:
    return node.inputs if here else ()


def _backwards(module: Module, wanted: Live, taken: Taken) -> tuple[list[Live], set[int]]:
    """The used outputs of each node of a body, and all values that are used."""
    values = {module.results[index] for index in wanted}
    found: list[Live] = []
    for node, ids in reversed(list(module.values())):
        here = frozenset([part for part, value in enumerate(ids) if value in values])
        found.append(here)
        values.update(taken(node, here))
    found.reverse()
    return found, values


def needed(root: Module, wanted: Live) -> dict[Module, Live]:
    """For each distinct module, the results that some call needs; modules that no call needs are left out.

    What a call needs of its inputs is taken to be all of them. So it takes time in the size of the network, and not in
    the ways to want something of it.
    """
    found = {root: wanted}
    for module in walk(root):
        if module.op is None and module in found:
            for node, here in zip(reversed(module.body), reversed(used(module, found[module])), strict=True):
                if here:
                    found[node.module] = found.get(node.module, NOTHING) | here
    return found


@dataclass(frozen=True, slots=True)
class Used:
    """What of a module is used for some of its results: outputs of each node of its body, and inputs."""

    parts: tuple[Live, ...]
    inputs: Live


class Liveness:
    """What of each module is used, found once for each module and the results that are wanted of it.

    Of its inputs, a call needs those that its wanted results depend on.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[Module, Live], Used] = {}

    def of(self, module: Module, wanted: Live) -> Used:
        """What of a module is used for some of its results."""
        key = module, wanted
        if key not in self.known:
            self.known[key] = self._used(module, wanted)
        return self.known[key]

    def _used(self, module: Module, wanted: Live) -> Used:
        inputs = frozenset(range(len(module.inputs)))
        if module.op is not None:
            return Used((), inputs if wanted else NOTHING)
        parts, values = _backwards(module, wanted, self._taken)
        return Used(tuple(parts), inputs & values)

    def _taken(self, node: Node, here: Live) -> list[int]:
        return [node.inputs[place] for place in self.of(node.module, here).inputs]


def training_only(module: Module, train: Live) -> list[Live]:
    """For each node of the body, the outputs that only training outputs depend on: the module's results `train`.

    A node is training-only if it reaches one of these and none of the other results; so is one that reaches neither
    but takes what only training computes.
    """
    if not train:
        return [NOTHING] * len(module.body)
    always, trained = used(module, every(module) - train), used(module, train)
    only: list[Live] = []
    for node, out, late in zip(module.body, always, trained, strict=True):
        # with its last use gone, a value that nobody uses goes too
        only.append(late - out if out or not late else every(node.module))
    training: set[int] = set()
    for index, (node, values) in enumerate(module.values()):
        if not (always[index] or trained[index]) and training.intersection(node.inputs):
            only[index] = every(node.module)
        training.update(values[part] for part in only[index])
    return only
