"""Modules with weights that are in another place: under another prefix, in another scope, or in another order.

What alignment leaves over is matched by structure, the largest parts first, then op by op along the chain. Where
several could be meant, only as many are matched as there are on both sides, in their order.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from archspec.analysis.diff.alignment import aligned
from archspec.analysis.diff.forms import NO_KEYS, Forms
from archspec.analysis.diff.pairs import Pair, Pairs
from archspec.ir import Module

Top = tuple[int, int, int]
"""A node without a partner: the identity of its pair, the side, and its place in the body."""
ALIKE = 0.5
"""Blocks that have a greater share of ops in common may be the same."""
LIMIT = 20_000
"""The most parts that are looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A module with weights that has no partner, by its path."""

    path: str
    module: Module
    end: int
    """Where the parts inside it end, in the list of all."""
    top: Top
    """The node around it that has no partner."""


@dataclass(frozen=True, slots=True, eq=False)
class Relocation:
    """An old part that is the new one somewhere else."""

    old: str
    new: str
    pair: Pair


def join(prefix: str, name: str) -> str:
    """A path of a module."""
    return f"{prefix}.{name}" if prefix else name


class Leftovers:
    """The parts of both networks that have weights and no partner, outer before inner.

    With `apart` also partners that have no weight in common: these may be somewhere else.
    """

    def __init__(self, forms: Forms, pair: Pair, *, apart: bool = False) -> None:
        self.forms, self.apart = forms, apart
        self.old: list[Part] = []
        self.new: list[Part] = []
        self.looked = 0
        self._collect(pair, "", "")
        self.complete = self.looked < LIMIT and max(len(self.old), len(self.new)) < LIMIT

    def _collect(self, pair: Pair, old: str, new: str) -> None:
        self.looked += 1
        if pair.equal or pair.is_op or self.looked >= LIMIT:
            return
        for side, places, module, prefix, parts in (
            (0, pair.removed, pair.old, old, self.old),
            (1, pair.added, pair.new, new, self.new),
        ):
            for place in places:
                node = module.body[place]
                if node.name is not None:
                    self._add(parts, join(prefix, node.name), node.module, (id(pair), side, place))
        for i, j, inner in pair.open:
            left, right = pair.old.body[i], pair.new.body[j]
            if left.name is None or right.name is None:
                continue
            if inner.is_op and self.apart and not self.forms.common(left.module, right.module):
                self._add(self.old, join(old, left.name), left.module, (id(pair), 0, i))
                self._add(self.new, join(new, right.name), right.module, (id(pair), 1, j))
            else:
                self._collect(inner, join(old, left.name), join(new, right.name))

    def _add(self, parts: list[Part], path: str, module: Module, top: Top) -> None:
        if self.forms.keys(module) == NO_KEYS or len(parts) >= LIMIT:
            return
        place = len(parts)
        parts.append(Part(path, module, place + 1, top))
        for node in module.body:
            if node.name is not None:
                self._add(parts, join(path, node.name), node.module, top)
        parts[place] = Part(path, module, len(parts), top)


class Relocator:
    """Matches leftovers."""

    def __init__(self, pairs: Pairs, left: Leftovers) -> None:
        self.pairs, self.forms, self.left = pairs, pairs.forms, left
        self.used = bytearray(len(left.old)), bytearray(len(left.new))
        self.found: list[Relocation] = []
        self.within: Counter[Top] = Counter()
        """How many weights of each node without a partner are somewhere else, in all its copies together."""

    def run(self) -> None:
        """Find all that can be matched, in the order of the new network."""
        if self.left.complete and self.left.old and self.left.new:
            self._whole(self.forms.form)
            self._whole(self.forms.keys)
            self._alike()
            self._ops()
        self._in_place()
        order = {part.path: place for place, part in enumerate(self.left.new)}
        self.found.sort(key=lambda item: order[item.new])

    def _match(self, old: int, new: int) -> None:
        """Match two parts, with all that is inside."""
        one, other = self.left.old[old], self.left.new[new]
        for used, place, end in ((self.used[0], old, one.end), (self.used[1], new, other.end)):
            used[place:end] = b"\1" * (end - place)
        self.found.append(Relocation(one.path, other.path, self.pairs.of(one.module, other.module)))
        for part in (one, other):
            self.within[part.top] += self.forms.count(part.module)

    def _is_free(self, side: int, place: int) -> bool:
        end = (self.left.old, self.left.new)[side][place].end
        return self.used[side].find(1, place, end) < 0

    def _whole(self, key: Callable[[Module], int]) -> None:
        """Match composites that are equal by a number, the largest first."""
        old: dict[int, list[int]] = {}
        for place, part in enumerate(self.left.old):
            if part.module.op is None and self._is_free(0, place):
                old.setdefault(key(part.module), []).append(place)
        new = [place for place, part in enumerate(self.left.new) if part.module.op is None]
        for place in sorted(new, key=lambda place: -self.forms.count(self.left.new[place].module)):
            if self._is_free(1, place):
                candidates = old.get(key(self.left.new[place].module), [])
                match = next((one for one in candidates if self._is_free(0, one)), None)
                if match is not None:
                    self._match(match, place)

    def _alike(self) -> None:
        """Match blocks that are more alike than not, in the order of their likeness."""
        sides = [
            [
                place
                for place, part in enumerate(parts)
                if part.module.op is None and self._is_free(side, place) and part.module.is_block
            ]
            for side, parts in enumerate((self.left.old, self.left.new))
        ]
        if len(sides[0]) * len(sides[1]) > LIMIT:
            return
        scored = [
            (-like, i, j)
            for i in sides[0]
            for j in sides[1]
            if (like := self.forms.likeness(self.left.old[i].module, self.left.new[j].module)) > ALIKE
        ]
        for _, i, j in sorted(scored):
            if self._is_free(0, i) and self._is_free(1, j):
                self._match(i, j)

    def _ops(self) -> None:
        """Match ops with weights: neighbours along the chain, then those of which there are as many on both sides."""
        sides = list(map(self._free_ops, (0, 1)))
        keys = [[self._key(side, place) for place in places] for side, places in enumerate(sides)]
        found = aligned(keys[0], keys[1], lambda i, j: float(keys[0][i] == keys[1][j]))
        pairs = {*found}
        for i, j in found:
            if (i - 1, j - 1) in pairs or (i + 1, j + 1) in pairs:
                self._match(sides[0][i], sides[1][j])
        groups: dict[Hashable, tuple[list[int], list[int]]] = {}
        for side in (0, 1):
            for place in self._free_ops(side):
                groups.setdefault(self._key(side, place), ([], []))[side].append(place)
        for old, new in groups.values():
            if len(old) == len(new):
                for i, j in zip(old, new, strict=True):
                    self._match(i, j)

    def _free_ops(self, side: int) -> list[int]:
        parts = (self.left.old, self.left.new)[side]
        return [
            place
            for place, part in enumerate(parts)
            if part.module.op is not None and self._is_free(side, place)
        ]

    def _key(self, side: int, place: int) -> Hashable:
        """What two ops have in common if one can be the other: kind, and names and shapes of weights."""
        module = (self.left.old, self.left.new)[side][place].module
        return module.kind, self.forms.keys(module)

    def _in_place(self) -> None:
        """Match ops at the same path: PyTorch loads those of their weights that have equal names and shapes."""
        places = {part.path: place for place, part in enumerate(self.left.old) if self._is_free(0, place)}
        for place in self._free_ops(1):
            other = places.get(self.left.new[place].path)
            if other is not None and self.left.old[other].module.op is not None:
                self._match(other, place)
