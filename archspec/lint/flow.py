"""What becomes of the values of a network: which op makes each, and which ops take it, through blocks and groups.

Every distinct module is looked at once, however many copies there are. A value that a block returns is judged where it
is called; a node that stands for many calls has a `Flow` for each way in which they differ.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from archspec.analysis.liveness import Live, every, needed, used
from archspec.ir import Module, Node, Origin, walk

T = TypeVar("T")
CROWD = 256
"""How many ops that take a value are counted across the border of a module."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """An op as a document has it; for each node and module there is one."""

    origin: Origin
    module: Module


@dataclass(slots=True, eq=False, repr=False)
class Flow:
    """A value: the op that makes it, `None` for an input of the network, and those that take it."""

    made: Call | None = None
    users: dict[Call, None] = field(default_factory=dict)
    is_output: bool = False
    is_crowded: bool = False
    """So many ops take it that they are not counted, outside of the module that they are in."""


@dataclass(slots=True, eq=False, repr=False)
class _Body:
    """A module from the outside: its inputs and its results, the same value where one passes through."""

    inputs: list[Flow]
    results: list[Flow]


Key = tuple[int, str, tuple[int, ...]]
"""A node of a document: which, by the identity of its origin, of what kind, and which copy."""


class Flows:
    """The values of a network."""

    def __init__(self, root: Module) -> None:
        self.root = root
        self.bodies: dict[Module, _Body] = {}
        self.calls: dict[tuple[int, Module], Call] = {}
        self.values: list[Flow] = []
        """The values that ops make or a network is given, for each context that they are in; equal ones once."""
        self.unused: dict[Key, Origin | None] = {}
        """Where a node is of which no value is used, in any of its calls; `None` for one that is used."""
        self.crowd: set[Call] = set()
        """The ops that take values which are crowded: nothing is known of what those are elsewhere."""
        self.shared: set[Origin] = set()
        """The ops whose weights serve several calls, and those calls."""
        body = self.body(root)
        for result in body.results:
            result.is_output = True
        self.values += body.inputs
        self.values += [flow for flow in dict.fromkeys(body.results) if flow not in body.inputs]
        for module, wanted in needed(root, every(root)).items():
            self._note_unused(module, wanted)

    def body(self, module: Module) -> _Body:
        """The values of a composite."""
        found = self.bodies.get(module)
        if found is None:
            found = self.bodies[module] = self._body(module)
        return found

    def _body(self, module: Module) -> _Body:
        inputs = [Flow() for _ in module.inputs]
        values = list(inputs)
        for node in module.body:
            values += self._outputs(node, [values[value] for value in node.inputs])
            if node.shares is not None:
                self.shared.update(_origins(module.owner(node)), _origins(node))
        results = [values[result] for result in module.results]
        for flow in (*inputs, *results):
            if len(flow.users) > CROWD:
                self.crowd.update(flow.users)
                flow.users, flow.is_crowded = {}, True
        kept = {id(flow) for flow in (*inputs, *results)}
        seen = set()
        for flow in values:
            key = (flow.made, flow.is_crowded, *flow.users)
            if id(flow) not in kept and key not in seen:
                seen.add(key)
                self.values.append(flow)
        return _Body(inputs, results)

    def _outputs(self, node: Node, given: list[Flow]) -> list[Flow]:
        module = node.module
        if module.is_removed:
            return given
        if module.op is not None:
            key = id(node.origin), module  # a node of a document has one origin, as long as it lives
            call = self.calls.get(key)
            if call is None:
                call = self.calls[key] = Call(node.origin, module)
            for flow in given:
                flow.users[call] = None
            return [Flow(call) for _ in module.outputs]
        body = self.body(module)
        outer: dict[int, Flow] = {}
        for flow, inner in zip(given, body.inputs, strict=True):
            flow.users |= inner.users
            flow.is_crowded |= inner.is_crowded
            outer[id(inner)] = flow
        for inner in body.results:
            if id(inner) not in outer:
                outer[id(inner)] = Flow(inner.made, dict(inner.users), is_crowded=inner.is_crowded)
        return [outer[id(inner)] for inner in body.results]

    def _note_unused(self, module: Module, wanted: Live) -> None:
        """Mark the nodes of a body."""
        if module.op is not None:
            return
        owners = module.shared  # their weights have a use
        for index, (node, here) in enumerate(zip(module.body, used(module, wanted, _taken), strict=True)):
            if not node.module.is_removed:
                key = (id(node.origin), node.module.kind, node.copy)
                if here or index in owners:
                    self.unused[key] = None
                else:
                    self.unused.setdefault(key, node.origin)


def _taken(node: Node, here: Live) -> tuple[int, ...]:
    """What serves only what is unused has a use: one cause is one finding. What is removed passes on, and no more."""
    return () if node.module.is_removed and not here else node.inputs


def _origins(node: Node) -> Iterator[Origin]:
    """Where the ops of a node are written."""
    if node.module.op is not None:
        yield node.origin
    for module in walk(node.module):
        yield from (inner.origin for inner in module.body if inner.module.op is not None)


def always(
    verdicts: Iterable[tuple[Call, T | None]], crowd: Iterable[Call] = ()
) -> dict[Origin, tuple[Call, T | None]]:
    """For each node what was found of one of its calls, or `None` where nothing is wrong with one of them.

    Of `crowd`, nothing is wrong: what is not known is not blamed.
    """
    found: dict[Origin, tuple[Call, T | None]] = {}
    for call, verdict in verdicts:
        if verdict is None or found.get(call.origin, (call, verdict))[1] is not None:
            found[call.origin] = call, verdict
    return found | {call.origin: (call, None) for call in crowd}
