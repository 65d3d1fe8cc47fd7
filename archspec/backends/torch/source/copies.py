"""Copies of a node: aligned across instances, and merged where consecutive items are equal."""

import re
from dataclasses import replace

from archspec.backends.torch.source.align import Unlike, runs
from archspec.backends.torch.source.modules import Sites, equal
from archspec.backends.torch.source.parts import ChainItem, Class, Constructor
from archspec.backends.torch.source.symbols import SourceSymbol
from archspec.ir import Node
from archspec.language.expressions import Literal

_NUMBER = re.compile("0|[1-9][0-9]*")


def merged(places: Sites) -> list[list[list[Node]]]:
    """The nodes of chains, aligned: for each instance the copies of a node, none where it was removed."""
    rows: list[list[list[Node]] | None] = [
        None if place is None else runs(list(place.module.body)) for place in places
    ]
    longest = max((row for row in rows if row is not None), key=len, default=[])
    at = [0] * len(rows)
    merged = []
    for position, reference in enumerate(longest):
        origin = reference[0].origin
        following = longest[position + 1][0].origin if position + 1 < len(longest) else None
        group: list[list[Node]] = []
        for index, row in enumerate(rows):
            if row is None:
                group.append([])
                continue
            own = row[at[index]] if at[index] < len(row) else None
            if own is None:
                raise Unlike
            removed = own[0].module.is_removed
            inside = own[0].origin.path == origin.path[: len(own[0].origin.path)]
            if own[0].origin == origin and own[0].copy[:-1] == reference[0].copy[:-1]:
                group.append([] if removed else own)
                at[index] += 1
            elif removed and inside:
                group.append([])
                path = own[0].origin.path
                if following is None or following.path[: len(path)] != path:
                    at[index] += 1
            else:
                raise Unlike
        merged.append(group)
    if any(row is not None and at[index] != len(row) for index, row in enumerate(rows)):
        raise Unlike
    return merged


def joined(items: list[ChainItem]) -> list[ChainItem]:
    """Merge equal consecutive items into one with a count."""
    result: list[ChainItem] = []
    for item in items:
        last = result[-1] if result else None
        if (
            last is not None
            and item.positional
            and last.positional
            and not item.inits
            and not last.inits
            and item.when is None
            and last.when is None
            and item.count is None
            and isinstance(item.made, Constructor)
            and isinstance(item.made.target, Class)
            and equal(item.made, last.made)
            and (last.count is None or last.count.is_literal)
        ):
            number = 1 if last.count is None else int(last.count.values[0])
            values = (number + 1,) * len(last.count.values if last.count else (0,))
            result[-1] = replace(last, count=SourceSymbol(Literal(number + 1), values), comment=item.comment)
        else:
            result.append(item)
    return result


def numbered(items: list[ChainItem]) -> list[ChainItem]:
    """Merge at least three equal consecutive items, whose names count, into one with a count: `a0`, `a1`, `a2`."""
    result: list[ChainItem] = []
    index = 0
    while index < len(items):
        for number in _NUMBER.finditer(items[index].name):
            around = items[index].name[: number.start()], items[index].name[number.end() :]
            count = _counting(items[index:], int(number[0]), around)
            if count >= 3:
                symbol = SourceSymbol(Literal(count), (count,))
                merged_ = replace(items[index], count=symbol, start=int(number[0]), around=around)
                result.append(merged_)
                index += count
                break
        else:
            result.append(items[index])
            index += 1
    return result


def _counting(items: list[ChainItem], start: int, around: tuple[str, str]) -> int:
    """How many items from the first on are equal to it, and have its name with the next number in this place."""
    for count, item in enumerate(items):
        if (
            not isinstance(item.made, Constructor)
            or item.inits
            or item.positional
            or item.when is not None
            or item.count is not None
            or item.name != f"{start + count}".join(around)
            or (count and item.comment)
            or not equal(item.made, items[0].made)
        ):
            return count
    return len(items)
