"""Networks of which nothing is expected."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic
from archspec.lint.lint import Lint, Text


class MissingExpect(Lint):
    """A network, or a variant of one, without `[expect]`.

    A change that doubles the parameters passes unseen. With the numbers in the spec, who changes them has to say so.

    Write down what `archspec summary` counts, exactly or as a bound.
    """

    code: ClassVar[str] = "AS614"
    name: ClassVar[str] = "missing-expect"
    on: ClassVar[bool] = False
    bad: ClassVar[str] = """\
archspec = 1

[model]
input = ["N", 784]
layers = [{ op = "linear", out = 10 }]
"""
    good: ClassVar[str] = """\
archspec = 1

[model]
input = ["N", 784]
layers = [{ op = "linear", out = 10 }]

[expect]
params = 7850
macs = "<= 8k"
"""

    def text(self, text: Text) -> Iterator[Diagnostic]:
        """Each variant; the model where there are none."""
        document = text.document
        if document.model is None:
            return
        if not document.variants and not document.expect:
            yield self.found(
                "nothing is expected of the `model`",
                document.file,
                ("model",),
                help="add `[expect]`",
                about_key=True,
            )
        for name in document.variants:
            if not document.expect.get(name):
                yield self.found(
                    f"nothing is expected of `{name}`",
                    document.file,
                    ("variants", name),
                    help=f"add `[expect.{name}]`",
                    about_key=True,
                )
