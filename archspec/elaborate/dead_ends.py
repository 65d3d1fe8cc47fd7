"""Suggestions for a reference into a node that leads nowhere."""

from archspec.diagnostics.diagnostic import Replacement, shown, suggest
from archspec.elaborate.exposure import entered, names_inside, search
from archspec.ir import Module

LISTED = 12
"""The names that a help text lists at most."""


def instead(name: str, module: Module, path: tuple[str, ...]) -> Replacement | str:
    """A help text for `path`, which does not exist inside of the node called `name`."""
    way, inner = entered(module, path)
    here, word = ".".join((name, *path[:way])), path[way]
    if inner.is_removed:
        return f"nothing is left of `{shown(here)}`: `when` removed it"
    if inner.is_block:
        return _of_block(here, path[way:], inner)
    return (
        within(here, inner, path[way:])
        or _near(here, word, names_inside(inner))
        or f"what can be named inside `{shown(here)}`: {_listed(names_inside(inner))}"
    )


def within(name: str, module: Module, path: tuple[str, ...]) -> Replacement | str | None:
    """A help text for a path whose start is somewhere inside of the node called `name`; `None` if it is not."""
    found = search(module, path[0])
    if found is None:
        return None
    way, block = found
    if block:
        return f"it is inside the block `{block}`, of which only `outputs` can be named: declare it there"
    dotted = shown(".".join((name, *way, *path[1:])))
    return Replacement(dotted, f"a value inside `{name}` is named by its path")


def _of_block(name: str, path: tuple[str, ...], block: Module) -> Replacement | str:
    word = path[0]
    if len(path) > 1 and path[-1] in block.exports:
        return Replacement(shown(f"{name}.{path[-1]}"), "an output is named by the last part of its path")
    if word in names_inside(block):
        return (
            f"it is inside the block `{block.kind}`, of which only `outputs` can be named: declare it there"
        )
    if not block.exports:
        return f"this call of the block `{block.kind}` has no `outputs` that could be named"
    near = _near(name, word, list(block.exports))
    return near or f"the `outputs` of the block `{block.kind}`: {_listed(list(block.exports))}"


def _near(name: str, word: str, known: list[str]) -> Replacement | None:
    return suggest(f"{name}.{word}", [f"{name}.{other}" for other in known]) if suggest(word, known) else None


def _listed(known: list[str]) -> str:
    words = ", ".join(f"`{shown(word)}`" for word in known[:LISTED])
    return f"{words or 'nothing'}{' …' if len(known) > LISTED else ''}"
