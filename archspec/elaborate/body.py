"""A composite under construction.

While a body grows, its values are handles in the order in which they came up; `finish` numbers them as
`archspec.ir` says: inputs first, then the outputs of each node. That order is only known at the end, since a group
may reach for a value around it, and a later node may reach into a group, at any time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import cast

from archspec.ir import Module, Node, Origin, TensorType, Value

Handle = int
Handles = tuple[Handle, ...]
"""A value of the language: one tensor, or several parts."""


@dataclass(slots=True, eq=False, repr=False)
class Draft:
    """A node to be. Without a module where something is wrong with it."""

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
    exposed: dict[tuple[str, ...], Handle] = field(default_factory=dict)


@dataclass(slots=True, eq=False, repr=False)
class Body:
    """The values and nodes of one composite."""

    parent: "Body | None" = None
    types: list[TensorType | None] = field(default_factory=list)
    """The type of each handle; `None` where an error left it unknown."""
    inputs: list[Handle] = field(default_factory=list)
    bound: list[Handle] = field(default_factory=list)
    """For each input of a group, the handle in the parent."""
    drafts: list[Draft] = field(default_factory=list)
    modules: dict[str, int | None] = field(default_factory=dict)
    """The modules of this scope: name → index of the draft, `None` where it failed."""
    position: int = 0
    ordered: bool = True
    """Whether handles are in the final order already."""

    def new(self, type_: TensorType | None) -> Handle:
        """A handle for a value of this type."""
        self.types.append(type_)
        return len(self.types) - 1

    def add_input(self, type_: TensorType | None, bound: Handle = -1) -> Handle:
        """A further input. For a group, `bound` is what it is in the parent."""
        self.ordered &= not self.drafts
        handle = self.new(type_)
        self.inputs.append(handle)
        self.bound.append(bound)
        return handle

    def add(self, draft: Draft) -> Handles:
        """Append a node; its outputs."""
        draft.outputs = [self.new(type_) for type_ in draft.module.outputs]
        self.drafts.append(draft)
        return tuple(draft.outputs)

    def capture(self, owner: "Body", handle: Handle) -> Handle:
        """The handle here of a value of a body around this one; it becomes an input on the way."""
        if owner is self:
            return handle
        assert self.parent is not None  # noqa: S101 — lookup only finds bodies around this one
        outer = self.parent.capture(owner, handle)
        if outer in self.bound:
            return self.inputs[self.bound.index(outer)]
        return self.add_input(self.parent.types[outer], outer)

    def expose(self, draft: Draft, path: tuple[str, ...]) -> Handle | None:
        """The handle of a value inside a group, which becomes a further output of the group; `None` if not there."""
        if path not in draft.exposed:
            found = expose(draft.module, path)
            if found is None:
                return None
            draft.module, index = found
            if index < len(draft.outputs):
                return draft.outputs[index]
            self.ordered = False
            handle = self.new(draft.module.outputs[index])
            draft.outputs.append(handle)
            draft.exposed[path] = handle
        return draft.exposed[path]

    def finish(
        self, kind: str, results: Handles, definition: Origin | None, args: tuple[tuple[str, Value], ...] = (),
        *, declared: int = 1, exports: tuple[str, ...] = (),
    ) -> Module | None:  # fmt: skip
        """The composite, or `None` if something in it is wrong."""
        if None in self.types:
            return None
        ids: dict[Handle, int] | range = range(len(self.types))
        if not self.ordered:
            order = [*self.inputs, *(handle for draft in self.drafts for handle in draft.outputs)]
            ids = {handle: index for index, handle in enumerate(order)}
        body = tuple(
            Node(
                draft.name, draft.module, tuple([ids[handle] for handle in draft.inputs]), draft.origin,
                draft.positional, draft.copy, draft.label, draft.shares,
            )
            for draft in self.drafts
        )  # fmt: skip
        types = cast(list[TensorType], self.types)  # no None, see above
        return Module(
            None, tuple(types[handle] for handle in self.inputs), tuple(types[handle] for handle in results), kind,
            definition, args, body, tuple(ids[handle] for handle in results), declared, exports,
        )  # fmt: skip


def expose(module: Module, path: tuple[str, ...]) -> tuple[Module, int] | None:
    """`module` with the value at `path` inside it among its outputs, and which output that is.

    Enters named groups and repeats, never blocks, except for a block's declared outputs.
    """
    if module.op is not None or (module.kind not in GROUPS):
        if len(path) == 1 and path[0] in module.exports:
            return module, len(module.outputs) - len(module.exports) + module.exports.index(path[0])
        if len(path) == 1 and path[0].isdecimal() and int(path[0]) < len(module.outputs) and module.op:
            return module, int(path[0])
        return None
    for index, node in enumerate(module.body):
        if path[0] in (node.name, node.label):
            return _expose_node(module, index, path[1:])
    return None


GROUPS = frozenset(("group", "repeat", "residual", "dense", "concat", "add", "mul", "sub", "max"))
"""The kinds of composite that references can enter."""


def _expose_node(module: Module, index: int, rest: tuple[str, ...]) -> tuple[Module, int] | None:
    node = module.body[index]
    start = len(module.inputs) + sum(len(earlier.module.outputs) for earlier in module.body[:index])
    part = 0
    if rest:
        found = expose(node.module, rest)
        if found is None:
            return None
        inner, part = found
        module = _with_body(module, index, inner, start + len(node.module.outputs))
    elif node.module.op is not None and len(node.module.outputs) != 1:
        return None
    value = start + part
    if value in module.results:
        return module, module.results.index(value)
    type_ = module.body[index].module.outputs[part]
    return (
        replace(module, outputs=(*module.outputs, type_), results=(*module.results, value)),
        len(module.results),
    )


def _with_body(module: Module, index: int, inner: Module, end: int) -> Module:
    """`module` with the module of one node replaced by one that may have more outputs; values are renumbered."""
    shift = len(inner.outputs) - len(module.body[index].module.outputs)

    def moved(values: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(value + shift if value >= end else value for value in values)

    body = [replace(node, inputs=moved(node.inputs)) for node in module.body]
    body[index] = replace(body[index], module=inner)
    return replace(module, body=tuple(body), results=moved(module.results))
