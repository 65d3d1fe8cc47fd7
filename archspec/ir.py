"""The module tree: a network after elaboration, without blocks, parameters and repeats.

A `Module` is an op with concrete fields, or a composite (block, named group, model) with an ordered body of
`Node`s. Modules are hash-consed: all instances of a block with the same arguments and input types are one object, so
an analysis that visits each module once takes the same time for one copy as for a thousand. The tree is independent of
TOML and torch.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from archspec.ops.core.base import Op
from archspec.types import TensorType, Value

REMOVED = "removed"
"""The kind of the module of a node that `when` removed."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A place in a document: the file as the user named it, and the path of keys and indices in it."""

    file: str
    path: tuple[str | int, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Module:
    """An op, or a composite. Compared by identity: equal instances are the same object.

    Values inside a composite are numbered: its inputs first, then the outputs of each body node in turn.
    `results` are the values that the composite returns. Inputs after the first `declared` are captured: values of
    enclosing scopes that a group's body refers to.
    """

    op: Op | None
    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]
    kind: str
    """The name of the op, block or wiring node as in the spec; otherwise `group` or `model`."""
    definition: Origin | None = None
    args: tuple[tuple[str, Value], ...] = ()
    """The arguments of a block that differ from its defaults, in the order of their declaration."""
    body: tuple["Node", ...] = ()
    results: tuple[int, ...] = ()
    declared: int = 1
    exports: tuple[str, ...] = ()
    """The names of a block's declared outputs, which are its last outputs."""
    parts: int = 1
    """The number of leading outputs that form the value of a composite: more than one if it ends in a split."""

    @property
    def is_removed(self) -> bool:
        """Whether it stands for a node that `when` removed: it passes its input through."""
        return self.kind == REMOVED

    @property
    def is_block(self) -> bool:
        """Whether it is a block, whose nodes cannot be named from outside."""
        return self.definition is not None and self.definition.path[:-1] == ("blocks",)

    @property
    def shared(self) -> frozenset[int]:
        """The indices of the body nodes whose weights other nodes of the body share."""
        return frozenset([node.shares for node in self.body if node.shares is not None])

    def owner(self, node: "Node") -> "Node":
        """The body node that owns the weights of `node`: another one for `reuse`, else `node` itself."""
        return node if node.shares is None else self.body[node.shares]

    def values(self) -> Iterator[tuple["Node", range]]:
        """Each body node with the ids of the values that it defines."""
        start = len(self.inputs)
        for node in self.body:
            stop = start + len(node.module.outputs)
            yield node, range(start, stop)
            start = stop


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Node:
    """One step of a composite's body: a call of `module` on values of the same body.

    `name` is the module's name in its scope, or `None` for what is no module in the state_dict: joins, calls of
    shared weights and nodes removed by `when`, which stay as a pass-through so that instances of a block align.
    """

    name: str | None
    module: Module
    inputs: tuple[int, ...]
    origin: Origin
    positional: bool = False
    """Whether it is named by its position, not by the spec."""
    copy: tuple[int, ...] = ()
    """The counters of the enclosing repeats within the same body, outermost first."""
    label: str | None = None
    """The spec's name of the node's value, if that is not `name`."""
    shares: int | None = None
    """For `reuse`: the index in the same body of the node that owns the weights."""
    inside: tuple[Origin, ...] = ()
    """The calls of inline blocks around it within the same body, outermost first."""

    def owner_index(self, index: int) -> int:
        """The index of the node that owns the weights, given the index of this node."""
        return index if self.shares is None else self.shares


def walk(root: Module) -> list[Module]:
    """Every distinct module of a tree once, ops included, callers before callees."""
    done: list[Module] = []
    seen = {root}
    stack = [(root, iter(root.body))]
    while stack:
        module, nodes = stack[-1]
        inner = next((node.module for node in nodes if node.module not in seen), None)
        if inner is None:
            done.append(module)
            stack.pop()
        else:
            seen.add(inner)
            stack.append((inner, iter(inner.body)))
    return done[::-1]
