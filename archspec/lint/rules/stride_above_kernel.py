"""Windows that leave gaps."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic
from archspec.diagnostics.rule import spec_of
from archspec.elaborate import Network
from archspec.ir import Module
from archspec.lint.flow import Call, Flows, always
from archspec.lint.lint import Lint
from archspec.ops.core.window import AXIS_NAMES

Gap = tuple[int, int, str]
"""A stride, the smaller kernel with its dilation, and the name of the axis."""


class StrideAboveKernel(Lint):
    """A kernel smaller than its stride, on a value that nothing else reads.

    What lies between the windows is computed, and then read by nobody. The `1×1` convolution with stride 2 of a
    residual's shortcut is no finding, since the layers beside it read all of its input.

    Make the kernel at least as large as the stride, or move the stride to a layer with a larger kernel.
    """

    code: ClassVar[str] = "AS609"
    name: ClassVar[str] = "stride-above-kernel"
    bad: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 3, padding = "half" },
{ op = "conv", out = 32, kernel = 1, stride = 2 },
""")
    good: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 3, padding = "half" },
{ op = "conv", out = 32, kernel = 2, stride = 2 },
""")

    def network(self, network: Network, flows: Flows) -> Iterator[Diagnostic]:  # noqa: ARG002
        """Ops of which every call skips parts of its input that no other op reads."""
        gaps: dict[Module, list[Gap] | None] = {}

        def gap(call: Call) -> list[Gap] | None:
            if call.module not in gaps:
                gaps[call.module] = _gaps(call.module)
            return gaps[call.module]

        def verdicts() -> Iterator[tuple[Call, list[Gap] | None]]:
            for flow in flows.values:
                found = {user: gap(user) for user in flow.users}
                is_lost = not flow.is_output and all(found.values())
                for user, left in found.items():
                    if left is not None:
                        yield user, left if is_lost else None

        for origin, (_, left) in always(verdicts()).items():
            stride, extent, axis = left[0]
            yield self.found_at(
                f"a stride of {stride} skips parts of the input that nothing else reads: the kernel is {extent}",
                origin, "stride", notes=(f"{axis}: {stride - extent} of {stride} positions are in no window",),
                help="make the kernel at least as large as the stride, or move the stride to another layer",
            )  # fmt: skip


def _gaps(module: Module) -> list[Gap] | None:
    """The axes along which windows leave gaps; `None` for an op without windows, which reads everything."""
    windows = module.op.windows(module.inputs) if module.op is not None else ()
    return [
        (window.stride, window.extent, name)
        for window, name in zip(windows, AXIS_NAMES[len(windows)], strict=True)
        if window.stride > window.extent and window.count != 1
    ] if windows else None  # fmt: skip
