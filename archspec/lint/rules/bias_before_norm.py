"""Biases that a norm takes away again."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic, Label
from archspec.diagnostics.rule import node
from archspec.elaborate import Network
from archspec.lint.flow import Call, Flow, Flows
from archspec.lint.lint import Lint
from archspec.ops.core.norms import RunningNorm


class BiasBeforeNorm(Lint):
    """A convolution or linear layer with a bias, directly before batch normalisation.

    The norm subtracts the mean of each channel, and with it the bias, and then adds a shift of its own: the bias is a
    parameter that changes nothing, in training as in evaluation. An instance norm does the same.

    Say `bias = false`, for a whole file in `[defaults]`.
    """

    code: ClassVar[str] = "AS607"
    name: ClassVar[str] = "bias-before-norm"
    bad: ClassVar[str] = node("""
{ op = "conv", out = 16, kernel = 3 },
"batchnorm",
"relu",
""")
    good: ClassVar[str] = node("""
{ op = "conv", out = 16, kernel = 3, bias = false },
"batchnorm",
"relu",
""")

    def network(self, network: Network, flows: Flows) -> Iterator[Diagnostic]:  # noqa: ARG002
        """Layers whose output goes into norms only, wherever they are called."""
        found: dict[Call, bool] = {}
        for flow in flows.values:
            if flow.made is not None and flow.made.origin not in flows.shared and _has_bias(flow.made):
                found[flow.made] = found.get(flow.made, True) and _is_normalised(flow)
        kept = {call.origin for call, lost in found.items() if not lost}
        for call, lost in found.items():
            if lost and call.origin not in kept:
                norm = next(user for flow in flows.values if flow.made == call for user in flow.users)
                mean = Label("subtracts the mean of each channel", norm.origin.path, norm.origin.file)
                yield self.found_at(
                    f"`bias` has no effect before `{norm.module.kind}`", call.origin, "bias",
                    help="say `bias = false`", labels=(mean,),
                )  # fmt: skip


def _has_bias(call: Call) -> bool:
    """Whether an op adds a bias to each channel. That of `linear` is along the last axis."""
    op = call.module.op
    is_linear = op is not None and op.name == "linear"
    return getattr(op, "bias", False) is True and (not is_linear or call.module.outputs[0].rank == 2)


def _is_normalised(flow: Flow) -> bool:
    users = [isinstance(user.module.op, RunningNorm) for user in flow.users]
    return bool(users) and all(users) and not flow.is_output
