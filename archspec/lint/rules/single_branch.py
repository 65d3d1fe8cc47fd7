"""Joins that join one value."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics.rule import spec_of
from archspec.lint.flow import Flows
from archspec.lint.lint import Lint, Verdict


class SingleBranch(Lint):
    """A join that is left with a single branch.

    With one branch a join does nothing: a `when` that is false has dropped the others, where often the branch should
    have passed the input on. It is a finding if it is so in one network of the file.

    Put `[ … ]` around the node with the `when`: then the branch stays, and passes the input on. Where one branch is
    meant, as in a variant with fewer of them, say so in `[lint] ignore`.
    """

    code: ClassVar[str] = "AS615"
    name: ClassVar[str] = "single-branch"
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
        """Joins of one value. What other networks make of them does not help."""
        for call in flows.calls.values():
            op = call.module.op
            if op is not None and not op.is_module and len(call.module.inputs) == 1:
                yield (
                    call.origin,
                    self.found_at(
                        f"this `{op.name}` joins one value only",
                        call.origin,
                        subject=op.name,
                        help="put `[ … ]` around a branch that `when` may drop, so that it passes the input on; "
                        "where one branch is meant, say so in `[lint] ignore`",
                    ),
                )
