"""All changes of a network, from the aligned pairs: those of each distinct pair are found once."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from archspec.analysis.diff.change import (
    Change,
    Effect,
    Kind,
    argument_changes,
    described,
    field_changes,
    shape_changes,
    span,
)
from archspec.analysis.diff.difference import Difference
from archspec.analysis.diff.pairs import Pair
from archspec.analysis.diff.wiring import Wiring
from archspec.ir import Module, Node
from archspec.ops.core.meaning import PASSES, meaning

LISTED = 4
"""The most nodes that are described of those that are added or removed together."""


class Changes:
    """The changes of two networks."""

    def __init__(self, difference: Difference) -> None:
        self.difference = difference
        self.forms = difference.forms
        self.known: dict[Pair, list[Change]] = {}
        self.within = difference.relocator.within

    def all(self) -> list[Change]:
        """The changes in the order of the new network; those of what is somewhere else come last."""
        found = [*self.of(self.difference.root)]
        for item in self.difference.relocations:
            inside = self.of(item.pair)
            found += [change.inside(item.old if change.in_old else item.new, 1) for change in inside]
        return [self._as_a_whole(change) for change in found]

    def _as_a_whole(self, change: Change) -> Change:
        """The change with an effect that agrees with the verdict on the whole network."""
        if change.effect in (Effect.SHAPE, Effect.LOST, Effect.NEW) and self.difference.is_bijection:
            change = replace(change, effect=Effect.FUNCTION, weights=0)  # its weights have a place elsewhere
        if change.effect is Effect.FUNCTION and self.difference.same_function:
            return replace(change, effect=Effect.NOTHING)
        return change

    def of(self, pair: Pair) -> list[Change]:
        """The changes inside a pair, with paths relative to it."""
        if pair.equal:
            return []
        if pair not in self.known:
            self.known[pair] = [] if pair.is_op else [*self._in_body(pair)]
        return self.known[pair]

    def _in_body(self, pair: Pair) -> Iterator[Change]:
        """The changes of a body in the order of the new one; what was removed comes before what followed it."""
        found: list[tuple[float, list[Change]]] = []
        if pair.old.kind == pair.new.kind == "repeat" and (pair.added or pair.removed):
            found.append((-1, [self._repeat(pair)]))
        else:
            after = {i: j for i, j, _ in pair.matched}
            for stretch in _stretches(pair.removed, {*after}):
                follower = next((after[i] for i in sorted(after) if i > stretch[-1]), len(pair.new.body))
                found.append((follower - 0.5, [*self._alone(pair, 0, stretch)]))
            added = _stretches(pair.added, {*after.values()})
            found += [(stretch[0], [*self._alone(pair, 1, stretch)]) for stretch in added]
        found += self._matched(pair)
        for _, changes in sorted(found, key=lambda item: item[0]):
            yield from changes

    def _matched(self, pair: Pair) -> Iterator[tuple[float, list[Change]]]:
        """The changes of the nodes that both have, with their places; those of equal copies together."""
        for (_, _, inner), group in groupby(pair.open, key=lambda item: self._same(pair, item)):
            places = [(i, j) for i, j, _ in group]
            before = span([_path(pair.old.body[i]) for i, _ in places])
            names = span([_path(pair.new.body[j]) for _, j in places])
            j = places[0][1]
            changes = self._node(pair.new.body[j], inner)
            yield j, [change.inside(before if change.in_old else names, len(places)) for change in changes]
        wiring = Wiring(pair)
        for item in wiring.rewired():
            node, kind = pair.new.body[item.new], Kind.MOVED if item.moved else Kind.INPUTS
            old, new = (", ".join(values) for values in (item.before, item.after))
            kind = Kind.ORDER if item.reordered else kind
            change = Change(kind, _path(node), node.module.kind, old, new, Effect.FUNCTION, node.origin)
            yield item.new, [change]
        if pair.new.kind != "model" and pair.new.body and wiring.returns_other():
            sides = enumerate((pair.old, pair.new))
            old, new = (", ".join(wiring.names(side, module.results)) for side, module in sides)
            origin = pair.new.definition or pair.new.body[0].origin
            change = Change(Kind.RESULT, "", pair.new.kind, old, new, Effect.FUNCTION, origin)
            yield len(pair.new.body), [change]

    def _same(self, pair: Pair, item: tuple[int, int, Pair]) -> "tuple[object, object, Pair]":
        """What copies have in common that have the same changes."""
        i, j, inner = item
        return pair.old.body[i].origin, pair.new.body[j].origin, inner

    def _repeat(self, pair: Pair) -> Change:
        """Another number of copies."""
        counts = [sum(not node.module.is_removed for node in module.body) for module in (pair.old, pair.new)]
        kinds = {node.module.kind for node in pair.new.body[-1:]} or {"copies"}
        module, places, effect = (
            (pair.new, pair.added, Effect.NEW) if pair.added else (pair.old, pair.removed, Effect.LOST)
        )
        weights = sum(self.forms.count(module.body[place].module) for place in places)
        first = (pair.new.body or pair.old.body)[0]
        new = f"{counts[1]} × {kinds.pop()}"
        effect = effect if weights else Effect.FUNCTION
        return Change(Kind.REPEAT, "", "repeat", str(counts[0]), new, effect, first.origin, weights=weights)

    def _alone(self, pair: Pair, side: int, stretch: list[int]) -> Iterator[Change]:
        """What is on one side only: nodes that stand together."""
        module = (pair.old, pair.new)[side]
        places = [place for place in stretch if not self._is_elsewhere(pair, side, place)]
        named = [place for place in places if module.body[place].name is not None]
        places = named or places  # a join goes with its branches
        if not places:
            return
        nodes = [module.body[place] for place in places]
        elsewhere = sum(self.within[id(pair), side, place] for place in places)
        left = max(sum(self.forms.count(node.module) for node in nodes if node.name) - elsewhere, 0)
        effect = Effect.FUNCTION
        if left:
            effect = Effect.NEW if side else Effect.LOST
        elif all(self._passes(node.module) for node in nodes):
            only = any(node.module.op is not None and node.module.op.training_only for node in nodes)
            effect = Effect.TRAINING if only else Effect.NOTHING
        kind, text = Kind.ADDED if side else Kind.REMOVED, _listed(nodes)
        old, new = (None, text) if side else (text, None)
        names, first = span([_path(node) for node in nodes]), nodes[0]
        yield Change(kind, names, first.module.kind, old, new, effect, first.origin, weights=left)

    def _is_elsewhere(self, pair: Pair, side: int, place: int) -> bool:
        """Whether all weights of a node are somewhere else: the map of keys tells where."""
        count = self.forms.count((pair.old, pair.new)[side].body[place].module)
        return 0 < count <= self.within[id(pair), side, place]

    def _passes(self, module: Module) -> bool:
        return module.op is not None and meaning(module.op, module.inputs) == PASSES

    def _node(self, new: Node, pair: Pair) -> Iterator[Change]:
        """The changes of a matched node, with paths relative to it."""
        if pair.is_op:
            yield self._op(new, pair)
            return
        kind = pair.new.kind
        inside = self.of(pair)
        most = max([change.effect for change in inside], key=[*Effect].index, default=Effect.NOTHING)
        if kind != pair.old.kind and (pair.old.is_block or pair.new.is_block):
            yield Change(Kind.OP, "", kind, pair.old.kind, described(new), most, new.origin)
        elif changed := argument_changes(pair.old, pair.new):
            yield Change(Kind.ARGUMENTS, "", kind, None, None, most, new.origin, fields=changed)
        yield from inside

    def _op(self, new: Node, pair: Pair) -> Change:
        """The change of an op."""
        before, after = self.forms.weights(pair.old), self.forms.weights(pair.new)
        kind = new.module.kind
        effect, weights = self._effect(pair)
        if pair.old.kind != kind:
            return Change(
                Kind.OP,
                "",
                kind,
                described_op(pair.old),
                described_op(pair.new),
                effect,
                new.origin,
                weights=weights,
            )
        fields = field_changes(pair.old, pair.new)
        if fields:
            return Change(Kind.FIELDS, "", kind, None, None, effect, new.origin, fields, weights)
        shapes = shape_changes(before, after)
        return Change(Kind.SHAPES, "", kind, None, None, effect, new.origin, shapes, weights)

    def _effect(self, pair: Pair) -> tuple[Effect, int]:
        """What the change of an op does, and how many of its weights it concerns."""
        common = len(self.forms.common(pair.old, pair.new))
        gone = len(self.forms.weights(pair.old)) - common
        more = len(self.forms.weights(pair.new)) - common
        if gone and more:
            return Effect.SHAPE, more
        if gone or more:
            return (Effect.LOST, gone) if gone else (Effect.NEW, more)
        old, new = pair.old.op, pair.new.op
        assert old is not None and new is not None  # noqa: S101, PT018 — a pair of ops
        sized = pair.old.inputs == pair.new.inputs
        if meaning(old, pair.old.inputs, sized=sized) != meaning(new, pair.new.inputs, sized=sized):
            return Effect.FUNCTION, 0
        changed = (
            {field.name for field in field_changes(pair.old, pair.new)} if old.name == new.name else set()
        )
        if new.training_only or changed & new.in_training:
            return Effect.TRAINING, 0
        if (
            sized
            and len({meaning(one.op, one.inputs, sized=False) for one in (pair.old, pair.new) if one.op}) > 1
        ):
            return Effect.SIZE, 0
        return (Effect.INITIAL if changed == {"init"} else Effect.NOTHING), 0


def described_op(module: Module) -> str:
    """An op with its most important fields."""
    return module.op.brief() if module.op is not None else module.kind


def _path(node: Node) -> str:
    """The name of a node; that of its value, or its kind, for what is no module."""
    return node.name or node.label or f"({node.module.kind})"


def _stretches(places: list[int], apart: set[int]) -> Iterator[list[int]]:
    """Places of nodes that follow each other, with none of the other side in between."""
    stretch: list[int] = []
    for place in places:
        if stretch and any(between in apart for between in range(stretch[-1] + 1, place)):
            yield stretch
            stretch = []
        stretch.append(place)
    if stretch:
        yield stretch


def _listed(nodes: list[Node]) -> str:
    """Nodes in a few words; copies of one node are counted, where they do not follow each other too."""
    groups: dict[object, list[Node]] = {}
    for node in nodes:
        key = (node.origin, node.module.kind) if node.copy else id(node)
        groups.setdefault(key, []).append(node)
    texts = [described(group[0], len(group)) for group in groups.values()]
    more = f", … ({len(nodes)} nodes)" if len(texts) > LISTED else ""
    return ", ".join(texts[:LISTED]) + more
