"""Unused inputs."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic
from archspec.language.reading import texts
from archspec.lint.lint import Lint, SpecText, definitions


class UnusedInput(Lint):
    """An input that nothing names.

    The chain starts from the first of several inputs; the others are read only by their names. Whoever calls the
    network or the block passes a value that changes nothing.

    Read it with `from` where it was meant, or delete it.
    """

    code: ClassVar[str] = "AS617"
    bad: ClassVar[str] = """\
archspec = 1

[model]
inputs = [{ name = "image", shape = ["N", 3, 32, 32] }, { name = "depth", shape = ["N", 1, 32, 32] }]
layers = [{ op = "conv", out = 16, kernel = 3 }]
"""
    good: ClassVar[str] = bad.replace(
        "layers = [", 'layers = [{ op = "concat", from = ["image", "depth"] }, '
    )

    def text(self, text: SpecText) -> Iterator[Diagnostic]:
        """Check the inputs of the model and of each block, but for the first, from which the chain starts."""
        file = text.document.file
        for definition in definitions(text.document):
            ends = [(output.of, output.when) for output in (*definition.outputs, *definition.train_outputs)]
            said = " ".join(texts([definition.layers, definition.let, ends]))
            for index, name in enumerate(definition.inputs[1:], start=1):
                if name not in said:
                    at = ("name",) if definition.path == ("model",) else ()
                    yield self.found(
                        f"the input `{name}` is never used",
                        file,
                        (*definition.path, "inputs", index, *at),
                        help="read it with `from`, or delete it",
                        subject=name,
                    )
