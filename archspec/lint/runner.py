"""Looking for what is asked for."""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from os import listdir

from archspec.diagnostics import Diagnostic
from archspec.elaborate import Network
from archspec.language.document import Document
from archspec.lint import rules
from archspec.lint.flow import Flows
from archspec.lint.lint import Lint, Text


@cache
def lints() -> dict[str, Lint]:
    """Every rule by its code."""
    found = {}
    for file in sorted(listdir(rules.__path__[0])):
        name = file.removesuffix(".py")
        if name == file or name == "__init__":
            continue
        for member in vars(import_module(f"{rules.__name__}.{name}")).values():
            if isinstance(member, type) and issubclass(member, Lint) and member is not Lint:
                found[member.code] = member()
    return dict(sorted(found.items()))


def of_text(document: Document, codes: Iterable[str]) -> list[Diagnostic]:
    """What these rules find in the text of a file without errors."""
    text = Text(document)
    return [diagnostic for code in codes for diagnostic in lints()[code].text(text)]


def of_network(network: Network, codes: Iterable[str]) -> list[Diagnostic]:
    """What these rules find in a network."""
    flows = Flows(network.root)
    return [diagnostic for code in codes for diagnostic in lints()[code].network(network, flows)]
