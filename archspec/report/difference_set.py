"""The differences of many networks: those of a file's variants, or of two folders."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from archspec._version import __version__
from archspec.analysis.diff.difference import Verdict
from archspec.diagnostics.diagnostic import shown
from archspec.report.difference import Comparison, Quantity, sentence, short_number
from archspec.report.difference_lines import code_of, grouped, what
from archspec.report.difference_text import details, expectations, text
from archspec.report.machine import FORMAT_VERSION

NAMES = 3
"""The most names in a heading."""
EXPECTED = 3
"""The most expectations that are listed for networks with the same changes."""
NUMBERS = ("params", "MACs")
"""The numbers in the table of many networks."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A network by name. `comparison` is `None` for one that is only in one of two folders, or was broken before."""

    name: str
    status: str
    """`compared`, `added`, `removed`, or `mended` where the old spec was wrong."""
    comparison: Comparison | None = None

    @property
    def verdict(self) -> str:
        """The category, or what else happened."""
        return self.comparison.verdict if self.comparison else self.status

    @property
    def is_same(self) -> bool:
        """Whether nothing has changed."""
        return self.verdict == Verdict.IDENTICAL

    @property
    def rank(self) -> int:
        """How far it is from `identical`; a network that is gone loads nothing."""
        if self.comparison is not None:
            return self.comparison.verdict.rank
        return Verdict.NONE.rank if self.status == "removed" else 0

    def number(self, name: str) -> str:
        """A number before and after, in short."""
        if self.comparison is None:
            return ""
        return short_number(next(one for one in self.comparison.quantities if one.name == name))


def worst(entries: Sequence[Entry]) -> int:
    """The rank of the most lenient verdict."""
    return max([entry.rank for entry in entries], default=0)


def headline(entries: Sequence[Entry]) -> str:
    """What happened to all networks, in a sentence."""
    if len(entries) == 1:
        entry = entries[0]
        if entry.comparison is None:
            return f"{shown(entry.name)} is {_status(entry)}"
        return f"{shown(entry.name)}: {entry.verdict}: {sentence(entry.comparison)}"
    changed = [entry for entry in entries if not entry.is_same]
    if not changed:
        return f"none of {len(entries):,} networks changed"
    words = {
        Verdict.OUTPUTS: "with the same outputs",
        Verdict.WEIGHTS: "compute something else with old weights",
        Verdict.RENAMES: "with renamed weights",
        Verdict.PARTIAL: "load old weights in part",
        Verdict.NONE: "load no old weights",
        "mended": "were wrong before",
    }
    counts = [
        (kind, sum(entry.verdict == kind for entry in entries))
        for kind in (*Verdict, "added", "removed", "mended")
    ]
    listed = [f"{count:,} {words.get(kind, str(kind))}" for kind, count in counts[1:] if count]
    return f"{len(changed):,} of {len(entries):,} networks changed: {', '.join(listed)}"


def _status(entry: Entry) -> str:
    return "new here; the old spec was wrong" if entry.status == "mended" else entry.status


def alike(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """The compared networks that are not the same, those with the same changes together."""
    groups: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        one = entry.comparison
        if one is not None and not entry.is_same:
            lines, shapes = grouped(one.changes)
            key = (entry.verdict, *[(line.change.path, what(line)) for line in (*lines, *shapes)])
            groups.setdefault(key, []).append(entry)
    yield from groups.values()


def set_text(entries: Sequence[Entry], *, verbose: bool = False) -> str:
    """The text of all: for a single network its own, else a table and the distinct details."""
    if len(entries) == 1 and entries[0].comparison is not None:
        return text(entries[0].comparison, verbose=verbose)
    lines = [headline(entries), *_table(entries)]
    for group in alike(entries):
        one = group[0].comparison
        assert one is not None  # noqa: S101 — these are compared
        lines += [
            "",
            f"{names_of(group)}: {one.verdict}: {sentence(one)}",
            *group_details(group, verbose=verbose),
        ]
    return "\n".join(lines) + "\n"


def names_of(group: Sequence[Entry]) -> str:
    """The names of networks with the same changes, in short."""
    names = [shown(entry.name) for entry in group]
    return (
        ", ".join(names)
        if len(names) <= NAMES
        else f"{', '.join(names[:NAMES])} and {len(names) - NAMES:,} more"
    )


def group_details(group: Sequence[Entry], *, verbose: bool) -> Iterator[str]:
    """What differs in networks with the same changes."""
    compared = [entry.comparison for entry in group if entry.comparison is not None]
    yield from details(compared[0], verbose=verbose, alone=len(compared) == 1)
    if len(compared) > 1:
        found = [line for one in compared for line in expectations(one)]
        yield from found if verbose else found[:EXPECTED]
        if len(found) > EXPECTED and not verbose:
            yield f"  … and {len(found) - EXPECTED:,} more that [expect] says (all: --verbose)"


def _table(entries: Sequence[Entry]) -> Iterator[str]:
    """A row for each network that is not the same."""
    rows = [
        [shown(entry.name), str(entry.verdict), *(entry.number(name) for name in NUMBERS)]
        for entry in entries
        if not entry.is_same
    ]
    if not rows:
        return
    rows.insert(0, ["", "verdict", *NUMBERS])
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        yield ("  " + "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))).rstrip()


def set_json(entries: Sequence[Entry]) -> dict[str, Any]:
    """All as plain data."""
    return {
        "format_version": FORMAT_VERSION,
        "archspec": __version__,
        "summary": headline(entries),
        "comparisons": [
            {
                "name": entry.name,
                "status": entry.status,
                **(to_json(entry.comparison) if entry.comparison else {}),
            }
            for entry in entries
        ],
    }


def to_json(one: Comparison) -> dict[str, Any]:
    """A comparison as plain data."""
    difference = one.difference
    old, new = difference.counts
    return {
        "old": {"spec": one.old.file, "model": one.old.network.document.name, "variant": one.old.variant},
        "new": {"spec": one.new.file, "model": one.new.network.document.name, "variant": one.new.variant},
        "verdict": str(one.verdict),
        "sentence": sentence(one),
        "same_outputs": difference.same_function,
        "weights": {"old": old, "new": new, "carried": difference.carried},
        "renames": difference.patterns if difference.is_listed else None,
        "changes": [*_changes(one)],
        "interface": [
            {
                "code": "AS806",
                "side": port.side,
                "name": port.name,
                "old": list(port.old[1].shape) if port.old else None,
                "new": list(port.new[1].shape) if port.new else None,
            }
            for port in one.interface
        ],
        "numbers": {
            **{_key(item): {"old": item.old, "new": item.new} for item in one.quantities},
            "receptive_field": dict(zip(("old", "new"), one.field, strict=True)),
        },
        "expect": [
            {**found.to_json(), "line": one.locator.spot(found.file, found.path).line, "old": is_old}
            for found, is_old in one.broken
        ],
    }


def _key(quantity: Quantity) -> str:
    return quantity.name.lower().replace(" ", "_")


def _changes(one: Comparison) -> Iterator[dict[str, Any]]:
    lines, shapes = grouped(one.changes)
    for line in (*lines, *shapes):
        for change in line.changes:
            spot = one.spot(change)
            yield {
                "kind": str(change.kind),
                "code": code_of(line) or None,
                "path": change.path,
                "in_old": change.in_old,
                "op": change.op,
                "text": change.text,
                "old": change.old,
                "new": change.new,
                "fields": [asdict(item) for item in change.fields],
                "effect": str(change.effect),
                "weights": change.weights,
                "count": change.count,
                "file": spot.file,
                "line": spot.line or None,
                "column": spot.column or None,
            }
