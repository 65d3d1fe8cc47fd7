"""Rows and columns of an input that no window covers."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics.rule import spec_of
from archspec.lint.flow import Flows, OpCall, always
from archspec.lint.lint import PUBLISHED, Lint, Verdict
from archspec.ops.core.window import AXIS_NAMES


class UncoveredInput(Lint):
    """Rows or columns at the end of an input that no window covers.

    The stride does not divide the input: the last rows and columns are never read, so the network ignores that edge of
    the image. Many published networks do so; for some tasks, such as segmentation, it matters.

    Choose a size, a padding or, for pools, `ceil = true`, so that the last window reaches the end.
    """

    code: ClassVar[str] = "AS611"
    on: ClassVar[bool] = False
    bad: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 3 },
{ op = "maxpool", kernel = 4 },
""")
    good: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 3 },
{ op = "maxpool", kernel = 3 },
""")

    def network(self, flows: Flows) -> Iterator[Verdict]:
        """Check for ops whose last window ends before the input does, if no other op reads the rest of it."""

        def verdicts() -> Iterator[tuple[OpCall, list[str] | None]]:
            for flow in flows.values:
                is_left = not flow.is_output and not flow.is_crowded and all(map(_left, flow.users))
                for user in flow.users:
                    yield user, _left(user) if is_left else None

        for origin, (_, left) in always(verdicts(), flows.crowd).items():
            yield (
                origin,
                None
                if left is None
                else self.found_at(
                    "no window covers the end of the input",
                    origin,
                    notes=tuple(left),
                    help="choose a size or a padding so that the last window reaches the end" + PUBLISHED,
                ),
            )


def _left(call: OpCall) -> list[str]:
    """The axes along which windows leave out the end, as text."""
    op = call.module.op
    windows = op.windows(call.module.inputs) if op is not None else ()
    return [
        f"{name}: the last of {window.count} windows ends {-window.reaching} before the end of {window.n}"
        for name, window in zip(AXIS_NAMES.get(len(windows), ()), windows, strict=True)
        if not isinstance(window.n, str) and window.reaching < 0
    ]
