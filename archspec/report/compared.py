"""What `archspec.diff` returns."""

from typing import Any

from archspec.report.difference import Comparison
from archspec.report.difference_markdown import to_markdown
from archspec.report.difference_set import Entry, to_json
from archspec.report.difference_text import text


class Difference(Comparison):
    """What differs between two networks, and what becomes of weights of the old one. Returned by `archspec.diff`.

    `verdict` is one of `identical`, `outputs`, `weights`, `renames`, `partial` and `none`; `changes` are the changes,
    `interface` the inputs and outputs that differ, `quantities` the numbers of both.
    """

    @property
    def same_outputs(self) -> bool:
        """Whether the new network computes the same in evaluation, once it has all weights of the old one."""
        return self.difference.same_function

    @property
    def map(self) -> dict[str, str]:
        """The new key of each weight of the old network that goes on. Raises `UsageError` above a million."""
        return self.difference.map

    @property
    def patterns(self) -> dict[str, str]:
        """The map as patterns for what has another name, in the form of `[weights] rename`."""
        return self.difference.patterns

    def text(self, *, verbose: bool = False) -> str:
        """The output of `archspec diff`."""
        return text(self, verbose=verbose)

    def json(self) -> dict[str, Any]:
        """The same as plain data: an item of `comparisons` in `archspec diff --format json`."""
        return to_json(self)

    def markdown(self) -> str:
        """The output of `archspec diff --format markdown`."""
        return to_markdown([Entry(self.new.name, "compared", self)])
