"""Rules about specs that are right, but probably not what was meant.

Nothing lists the rules: a file in `rules` is a rule. What they look at is in `names` (the text of a file), `flow` (what
becomes of the values of a network) and `selection` (which of them are asked for).
"""

from archspec.lint.lint import Lint
from archspec.lint.runner import Networks, lints, of_text
from archspec.lint.selection import Layer, Selection, choose, unknown, words

__all__ = ["Layer", "Lint", "Networks", "Selection", "choose", "lints", "of_text", "unknown", "words"]
