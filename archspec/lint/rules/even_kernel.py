"""Even kernels with padding for odd kernels."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics.rule import spec_of
from archspec.ir import Module
from archspec.lint.flow import Flows, OpCall, always
from archspec.lint.lint import PUBLISHED, Lint, Verdict
from archspec.ops.core.window import Window


class EvenKernel(Lint):
    """A kernel of even size with `padding = "half"`.

    The padding is `(kernel - 1) // 2` on both sides, in total one less than an even kernel needs: with stride 1 the
    output is one smaller than the input, and with any stride the output is shifted by half a pixel.

    Use an odd kernel, or set the padding of each side.
    """

    code: ClassVar[str] = "AS612"
    on: ClassVar[bool] = False
    bad: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 4, padding = "half" },
""")
    good: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 3, padding = "half" },
""")

    def network(self, flows: Flows) -> Iterator[Verdict]:
        """Check for ops whose dilated kernel is even along an axis."""

        def verdicts() -> Iterator[tuple[OpCall, Window | None]]:
            for call in dict.fromkeys(user for flow in flows.values for user in flow.users):
                if call.module.op is not None and call.module.op.windows(call.module.inputs):
                    yield call, _even(call.module)

        for origin, (_, window) in always(verdicts(), flows.crowd).items():
            yield (
                origin,
                None
                if window is None
                else self.found_at(
                    f'`kernel` {window.kernel} is even, with `padding` "half"',
                    origin,
                    "kernel",
                    about_key=True,
                    notes=(_arithmetic(window),),
                    help="use an odd kernel, or set the padding of each side" + PUBLISHED,
                ),
            )


def _even(module: Module) -> Window | None:
    """The first window with an even extent, if the padding is `"half"`."""
    if module.op is None or getattr(module.op, "padding", None) != "half":
        return None
    return next((window for window in module.op.windows(module.inputs) if window.extent % 2 == 0), None)


def _arithmetic(window: Window) -> str:
    before, extent = window.before, window.extent
    return f"{before} on each side adds up to {2 * before}, but a kernel of {extent} needs {extent - 1}"
