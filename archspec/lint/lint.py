"""The base class of lint rules, and their input."""

from collections.abc import Hashable, Iterator
from functools import cached_property
from typing import ClassVar, TypedDict, Unpack

from archspec.diagnostics import Diagnostic, Label
from archspec.diagnostics.diagnostic import Path
from archspec.diagnostics.rule import Rule
from archspec.elaborate.plans import Plans
from archspec.ir import Origin
from archspec.language.document import Definition, Document
from archspec.lint.flow import Flows
from archspec.lint.names import Mentions, of_file

Verdict = tuple[Hashable, Diagnostic | None]
"""A node and a finding about it, which is dropped if another network of the file has `None` for the same node."""


PUBLISHED = "; if a published network has it, add the rule to `[lint] ignore`"
"""The end of the help for findings that are intended in published networks."""


class Details(TypedDict, total=False):
    """What a finding may say beside its message, as `Diagnostic` has it."""

    notes: tuple[str, ...]
    help: str | None
    labels: tuple[Label, ...]
    subject: str
    about_key: bool


class SpecText:
    """The text of a spec without errors, before elaboration."""

    def __init__(self, document: Document, plans: Plans) -> None:
        self.document = document
        self.mentions = {
            definition: Mentions(definition, plans.of(definition)) for definition in definitions(document)
        }
        """The names used by each definition."""

    @cached_property
    def used(self) -> frozenset[str]:
        """The names of the file that are used in it."""
        return of_file(self.document).union(*(own.outside for own in self.mentions.values()))


class Lint(Rule):
    """A lint rule: a rule about specs without errors."""

    severity: ClassVar[str] = "warning"

    def text(self, text: SpecText) -> Iterator[Diagnostic]:
        """The findings in a file, independent of its parameters."""
        yield from ()

    def network(self, flows: Flows) -> Iterator[Verdict]:
        """The verdicts on the nodes of one network of a file."""
        yield from ()

    def found(self, message: str, file: str, path: Path, **details: Unpack[Details]) -> Diagnostic:
        """A finding of this rule."""
        return Diagnostic(self.code, message, file, path, severity=self.severity, **details)

    def unused(self, name: str, file: str, *path: str | int) -> Diagnostic:
        """A finding of this rule about an unused name."""
        help_ = "use it where it was meant, or delete it"
        return self.found(f"`{name}` is never used", file, (*path, name), help=help_, about_key=True)

    def found_at(self, message: str, origin: Origin, *at: str, **details: Unpack[Details]) -> Diagnostic:
        """A finding of this rule about a node, or a key of it."""
        return self.found(message, origin.file, (*origin.path, *at), **details)


def definitions(document: Document) -> Iterator[Definition]:
    """The blocks of a file, and its model."""
    yield from document.blocks.values()
    if document.model is not None:
        yield document.model
