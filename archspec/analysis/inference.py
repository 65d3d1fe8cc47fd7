"""Remove training-only parts from a network: auxiliary outputs, and all that only they need."""

from dataclasses import replace

from archspec.analysis.liveness import Live, every, training_only
from archspec.elaborate.network import Network
from archspec.ir import Module, Node

Known = dict[tuple[Module, Live], Module]
SpareKnown = dict[tuple[Module, Live, Live], Module]


def for_inference(network: Network) -> Network:
    """The network without its training outputs; unchanged if it has none.

    `whole` of the result is the original tree. Modules and weights keep their names.
    """
    if not network.train_outputs:
        return network
    root = without_training(network.root, len(network.train_outputs))
    return replace(network, root=root, train_outputs=(), whole=network.root)


def without_spare(network: Network) -> Network:
    """The network without declared outputs of blocks that nothing takes, where a block is partly for training.

    Inference would have to keep what leads to them. A network without training outputs is unchanged.
    """
    train, count = len(network.train_outputs), len(network.root.results)
    if not train:
        return network
    late = frozenset(range(count - train, count))
    return replace(network, root=_without_spare(network.root, every(network.root), late, {}))


def _without_spare(module: Module, kept: Live, late: Live, known: SpareKnown) -> Module:
    """A composite with the outputs `kept` alone, of which training needs `late` alone."""
    key = module, kept, late
    if key not in known:
        parts = sorted(kept)
        first = len(module.outputs) - len(module.exports)
        cut = replace(
            module,
            outputs=tuple(module.outputs[part] for part in parts),
            results=tuple(module.results[part] for part in parts),
            exports=tuple(module.exports[part - first] for part in parts if part >= first),
        )
        made = _with_spared_body(cut, frozenset(parts.index(part) for part in late & kept), known)
        equal = all(new.module is old.module for new, old in zip(made.body, module.body, strict=True))
        known[key] = module if equal and kept == every(module) else made
    return known[key]


def _with_spared_body(module: Module, late: Live, known: SpareKnown) -> Module:
    """A composite whose body's blocks have only the outputs that are taken, where they are partly for training."""
    taken = {*module.results}.union(*(node.inputs for node in module.body))
    ids = {index: index for index in range(len(module.inputs))}
    body: list[Node] = []
    count = len(ids)
    for index, ((node, values), only) in enumerate(
        zip(module.values(), training_only(module, late), strict=True)
    ):
        inner, kept = node.module, every(node.module)
        is_part = inner.op is None and 0 < len(only) < len(values)
        if is_part and node.shares is None and index not in module.shared:
            first = len(values) - len(inner.exports)
            kept = frozenset(part for part in kept if part < first or values[part] in taken)
            inner = _without_spare(inner, kept, only, known)
        body.append(replace(node, module=inner, inputs=tuple(ids[value] for value in node.inputs)))
        ids.update({values[part]: count + place for place, part in enumerate(sorted(kept))})
        count += len(kept)
    return replace(module, body=tuple(body), results=tuple(ids[value] for value in module.results))


def without_training(root: Module, train: int) -> Module:
    """The module tree without its last `train` results, and without what only they need.

    A module that is called more than once stays complete as long as one of its calls remains.
    """
    return _pruned(root, frozenset(range(len(root.results) - train)), {}) if train else root


def _pruned(module: Module, outputs: Live, known: Known) -> Module:
    """A composite pruned to the results `outputs`."""
    if outputs == every(module):
        return module
    key = module, outputs
    if key not in known:
        only = training_only(module, every(module) - outputs)
        body, ids = _body(module, only, known)
        kept = sorted(outputs)
        first = len(module.outputs) - len(module.exports)
        known[key] = replace(
            module,
            body=body,
            results=tuple(ids[module.results[index]] for index in kept),
            outputs=tuple(module.outputs[index] for index in kept),
            exports=tuple(module.exports[index - first] for index in kept if index >= first),
        )
    return known[key]


def _body(module: Module, only: list[Live], known: Known) -> tuple[tuple[Node, ...], dict[int, int]]:
    """The remaining nodes, and the new numbers of the values."""
    ids = {index: index for index in range(len(module.inputs))}
    places: dict[int, int] = {}
    """The new indices of the nodes that own weights."""
    shared = module.shared | {index for index, node in enumerate(module.body) if node.shares is not None}
    body: list[Node] = []
    count = len(ids)
    for index, (node, values) in enumerate(module.values()):
        parts = every(node.module) - only[index]
        if values and not parts:
            continue
        made = node.module
        if only[index] and made.op is None and index not in shared:
            made = _pruned(made, parts, known)
        node = _owned(module, node, index, places, len(body))
        body.append(replace(node, module=made, inputs=tuple(ids[value] for value in node.inputs)))
        kept = parts if made is not node.module else range(len(values))
        ids.update({values[part]: count + place for place, part in enumerate(sorted(kept))})
        count += len(kept)
    return tuple(body), ids


def _owned(module: Module, node: Node, index: int, places: dict[int, int], place: int) -> Node:
    """The node with the new index of its owner. If that was removed, its first remaining call becomes the owner."""
    owner = node.owner_index(index)
    if owner in places:
        return replace(node, shares=places[owner])
    places[owner] = place
    if node.shares is None:
        return node
    return replace(node, name=module.body[owner].name, positional=module.body[owner].positional, shares=None)
