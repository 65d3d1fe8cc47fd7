"""Data flow of a network: the op that defines each value and the ops that use it, through blocks and groups.

Every distinct module is visited once, however many copies there are. A value that a block returns is analysed in the
caller; a node that stands for many calls has a `Flow` for each distinct context.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from archspec.analysis.liveness import Live, every, needed, used
from archspec.ir import Module, Node, Origin, walk

T = TypeVar("T")
CROWD = 256
"""The most users of a value that are tracked across the boundary of a module."""


@dataclass(frozen=True, slots=True, eq=False)
class OpCall:
    """An op node of a document; there is one for each pair of node and module."""

    origin: Origin
    module: Module


@dataclass(slots=True, eq=False, repr=False)
class Flow:
    """A value: the op that defines it, `None` for an input of the network, and its users."""

    made: OpCall | None = None
    users: dict[OpCall, None] = field(default_factory=dict)
    is_output: bool = False
    is_crowded: bool = False
    """Whether it has too many users to track them outside their module."""


@dataclass(slots=True, eq=False, repr=False)
class _Interface:
    """The interface of a module: its inputs and its results, which are the same value if one is passed through."""

    inputs: list[Flow]
    results: list[Flow]


Key = tuple[int, str, tuple[int, ...]]
"""A node of a document: the identity of its origin, its kind, and the index of the copy."""


class Flows:
    """The data flow of a network."""

    def __init__(self, root: Module) -> None:
        self.root = root
        self.bodies: dict[Module, _Interface] = {}
        self.calls: dict[tuple[int, Module], OpCall] = {}
        self.values: list[Flow] = []
        """The values defined by ops and the inputs of the network, once for each distinct context."""
        self.unused: dict[Key, Origin | None] = {}
        """The origins of nodes whose values are unused in every call; `None` for a used node."""
        self.crowd: set[OpCall] = set()
        """The users of crowded values, about which nothing is known elsewhere."""
        self.shared: set[Origin] = set()
        """The ops whose weights are shared by several calls, and those calls."""
        body = self.body(root)
        for result in body.results:
            result.is_output = True
        self.values += body.inputs
        self.values += [flow for flow in dict.fromkeys(body.results) if flow not in body.inputs]
        for module, wanted in needed(root, every(root)).items():
            self._note_unused(module, wanted)

    def body(self, module: Module) -> _Interface:
        """The interface of a composite, memoised."""
        found = self.bodies.get(module)
        if found is None:
            found = self.bodies[module] = self._body(module)
        return found

    def _body(self, module: Module) -> _Interface:
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
        return _Interface(inputs, results)

    def _outputs(self, node: Node, given: list[Flow]) -> list[Flow]:
        module = node.module
        if module.is_removed:
            return given
        if module.op is not None:
            key = id(node.origin), module  # a node of a document has a single origin object
            call = self.calls.get(key)
            if call is None:
                call = self.calls[key] = OpCall(node.origin, module)
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
        """Record the used and unused nodes of a body."""
        if module.op is not None:
            return
        owners = module.shared  # their weights are used
        for index, (node, here) in enumerate(zip(module.body, used(module, wanted, _taken), strict=True)):
            if not node.module.is_removed:
                key = (id(node.origin), node.module.kind, node.copy)
                if here or index in owners:
                    self.unused[key] = None
                else:
                    self.unused.setdefault(key, node.origin)


def _taken(node: Node, here: Live) -> tuple[int, ...]:
    """Treat all inputs of a node as used, so that one cause gives one finding, except those of removed nodes."""
    return () if node.module.is_removed and not here else node.inputs


def _origins(node: Node) -> Iterator[Origin]:
    """The origins of the ops of a node."""
    if node.module.op is not None:
        yield node.origin
    for module in walk(node.module):
        yield from (inner.origin for inner in module.body if inner.module.op is not None)


def always(
    verdicts: Iterable[tuple[OpCall, T | None]], crowd: Iterable[OpCall] = ()
) -> dict[Origin, tuple[OpCall, T | None]]:
    """For each node, the finding of one of its calls, or `None` if any call has none.

    Ops in `crowd` have no findings, since their users are unknown.
    """
    found: dict[Origin, tuple[OpCall, T | None]] = {}
    for call, verdict in verdicts:
        if verdict is None or found.get(call.origin, (call, verdict))[1] is not None:
            found[call.origin] = call, verdict
    return found | {call.origin: (call, None) for call in crowd}
