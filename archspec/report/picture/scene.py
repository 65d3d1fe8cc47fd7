"""What a picture shows: a graph for each level of a network, its items boxes and its links edges.

A graph is made of the module tree alone, once for each distinct module, and holds no sizes and no places. Items that
open have an inner graph, which is made when it is asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from archspec.analysis.liveness import NOTHING, Live
from archspec.ir import Module
from archspec.types import TensorType


@dataclass(frozen=True, slots=True)
class Scope:
    """A composite, or some nodes of its body, with the results that only training needs."""

    module: Module
    late: Live = NOTHING
    units: tuple[int, ...] | None = None
    """The indices of the body nodes; `None` for all."""
    shapes: bool = True
    """Whether the inputs are shown with their shapes, which differ in the copies of a bundle."""


@dataclass(slots=True, eq=False, repr=False)
class Item:
    """A box: a port, an op with what follows it, a composite, or several of these."""

    kind: str
    """`input`, `output`, `op`, `block`, `group`, `repeat`, `dense` or `section`."""
    op: str
    """The name of the op or block that it is or starts with; of a port `captured` or empty."""
    name: str
    """Its name in the enclosing module; for copies, the first and the last. Empty for what is no module."""
    text: str
    outputs: tuple[TensorType, ...] = ()
    more: tuple[str, ...] = ()
    """The ops that follow in the same box."""
    names: list[str] = field(default_factory=list)
    """The paths of all modules that it stands for, in the enclosing module, and how they are reached."""
    units: tuple[int, ...] = ()
    """The indices in the body of the enclosing module that it stands for, in the first copy."""
    params: int = 0
    buffers: int = 0
    macs: int = 0
    count: int = 1
    training: bool = False
    shares: str = ""
    """The name of the module whose weights it uses."""
    inside: Scope | None = None
    path: str = ""
    """The path, in the enclosing module, of the module that `inside` is about; empty for the enclosing one itself."""
    slot: int = -1
    """Of an input: its number."""
    leaves: tuple[tuple[str, Module], ...] = ()
    """The ops in the box by their paths in the enclosing module."""

    @property
    def is_port(self) -> bool:
        """Whether it is an input or an output."""
        return self.kind in ("input", "output")


@dataclass(frozen=True, slots=True)
class Link:
    """An edge: output number `part` of an item goes to another item."""

    source: int
    part: int
    target: int
    slots: tuple[int, ...] = ()
    """Which inputs of the target it is, as the ports in the target are numbered."""


@dataclass(slots=True, eq=False, repr=False)
class Graph:
    """The items of one level in an order in which they can be computed, and the links between them."""

    scope: Scope
    items: list[Item] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    def inner(self) -> Iterator[Scope]:
        """The scopes of the items that open."""
        return (item.inside for item in self.items if item.inside is not None)

    @property
    def boxes(self) -> list[Item]:
        """The items that are no ports."""
        return [item for item in self.items if not item.is_port]
