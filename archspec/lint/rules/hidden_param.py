"""Names of a block that hide those of its file."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic, Label
from archspec.lint.lint import Lint, Text
from archspec.lint.rules.unused_param import section


class HiddenParam(Lint):
    """A block's parameter or `let`, or a counter, that hides a name from around it.

    In the block, the name means the block's own, whatever the file's is: who reads the block next to `[params]` takes
    one for the other.

    Give the inner one another name.
    """

    code: ClassVar[str] = "AS606"
    name: ClassVar[str] = "hidden-param"
    bad: ClassVar[str] = """\
archspec = 1

[params]
width = 64

[model]
input = ["N", 3, 32, 32]
layers = [{ op = "stem", width = 16 }, { op = "conv", out = "width", kernel = 3 }]

[blocks.stem]
required = { width = "int" }
layers = [{ op = "conv", out = "width", kernel = 3 }, "relu"]
"""
    good: ClassVar[str] = """\
archspec = 1

[params]
width = 64

[model]
input = ["N", 3, 32, 32]
layers = [{ op = "stem", channels = 16 }, { op = "conv", out = "width", kernel = 3 }]

[blocks.stem]
required = { channels = "int" }
layers = [{ op = "conv", out = "channels", kernel = 3 }, "relu"]
"""

    def text(self, text: Text) -> Iterator[Diagnostic]:
        """Those of blocks and of the model."""
        document = text.document
        for definition in text.mentions:
            for name in (*definition.params, *definition.let):
                if name in document.params or name in document.let:
                    kind, where = ("parameter", "params") if name in document.params else ("`let`", "let")
                    yield self.found(
                        f"`{name}` hides the file's {kind} of this name",
                        document.file,
                        (*definition.path, section(definition, name), name),
                        help="give one of them another name",
                        labels=(Label("this one", (where, name)),),
                        about_key=True,
                    )
        for own in text.mentions.values():
            for step in own.steps:
                hidden = step.index in own.own or step.index in document.params or step.index in document.let
                if (step.repeat or step.parallel) and hidden and step.index in step.names:
                    yield self.found(
                        f"the counter `{step.index}` hides a name that it could mean as well",
                        document.file,
                        (*step.path, "index"),
                        help='give it another name, as with `index = "j"`',
                        subject=step.index,
                    )
