"""A composite under construction.

While a body grows, its values are handles, numbered in the order in which they are created; `finish` numbers them as
`archspec.ir` says: inputs first, then the outputs of each node. That order is only known at the end, since a group
may reach for a value around it, and a later node may reach into a group, at any time.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from archspec.elaborate.exposure import ValuePath, extend, locate
from archspec.ir import Module, Node, Origin
from archspec.types import TensorType, Value

Handle = int
Handles = tuple[Handle, ...]
"""A value of the language: one tensor, or several parts."""


@dataclass(slots=True, eq=False, repr=False)
class Draft:
    """A node under construction."""

    module: Module
    inputs: Handles
    origin: Origin
    name: str | None = None
    positional: bool = False
    copy: tuple[int, ...] = ()
    label: str | None = None
    shares: int | None = None
    outputs: list[Handle] = field(default_factory=list)
    again: Callable[[Handles], tuple[Module, Handles] | None] | None = None
    """Elaborates the same module for other inputs: what `reuse` calls."""
    inside: tuple[Origin, ...] = ()
    """The calls of inline blocks around it in the same body."""
    exposed: dict[ValuePath, Handle] = field(default_factory=dict)
    """Values inside the module that are used from outside. They follow the module's own outputs."""


@dataclass(slots=True, eq=False, repr=False)
class Body:
    """The values and nodes of one composite."""

    parent: "Body | None" = None
    types: list[TensorType | None] = field(default_factory=list)
    """The type of each handle; `None` where an error left it unknown."""
    inputs: list[Handle] = field(default_factory=list)
    bound: list[Handle] = field(default_factory=list)
    """For each input of a group, the handle in the parent."""
    captured: dict[Handle, Handle] = field(default_factory=dict)
    """The inputs of a group by their handles in the parent."""
    unread: dict[Handle, Handle] = field(default_factory=dict)
    """The parts of a value that is given to a group, with their handles in the parent: inputs only if they are used."""
    drafts: list[Draft] = field(default_factory=list)
    modules: dict[str, int | None] = field(default_factory=dict)
    """The modules of this scope: name → index of the draft, `None` where it failed."""
    position: int = 0
    inside: tuple[Origin, ...] = ()
    """The calls of inline blocks that are under way."""
    ordered: bool = True
    """Whether handles are in the final order already."""

    def new(self, type_: TensorType | None) -> Handle:
        """A handle for a value of this type."""
        self.types.append(type_)
        return len(self.types) - 1

    def add_input(self, type_: TensorType | None, bound: Handle = -1) -> Handle:
        """A further input. For a group, `bound` is its handle in the parent."""
        self.ordered &= not self.drafts
        handle = self.new(type_)
        self.inputs.append(handle)
        self.bound.append(bound)
        self.captured.setdefault(bound, handle)
        return handle

    def add_unread(self, type_: TensorType | None, bound: Handle) -> Handle:
        """A part of a value that no node can take as a whole. `bound` is its handle in the parent."""
        self.ordered = False
        handle = self.new(type_)
        self.unread[handle] = bound
        return handle

    def add(self, draft: Draft) -> Handles:
        """Append a node; its outputs."""
        draft.outputs = [self.new(type_) for type_ in draft.module.outputs]
        draft.inside = self.inside
        self.drafts.append(draft)
        return tuple(draft.outputs)

    def capture(self, owner: "Body", handle: Handle) -> Handle:
        """The handle here of a value of a body around this one; it becomes an input of the bodies in between."""
        if owner is self and handle not in self.unread:
            return handle
        assert self.parent is not None  # noqa: S101 — lookup only finds bodies around this one
        if owner is self:
            owner, handle = self.parent, self.unread[handle]
        outer = self.parent.capture(owner, handle)
        if outer not in self.captured:
            return self.add_input(self.parent.types[outer], outer)
        return self.captured[outer]

    def maker(self, handle: Handle) -> Draft | None:
        """The node that makes a value; `None` for an input."""
        return next((draft for draft in reversed(self.drafts) if handle in draft.outputs), None)

    def name_of(self, handles: Handles) -> str:
        """The name that the spec gives to a value with several parts; empty if it has none."""
        first = handles[0]
        if first in self.unread or first in self.inputs:
            bound = self.unread[first] if first in self.unread else self.bound[self.inputs.index(first)]
            return "" if self.parent is None or bound < 0 else self.parent.name_of((bound,))
        draft = self.maker(first)
        names = [] if draft is None else [own_name(draft), *inner_names(draft.module)]
        return "" if "" in names else ".".join(names)

    def expose(self, draft: Draft, path: tuple[str, ...]) -> Handle | None:
        """The handle of a value inside a group, which becomes a further output of the group; `None` if not there."""
        found = locate(draft.module, path)
        if found is None:
            return None
        place, type_ = found
        if len(place) == 1:
            return draft.outputs[place[0]]
        if place not in draft.exposed:
            self.ordered = False
            draft.exposed[place] = self.new(type_)
            draft.outputs.append(draft.exposed[place])
        return draft.exposed[place]

    def finish(
        self,
        kind: str,
        results: Handles,
        definition: Origin | None,
        args: tuple[tuple[str, Value], ...] = (),
        *,
        declared: int = 1,
        exports: tuple[str, ...] = (),
        parts: int = 1,
    ) -> Module | None:
        """The composite, or `None` if something in it is wrong."""
        if None in self.types:
            return None
        ids: dict[Handle, int] | range = range(len(self.types))
        if not self.ordered:
            order = [*self.inputs, *(handle for draft in self.drafts for handle in draft.outputs)]
            ids = {handle: index for index, handle in enumerate(order)}
        body = tuple([self.node(draft, ids) for draft in self.drafts])
        types = cast(list[TensorType], self.types)  # no None, see above
        return Module(
            None,
            tuple(types[handle] for handle in self.inputs),
            tuple(types[handle] for handle in results),
            kind,
            definition,
            args,
            body,
            tuple(ids[handle] for handle in results),
            declared,
            exports,
            parts,
        )

    def node(self, draft: Draft, ids: Mapping[Handle, int] | range) -> Node:
        """The finished node, its values numbered by `ids`."""
        module = extend(draft.module, list(draft.exposed)) if draft.exposed else draft.module
        inputs = tuple([ids[handle] for handle in draft.inputs])
        return Node(
            draft.name,
            module,
            inputs,
            draft.origin,
            draft.positional,
            draft.copy,
            draft.label,
            draft.shares,
            draft.inside,
        )


def own_name(node: Draft | Node) -> str:
    """The name that the spec gives to a node's value; empty if it has only a position."""
    return node.label or ("" if node.positional else node.name or "")


def inner_names(module: Module) -> Iterator[str]:
    """The names from a composite to the node inside that makes its value."""
    while module.op is None:
        node = next((node for node, made in module.values() if module.results[0] in made), None)
        yield "" if node is None else own_name(node)
        if node is None:
            return
        module = node.module
