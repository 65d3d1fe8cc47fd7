"""Unused parameters."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic
from archspec.language.document import Definition, section_of
from archspec.lint.lint import Lint, SpecText


class UnusedParam(Lint):
    """A parameter that no expression uses.

    Setting it has no effect: a number was written where the parameter was meant, or the parameter is left over.

    Use it where it was meant, or delete it.
    """

    code: ClassVar[str] = "AS602"
    bad: ClassVar[str] = """\
archspec = 1

[params]
classes = 10

[model]
input = ["N", 784]
layers = [{ op = "linear", out = 10 }]
"""
    good: ClassVar[str] = bad.replace('"linear", out = 10', '"linear", out = "classes"')

    def text(self, text: SpecText) -> Iterator[Diagnostic]:
        """Check the parameters of the file and of each block."""
        document = text.document
        for name in document.params:
            if name not in text.used:
                yield self.unused(name, document.file, "params")
        for definition, own in text.mentions.items():
            for name in definition.params:
                if name not in own.all:
                    yield self.unused(name, document.file, *definition.path, section(definition, name))


def section(definition: Definition, name: str) -> str:
    """The section of a block in which a name is declared."""
    if name in definition.let:
        return "let"
    return section_of(definition.params[name])
