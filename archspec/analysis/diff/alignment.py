"""Align two sequences: which element of the new one is which of the old one."""

from bisect import bisect_left
from collections.abc import Callable, Hashable, Sequence
from difflib import SequenceMatcher

CELLS = 40_000
"""The largest table of likenesses that is filled; longer sequences are aligned by equal elements alone."""

Likeness = Callable[[int, int], float]
"""How alike an old and a new element are, given their places; 0 or less: not at all."""


def aligned(old: Sequence[Hashable], new: Sequence[Hashable], likeness: Likeness) -> list[tuple[int, int]]:
    """Pairs of places in increasing order, with the greatest sum of likenesses. Equal elements are cheap."""
    start = 0
    stop = min(len(old), len(new))
    while start < stop and old[start] == new[start]:
        start += 1
    end = 0
    while end < stop - start and old[-1 - end] == new[-1 - end]:
        end += 1
    rows, columns = range(start, len(old) - end), range(start, len(new) - end)
    pairs = [(place, place) for place in range(start)]
    if len(rows) * len(columns) <= CELLS:
        pairs += _best(rows, columns, likeness)
    else:
        pairs += _by_equality(old, new, rows, columns, likeness)
    return pairs + [(len(old) - end + place, len(new) - end + place) for place in range(end)]


def _best(rows: range, columns: range, likeness: Likeness) -> list[tuple[int, int]]:
    """The best alignment of two ranges, by dynamic programming from the end, so that ties are matched early."""
    width = len(columns)
    table = [[0.0] * (width + 1) for _ in range(len(rows) + 1)]
    scores = [[likeness(row, column) for column in columns] for row in rows]
    for row in range(len(rows) - 1, -1, -1):
        line, below, score = table[row], table[row + 1], scores[row]
        for column in range(width - 1, -1, -1):
            best = below[column] if below[column] >= line[column + 1] else line[column + 1]
            if score[column] > 0:
                matched = below[column + 1] + score[column]
                best = max(best, matched)
            line[column] = best
    pairs = []
    row = column = 0
    while row < len(rows) and column < width:
        score_here = scores[row][column]
        if score_here > 0 and table[row][column] == table[row + 1][column + 1] + score_here:
            pairs.append((rows[row], columns[column]))
            row, column = row + 1, column + 1
        elif table[row][column] == table[row + 1][column]:
            row += 1
        else:
            column += 1
    return pairs


def _by_equality(
    old: Sequence[Hashable], new: Sequence[Hashable], rows: range, columns: range, likeness: Likeness
) -> list[tuple[int, int]]:
    """An alignment of long ranges: of equal elements, and in between of those that are alike in their places."""
    left, right = [old[row] for row in rows], [new[column] for column in columns]
    pairs = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag in ("equal", "replace"):
            found = [(rows[i], columns[j]) for i, j in zip(range(i1, i2), range(j1, j2), strict=False)]
            pairs += found if tag == "equal" else [pair for pair in found if likeness(*pair) > 0]
    return pairs


def increasing(values: Sequence[int]) -> set[int]:
    """The places of a longest increasing subsequence."""
    ends: list[int] = []
    places: list[int] = []
    before: list[int] = []
    for place, value in enumerate(values):
        at = bisect_left(ends, value)
        before.append(places[at - 1] if at else -1)
        ends[at : at + 1] = [value]
        places[at : at + 1] = [place]
    found = set()
    place = places[-1] if places else -1
    while place >= 0:
        found.add(place)
        place = before[place]
    return found
