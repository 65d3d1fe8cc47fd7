"""Joins of a single value."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics.rule import spec_of
from archspec.lint.flow import Flows
from archspec.lint.lint import Lint, Verdict


class SingleBranch(Lint):
    """A join with a single remaining branch.

    A join of one branch does nothing: a false `when` has removed the other branches, which often should have passed
    the input through instead. It is reported if it is so in any network of the file.

    Put `[ … ]` around the node with the `when`: then the branch remains, and passes the input through. If a single
    branch is intended, as in a variant with fewer of them, add the rule to `[lint] ignore`.
    """

    code: ClassVar[str] = "AS615"
    bad: ClassVar[str] = spec_of("""
{ op = "add", branches = [
  { op = "conv", out = 3, kernel = 1, when = "input.height < 8" },
  { op = "conv", out = 3, kernel = 3, padding = "half" },
] },
""")
    good: ClassVar[str] = spec_of("""
{ op = "add", branches = [
  [{ op = "conv", out = 3, kernel = 1, when = "input.height < 8" }],
  { op = "conv", out = 3, kernel = 3, padding = "half" },
] },
""")

    def network(self, flows: Flows) -> Iterator[Verdict]:
        """Check for joins of one value, whatever they are in other networks."""
        for call in flows.calls.values():
            op = call.module.op
            if op is not None and not op.is_module and len(call.module.inputs) == 1:
                yield (
                    call.origin,
                    self.found_at(
                        f"this `{op.name}` joins only one value",
                        call.origin,
                        subject=op.name,
                        help="put `[ … ]` around a branch that `when` may remove, so that it passes the input through; "
                        "if a single branch is intended, add the rule to `[lint] ignore`",
                    ),
                )
