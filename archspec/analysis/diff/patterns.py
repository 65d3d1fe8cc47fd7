"""A map of keys as few patterns: `layer*.*` → `stage*.*`, in the form of a spec's `[weights] rename`."""

import re
from collections.abc import Iterable, Iterator, Mapping

from archspec.language.renaming import renamed

LIMIT = 2_000
"""The most renamed modules for which patterns are sought."""
_DIGITS = re.compile("[0-9]+")


def patterns(
    keys: Mapping[str, str], roots: Iterable[tuple[str, str]], most: int = LIMIT
) -> tuple[dict[str, str], dict[str, str]]:
    """Patterns that rename exactly the keys that are renamed in `keys`, and the keys that are left.

    `keys` has an entry for each key of the old network, empty if it has no place in the new one. `roots` are paths of
    renamed modules, old and new. No pattern matches a key that it would rename to another one than `keys` says.
    """
    left = {old: new for old, new in keys.items() if new and old != new}
    found: dict[str, str] = {}
    for old, new in roots:
        if not left or len(found) >= most:
            break
        if old not in left and not any(key in left for key in _below(old, left)):
            continue
        for pattern, to in _candidates(old, new):
            made = _renamed(keys, pattern, to)
            if made and not left.keys().isdisjoint(made):
                found[pattern] = to
                for key in made:
                    left.pop(key, None)
                break
    return found, left


def _renamed(keys: Mapping[str, str], pattern: str, to: str) -> list[str]:
    """The keys that a pattern renames; none if one of them is called otherwise."""
    found = []
    start = pattern.partition("*")[0]
    for key, new in keys.items():
        if key.startswith(start) and (name := renamed(key, pattern, to)) is not None:
            if name != new:
                return []
            found.append(key)
    return found


def _below(path: str, keys: Mapping[str, str]) -> Iterator[str]:
    """The keys below a path."""
    start = f"{path}."
    return (key for key in keys if key.startswith(start))


def _candidates(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Patterns that rename a module and what is in it, the most general first."""
    theirs, ours = old.split("."), new.split(".")
    start = _alike(theirs, ours)
    end = min(_alike(theirs[::-1], ours[::-1]), min(len(theirs), len(ours)) - start)
    middle = [".".join(parts[start : len(parts) - end]) for parts in (theirs, ours)]
    if all(middle):
        prefixes = ["*.", ".".join(theirs[:start]) + "."] if start else [""]
        if middle[0].isdecimal():  # a position says nothing elsewhere
            del prefixes[:-1]
        for prefix in prefixes:
            one, other = prefix + middle[0], prefix + middle[1]
            general = _general(middle[0], middle[1])
            for left, right in ([(prefix + general[0], prefix + general[1])] if general else []) + [
                (one, other)
            ]:
                yield f"{left}.*", f"{right}.*"
                if not end:
                    yield left, right
    elif end and not start:  # another prefix for all
        yield (f"{middle[0]}.*" if middle[0] else "*"), (f"{middle[1]}.*" if middle[1] else "*")
    if general := _general(old, new):
        yield f"{general[0]}.*", f"{general[1]}.*"
    yield f"{old}.*", f"{new}.*"
    yield old, new


def _general(old: str, new: str) -> tuple[str, str] | None:
    """Two names with `*` in place of their numbers, if these are the same."""
    numbers = _DIGITS.findall(old)
    if not numbers or numbers != _DIGITS.findall(new):
        return None
    return _DIGITS.sub("*", old), _DIGITS.sub("*", new)


def _alike(one: list[str], other: list[str]) -> int:
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count
