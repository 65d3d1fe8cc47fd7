"""Entries of `[lint] ignore` that keep nothing back."""

from typing import ClassVar

from archspec.lint.lint import Lint


class UnusedIgnore(Lint):
    """A rule in `[lint] ignore` that finds nothing in the file.

    What it was meant for is gone, and what comes next would pass unseen.

    Take the rule out of the list.
    """

    code: ClassVar[str] = "AS605"
    name: ClassVar[str] = "unused-ignore"
    bad: ClassVar[str] = """\
archspec = 1

[model]
input = ["N", 784]
layers = [{ op = "linear", out = 10 }]

[lint]
ignore = ["bias-before-norm"]
"""
    good: ClassVar[str] = """\
archspec = 1

[model]
input = ["N", 784]
layers = [{ op = "linear", out = 10 }]
"""
