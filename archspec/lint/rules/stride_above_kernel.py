"""Windows that leave gaps."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic
from archspec.diagnostics.rule import node
from archspec.elaborate import Network
from archspec.lint.flow import Call, Flows
from archspec.lint.lint import Lint
from archspec.ops.core.window import AXIS_NAMES


class StrideAboveKernel(Lint):
    """A kernel smaller than its stride, on a value that nothing else reads.

    What lies between the windows is computed, and then read by nobody. The `1×1` convolution with stride 2 of a
    residual's shortcut is no finding, since the layers beside it read all of its input.

    Make the kernel at least as large as the stride, or move the stride to a layer with a larger kernel.
    """

    code: ClassVar[str] = "AS609"
    name: ClassVar[str] = "stride-above-kernel"
    bad: ClassVar[str] = node("""
{ op = "conv", out = 16, kernel = 3, padding = "half" },
{ op = "conv", out = 32, kernel = 1, stride = 2 },
""")
    good: ClassVar[str] = node("""
{ op = "conv", out = 16, kernel = 3, padding = "half" },
{ op = "conv", out = 32, kernel = 2, stride = 2 },
""")

    def network(self, network: Network, flows: Flows) -> Iterator[Diagnostic]:  # noqa: ARG002
        """Ops of which every call skips parts of its input that no other op reads."""
        found: dict[Call, bool] = {}
        for flow in flows.values:
            is_lost = bool(flow.users) and not flow.is_output and all(map(_gap, flow.users))
            for user in flow.users:
                if user.module.op is not None and user.module.op.windows(user.module.inputs):
                    found[user] = found.get(user, True) and is_lost
        kept = {call.origin for call, lost in found.items() if not lost}
        for call, lost in found.items():
            if lost and call.origin not in kept:
                stride, extent, axis = _gap(call)[0]
                yield self.found_at(
                    f"a stride of {stride} skips parts of the input that nothing else reads: the kernel is {extent}",
                    call.origin, "stride",
                    notes=(f"{axis}: {stride - extent} of {stride} positions are in no window",),
                    help="make the kernel at least as large as the stride, or move the stride to another layer",
                )  # fmt: skip


def _gap(call: Call) -> list[tuple[int, int, str]]:
    """The axes along which windows leave gaps: stride, kernel with its dilation, and name."""
    op = call.module.op
    windows = op.windows(call.module.inputs) if op is not None else ()
    names = AXIS_NAMES.get(len(windows), ())
    return [
        (window.stride, window.extent, name)
        for window, name in zip(windows, names, strict=True)
        if window.stride > window.extent and window.count != 1
    ]
