"""Lint: rules about specs that are valid, but probably not what was meant.

Every file in `rules` is a rule; there is no other list. Rules use `names` (the names in the text of a file) and `flow`
(the data flow of a network); `selection` decides which rules are enabled.
"""

from archspec.lint.lint import Lint
from archspec.lint.runner import Networks, lints, of_text
from archspec.lint.selection import Choice, Selection, choose, unknown, words

__all__ = ["Choice", "Lint", "Networks", "Selection", "choose", "lints", "of_text", "unknown", "words"]
