"""Nodes whose values are unused."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics.rule import spec_of
from archspec.lint.flow import Flows
from archspec.lint.lint import PUBLISHED, Lint, Verdict


class UnusedNode(Lint):
    """A node whose output is never used.

    It costs time and memory, and its weights get no gradient, which PyTorch's distributed training rejects. Usually a
    later `from` skips it by mistake, or it should be one of the `outputs`.

    Use its value, make it an output, or delete it.
    """

    code: ClassVar[str] = "AS604"
    bad: ClassVar[str] = spec_of("""
{ name = "a", op = "conv", out = 8, kernel = 3 },
{ name = "b", op = "conv", out = 8, kernel = 1 },
{ name = "c", op = "conv", out = 8, kernel = 3, from = "a" },
""")
    good: ClassVar[str] = spec_of("""
{ name = "a", op = "conv", out = 8, kernel = 3 },
{ name = "b", op = "conv", out = 8, kernel = 1 },
{ name = "c", op = "conv", out = 8, kernel = 3, from = "b" },
""")

    def network(self, flows: Flows) -> Iterator[Verdict]:
        """Check for nodes that are unused in every call."""
        for key, origin in flows.unused.items():
            yield (
                key,
                None
                if origin is None
                else self.found_at(
                    f"the output of this `{key[1]}` is never used",
                    origin,
                    subject=key[1],
                    help="use it, make it one of the `outputs`, or delete the node" + PUBLISHED,
                ),
            )
