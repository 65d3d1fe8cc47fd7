"""What of a network is needed for some of its results."""

from archspec.analysis.cost import Live
from archspec.elaborate import Network
from archspec.ir import Module, walk

NOTHING: Live = frozenset()


def needed(root: Module, wanted: Live) -> dict[Module, Live]:
    """For each distinct module, the results that some call needs; modules that no call needs are left out.

    What a call needs of its inputs is taken to be all of them. So it takes time in the size of the network, and not in
    the ways to want something of it.
    """
    found = {root: wanted}
    for module in walk(root):
        values = {module.results[index] for index in found.get(module, NOTHING) if module.body}
        for node, ids in reversed(list(module.values())):
            here = frozenset(part for part, value in enumerate(ids) if value in values)
            if here:
                values.update(node.inputs)
                found[node.module] = found.get(node.module, NOTHING) | here
    return found


def inference(network: Network) -> Live:
    """The results of a network that are not for training only."""
    return frozenset(range(len(network.root.results) - len(network.train_outputs)))
