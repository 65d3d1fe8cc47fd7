"""The nodes of one level, and what is drawn as one box: copies, bundles, sections, an op with its followers."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from archspec.ir import Module, Node

PERIOD = 48
"""The most nodes in one copy of a repeat that is drawn once."""
LEVEL = 64
"""The most boxes of a level; where there are more, sections of consecutive boxes are drawn as one."""

FOLLOWERS = frozenset(
    "batchnorm layernorm groupnorm instancenorm lrn rmsnorm relu relu6 leaky_relu prelu elu selu celu gelu silu mish "
    "sigmoid hardsigmoid hardswish tanh hardtanh softplus softsign softmax log_softmax identity dropout "
    "stochastic_depth".split()
)
"""Norms, activations and regularisers: they keep the shape, and are drawn in the box of the op that they follow."""


@dataclass(slots=True, eq=False, repr=False)
class Unit:
    """A node of a body that is there, with the values that it takes, past all that was removed."""

    index: int
    node: Node
    inputs: tuple[int, ...]
    values: range


@dataclass(slots=True, eq=False, repr=False)
class Part:
    """Some consecutive units, drawn as one: `kind` is `unit`, `stack`, `repeat`, `dense` or `section`."""

    kind: str
    units: list[Unit]
    """All units, of all copies."""
    count: int = 1

    @property
    def first(self) -> list[Unit]:
        """The units of the first copy."""
        return self.units[: len(self.units) // self.count] if self.kind == "repeat" else self.units


class Level:
    """The units of a composite's body, and who uses their values."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.real = {value: value for value in range(len(module.inputs))}
        """For each value, the one that it really is: removed nodes pass theirs through."""
        self.units: list[Unit] = []
        self.types = list(module.inputs)
        """The type of each value."""
        self.shared = module.shared
        self.users: dict[int, list[int]] = {}
        """For each value, the indices of the nodes that take it; -1 for the module's results."""
        self.maker: dict[int, int] = {}
        for index, (node, values) in enumerate(module.values()):
            self.types += node.module.outputs
            taken = tuple([self.real[value] for value in node.inputs])
            if node.module.is_removed:
                self.real.update(dict.fromkeys(values, taken[0]))
                continue
            self.real.update((value, value) for value in values)
            self.maker.update(dict.fromkeys(values, index))
            self.units.append(Unit(index, node, taken, values))
            for value in dict.fromkeys(taken):
                self.users.setdefault(value, []).append(index)
        self.place = {unit.index: place for place, unit in enumerate(self.units)}
        """Where each node is among the units."""
        for result in module.results:
            self.users.setdefault(self.real[result], []).append(-1)


def parts(level: Level, units: list[Unit]) -> list[Part]:
    """What is drawn as one, in order: bundles, repeats, and all other nodes for themselves."""
    found: list[Part] = []
    place = 0
    bundles = _bundles(level, units)
    while place < len(units):
        part = bundles.get(place) or _repeat(level, units, place) or Part("unit", [units[place]])
        found.append(part)
        place += len(part.units)
    return found


def _signature(unit: Unit) -> tuple[object, ...]:
    return unit.node.module, unit.node.origin, unit.node.shares is None


def _repeat(level: Level, units: list[Unit], start: int) -> Part | None:
    """The copies that start at a unit and follow each other, each taking the last one's value."""
    signature = _signature(units[start])
    stop = min(start + PERIOD, len(units) - 1)
    period = next((at - start for at in range(start + 1, stop + 1) if _signature(units[at]) == signature), 0)
    if not period:
        return None
    count = 1
    while _follows(level, units, start, period, count):
        count += 1
    if count < 2:
        return None
    chosen = units[start : start + period * count]
    for copy in range(count - 1):
        inside = {unit.index for unit in chosen[copy * period : (copy + 2) * period]}
        for unit in chosen[copy * period : (copy + 1) * period]:
            if any(not {*level.users.get(value, ())} <= inside for value in unit.values):
                return None
    return Part("repeat", chosen, count)


def _follows(level: Level, units: list[Unit], start: int, period: int, copy: int) -> bool:
    """Whether another copy follows: the same modules, wired in the same way, in a chain."""
    before, here = start + (copy - 1) * period, start + copy * period
    if here + period > len(units):
        return False
    one, other = units[before : before + period], units[here : here + period]
    own = {unit.index: place for place, unit in enumerate(one)}
    chained = False
    for a, b in zip(one, other, strict=True):
        if _signature(a) != _signature(b) or b.node.shares is not None:
            return False
        for left, right in zip(a.inputs, b.inputs, strict=True):
            place = own.get(level.maker.get(left, -1))
            if place is not None:  # made in the copy: by the same node of the other
                if right - other[place].values.start != left - one[place].values.start:
                    return False
            elif right != left:  # the chain: what the last node of the copy before made
                if right not in one[-1].values:
                    return False
                chained = True
    return chained


def _bundles(level: Level, units: list[Unit]) -> dict[int, Part]:
    """The runs of `x = concat(x, layers(x))` that `dense` makes, by the place of their first unit."""
    found: dict[int, Part] = {}
    chains: dict[object, list[int]] = {}
    for place, unit in enumerate(units):
        if unit.node.module.kind == "concat" and unit.node.name is None and unit.node.copy:
            chains.setdefault((unit.node.origin, unit.node.copy[:-1]), []).append(place)
    for run in chains.values():
        linked = all(units[a].values.start in units[b].inputs[:1] for a, b in itertools.pairwise(run))
        if len(run) < 2 or not linked:
            continue
        copy = units[run[0]].node.copy
        start = run[0]
        while start and units[start - 1].node.copy[: len(copy)] == copy:
            start -= 1
        part = Part("dense", units[start : run[-1] + 1], len(run))
        inside = {unit.index for unit in part.units}
        used = [
            user
            for unit in part.units[:-1]
            for value in unit.values
            for user in level.users.get(value, ())
            if user not in inside
        ]
        if not used:
            found[start] = part  # one that contains another comes later, since it ends later
    return found


def stacked(level: Level, found: list[Part], training: dict[int, bool]) -> list[Part]:
    """Put norms, activations and regularisers into the part before, if nothing else takes its value."""
    result: list[Part] = []
    for part in found:
        if part.kind == "unit" and result and _is_follower(level, result[-1], part.units[0], training):
            result[-1] = Part("stack", [*result[-1].units, part.units[0]])
        else:
            result.append(part)
    return result


def _is_follower(level: Level, before: Part, unit: Unit, training: dict[int, bool]) -> bool:
    op = unit.node.module.op
    if op is None or op.name not in FOLLOWERS or before.kind not in ("unit", "stack"):
        return False
    last = before.units[-1]
    return (
        last.node.module.op is not None
        and len(last.values) == 1
        and unit.inputs == (last.values.start,)
        and level.users[last.values.start] == [unit.index]
        and training[last.index] == training[unit.index]
        and (unit.node.shares is None) == (last.node.shares is None)
    )


def sections(found: list[Part]) -> Iterator[Part]:
    """The parts, where there are too many for one level in sections of consecutive ones."""
    if len(found) <= LEVEL:
        yield from found
        return
    size = max(2, round(len(found) ** 0.5))
    if len(found) / size > LEVEL:
        size = -(-len(found) // LEVEL)
    for start in range(0, len(found), size):
        run = found[start : start + size]
        if len(run) == 1:
            yield run[0]
        else:
            yield Part("section", [unit for part in run for unit in part.units], len(run))
