"""Networks without expectations."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic
from archspec.lint.lint import Lint, SpecText


class MissingExpect(Lint):
    """A network, or a variant of one, without `[expect]`.

    A change that doubles the number of parameters goes unnoticed. With the numbers in the spec, a change has to be
    deliberate.

    Write down the numbers of `archspec summary`, exactly or as bounds.
    """

    code: ClassVar[str] = "AS614"
    on: ClassVar[bool] = False
    bad: ClassVar[str] = """\
archspec = 1

[model]
input = ["N", 784]
layers = [{ op = "linear", out = 10 }]
"""
    good: ClassVar[str] = f"""{bad}
[expect]
params = 7850
macs = "<= 8k"
"""

    def text(self, text: SpecText) -> Iterator[Diagnostic]:
        """Check each variant, or the model if there are none."""
        document = text.document
        if document.model is None:
            return
        if not document.variants and not document.expect:
            yield self.found(
                "the `model` has no expectations",
                document.file,
                ("model",),
                help="add `[expect]`",
                about_key=True,
            )
        for name in document.variants:
            if not document.expect.get(name):
                yield self.found(
                    f"`{name}` has no expectations",
                    document.file,
                    ("variants", name),
                    help=f"add `[expect.{name}]`",
                    about_key=True,
                )
