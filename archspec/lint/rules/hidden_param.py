"""Names of a block that shadow those of its file."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic, Label
from archspec.lint.lint import Lint, SpecText
from archspec.lint.rules.unused_param import section


class HiddenParam(Lint):
    """A block's parameter or `let`, or a counter, that shadows a name of an outer scope.

    In the block, the name refers to the block's own value, not to the file's: a reader who knows `[params]` mistakes
    one for the other.

    Rename the inner one.
    """

    code: ClassVar[str] = "AS606"
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

    def text(self, text: SpecText) -> Iterator[Diagnostic]:
        """Check the names of blocks and of the model."""
        document = text.document
        for definition in text.mentions:
            for name in (*definition.params, *definition.let):
                if name in document.params or name in document.let:
                    kind, where = ("parameter", "params") if name in document.params else ("`let`", "let")
                    yield self.found(
                        f"`{name}` shadows the file's {kind} of the same name",
                        document.file,
                        (*definition.path, section(definition, name), name),
                        help="rename one of them",
                        labels=(Label("this one", (where, name)),),
                        about_key=True,
                    )
        for own in text.mentions.values():
            for step in own.steps:
                hidden = step.index in own.own or step.index in document.params or step.index in document.let
                if (step.repeat or step.parallel) and hidden and step.index in step.names:
                    yield self.found(
                        f"the counter `{step.index}` shadows a name of an outer scope",
                        document.file,
                        (*step.path, "index"),
                        help='rename it, for example with `index = "j"`',
                        subject=step.index,
                    )
