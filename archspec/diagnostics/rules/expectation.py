"""Phase 5: failed expectations."""

from typing import ClassVar

from archspec.diagnostics.rule import Rule, spec_of


class FailedExpectation(Rule):
    """An expectation that does not hold.

    `[expect]` states the numbers of the network, exactly or as bounds, and so detects unintended changes of them. The
    finding shows the number, the bound, and the difference in per cent.

    Undo the change, or update the number.
    """

    code: ClassVar[str] = "AS501"
    bad: ClassVar[str | bytes] = (
        spec_of('{ op = "conv", out = 16, kernel = 5 },') + '\n[expect]\nparams = "<= 1k"\n'
    )
    good: ClassVar[str] = spec_of('{ op = "conv", out = 16, kernel = 3 },') + '\n[expect]\nparams = "<= 1k"\n'
