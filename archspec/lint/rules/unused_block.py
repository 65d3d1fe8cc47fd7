"""Uncalled blocks."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic
from archspec.lint.lint import Lint, SpecText
from archspec.lint.names import called


class UnusedBlock(Lint):
    """A block that nothing in its file calls.

    No network contains it: it is left over, or the node that should call it calls something else. The rule does not
    apply to libraries, files without `[model]`, whose blocks are called by other files.

    Call it, or delete it.
    """

    code: ClassVar[str] = "AS601"
    good: ClassVar[str] = """\
archspec = 1

[model]
input = ["N", 3, 32, 32]
layers = [{ op = "stem", width = 16 }]

[blocks.stem]
required = { width = "int" }
layers = [{ op = "conv", out = "width", kernel = 3 }, "relu"]
"""
    bad: ClassVar[str] = f"""{good}
[blocks.old_stem]
layers = [{{ op = "conv", out = 64, kernel = 7 }}, "relu"]
"""

    def text(self, text: SpecText) -> Iterator[Diagnostic]:
        """Check the blocks of files with a model."""
        document = text.document
        if document.model is None or not document.blocks:
            return
        used = called(document, text.mentions)
        for name, block in document.blocks.items():
            if name not in used:
                yield self.found(
                    f"`{name}` is never called",
                    document.file,
                    block.path,
                    help="call it, or delete it",
                    about_key=True,
                )
