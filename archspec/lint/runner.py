"""Run the enabled rules."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from os import listdir

from archspec.diagnostics import Diagnostic
from archspec.elaborate import Network
from archspec.elaborate.plans import Plans
from archspec.language.document import Document
from archspec.lint import rules
from archspec.lint.flow import Flows
from archspec.lint.lint import Lint, SpecText


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


def of_text(document: Document, plans: Plans, codes: Iterable[str]) -> list[Diagnostic]:
    """The findings of these rules in the text of a file without errors."""
    text = SpecText(document, plans)
    return [diagnostic for code in codes for diagnostic in lints()[code].text(text)]


@dataclass(slots=True)
class Networks:
    """The findings of these rules in the networks of a file, which are added one by one."""

    codes: Sequence[str]
    verdicts: dict[tuple[str, Hashable], Diagnostic | None] = field(default_factory=dict)
    anywhere: set[str] = field(default_factory=set)
    """The codes of the findings in any network, whether or not they hold in the others."""

    def look_at(self, network: Network) -> None:
        """Check another network."""
        rules = [lints()[code] for code in self.codes if not is_of_text(code)]
        flows = Flows(network.root) if rules else None
        for rule in rules:
            assert flows is not None  # noqa: S101 — set if there is a rule
            for node, diagnostic in rule.network(flows):
                key = rule.code, node
                if diagnostic is None:
                    self.verdicts[key] = None
                else:
                    self.verdicts.setdefault(key, diagnostic)
                    self.anywhere.add(diagnostic.code)

    @property
    def found(self) -> list[Diagnostic]:
        """The findings that hold in every network that has the node."""
        return [diagnostic for diagnostic in self.verdicts.values() if diagnostic is not None]


def is_of_text(code: str) -> bool:
    """Whether a rule checks the text of a file only."""
    return type(lints()[code]).network is Lint.network
