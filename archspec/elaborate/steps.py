"""The compiled nodes of a definition: what is known of each before any shape is known."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Union

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import Path
from archspec.elaborate.settings import NOTHING, NOWHERE, Setting
from archspec.elaborate.targets import Target
from archspec.ir import Module, Origin
from archspec.language.document import Definition
from archspec.language.outputs import Output
from archspec.language.templates import around, fits
from archspec.ops.core.base import Op
from archspec.types import TensorType, Value


@dataclass(slots=True, eq=False, repr=False)
class Step:
    """A node of the document."""

    path: Path
    origin: Origin
    order: int
    """Its place among the nodes of the definition, as they are written."""
    kind: str = "call"
    """`call`, `group`, `residual`, `dense`, `join` (with branches) or `reuse`."""
    op: Setting | None = None
    target: Target | None = None
    """What `op` stands for, where it is not chosen by an expression."""
    name: Setting | None = None
    label: Setting | None = None
    sources: list[Setting] | None = None
    repeat: Setting | None = None
    parallel: Setting | None = None
    """The number of branches that an item of `branches` stands for."""
    index: str = "i"
    first: dict[str, Any] = field(default_factory=dict)
    when: Setting | None = None
    shape: Setting | None = None
    asserted: Any = None
    """`shape` as the document has it, which may be a field of an op that an expression chooses."""
    let: dict[str, Setting] = field(default_factory=dict)
    """What a group computes for the nodes in it."""
    layers: "Chain" = field(default_factory=list)
    shortcut: "Chain | None" = None
    skip: Setting | None = None
    branches: "Chain" = field(default_factory=list)
    of: Setting | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    """The fields of the op as the document has them."""
    settings: dict[tuple[Target, bool], "Settings"] = field(default_factory=dict)
    """The compiled fields for each op that this node can be, without and with `first`."""
    names: frozenset[str] = NOTHING
    """What the node and everything inside mention; `*` where that is not known."""
    own: frozenset[str] = NOTHING
    """What the node itself mentions, without what is inside."""
    broken: bool = False
    cache: dict[tuple[TensorType, ...], Module] = field(default_factory=dict)
    """The modules of a node whose fields are constant."""


Chain = list[Union[Step, "Chain"]]


@dataclass(slots=True, eq=False, repr=False)
class Settings:
    """The fields of an op or the arguments of a block, compiled for one node."""

    items: dict[str, Setting]
    lexical: frozenset[str] = NOTHING
    """The names of those that come from `[defaults]`, which see the file, not the node."""
    fixed: dict[str, Value] = field(init=False)
    """The values of those that are constant."""
    varying: tuple[tuple[str, Setting], ...] = field(init=False)
    """The others."""
    op: Op | None = None
    """The op itself, where all its fields are constant."""

    def __post_init__(self) -> None:
        self.fixed = {key: item.evaluate(NOWHERE) for key, item in self.items.items() if item.constant}
        self.varying = tuple([(key, item) for key, item in self.items.items() if not item.constant])


@dataclass(slots=True, eq=False, repr=False)
class Plan:
    """A definition, compiled."""

    chain: Chain
    names: dict[str, int]
    """Every name that a node or value gets, as far as it is written out, with the order of its node."""
    problems: list[tuple[Problem, Path]]
    """What is wrong in the text, and where it is."""
    calls: list[tuple[Definition, Path]]
    """The blocks that are called by name, and from where."""
    outputs: dict[str, list[tuple[Output, Setting | None]]]
    """What is declared under `outputs` and `train_outputs`, each with its condition."""
    lost: set[str]
    """The names in nodes that are broken: a reference to one of them is no further error."""

    def is_lost(self, name: str) -> bool:
        """Whether a node that is broken has this name, or may have it."""
        made = (around(text) for text in self.lost if "{" in text)
        return name in self.lost or any(any(parts) and fits(name, parts) for parts in made)


def steps(chain: Chain) -> Iterator[Step]:
    """All nodes of a chain, at any depth."""
    for item in chain:
        if isinstance(item, list):
            yield from steps(item)
        else:
            yield item
            for inner in (item.layers, item.shortcut, item.branches):
                yield from steps(inner or [])


def text_at(definition: Definition, path: Path) -> str:
    """The text at a path of the document, inside a node of the definition."""
    value: Any = {"layers": definition.layers}
    for part in path[len(definition.path) :]:
        value = value[part]
    return str(value)


def names_in(chain: "Chain | None") -> frozenset[str]:
    """What the nodes of a chain and everything inside mention."""
    return NOTHING.union(*(names_in(item) if isinstance(item, list) else item.names for item in chain or ()))
