"""What of a network is needed for some of its results, once for each distinct module and what is wanted of it."""

from dataclasses import dataclass

from archspec.analysis.cost import Live
from archspec.elaborate import Network
from archspec.ir import Module

NOTHING: Live = frozenset()


@dataclass(frozen=True, slots=True)
class Demand:
    """What of a composite is needed for some of its results: parts of each node, and inputs."""

    parts: tuple[Live, ...]
    inputs: Live


class Demands:
    """What of each module is needed, found once for each module and the results that are wanted of it."""

    def __init__(self) -> None:
        self.known: dict[tuple[Module, Live], Demand] = {}

    def of(self, module: Module, wanted: Live) -> Demand:
        """What of a module is needed for some of its results."""
        key = module, wanted
        if key not in self.known:
            self.known[key] = self._demand(module, wanted)
        return self.known[key]

    def _demand(self, module: Module, wanted: Live) -> Demand:
        if module.op is not None:
            return Demand((), frozenset(range(len(module.inputs))))
        if module.kind == "removed":
            return Demand((), wanted)
        needed = {module.results[index] for index in wanted}
        parts = [NOTHING] * len(module.body)
        for index, (node, ids) in reversed(list(enumerate(module.values()))):
            here = frozenset(part for part, value in enumerate(ids) if value in needed)
            if here:
                parts[index] = here
                needed.update(node.inputs[place] for place in self.of(node.module, here).inputs)
        return Demand(
            tuple(parts), frozenset(place for place in range(len(module.inputs)) if place in needed)
        )


def inference(network: Network) -> Live:
    """The results of a network that are not for training only."""
    return frozenset(range(len(network.root.results) - len(network.train_outputs)))
