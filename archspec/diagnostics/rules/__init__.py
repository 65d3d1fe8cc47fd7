"""The errors, one file per phase. Rules about valid specs are in `archspec.lint`."""

from archspec.diagnostics.rule import Rule
from archspec.diagnostics.rules import difference, expectation, graph, lowering, schema, shape, syntax

RULES: dict[str, type[Rule]] = {
    rule.code: rule
    for phase in (syntax, schema, graph, shape, expectation, lowering, difference)
    for rule in vars(phase).values()
    if isinstance(rule, type) and issubclass(rule, Rule) and rule is not Rule
}
"""Every error by its code."""
