"""Biases that a norm cancels."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Label
from archspec.diagnostics.rule import spec_of
from archspec.lint.flow import Flow, Flows, OpCall, always
from archspec.lint.lint import PUBLISHED, Lint, Verdict
from archspec.ops.core.norms import RunningNorm


class BiasBeforeNorm(Lint):
    """A convolution or linear layer with a bias, directly before batch normalisation.

    The norm subtracts the mean of each channel, and with it the bias, and then adds its own shift: the bias has no
    effect, in training or in evaluation. The same holds for `instancenorm`. It is reported if it is so in every call of
    the node and in all variants, and if neither shares its weights.

    Set `bias = false`, or set it for the whole file in `[defaults]`.
    """

    code: ClassVar[str] = "AS607"
    bad: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 3 },
"batchnorm",
"relu",
""")
    good: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 3, bias = false },
"batchnorm",
"relu",
""")

    def network(self, flows: Flows) -> Iterator[Verdict]:
        """Check for layers whose output is used only by norms, in every call."""

        def verdicts() -> Iterator[tuple[OpCall, OpCall | None]]:
            for flow in flows.values:
                if flow.made is not None and _has_bias(flow.made):
                    norm = _norm(flow)
                    shared = norm is None or {flow.made.origin, norm.origin} & flows.shared
                    yield flow.made, None if shared else norm

        for origin, (_, norm) in always(verdicts()).items():
            yield (
                origin,
                None
                if norm is None
                else self.found_at(
                    f"`bias` has no effect before `{norm.module.kind}`",
                    origin,
                    "bias",
                    help="set `bias = false`" + PUBLISHED,
                    about_key=True,
                    labels=(Label("subtracts the mean of each channel", norm.origin.path, norm.origin.file),),
                ),
            )


def _has_bias(call: OpCall) -> bool:
    """Whether an op adds a bias to each channel."""
    op = call.module.op
    return op is not None and op.shifts_channels(call.module.inputs)


def _norm(flow: Flow) -> OpCall | None:
    """One of the norms that use a value, if nothing else uses it."""
    if (
        flow.is_output
        or flow.is_crowded
        or not all(isinstance(user.module.op, RunningNorm) for user in flow.users)
    ):
        return None
    return next(iter(flow.users), None)
