"""Two networks side by side, as data: the verdict, the changes with their lines, the interface and the numbers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from archspec.analysis.diff.change import Change, Effect
from archspec.analysis.diff.changes import Changes
from archspec.analysis.diff.difference import Difference, Verdict
from archspec.analysis.diff.interface import Port, interface
from archspec.analysis.expect import check
from archspec.analysis.weights import saved_bytes
from archspec.diagnostics import Diagnostic
from archspec.diagnostics.locate import Locator, Spot, reader
from archspec.language.reading import taken
from archspec.report.numbers import human, in_bytes

if TYPE_CHECKING:
    from archspec.model import Model

CODES = {Effect.FUNCTION: "AS801", Effect.SHAPE: "AS802", Effect.LOST: "AS803", Effect.NEW: "AS804"}
"""The rules that explain what changes do to weights."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a network, before and after. `form` makes it readable."""

    name: str
    old: int
    new: int
    form: Callable[[int], str]

    @property
    def share(self) -> str:
        """The change in percent."""
        if not self.old:
            return ""
        percent = 100 * (self.new - self.old) / self.old
        return f"{percent:+.1f} %" if abs(percent) >= 0.05 else f"{self.new - self.old:+,}"


@dataclass(eq=False, repr=False)
class Comparison:
    """An old and a new network, with what differs. Each part is computed when it is asked for."""

    old: "Model"
    new: "Model"
    expects: bool = True
    """Whether `[expect]` is about these networks: not where parameters or inputs are given."""

    @cached_property
    def difference(self) -> Difference:
        """The aligned networks."""
        return Difference(self.old.network, self.new.network)

    @property
    def verdict(self) -> Verdict:
        """What becomes of a checkpoint of the old network."""
        return self.difference.verdict

    @cached_property
    def changes(self) -> list[Change]:
        """All changes, in the order of the new network."""
        return Changes(self.difference).all()

    @cached_property
    def interface(self) -> list[Port]:
        """The inputs and outputs that differ."""
        return interface(self.old.network, self.new.network)

    @cached_property
    def quantities(self) -> list[Quantity]:
        """The numbers of both networks."""
        return [*_quantities(self.old, self.new)]

    @cached_property
    def field(self) -> tuple[str, str]:
        """The receptive field of the first output of each network; empty without spatial axes."""
        return _field(self.old), _field(self.new)

    @cached_property
    def broken(self) -> list[tuple[Diagnostic, bool]]:
        """What `[expect]` of the new spec expects in vain, and what that of the old one did; whether it is the old."""
        if not self.expects:
            return []
        new = self.new.check()
        found = [(diagnostic, False) for diagnostic in new]
        if self.old.name == self.new.name and self.old.file != self.new.file:
            given = replace(self.new.network, document=self.old.network.document)
            before = [*check(given, self.new.report)] if not self.old.check() else []
            found += [(one, True) for one in before if replace(one, file=self.new.file) not in new]
        return found

    @cached_property
    def locator(self) -> Locator:
        """Finds the lines of changes."""
        return Locator(reader({path: data.decode("utf-8", "replace") for path, data in taken.items()}))

    def spot(self, change: Change) -> Spot:
        """Where a change is written."""
        path = change.origin.path
        if change.fields:
            path = (*path, change.fields[0].name)
        elif change.kind == "repeat":
            path = (*path, "repeat")
        elif change.kind == "inputs":
            path = (*path, "from")
        return self.locator.spot(change.origin.file, path)


def _quantities(old: "Model", new: "Model") -> Iterator[Quantity]:
    pairs: list[tuple[str, Callable[[Model], int], Callable[[int], str]]] = [
        ("params", lambda model: model.totals.params, "{:,}".format),
        ("training params", lambda model: model.training_totals.params, "{:,}".format),
        ("MACs", lambda model: model.totals.macs, lambda number: f"{number:,}"),
        ("weights file", lambda model: saved_bytes(model.root), in_bytes),
        ("inference memory", lambda model: _memory(model)[0], in_bytes),
        ("training memory", lambda model: _memory(model)[1], in_bytes),
    ]
    known: dict[Model, tuple[int, int]] = {}

    def _memory(model: "Model") -> tuple[int, int]:
        if model not in known:
            memory = model.memory()
            known[model] = memory.inference.total, memory.training.total
        return known[model]

    for name, number, form in pairs:
        if name == "training params" and all(model.report.training is None for model in (old, new)):
            continue
        yield Quantity(name, number(old), number(new), form)


def _field(model: "Model") -> str:
    from archspec.analysis.receptive_field import output_fields

    found = next(iter(output_fields(model.root)), None)
    if found is None or not found.axes:
        return ""
    if found.everything:
        return "everything"
    return "×".join(f"{size:,}" for size in found.size) + " stride " + "×".join(map(str, found.stride))


def sentence(one: Comparison) -> str:
    """The verdict in a sentence."""
    difference = one.difference
    old, new = difference.counts
    count = f"all {old:,} weights" if old > 1 else "the weight"
    same = difference.same_function if one.verdict is Verdict.RENAMES else False
    texts = {
        Verdict.IDENTICAL: "the networks are the same",
        Verdict.OUTPUTS: "old checkpoints load, and the outputs stay the same",
        Verdict.WEIGHTS: "old checkpoints load, but the network computes something else",
        Verdict.RENAMES: f"{count} load under new names; "
        + ("the outputs stay the same" if same else "the network computes something else"),
        Verdict.PARTIAL: f"{_loaded(difference)}; {_rest(difference)}",
        Verdict.NONE: f"none of the {old:,} old weights loads into the {new:,} new ones",
    }
    return texts[one.verdict]


def _loaded(difference: Difference) -> str:
    """How many weights load, and how many of them under new names only."""
    (old, _), carried = difference.counts, difference.carried
    text = f"all {old:,} old weights" if carried == old else f"{carried:,} of {old:,} old weights"
    renamed = carried - difference.keys.total().same
    return (
        f"{text} load under new names"
        if renamed == carried
        else f"{text} load" + f" ({renamed:,} under new names)" * bool(renamed)
    )


def _rest(difference: Difference) -> str:
    """What becomes of the other weights."""
    (old, new), carried = difference.counts, difference.carried
    parts = []
    if old > carried:
        parts.append(f"{old - carried:,} have no place or another shape")
    if new > carried:
        parts.append(f"{new - carried:,} of the {new:,} new ones start anew")
    return ", ".join(parts)


def changed_number(quantity: Quantity) -> str:
    """A number before and after, and the difference."""
    share = f" ({quantity.share})" if quantity.share else ""
    return f"{quantity.form(quantity.old)} → {quantity.form(quantity.new)}{share}"


def short_number(quantity: Quantity) -> str:
    """The same with four digits, for tables of many networks."""
    if quantity.old == quantity.new:
        return human(quantity.new)
    return f"{human(quantity.old)} → {human(quantity.new)}"
