"""Report how the weights in a file differ from those of a network, and suggest a renaming."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from archspec.diagnostics.diagnostic import shown, shown_file
from archspec.language.renaming import renamed

LISTED = 8
"""The most keys, or groups of keys, that a report lists of each kind."""
_RENAMINGS = 8
"""The most patterns that are suggested."""
_CANDIDATES = 16
"""The most patterns that are tried."""
_SHARE = 100
"""A pattern is tried if at least one in this many pairs differs by it."""
_SYNONYMS = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "moving_var": "running_var",
}
WeightShape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Misfits:
    """The keys that do not match, with their shapes."""

    missing: Mapping[str, WeightShape]
    unexpected: Mapping[str, WeightShape]
    misshapen: Mapping[str, tuple[WeightShape, WeightShape]]
    """The file's shape, and the network's."""

    def __bool__(self) -> bool:
        return bool(self.missing or self.unexpected or self.misshapen)


def report(misfits: Misfits, late: Collection[str], path: str) -> str:
    """What is wrong with a weight file, and what may help. `late` are the weights that only training needs."""
    shapes = {
        f"`{shown(key)}` is {list(theirs)}, not {list(ours)}": 1
        for key, (theirs, ours) in misfits.misshapen.items()
    }
    found = [
        ("missing", grouped(misfits.missing)),
        ("unexpected", grouped(misfits.unexpected)),
        ("shapes differ", shapes),
    ]
    lines = [f"{what}: {listed(words)}" for what, words in found if words]
    return "\n  ".join(
        [f"the weights in `{shown_file(path)}` do not match this network", *lines, *_help(misfits, late)]
    )


def grouped(keys: Iterable[str]) -> Counter[str]:
    """Merge keys that differ only in numbers into one, with `*` for the numbers that differ."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault(re.sub(r"[0-9]+", "0", key), []).append(key)
    return Counter({f"`{shown(_pattern(members))}`": len(members) for members in groups.values()})


def _pattern(keys: list[str]) -> str:
    if len(keys) == 1:
        return keys[0]
    columns = zip(*(re.split(r"([0-9]+)", key) for key in keys), strict=True)
    return "".join(parts[0] if len({*parts}) == 1 else "*" for parts in columns)


def listed(words: Mapping[str, int]) -> str:
    """Keys, or groups of keys with their sizes, in a line."""
    shown_ = [f"{word} ({count:,} keys)" if count > 1 else word for word, count in [*words.items()][:LISTED]]
    rest = sum([*words.values()][LISTED:])
    return ", ".join(shown_) + (f", and {rest:,} more" if rest else "")


def _help(misfits: Misfits, late: Collection[str]) -> Iterator[str]:
    if misfits.missing and late and all(key in late for key in misfits.missing):
        yield (
            "only training needs the missing weights: leave them out with `--no-training-outputs`, in Python with "
            "`training_outputs=False`"
        )
    if misfits.missing and misfits.unexpected:
        patterns, count = nearest(misfits.unexpected, misfits.missing)
        if 2 * count >= len(misfits.missing):
            table = ", ".join(f"{_quoted(old)} = {_quoted(new)}" for old, new in patterns.items())
            all_ = "all" if count == len(misfits.missing) else f"{count:,} keys"
            yield f"{all_} of the missing ones may have other names in the file, which the spec can map:"
            yield f"  [weights] rename = {{ {table} }}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# --- the nearest renaming ----------------------------------------------------------------------------


def nearest(theirs: Mapping[str, WeightShape], ours: Mapping[str, WeightShape]) -> tuple[dict[str, str], int]:
    """Renaming patterns from the names of the first table to those of the second, and how many names they match.

    Names of equal shape and last component are paired in file order, or sorted by the numbers in them.
    """
    candidates = Counter(
        pattern for left, right in _pairs(theirs, ours) if (pattern := _difference(left, right)) is not None
    )
    found: dict[str, str] = {}
    left = dict(theirs)
    given: set[str] = set()
    total = candidates.total()
    for (old, new), count in candidates.most_common(_CANDIDATES):
        if len(found) == _RENAMINGS or count * _SHARE < total:
            break
        made = {
            name: key
            for key in left
            if (name := renamed(key, old, new)) is not None
            and ours.get(name) == left[key]
            and name not in given
        }
        if made and old not in found:
            found[old] = new
            given |= made.keys()
            for key in made.values():
                left.pop(key, None)
    return found, len(given)


def _pairs(theirs: Mapping[str, WeightShape], ours: Mapping[str, WeightShape]) -> Iterator[tuple[str, str]]:
    """Pairs of keys of equal shape and last component, where both tables have equally many of them."""
    groups: dict[tuple[WeightShape, str], tuple[list[str], list[str]]] = {}
    for side, table in enumerate((theirs, ours)):
        for key, shape in table.items():
            groups.setdefault((shape, _leaf(key)), ([], []))[side].append(key)
    sort = [*theirs] == sorted(theirs)  # as in safetensors files, whose order carries no information
    for left, right in groups.values():
        if len(left) == len(right):
            yield from zip(
                *(sorted(keys, key=_by_numbers) if sort else keys for keys in (left, right)), strict=True
            )


def _leaf(key: str) -> str:
    """The last component of a key, which alone distinguishes a scale from a variance of the same shape."""
    leaf = key.rpartition(".")[2]
    return _SYNONYMS.get(leaf, leaf)


def _by_numbers(key: str) -> tuple[list[tuple[int, str]], str]:
    numbers = [(len(digits), digits) for digits in re.findall(r"[0-9]+", key)]
    return numbers, re.sub(r"[0-9]+", "", key)


def _difference(old: str, new: str) -> tuple[str, str] | None:
    """Two names as renaming patterns: the components that differ, with `*` for the common prefix and suffix."""
    theirs, ours = old.split("."), new.split(".")
    start = _alike(theirs, ours)
    end = min(_alike(theirs[::-1], ours[::-1]), min(len(theirs), len(ours)) - start)
    inner = [parts[start : len(parts) - end] for parts in (theirs, ours)]
    before, after = "*" if start else "", "*" if end else ""
    patterns = [
        ".".join([*([before] if before else []), *part, *([after] if after else [])]) for part in inner
    ]
    return None if patterns[0] == patterns[1] or "*" in old + new else (patterns[0], patterns[1])


def _alike(one: list[str], other: list[str]) -> int:
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count
