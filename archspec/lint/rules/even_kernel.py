"""Even kernels with padding that is meant for odd ones."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics.rule import spec_of
from archspec.ir import Module
from archspec.lint.flow import Call, Flows, always
from archspec.lint.lint import PUBLISHED, Lint, Verdict
from archspec.ops.core.window import Window


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

        def verdicts() -> Iterator[tuple[Call, Window | None]]:
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
                    help="use an odd kernel, or say what is padded on each side" + PUBLISHED,
                ),
            )


def _even(module: Module) -> Window | None:
    """The first window of even extent, if the padding is `"half"`."""
    if module.op is None or getattr(module.op, "padding", None) != "half":
        return None
    return next((window for window in module.op.windows(module.inputs) if window.extent % 2 == 0), None)


def _arithmetic(window: Window) -> str:
    before, extent = window.before, window.extent
    return f"{before} on each side is {2 * before}, but a kernel of {extent} takes {extent - 1}"
