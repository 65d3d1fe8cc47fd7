"""The map of keys: under which key of the new network a weight of the old one goes on."""

from collections.abc import Iterator
from dataclasses import dataclass

from archspec.analysis.diff.forms import Forms
from archspec.analysis.diff.pairs import Pair
from archspec.analysis.diff.relocation import Relocation, join
from archspec.analysis.weights import weights


@dataclass(frozen=True, slots=True)
class Carried:
    """How many weights of a pair go on: `same` of them by the same name within it."""

    count: int = 0
    same: int = 0


class KeyMap:
    """The map of the keys of two networks. Counted for each distinct pair once."""

    def __init__(self, forms: Forms, root: Pair, moved: list[Relocation]) -> None:
        self.forms, self.root, self.moved = forms, root, moved
        self.known: dict[Pair, Carried] = {}

    def total(self) -> Carried:
        """How many weights go on, and how many of them by the same key."""
        found = self.carried(self.root)
        moved = [(item, self.carried(item.pair)) for item in self.moved]
        count = found.count + sum([one.count for _, one in moved])
        return Carried(count, found.same + sum([one.same for item, one in moved if item.old == item.new]))

    def carried(self, pair: Pair) -> Carried:
        """How many weights of a pair go on, without those that are somewhere else."""
        if pair not in self.known:
            self.known[pair] = self._carried(pair)
        return self.known[pair]

    def _carried(self, pair: Pair) -> Carried:
        if pair.equal:
            count = self.forms.count(pair.new)
            return Carried(count, count)
        if pair.is_op:
            count = len(self.forms.common(pair.old, pair.new))
            return Carried(count, count)
        count = same = 0
        for i, j, inner in pair.matched:
            old, new = pair.old.body[i].name, pair.new.body[j].name
            if old is not None and new is not None:
                found = self.carried(inner)
                count += found.count
                same += found.same * (old == new)
        return Carried(count, same)

    def entries(self) -> Iterator[tuple[str, str]]:
        """Each key that goes on, with its new one."""
        yield from self._entries(self.root, "", "")
        for item in self.moved:
            yield from self._entries(item.pair, item.old, item.new)

    def _entries(self, pair: Pair, old: str, new: str) -> Iterator[tuple[str, str]]:
        if pair.equal:
            for name, _ in weights(pair.new):
                yield join(old, name) if name else old, join(new, name) if name else new
            return
        if pair.is_op:
            for name in self.forms.common(pair.old, pair.new):
                yield (join(old, name), join(new, name)) if name else (old, new)
            return
        for i, j, inner in pair.matched:
            left, right = pair.old.body[i].name, pair.new.body[j].name
            if left is not None and right is not None:
                yield from self._entries(inner, join(old, left), join(new, right))

    def renamed(self) -> Iterator[tuple[str, str]]:
        """The old and the new path of each module that has another name, or is in another scope."""
        yield from self._renamed(self.root, "", "")
        for item in self.moved:
            if item.old != item.new:
                yield item.old, item.new
            yield from self._renamed(item.pair, item.old, item.new)

    def _renamed(self, pair: Pair, old: str, new: str) -> Iterator[tuple[str, str]]:
        for i, j, inner in pair.matched:
            left, right = pair.old.body[i].name, pair.new.body[j].name
            if left is None or right is None or not self.carried(inner).count:
                continue
            if left != right:
                yield join(old, left), join(new, right)
            yield from self._renamed(inner, join(old, left), join(new, right))

    def ops(self) -> Iterator[tuple[str, str, Pair]]:
        """Each pair that differs or stands for equal parts, outermost first, with its old and new path."""
        yield from self._ops(self.root, "", "")
        for item in self.moved:
            yield from self._ops(item.pair, item.old, item.new)

    def _ops(self, pair: Pair, old: str, new: str) -> Iterator[tuple[str, str, Pair]]:
        yield old, new, pair
        if pair.equal or pair.is_op:
            return
        for i, j, inner in pair.matched:
            left, right = pair.old.body[i], pair.new.body[j]
            if left.name is not None and right.name is not None:
                yield from self._ops(inner, join(old, left.name), join(new, right.name))
