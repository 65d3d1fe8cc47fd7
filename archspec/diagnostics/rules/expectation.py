"""5: what a spec expects of its own numbers."""

from typing import ClassVar

from archspec.diagnostics.rule import Rule, spec_of


class FailedExpectation(Rule):
    """An expectation that does not hold.

    `[expect]` says what the numbers of the network are, exactly or as a bound. A change that moves them unawares is
    found here. The finding has the number, the bound, and the difference in per cent.

    Undo the change, or write down the new number.
    """

    code: ClassVar[str] = "AS501"
    name: ClassVar[str] = "failed-expectation"
    bad: ClassVar[str | bytes] = (
        spec_of('{ op = "conv", out = 16, kernel = 5 },') + '\n[expect]\nparams = "<= 1k"\n'
    )
    good: ClassVar[str] = spec_of('{ op = "conv", out = 16, kernel = 3 },') + '\n[expect]\nparams = "<= 1k"\n'
