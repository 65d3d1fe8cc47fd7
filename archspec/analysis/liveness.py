"""Liveness: which outputs of each module are used, for given results of the network.

A single backward walk over a body serves all analyses. They differ in which inputs a call uses: all of them (`used`,
`needed`), or those that its live outputs depend on (`Liveness`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from archspec.elaborate import Network
from archspec.ir import Module, Node, walk

Live = frozenset[int]
"""The indices of the live outputs of a module."""
NOTHING: Live = frozenset()
Taken = Callable[[Node, Live], Iterable[int]]
"""A function to the values that a node uses for given outputs."""


def every(module: Module) -> Live:
    """All outputs of a module."""
    return frozenset(range(len(module.outputs)))


def inference(network: Network) -> Live:
    """The results of a network without its training outputs."""
    return frozenset(range(len(network.root.results) - len(network.train_outputs)))


def used(module: Module, wanted: Live, taken: Taken | None = None) -> list[Live]:
    """For each node of a composite's body, the outputs that its results `wanted` depend on.

    A node with a live output uses all its inputs, unless `taken` says otherwise.
    """
    return _backwards(module, wanted, taken or _all)[0]


def _all(node: Node, here: Live) -> tuple[int, ...]:
    return node.inputs if here else ()


def _backwards(module: Module, wanted: Live, taken: Taken) -> tuple[list[Live], set[int]]:
    """The live outputs of each node of a body, and the set of live values."""
    values = {module.results[index] for index in wanted}
    found: list[Live] = []
    for node, ids in reversed(list(module.values())):
        here = frozenset([part for part, value in enumerate(ids) if value in values])
        found.append(here)
        values.update(taken(node, here))
    found.reverse()
    return found, values


def needed(root: Module, wanted: Live) -> dict[Module, Live]:
    """For each distinct module, the results that some call needs; modules that no call needs are omitted.

    Every call is assumed to use all its inputs. The time is therefore linear in the size of the network, whatever
    combinations of results are wanted.
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
    """The live parts of a module for given results: the outputs of each body node, and the inputs."""

    parts: tuple[Live, ...]
    inputs: Live


class Liveness:
    """The live parts of modules, memoised for each module and set of wanted results.

    A call uses those of its inputs that its wanted results depend on.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[Module, Live], Used] = {}

    def of(self, module: Module, wanted: Live) -> Used:
        """The live parts of a module for given results."""
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
    """For each body node, the outputs on which only the module's training outputs `train` depend.

    A node is training-only if it reaches one of these and none of the other results, or if it reaches no result and
    uses a training-only value.
    """
    if not train:
        return [NOTHING] * len(module.body)
    always, trained = used(module, every(module) - train), used(module, train)
    only: list[Live] = []
    for node, out, late in zip(module.body, always, trained, strict=True):
        # unused outputs of a training-only node are training-only too
        only.append(late - out if out or not late else every(node.module))
    training: set[int] = set()
    for index, (node, values) in enumerate(module.values()):
        if not (always[index] or trained[index]) and training.intersection(node.inputs):
            only[index] = every(node.module)
        training.update(values[part] for part in only[index])
    return only
