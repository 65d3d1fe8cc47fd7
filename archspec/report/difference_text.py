"""The difference of two networks as text."""

from collections.abc import Iterator

from archspec.diagnostics.diagnostic import shown
from archspec.report.difference import Comparison, sentence
from archspec.report.difference_lines import (
    LISTED,
    Line,
    at,
    follows,
    grouped,
    numbers,
    place,
    port_text,
    what,
    where,
)
from archspec.report.wrapping import cells

RENAMED = 8
"""The most patterns of renamed keys that are shown, unless all are asked for."""
KEYS = 100_000
"""The most keys of networks whose renamed ones are shown: they are compared one by one."""
WIDTH = 100
"""The column at which the place of a change ends, where it fits."""


def text(one: Comparison, title: str = "", *, verbose: bool = False) -> str:
    """The verdict in a sentence, then what differs."""
    head = f"{title}: " if title else ""
    return "\n".join([f"{head}{one.verdict}: {sentence(one)}", *details(one, verbose=verbose)]) + "\n"


def details(one: Comparison, *, verbose: bool, alone: bool = True) -> Iterator[str]:
    """What differs, in indented lines. What is not `alone`, but stands for networks with the same changes, is without
    numbers."""
    lines, shapes = grouped(one.changes)
    kept = lines if verbose else lines[:LISTED]
    for line in kept:
        yield _beside(f"  {where(line, verbose=verbose)}: {what(line)}", place(one, line))
    if len(lines) > len(kept):
        yield f"  … and {_count(lines[len(kept) :])} more changes (all: --verbose)"
    if shapes:
        yield f"  {follows(shapes, verbose=verbose)}"
    yield from _renames(one, verbose=verbose)
    for port in one.interface:
        yield f"  {port_text(port)}"
    if alone:
        for name, value in numbers(one):
            yield f"  {name} {value}"
        yield from expectations(one)


def expectations(one: Comparison) -> Iterator[str]:
    """What `[expect]` expects in vain."""
    for diagnostic, is_old in one.broken:
        spot = one.locator.spot(diagnostic.file, diagnostic.path)
        note = "the old [expect] no longer holds" if is_old else "[expect] is broken"
        yield _beside(f"  {note}: {diagnostic.message}", at(spot))


def _renames(one: Comparison, *, verbose: bool) -> Iterator[str]:
    if max(one.difference.counts) > KEYS:
        return
    found, left = one.difference.few_patterns(RENAMED) if not verbose else (one.difference.patterns, {})
    for old, new in found.items():
        yield f"  renamed: {shown(old)} → {shown(new)}"
    if left:
        yield f"  … and {len(left):,} more keys (all: --rename-map FILE)"


def _beside(text_: str, at_: str) -> str:
    """A line with its place at the right."""
    return f"{text_}{' ' * max(WIDTH - cells(text_) - cells(at_), 2)}{at_}"


def _count(lines: list[Line]) -> int:
    return sum(len(line.changes) for line in lines)
