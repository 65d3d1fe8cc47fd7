"""The catalogue of all rules: errors and lint."""

from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown, suggest
from archspec.diagnostics.rule import Rule
from archspec.diagnostics.rules import RULES
from archspec.lint.runner import lints


def catalogue() -> dict[str, type[Rule]]:
    """Every rule by its code."""
    return dict(sorted((RULES | {code: type(lint) for code, lint in lints().items()}).items()))


def find(word: str) -> type[Rule]:
    """The rule with a code or a name. Raises `UsageError` if there is none."""
    rules = catalogue()
    for rule in rules.values():
        if word.upper() == rule.code or word == rule.name:
            return rule
    names = [*rules, *(rule.name for rule in rules.values())]
    raise UsageError(
        f"there is no rule `{shown(word)}`: {suggest(word, names) or '`archspec rule` lists all'}"
    )
