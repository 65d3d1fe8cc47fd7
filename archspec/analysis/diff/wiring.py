"""Which nodes of a pair take other values than before, and which are out of order."""

from collections.abc import Iterator
from dataclasses import dataclass

from archspec.analysis.diff.pairs import Pair
from archspec.ir import Module

Source = tuple[str, int, int]
"""Where a value comes from: an input, or the output of a node by its place in the new body, if it has one there."""


@dataclass(slots=True, eq=False, repr=False)
class Rewired:
    """A matched node that takes other values: its places, and what it took and takes, by name."""

    old: int
    new: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    moved: bool
    """Whether it is also out of order in its chain."""
    reordered: bool = False
    """Whether these are the same values in another order."""


class Wiring:
    """The values of a pair of bodies. What is only in one of the two is passed through."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.partner = {i: j for i, j, _ in pair.matched}
        skipped_new = {*pair.added, *pair.moved}
        skipped_old = {*pair.removed, *(i for i, j in self.partner.items() if j in pair.moved)}
        both = ((pair.old, self.partner), (pair.new, {j: j for j in self.partner.values()}))
        self.plain = [_sources(module, places, frozenset()) for module, places in both]
        self.passed = [
            _sources(module, places, frozenset(skipped))
            for (module, places), skipped in zip(both, (skipped_old, skipped_new), strict=True)
        ]

    def rewired(self) -> Iterator[Rewired]:
        """The matched nodes that take other values, beyond what nodes between them explain."""
        for i, j, _ in self.pair.matched:
            old, new = self.pair.old.body[i], self.pair.new.body[j]
            plain = [
                [side[v] for v in node.inputs] for side, node in zip(self.plain, (old, new), strict=True)
            ]
            if plain[0] == plain[1]:
                continue
            moved = j in self.pair.moved
            passed = [
                [side[v] for v in node.inputs] for side, node in zip(self.passed, (old, new), strict=True)
            ]
            if not moved and passed[0] == passed[1]:
                continue
            reordered = sorted(plain[0]) == sorted(plain[1])
            if reordered and new.module.op is not None and new.module.op.commutes:
                continue
            yield Rewired(i, j, self.names(0, old.inputs), self.names(1, new.inputs), moved, reordered)

    def returns_other(self) -> bool:
        """Whether the results are other values."""
        old, new = (
            [side[result] for result in module.results]
            for side, module in zip(self.passed, (self.pair.old, self.pair.new), strict=True)
        )
        return old != new

    def names(self, side: int, values: tuple[int, ...]) -> tuple[str, ...]:
        """What values are called."""
        module = (self.pair.old, self.pair.new)[side]
        return tuple([name_of(module, value) for value in values])


def _sources(module: Module, places: dict[int, int], skipped: frozenset[int]) -> list[Source]:
    """The source of each value of a body. `places` are those in the new body; what is `skipped` is its input."""
    found: list[Source] = [("input", index, 0) for index in range(len(module.inputs))]
    for index, node in enumerate(module.body):
        if node.inputs and (node.module.is_removed or index in skipped):
            found += [found[node.inputs[0]]] * len(node.module.outputs)
        else:
            kind = "node" if index in places else "other"
            found += [(kind, places.get(index, index), part) for part in range(len(node.module.outputs))]
    return found


def name_of(module: Module, value: int) -> str:
    """What a value of a body is called: the name of its node, or its kind."""
    if value < len(module.inputs):
        return "input" if value == 0 else f"input {value}"
    for node, made in module.values():
        if value in made:
            name = node.label or ("" if node.positional else node.name) or node.module.kind
            return name if len(made) == 1 else f"{name}.{value - made.start}"
    raise AssertionError
