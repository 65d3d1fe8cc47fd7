"""The changes of a network as lines: equal ones together, what follows from others last."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from archspec.analysis.diff.change import Change, Effect, Kind
from archspec.analysis.diff.interface import Port
from archspec.diagnostics.diagnostic import shown, shown_file
from archspec.diagnostics.locate import Spot
from archspec.report.difference import CODES, Comparison, changed_number
from archspec.report.numbers import dims
from archspec.types import TensorType

LISTED = 16
"""The most lines of changes, unless all are asked for."""
PATHS = 2
"""The most paths in a line."""


@dataclass(slots=True)
class Line:
    """Equal changes in one or more places."""

    change: Change
    changes: list[Change] = field(default_factory=list)

    @property
    def count(self) -> int:
        """The number of modules."""
        return sum(change.count for change in self.changes)

    @property
    def weights(self) -> int:
        """The number of weights that are concerned."""
        return sum(change.count * change.weights for change in self.changes)

    @property
    def paths(self) -> list[str]:
        """The paths, each once."""
        return list(dict.fromkeys(change.path or "the network" for change in self.changes))


def grouped(changes: Sequence[Change]) -> tuple[list[Line], list[Line]]:
    """Lines of changes, and those of weights that only follow their input in shape."""
    lines: dict[tuple[object, ...], Line] = {}
    for change in changes:
        key = (change.kind, change.op, change.text, change.effect)
        lines.setdefault(key, Line(change)).changes.append(change)
    found = [*lines.values()]
    return (
        [line for line in found if line.change.kind is not Kind.SHAPES],
        [line for line in found if line.change.kind is Kind.SHAPES],
    )


def effect_of(line: Line) -> str:
    """What a change does to weights, in words."""
    count = line.weights
    texts = {
        Effect.NOTHING: "no effect",
        Effect.SIZE: "no effect at this size of the input",
        Effect.INITIAL: "other initial values",
        Effect.TRAINING: "training only",
        Effect.FUNCTION: "loads, computes something else",
        Effect.SHAPE: f"{_weights(count)} of another shape",
        Effect.LOST: f"{_weights(count)} without a place",
        Effect.NEW: f"{_weights(count, 'new ')}",
    }
    of_weights = line.change.effect in (Effect.SHAPE, Effect.LOST, Effect.NEW)
    if of_weights and not count:  # of a block, whose ops have lines of their own
        return ""
    return texts[line.change.effect]


def _weights(count: int, word: str = "") -> str:
    return f"{count:,} {word}weight{'s' * (count != 1)}"


def where(line: Line, *, verbose: bool) -> str:
    """The paths of a line."""
    paths = [shown(path) for path in line.paths]
    if verbose or len(paths) <= PATHS:
        text = ", ".join(paths)
        if len(paths) == 1 or line.count == len(paths):
            return text
    else:
        text = f"{', '.join(paths[:PATHS])}, …"
    return f"{text} ({line.count:,} × {line.change.op})"


def what(line: Line) -> str:
    """The change with its effect: `stride 2 → 1 (loads, computes something else)`."""
    effect = effect_of(line)
    text = shown(line.change.text, limit=400)
    if line.change.kind is Kind.ARGUMENTS:
        text = f"{shown(line.change.op)} {text}"
    return f"{text} ({effect})" if effect else text


def place(one: Comparison, line: Line) -> str:
    """The file and line of a change."""
    return at(one.spot(line.change))


def at(spot: Spot) -> str:
    """The file and line of a place; the file as seen from the working folder if it is below that."""
    here = os.path.join(os.getcwd(), "")
    file = shown_file(spot.file.removeprefix(here))
    return f"{file}:{spot.line}" if spot.known else file


def follows(lines: Sequence[Line], *, verbose: bool) -> str:
    """The weights that follow their inputs in shape, in a line."""
    count = sum(line.weights for line in lines)
    modules = sum(line.count for line in lines)
    paths = [path for line in lines for path in line.paths]
    more = ", …" * (len(paths) > PATHS and not verbose)
    listed = ", ".join(map(shown, paths if verbose else paths[:PATHS])) + more
    follow = f"{_weights(count)} of {modules:,} more module{'s' * (modules != 1)}"
    return f"{follow} follow{'s' * (count == 1)} in shape: {listed}"


def port_text(port: Port) -> str:
    """An input or output that differs."""
    old, new = port.old, port.new
    if new is None or old is None:
        name, type_ = new or old or ("", TensorType(()))
        named = f" `{shown(name)}`" if name else ""
        return f"{'+' if old is None else '-'} {port.side}{named} {dims(type_.shape)}"
    name = f" `{shown(new[0])}`" if new[0] and new[0] != "input" else ""
    if old[0] != new[0]:
        name = f" `{shown(old[0])}` → `{shown(new[0])}`" if old[0] and new[0] else name
    if old[1] != new[1]:
        before, after = dims(old[1].shape), dims(new[1].shape)
        if before == after:
            before, after = str(old[1]), str(new[1])
        return f"{port.side}{name} {before} → {after}"
    return f"{port.side}{name}" if old[0] != new[0] else f"{port.side}{name} is in another place"


def numbers(one: Comparison) -> Iterator[tuple[str, str]]:
    """The numbers that differ."""
    for quantity in one.quantities:
        if quantity.old != quantity.new:
            yield quantity.name, changed_number(quantity)
    old, new = one.field
    if old != new:
        yield "receptive field", f"{old or 'none'} → {new or 'none'}"


def code_of(line: Line) -> str:
    """The code of the rule that explains a change; empty if it does nothing to weights."""
    return CODES.get(line.change.effect, "")
