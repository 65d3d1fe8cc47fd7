"""Entries of `[lint] ignore` without effect."""

from typing import ClassVar

from archspec.lint.lint import Lint


class UnusedIgnore(Lint):
    """An entry of `[lint] ignore` that matches no finding in the file or one of its variants.

    The finding that it was meant for is gone, and the entry would hide the next one.

    Remove the rule from the list.
    """

    code: ClassVar[str] = "AS605"
    good: ClassVar[str] = """\
archspec = 1

[model]
input = ["N", 784]
layers = [{ op = "linear", out = 10 }]
"""
    bad: ClassVar[str] = f"""{good}
[lint]
ignore = ["bias-before-norm"]
"""
