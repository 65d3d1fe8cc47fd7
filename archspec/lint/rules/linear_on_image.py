"""Linear layers applied along the width of an image."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Diagnostic
from archspec.diagnostics.rule import spec_of
from archspec.lint.flow import Flow, Flows, OpCall, always
from archspec.lint.lint import Lint, Verdict


class LinearOnImage(Lint):
    """A linear layer on an image, along its width.

    `linear` works along the last axis. For an image, whose channels are in axis 1, that is the width: often a `flatten`
    is missing, for example after a global pool, and the layer has one input feature. It is reported if no op between an
    image and the layer moves the axes, in every call of the node and in all variants.

    Put a `flatten` before the layer, or a `permute` if it is meant to work along the channels; if it is meant to work
    along the width, add the rule to `[lint] ignore`.
    """

    code: ClassVar[str] = "AS616"
    bad: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 3 },
"global_avgpool",
{ op = "linear", out = 10 },
""")
    good: ClassVar[str] = spec_of("""
{ op = "conv", out = 16, kernel = 3 },
"global_avgpool",
"flatten",
{ op = "linear", out = 10 },
""")

    def network(self, flows: Flows) -> Iterator[Verdict]:
        """Check for linear layers whose input is an image in every call."""
        taken: dict[OpCall, list[Flow]] = {}
        for flow in flows.values:
            for user in flow.users:
                taken.setdefault(user, []).append(flow)
        linear = [call for call in taken if call.module.kind == "linear"]
        found = ((call, _image(call, taken) or None) for call in linear)
        for origin, (call, is_image) in always(found, flows.crowd).items():
            if call.module.kind == "linear":
                yield origin, self.report(call) if is_image else None

    def report(self, call: OpCall) -> Diagnostic:
        """The finding."""
        return self.found_at(
            "this `linear` works along the width of an image",
            call.origin,
            notes=(f"input: {call.module.inputs[0]}, output: {call.module.outputs[0]}",),
            help="put a `flatten` before it, or a `permute` for a layer along the channels; if it is intended, add the "
            "rule to `[lint] ignore`",
        )


def _image(call: OpCall, taken: dict[OpCall, list[Flow]]) -> bool:
    """Whether the input of a layer is an image, derived from images only."""
    if call.module.inputs[0].rank != 4:
        return False
    seen, waiting, is_image = {call}, [call], False
    while waiting:
        for flow in taken.get(waiting.pop(), []):
            made = flow.made
            op = None if made is None else made.module.op
            if made is None or op is None or op.layout == "image":
                is_image = True
            elif op.layout == "free" or flow.is_crowded:
                return False
            elif made not in seen:
                seen.add(made)
                waiting.append(made)
    return is_image
