"""Models and blocks without a description."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic
from archspec.lint.lint import Lint, SpecText


class MissingDoc(Lint):
    """A model or a block without `doc`.

    The text becomes the docstring in the generated PyTorch source, and it helps those who read the file.

    Describe in `doc` what it is, and where it comes from.
    """

    code: ClassVar[str] = "AS613"
    on: ClassVar[bool] = False
    bad: ClassVar[str] = """\
archspec = 1

[model]
input = ["N", 784]
layers = [{ op = "linear", out = 10 }]
"""
    good: ClassVar[str] = bad.replace("[model]\n", '[model]\ndoc = "Softmax regression of digits."\n')

    def text(self, text: SpecText) -> Iterator[Diagnostic]:
        """Check the model and all blocks."""
        for definition in text.mentions:
            if not definition.doc:
                what = f"the block `{definition.name}`" if len(definition.path) > 1 else "the `model`"
                yield self.found(f"{what} has no `doc`", text.document.file, definition.path, about_key=True)
