"""Remove unused arguments and local variables."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from archspec.backends.torch.source.parts import Built, Class, Constructor
from archspec.backends.torch.source.symbols import SourceSymbol, names, substitute


def drop_unused(class_: Class) -> None:
    """Remove unused arguments and local variables, and inline local variables that are used once."""
    while True:
        counts: dict[str, int] = {}
        for symbol in _symbols(class_):
            for name in names(symbol.tree):
                counts[name] = counts.get(name, 0) + 1
        rare = next((item for item in class_.locals if counts.get(item[0], 0) < 2), None)
        if rare is None:
            break
        class_.locals.remove(rare)
        mapping = {rare[0]: rare[2].tree}
        _replace(class_, mapping)
    class_.parameters[:] = [p for p in class_.parameters if p.key in counts]


def _symbols(class_: Class) -> Iterator[SourceSymbol]:
    for _, _, symbol in class_.locals:
        yield symbol
    for part in class_.parts:
        yield from (symbol for symbol in (part.when, part.count) if symbol is not None)
        yield from _made_symbols(part.made)
        yield from (SourceSymbol(tree, ()) for tree in part.template if not isinstance(tree, str))
    for action in class_.actions:
        if action.flag is not None:
            yield action.flag
        yield from (number.symbol for number in action.numbers.values())
    if class_.chain is not None:
        yield from _made_symbols(class_.chain)


def _made_symbols(made: Built) -> Iterator[SourceSymbol]:
    if isinstance(made, Constructor):
        yield from (symbol for _, symbol in made.arguments)
        if isinstance(made.target, SourceSymbol):
            yield made.target
        return
    for item in made.items:
        yield from (symbol for symbol in (item.when, item.count) if symbol is not None)
        yield from _made_symbols(item.made)


def _replace(class_: Class, mapping: dict[str, Any]) -> None:
    def changed(symbol: SourceSymbol) -> SourceSymbol:
        return SourceSymbol(substitute(symbol.tree, mapping), symbol.values)

    def change(made: Built) -> None:
        if isinstance(made, Constructor):
            made.arguments = [(key, changed(symbol)) for key, symbol in made.arguments]
            return
        for item in made.items:
            item.when = item.when and changed(item.when)
            item.count = item.count and changed(item.count)
            change(item.made)

    class_.locals[:] = [(key, wanted, changed(symbol)) for key, wanted, symbol in class_.locals]
    for part in class_.parts:
        part.when = part.when and changed(part.when)
        part.count = part.count and changed(part.count)
        change(part.made)
    for action in class_.actions:
        action.flag = action.flag and changed(action.flag)
        for key, number in action.numbers.items():
            action.numbers[key] = replace(number, symbol=changed(number.symbol))
    if class_.chain is not None:
        change(class_.chain)
