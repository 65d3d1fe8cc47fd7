"""Which node of the new network is which of the old one: pairs of modules, aligned body by body.

Nodes are matched by the names that the spec gives them, then along the chain by their structure. Each pair of modules
is aligned once, however often it occurs, and equal modules are not looked into.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from archspec.analysis.diff.alignment import aligned, increasing
from archspec.analysis.diff.contexts import after, alone, before
from archspec.analysis.diff.forms import Forms
from archspec.ir import Module, Node

Context = Callable[[Forms, Module], dict[int, int]]
LIKE = 0.3
"""The least likeness at which composites of different kinds are taken for the same."""


@dataclass(slots=True, eq=False, repr=False)
class Pair:
    """An old and a new module that are taken for the same. Places are those in their bodies."""

    old: Module
    new: Module
    equal: bool
    """Whether they have the same structure; then nothing below is filled in."""
    matched: list[tuple[int, int, "Pair"]] = field(default_factory=list)
    """The old and the new place of each node that both have, in the order of the new ones."""
    removed: list[int] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    open: list[tuple[int, int, "Pair"]] = field(default_factory=list)
    """Those matched nodes that differ."""
    moved: set[int] = field(default_factory=set)
    """The new places of matched nodes that are out of order."""

    @property
    def is_op(self) -> bool:
        """Whether it is a pair of ops."""
        return self.new.op is not None


class Pairs:
    """Aligns modules, each pair once."""

    def __init__(self, forms: Forms) -> None:
        self.forms = forms
        self.known: dict[tuple[Module, Module], Pair] = {}
        self.scores: dict[tuple[int, int], float] = {}

    def of(self, old: Module, new: Module) -> Pair:
        """The pair of two modules, both ops or both composites."""
        key = old, new
        if key not in self.known:
            pair = self.known[key] = Pair(old, new, self.forms.are_equal(old, new))
            if not pair.equal and not pair.is_op:
                self._align(pair)
        return self.known[key]

    def _align(self, pair: Pair) -> None:
        """Match the nodes of two bodies."""
        old, new = (
            [index for index, node in enumerate(module.body) if not node.module.is_removed]
            for module in (pair.old, pair.new)
        )
        found = dict(self._by_name(pair, old, new))
        if not pair.old.kind == pair.new.kind == "repeat":
            for context in (before, after, alone):
                found |= self._by_context(pair, found, context)
        taken = {*found.values()}
        left, right = ([p for p in places if p not in gone] for places, gone in ((old, found), (new, taken)))
        if pair.old.kind == pair.new.kind == "repeat":
            both = zip(left, right, strict=False)
            found |= {i: j for i, j in both if self._score(pair.old.body[i], pair.new.body[j]) > 0}
        else:
            for some, others in _segments(found, left, right):
                found |= self._in_chain(pair, some, others)
        for i, j in sorted(found.items(), key=lambda item: item[1]):
            pair.matched.append((i, j, self.of(pair.old.body[i].module, pair.new.body[j].module)))
        pair.open = [item for item in pair.matched if not item[2].equal]
        pair.removed = [place for place in old if place not in found]
        taken = {*found.values()}
        pair.added = [place for place in new if place not in taken]
        kept = increasing([i for i, _, _ in pair.matched])
        pair.moved = {j for place, (_, j, _) in enumerate(pair.matched) if place not in kept}

    def _by_name(self, pair: Pair, old: list[int], new: list[int]) -> Iterator[tuple[int, int]]:
        """Nodes with a name of their own that both have."""
        names = {_name(pair.old.body[place]): place for place in old}
        for place in new:
            node = pair.new.body[place]
            name = _name(node)
            if name is not None and name in names and _alike(pair.old.body[names[name]], node):
                yield names[name], place

    def _by_context(self, pair: Pair, found: dict[int, int], context: Context) -> dict[int, int]:
        """Equal nodes in equal contexts, if there are as many of them on both sides: they may be in another order."""
        groups: dict[int, tuple[list[int], list[int]]] = {}
        taken = found.keys(), {*found.values()}
        for side, module in enumerate((pair.old, pair.new)):
            for place, number in context(self.forms, module).items():
                node = module.body[place]
                if place not in taken[side] and (context is not alone or self.forms.keys(node.module)):
                    groups.setdefault(number, ([], []))[side].append(place)
        return {
            i: j
            for old, new in groups.values()
            if len(old) == len(new)
            for i, j in zip(old, new, strict=True)
            if _alike(pair.old.body[i], pair.new.body[j])
        }

    def _in_chain(self, pair: Pair, old: list[int], new: list[int]) -> dict[int, int]:
        """Nodes of two chains, by structure."""
        left, right = (
            [module.body[p] for p in places] for module, places in ((pair.old, old), (pair.new, new))
        )
        one, other = (
            [(self.forms.form(node.module), node.shares) for node in nodes] for nodes in (left, right)
        )
        found = aligned(one, other, lambda i, j: self._score(left[i], right[j]))
        return {old[i]: new[j] for i, j in found if _alike(left[i], right[j])}

    def _score(self, old: Node, new: Node) -> float:
        """How alike two nodes are; 0 if they are not the same at all."""
        if not _alike(old, new):
            return 0.0
        key = self.forms.form(old.module), self.forms.form(new.module)
        if key not in self.scores:
            self.scores[key] = self._likeness(old.module, new.module)
        return self.scores[key] and self.scores[key] + 0.3 * (old.name == new.name)

    def _likeness(self, old: Module, new: Module) -> float:
        if self.forms.are_equal(old, new):
            return 10.0
        keys = self.forms.keys(old) == self.forms.keys(new)
        if old.op is not None and new.op is not None:
            if old.op.name == new.op.name:
                return 7.0 if keys else 4.0
            return (2.5 if keys else 1.0) if old.op.group == new.op.group else 0.0
        like = self.forms.likeness(old, new)
        if keys and self.forms.keys(new):
            return 6.0 + 3 * like
        if old.kind == new.kind and old.kind not in ("group", "repeat"):
            return 3.0 + 5 * like
        return 2.0 + 5 * like if like >= LIKE else 0.0


def _name(node: Node) -> str | None:
    """The name that the spec gives to a module."""
    return None if node.positional else node.name


def _alike(old: Node, new: Node) -> bool:
    """Whether two nodes can be the same: both ops or both composites, both with weights of their own or not."""
    same = (old.module.op is None) == (new.module.op is None)
    return same and (old.shares is None) == (new.shares is None) and (old.name is None) == (new.name is None)


def _segments(found: dict[int, int], old: list[int], new: list[int]) -> Iterator[tuple[list[int], list[int]]]:
    """The nodes that have no partner yet, between those that have one and are in order."""
    pairs = sorted(found.items(), key=lambda item: item[1])
    kept = increasing([i for i, _ in pairs])
    anchors = [pair for place, pair in enumerate(pairs) if place in kept]
    start = 0, 0
    for i, j in [*anchors, (1 << 60, 1 << 60)]:
        some = [place for place in old if start[0] <= place < i]
        others = [place for place in new if start[1] <= place < j]
        if some and others:
            yield some, others
        start = i, j
