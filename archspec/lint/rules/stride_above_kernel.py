"""Windows with gaps between them."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics.rule import spec_of
from archspec.ir import Module
from archspec.lint.flow import Flow, Flows, OpCall, always
from archspec.lint.lint import PUBLISHED, Lint, Verdict
from archspec.ops.core.window import AXIS_NAMES, Window

Gap = tuple[Window, int, str]
"""A window, the number of positions per stride that it skips, and the name of the axis."""


class StrideAboveKernel(Lint):
    """A kernel smaller than its stride, on a value that nothing else reads.

    The positions between the windows are computed but never used. The same happens with a dilated kernel whose elements
    fall on the same positions in every window. The `1×1` convolution with stride 2 in a residual's shortcut is not
    reported, since the other branch reads all of the input. It is reported if it is so in every call of the node and in
    all variants.

    Make the kernel at least as large as the stride, or move the stride to a layer with a larger kernel.
    """

    code: ClassVar[str] = "AS609"
    bad: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 3, padding = "half" },
{ op = "conv", out = 32, kernel = 1, stride = 2 },
""")
    good: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 3, padding = "half" },
{ op = "conv", out = 32, kernel = 2, stride = 2 },
""")

    def network(self, flows: Flows) -> Iterator[Verdict]:
        """Check for ops that skip parts of their input that no other op reads, in every call."""
        gaps: dict[Module, list[Gap] | None] = {}

        def gap(call: OpCall) -> list[Gap] | None:
            if call.module not in gaps:
                gaps[call.module] = _gaps(call.module)
            return gaps[call.module]

        def verdicts() -> Iterator[tuple[OpCall, list[Gap] | None]]:
            for flow in flows.values:
                found = {user: gap(user) for user in flow.users}
                is_known = not flow.is_output and not flow.is_crowded and not _is_part(flow)
                is_lost = is_known and all(found.values())
                for user, left in found.items():
                    if left is not None:
                        yield user, left if is_lost else None

        for origin, (_, left) in always(verdicts(), flows.crowd).items():
            if left is None:
                yield origin, None
                continue
            window, skipped, axis = left[0]
            kernel = f"{window.kernel}" + (
                f" and a dilation of {window.dilation}" if window.dilation > 1 else ""
            )
            parts = "skips parts of the input that nothing else reads"
            yield (
                origin,
                self.found_at(
                    f"a stride of {window.stride} with a kernel of {kernel} {parts}",
                    origin,
                    "stride",
                    notes=(f"{axis}: {skipped} of {window.stride} positions are in no window",),
                    help="make the kernel at least as large as the stride, or move the stride to another layer"
                    + PUBLISHED,
                ),
            )


def _gaps(module: Module) -> list[Gap] | None:
    """The axes along which windows leave gaps; `None` for an op without windows, which reads everything."""
    windows = module.op.windows(module.inputs) if module.op is not None else ()
    return (
        [
            (window, skipped, name)
            for window, name in zip(windows, AXIS_NAMES[len(windows)], strict=True)
            if (skipped := _skipped(window)) and window.count != 1
        ]
        if windows
        else None
    )


def _skipped(window: Window) -> int:
    """The number of positions per stride that no window reads."""
    kernel = min(window.kernel, window.stride)  # beyond the stride, the positions repeat
    return window.stride - len({index * window.dilation % window.stride for index in range(kernel)})


def _is_part(flow: Flow) -> bool:
    """Whether a value is a slice or a reshape of another value, which other ops may read."""
    return flow.made is not None and flow.made.module.op is not None and flow.made.module.op.group == "Shape"
