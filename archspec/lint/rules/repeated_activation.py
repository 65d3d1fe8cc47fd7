"""Activations in a row."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic, Label
from archspec.diagnostics.rule import spec_of
from archspec.elaborate import Network
from archspec.lint.flow import Call, Flows, always
from archspec.lint.lint import Lint
from archspec.ops.core.activation import Activation, AlongAxis


class RepeatedActivation(Lint):
    """An activation directly behind an activation.

    A second `relu` does nothing, and most other pairs are no function that anyone meant: there is an activation too
    much, as where a block ends in one and the next begins with one, or a layer is missing between the two.

    Delete one, or put the layer between them that is missing.
    """

    code: ClassVar[str] = "AS608"
    name: ClassVar[str] = "repeated-activation"
    bad: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 3 },
"relu",
"relu",
""")
    good: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 3 },
"relu",
{ op = "conv", out = 16, kernel = 3 },
"relu",
""")

    def network(self, network: Network, flows: Flows) -> Iterator[Diagnostic]:  # noqa: ARG002
        """Activations that follow another wherever they are called."""

        def verdicts() -> Iterator[tuple[Call, Call | None]]:
            for flow in flows.values:
                first = flow.made if flow.made and _is_activation(flow.made) else None
                for user in flow.users:
                    if _is_activation(user):
                        yield user, first

        for origin, (call, first) in always(verdicts()).items():
            yield self.found_at(
                f"`{call.module.kind}` directly follows `{first.module.kind}`", origin,
                help="delete one of the two, or put the layer between them that is missing",
                labels=(Label("the first", first.origin.path, first.origin.file),),
            )  # fmt: skip


def _is_activation(call: Call) -> bool:
    """Whether an op is a function of each element; `identity`, a placeholder, is no activation in this sense."""
    op = call.module.op
    return isinstance(op, Activation) and not isinstance(op, AlongAxis) and op.name != "identity"
