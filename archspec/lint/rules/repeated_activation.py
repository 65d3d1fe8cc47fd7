"""Consecutive activations."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic, Label
from archspec.diagnostics.rule import spec_of
from archspec.lint.flow import Flows, OpCall, always
from archspec.lint.lint import PUBLISHED, Lint, Verdict
from archspec.ops.core.activation import Activation, AlongAxis

MISH = ("softplus", "tanh")
"""A pair that is intended: x * tanh(softplus(x)), written out."""


class RepeatedActivation(Lint):
    """An activation directly after another one.

    A second `relu` does nothing, and most other pairs are not intended either: there is one activation too many, as
    where a block ends with one and the next begins with one, or a layer between the two is missing. It is reported if
    it is so in every call of the node and in all variants, or between copies of one block.

    Delete one, or insert the missing layer between them.
    """

    code: ClassVar[str] = "AS608"
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

    def network(self, flows: Flows) -> Iterator[Verdict]:
        """Check for activations that follow another one in every call."""

        def verdicts() -> Iterator[tuple[OpCall, OpCall | None]]:
            for flow in flows.values:
                first = flow.made if flow.made and _is_activation(flow.made) else None
                for user in flow.users:
                    if _is_activation(user):
                        is_mish = first is not None and (first.module.kind, user.module.kind) == MISH
                        yield user, None if is_mish else first

        for call, first in verdicts():  # a repeated block that starts and ends with one
            if (
                first is not None
                and first.origin.file == call.origin.file
                and _block(first) == _block(call) != ()
            ):
                yield (call.origin, "again"), self.report(call, first)
        for origin, (call, first) in always(verdicts(), flows.crowd).items():
            yield origin, None if first is None else self.report(call, first)

    def report(self, call: OpCall, first: OpCall) -> Diagnostic:
        """The finding."""
        return self.found_at(
            f"`{call.module.kind}` directly follows `{first.module.kind}`",
            call.origin,
            help="delete one of the two, or insert the missing layer between them" + PUBLISHED,
            subject=call.module.kind,
            labels=(Label("the first", first.origin.path, first.origin.file),),
        )


def _block(call: OpCall) -> tuple[str | int, ...]:
    """The path of the block that contains an op; empty for the model, and for a single repeated node."""
    return call.origin.path[:2] if call.origin.path[:1] == ("blocks",) else ()


def _is_activation(call: OpCall) -> bool:
    """Whether an op is elementwise; a placeholder such as `identity` does not count as an activation."""
    op = call.module.op
    return (
        isinstance(op, Activation)
        and not isinstance(op, AlongAxis)
        and not op.view(call.module.inputs, training=False)
    )
