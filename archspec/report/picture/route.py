"""The lines between layers: where they leave and reach boxes, and on which track they go across."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from archspec.report.picture.ranks import Layers, Net, Wire


@dataclass(frozen=True, slots=True)
class Room:
    """The room between layers."""

    before: float
    """Above the first track."""
    track: float
    """Between tracks."""
    after: float
    """Below the last track, where arrows have their heads."""
    straight: float
    """Where only straight lines cross."""


WIDE = Room(9.0, 8.0, 13.0, 20.0)
TIGHT = Room(6.0, 6.0, 10.0, 13.0)
"""For print, where room is dear."""
EDGE = 10.0
"""The least distance of a line from the corner of a box."""
PORT = 12.0
"""The distance between lines that reach one box."""


@dataclass(slots=True, eq=False, repr=False)
class Run:
    """The wires of one net between two layers: from where it comes, and where it goes to."""

    net: Net
    start: float
    ends: list[float] = field(default_factory=list)
    track: int = 0

    @property
    def low(self) -> float:
        """The leftmost place."""
        return min(self.start, *self.ends)

    @property
    def high(self) -> float:
        """The rightmost place."""
        return max(self.start, *self.ends)

    @property
    def is_straight(self) -> bool:
        """Whether it needs no track."""
        return self.high - self.low < 0.5


Ports = dict[Wire, tuple[float, float]]
"""Where each wire leaves the upper layer, and where it reaches the lower one."""


def ports(layers: Layers, x: dict[int, float], widths: Sequence[float]) -> Ports:
    """Where wires leave and reach boxes. All wires of a value leave a box at one place."""
    found: Ports = {}
    for wires in layers.wires:
        leaving = _leaving(layers, wires, x, widths)
        by_lower: dict[int, list[Wire]] = {}
        for wire in wires:
            by_lower.setdefault(wire.lower, []).append(wire)
        for lower, group in by_lower.items():
            starts = [leaving[wire.upper, wire.net] for wire in group]
            places = [x[lower]] * len(group)
            if layers.is_box(lower):
                places = _reaching(starts, x[lower], widths[lower])
            found.update(zip(group, zip(starts, places, strict=True), strict=True))
    return found


def _leaving(
    layers: Layers, wires: Sequence[Wire], x: dict[int, float], widths: Sequence[float]
) -> dict[tuple[int, Net], float]:
    found: dict[tuple[int, Net], float] = {}
    nets: dict[int, dict[Net, list[float]]] = {}
    for wire in wires:
        nets.setdefault(wire.upper, {}).setdefault(wire.net, []).append(x[wire.lower])
    for upper, goals in nets.items():
        if not layers.is_box(upper) or len(goals) == 1:
            found.update(((upper, net), x[upper]) for net in goals)
            continue
        ordered = sorted(goals, key=lambda net: (sum(goals[net]) / len(goals[net]), net))
        step = min(2 * PORT, (widths[upper] - 2 * EDGE) / (len(ordered) - 1))
        first = x[upper] - step * (len(ordered) - 1) / 2
        found.update(((upper, net), first + step * place) for place, net in enumerate(ordered))
    return found


def _reaching(starts: list[float], centre: float, width: float) -> list[float]:
    """Where wires reach a box: below where they come from, if that is possible; they keep their order."""
    count = len(starts)
    if count == 1:
        return [starts[0] if abs(starts[0] - centre) <= width / 4 else centre]
    low, high = centre - width / 2 + EDGE, centre + width / 2 - EDGE
    step = min(PORT, max(0.0, high - low) / (count - 1))
    order = sorted(range(count), key=lambda index: (starts[index], index))
    places = [max(low, min(starts[index], high)) for index in order]
    for index in range(1, count):
        places[index] = max(places[index], places[index - 1] + step)
    places[-1] = min(places[-1], high)
    for index in range(count - 2, -1, -1):
        places[index] = min(places[index], places[index + 1] - step)
    return [place for _, place in sorted(zip(order, places, strict=True))]


def runs(wires: Sequence[Wire], places: Ports) -> tuple[dict[tuple[int, Net], Run], int]:
    """The runs between two layers by their upper vertex and net, each with its track, and the number of tracks."""
    found: dict[tuple[int, Net], Run] = {}
    for wire in wires:
        start, end = places[wire]
        found.setdefault((wire.upper, wire.net), Run(wire.net, start)).ends.append(end)
    crossing = [run for run in found.values() if not run.is_straight]
    for run in crossing:
        run.track = -1
    todo = sorted(crossing, key=_turn)
    placed: list[Run] = []
    while todo:
        # above what ends where it starts; if that goes round in a circle, any will do
        run = next((one for one in todo if not any(_above(other, one) for other in todo)), todo[0])
        todo.remove(run)
        taken = [other.track for other in placed if other.low - 6 < run.high and run.low - 6 < other.high]
        run.track = max(taken, default=-1) + 1
        placed.append(run)
    return found, max((run.track for run in crossing), default=-1) + 1


def _turn(run: Run) -> tuple[int, float]:
    """Of wires to the right the rightmost is the uppermost, of wires to the left the leftmost: so they cross least."""
    right = run.high - run.start >= run.start - run.low
    return (0, -run.start) if right else (1, run.start)


def _above(one: Run, other: Run) -> bool:
    """Whether one must go across above the other, which ends where it starts."""
    return one is not other and any(abs(end - one.start) < 4 for end in other.ends)
