"""Unused `let`s."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic
from archspec.lint.lint import Lint, SpecText
from archspec.lint.names import mentioned_inside


class UnusedLet(Lint):
    """A `let` that no expression uses.

    Something else was written where the value was meant, or the `let` is left over.

    Use it where it was meant, or delete it.
    """

    code: ClassVar[str] = "AS603"
    bad: ClassVar[str] = """\
archspec = 1

[params]
width = 16

[let]
hidden = "width * 4"

[model]
input = ["N", 784]
layers = [{ op = "linear", out = "width" }]
"""
    good: ClassVar[str] = bad.replace('out = "width"', 'out = "hidden"')

    def text(self, text: SpecText) -> Iterator[Diagnostic]:
        """Check the `let`s of the file, the model, each block, and groups."""
        document = text.document
        for name in document.let:
            if name not in text.used:
                yield self.unused(name, document.file, "let")
        for definition, own in text.mentions.items():
            for name in definition.let:
                if name not in own.all:
                    yield self.unused(name, document.file, *definition.path, "let")
            for step in own.steps:
                for name in step.let.keys() - mentioned_inside(step) if step.let else ():
                    yield self.unused(name, document.file, *step.path, "let")
