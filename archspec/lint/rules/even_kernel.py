"""Even kernels with padding that is meant for odd ones."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics.rule import spec_of
from archspec.lint.flow import Flows
from archspec.lint.lint import Lint, Verdict


class EvenKernel(Lint):
    """A kernel of even size with `padding = "half"`.

    The padding is `(kernel - 1) // 2` on both sides, which is one less in all than an even kernel takes: with stride 1
    the output is one smaller than the input, and with any stride each position looks half a pixel to the side.

    Use an odd kernel, or say what is padded on each side.
    """

    code: ClassVar[str] = "AS612"
    name: ClassVar[str] = "even-kernel"
    on: ClassVar[bool] = False
    bad: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 4, padding = "half" },
""")
    good: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 3, padding = "half" },
""")

    def network(self, flows: Flows) -> Iterator[Verdict]:
        """Ops whose dilated kernel is even along an axis."""
        for call in dict.fromkeys(user for flow in flows.values for user in flow.users):
            op = call.module.op
            if op is None or getattr(op, "padding", None) != "half":
                continue
            even = [window for window in op.windows(call.module.inputs) if window.extent % 2 == 0]
            if even:
                kernel, extent, before = even[0].kernel, even[0].extent, even[0].before
                yield call, self.found_at(
                    f'`kernel` {kernel} is even, with `padding` "half"', call.origin, "kernel",
                    notes=(f"{before} on each side is {2 * before}, but a kernel of {extent} takes {extent - 1}",),
                    help="use an odd kernel, or say what is padded on each side",
                )  # fmt: skip
