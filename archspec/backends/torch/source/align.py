"""Align the instances of a block: which of their nodes correspond, are repeated, or are absent."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from archspec.backends.torch.source.places import Place
from archspec.ir import Module, Node


class Unlike(Exception):  # noqa: N818 — not an error: these instances become several classes
    """The given instances cannot share a class."""


NodeKey = tuple[object, ...]


@dataclass(slots=True, eq=False)
class InstanceNode:
    """A node of one instance, or the copies of a loop; values are renumbered consistently across instances."""

    key: NodeKey
    node: Node
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    copies: list[tuple[Node, ...]] = field(default_factory=list)
    """For a loop: the nodes of each copy. The first of each is the module."""

    @property
    def removed(self) -> bool:
        """Whether this instance lacks the node."""
        return self.node.module.is_removed


@dataclass(slots=True, eq=False)
class Aligned:
    """The corresponding nodes of all instances; `None` where an instance lacks it."""

    key: NodeKey
    entries: tuple[InstanceNode | None, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def nodes(self) -> tuple[Node | None, ...]:
        """The node of each instance."""
        return tuple(entry.node if entry else None for entry in self.entries)

    @property
    def node(self) -> Node:
        """The node of the first instance that has it."""
        return next(entry.node for entry in self.entries if entry)

    @property
    def is_loop(self) -> bool:
        """Whether it stands for the copies of a loop."""
        return any(entry.copies for entry in self.entries if entry)

    @property
    def is_optional(self) -> bool:
        """Whether some instance lacks it."""
        return None in self.entries


@dataclass(slots=True, eq=False)
class AlignedBody:
    """The aligned bodies of all instances."""

    steps: list[Aligned]
    results: tuple[int, ...]
    aliases: dict[int, int]
    """Values of nodes that every instance lacks, and the values that they pass through."""


def body_of(place: Place, *, fold: bool) -> tuple[list[InstanceNode], tuple[int, ...]]:
    """The nodes and the results of an instance."""
    module = place.module
    loops = dict(_loops(module)) if fold else {}
    values = {index: index for index in range(len(module.inputs))}
    seen: dict[NodeKey, int] = {}
    entries: list[InstanceNode] = []
    skip, made = 0, len(module.inputs)
    for index, (node, ids) in enumerate(module.values()):
        if skip:
            skip -= 1
            if not skip:
                values[ids[-1]] = entries[-1].outputs[0]
            continue
        key: NodeKey = (node.origin.file, node.origin.path, node.copy)
        seen[key] = seen.get(key, 0) + 1
        inputs = tuple(values[value] for value in node.inputs)
        copies = loops.get(index, [])
        if copies:
            outputs: tuple[int, ...] = (made,)
            skip = sum(map(len, copies)) - 1
            if not skip:
                values[ids[-1]] = made
        else:
            outputs = tuple(range(made, made + len(ids)))
            values |= zip(ids, outputs, strict=True)
        made += len(outputs)
        entries.append(InstanceNode((*key, seen[key], bool(copies)), node, inputs, outputs, copies))
    return entries, tuple(values[value] for value in module.results)


def align(places: list[Place], *, fold: bool) -> AlignedBody:
    """Align the instances. Raises `Unlike` if their nodes, or the inputs of these, differ."""
    bodies = [body_of(place, fold=fold) for place in places]
    first, results = bodies[0]
    if any(other != results for _, other in bodies):
        raise Unlike
    steps: list[Aligned] = []
    aliases: dict[int, int] = {}
    if any(len(entries) != len(first) for entries, _ in bodies):
        raise Unlike
    for row in zip(*(entries for entries, _ in bodies), strict=True):
        step = _aligned(row)
        if step is None:
            aliases[row[0].outputs[0]] = aliases.get(row[0].inputs[0], row[0].inputs[0])
        else:
            step.inputs = tuple(aliases.get(value, value) for value in step.inputs)
            steps.append(step)
    return AlignedBody(steps, tuple(aliases.get(value, value) for value in results), aliases)


def _aligned(row: tuple[InstanceNode, ...]) -> Aligned | None:
    key, outputs = row[0].key, row[0].outputs
    if any(entry.key != key or entry.outputs != outputs for entry in row):
        raise Unlike
    there = [entry for entry in row if not entry.removed]
    if not there:
        if any(entry.inputs != row[0].inputs for entry in row):
            raise Unlike
        return None
    inputs = there[0].inputs
    if any(entry.inputs != inputs for entry in there) or len({entry.node.shares for entry in there}) > 1:
        raise Unlike
    if any(entry.inputs[:1] != inputs[:1] for entry in row if entry.removed):
        raise Unlike
    entries = tuple(None if entry.removed else entry for entry in row)
    return Aligned(key, entries, inputs, outputs)


# --- loops ------------------------------------------------------------------------------------------------


def _loops(module: Module) -> Iterator[tuple[int, list[tuple[Node, ...]]]]:
    """The loops of a body, each with the index of its first node: from `dense`, or named copies in a chain."""
    nodes = list(module.values())
    index = 0
    while index < len(nodes):
        copies = _loop(module, nodes, index)
        if copies:
            yield index, copies
            index += sum(map(len, copies))
        else:
            index += 1


def _loop(module: Module, nodes: list[tuple[Node, range]], start: int) -> list[tuple[Node, ...]]:
    """The copies of the loop that starts here; empty if there is none."""
    first = nodes[start][0]
    if not first.copy or first.copy[-1] != 0:
        return []
    found: list[list[tuple[Node, range]]] = []
    for node, ids in nodes[start:]:
        if len(node.copy) != len(first.copy) or node.copy[:-1] != first.copy[:-1]:
            break
        if node.copy[-1] == len(found):
            found.append([])
        elif node.copy[-1] != len(found) - 1:
            break
        found[-1].append((node, ids))
    if not found or not _carries(found):
        return []
    stop = start + sum(map(len, found))
    inside = {value for copy in found for _, ids in copy for value in ids} - {found[-1][-1][1][-1]}
    used = {value for node, _ in nodes[stop:] for value in node.inputs} | {*module.results}
    if inside & used or module.shared & {*range(start, stop)}:  # `reuse` calls one of them by its name
        return []
    return [tuple(node for node, _ in copy) for copy in found]


def _carries(copies: list[list[tuple[Node, range]]]) -> bool:
    """Whether each copy is one named module followed by joins, and passes one value to the next copy."""
    pattern = [node.origin for node, _ in copies[0]]
    carried = copies[0][0][0].inputs
    shape: list[tuple[int, ...]] | None = None
    for copy in copies:
        (module, _), *rest = copy
        if [node.origin for node, _ in copy] != pattern or module.name is None or module.positional:
            return False
        if module.inputs != carried or len(module.inputs) != 1 or len(module.module.outputs) != 1:
            return False
        if module.module.op is not None and module.module.op.is_parameter:
            return False
        if any(
            node.name is not None or node.module.op is None or node.shares is not None for node, _ in rest
        ):
            return False
        local = {carried[0]: 0, **{ids[0]: number for number, (_, ids) in enumerate(copy, start=1)}}
        if any(value not in local for node, _ in rest for value in node.inputs):
            return False
        wiring = [tuple(local[value] for value in node.inputs) for node, _ in rest]
        if shape is not None and wiring != shape:
            return False
        shape = wiring
        carried = (copy[-1][1][0],)
    return True


def runs(nodes: list[Node]) -> list[list[Node]]:
    """The nodes of a chain, with the copies of each node grouped."""

    def kind(node: Node) -> tuple[object, ...]:
        return node.origin, node.copy[:-1], bool(node.copy), node.module.is_removed

    return [list(group) for _, group in groupby(nodes, key=kind)]
