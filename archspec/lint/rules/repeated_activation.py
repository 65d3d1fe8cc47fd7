"""Activations in a row."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic, Label
from archspec.diagnostics.rule import spec_of
from archspec.lint.flow import Call, Flows, always
from archspec.lint.lint import PUBLISHED, Lint, Verdict
from archspec.ops.core.activation import Activation, AlongAxis

MISH = ("softplus", "tanh")
"""The two in a row that are meant: x * tanh(softplus(x)), written out."""


class RepeatedActivation(Lint):
    """An activation directly behind an activation.

    A second `relu` does nothing, and most other pairs are no function that anyone meant: there is an activation too
    much, as where a block ends in one and the next begins with one, or a layer is missing between the two. It is a
    finding if it is so in every call of the node and in all variants, or between copies of one block.

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

    def network(self, flows: Flows) -> Iterator[Verdict]:
        """Activations that follow another wherever they are called."""

        def verdicts() -> Iterator[tuple[Call, Call | None]]:
            for flow in flows.values:
                first = flow.made if flow.made and _is_activation(flow.made) else None
                for user in flow.users:
                    if _is_activation(user):
                        is_mish = first is not None and (first.module.kind, user.module.kind) == MISH
                        yield user, None if is_mish else first

        for call, first in verdicts():  # a block that ends in one, and comes again
            if (
                first is not None
                and first.origin.file == call.origin.file
                and _block(first) == _block(call) != ()
            ):
                yield (call.origin, "again"), self.report(call, first)
        for origin, (call, first) in always(verdicts(), flows.crowd).items():
            yield origin, None if first is None else self.report(call, first)

    def report(self, call: Call, first: Call) -> Diagnostic:
        """The finding."""
        return self.found_at(
            f"`{call.module.kind}` directly follows `{first.module.kind}`",
            call.origin,
            help="delete one of the two, or put the layer between them that is missing" + PUBLISHED,
            subject=call.module.kind,
            labels=(Label("the first", first.origin.path, first.origin.file),),
        )


def _block(call: Call) -> tuple[str | int, ...]:
    """The block that an op is written in; empty for the model, and for a single node that is repeated."""
    return call.origin.path[:2] if call.origin.path[:1] == ("blocks",) else ()


def _is_activation(call: Call) -> bool:
    """Whether an op is a function of each element; a placeholder, which yields its input, is no activation here."""
    op = call.module.op
    return (
        isinstance(op, Activation)
        and not isinstance(op, AlongAxis)
        and not op.view(call.module.inputs, training=False)
    )
