"""Residuals with misaligned branches."""

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, ClassVar

from archspec.analysis.receptive_field import Seen, Transfers, inputs, is_aligned
from archspec.diagnostics import Diagnostic
from archspec.diagnostics.rule import spec_of
from archspec.ir import Node
from archspec.lint.flow import Flows
from archspec.lint.lint import Lint, Verdict
from archspec.ops.core.fields import Sides
from archspec.ops.core.window import AXIS_NAMES

if TYPE_CHECKING:
    from fractions import Fraction


class MisalignedResidual(Lint):
    """A residual whose two branches have receptive fields with different centres.

    Each position of the sum adds features from two places of the input, half a pixel or more apart: a kernel of even
    size, in the layers or in a pool of the shortcut, shifts one branch but not the other. Networks that pad single
    sides, such as causal ones, are exempt, and so are upsampled values.

    Use kernels of odd size with `padding = "half"`, or the same window in the shortcut as in the layers; if it is
    intended, add the rule to `[lint] ignore`.
    """

    code: ClassVar[str] = "AS610"
    bad: ClassVar[str] = spec_of("""
{ op = "residual", layers = [{ op = "conv", out = 3, kernel = 4, padding = "same_upper" }] },
""")
    good: ClassVar[str] = spec_of("""
{ op = "residual", layers = [{ op = "conv", out = 3, kernel = 3, padding = "half" }] },
""")

    def network(self, flows: Flows) -> Iterator[Verdict]:
        """Check for sums of two aligned branches with different centres, in each distinct module by itself.

        Upsampled values are shifted by half a pixel by nature, and are exempt. So are networks that pad single sides,
        such as causal ones, where the shift is intended.
        """
        sums = {module: list(filter(_aligns, module.body)) for module in flows.bodies}
        transfers = Transfers()
        is_fine = not any(sums.values()) or _is_centred(flows) or _is_one_sided(flows)
        # a misaligned value stays misaligned
        is_fine = is_fine or all(map(is_aligned, transfers.of(flows.root)))
        for module, nodes in sums.items():
            if is_fine or not nodes or all(map(is_aligned, transfers.of(module))):
                yield from (((node.origin, node.module.kind), None) for node in nodes)
                continue
            for node, taken, made in transfers.walk(module, inputs(module)):
                if _aligns(node):
                    is_new = all(map(is_aligned, taken)) and not is_aligned(made[0])
                    yield (node.origin, node.module.kind), self.join(node, taken, made[0]) if is_new else None

    def join(self, node: Node, taken: list[Seen], made: Seen) -> Diagnostic | None:
        """The finding for one sum, with the centres of its branches along the first axis that differs."""
        for source, links in made.items():
            for axis, link in enumerate(links):
                reaches = [seen[source][axis].reach for seen in taken if source in seen]
                if link.aligned or any(reach.period > 1 for reach in reaches):
                    continue
                names = AXIS_NAMES.get(len(links) - 2, ())
                name = names[axis - 2] if axis >= 2 and names else f"axis {axis}"
                places = [
                    f"at {_place(reach.centre)} with a stride of {_place(reach.stride)}" for reach in reaches
                ]
                return self.found_at(
                    "the receptive fields of this sum's branches are misaligned",
                    node.origin,
                    notes=(f"{name}: one is centred {', another '.join(dict.fromkeys(places))}",),
                    help='use odd kernels with `padding = "half"`, or the same window in both branches; '
                    "if it is intended, add the rule to `[lint] ignore`",
                )
        return None


def _aligns(node: Node) -> bool:
    return node.module.op is not None and node.module.op.aligns


def _is_centred(flows: Flows) -> bool:
    """Whether the receptive field of every op is centred or global: then so is every composition."""
    for module in {call.module for call in flows.calls.values()}:
        assert module.op is not None  # noqa: S101 — a call has an op
        for links in chain.from_iterable(module.op.reaches(module.inputs, module.outputs)):
            for link in links[2:]:
                first = link.reach.sees[0]
                is_at_place = link.reach.period == 1 and link.reach.grid is None and first and not sum(first)
                if link.reach.shift and not is_at_place:
                    return False
    return True


def _is_one_sided(flows: Flows) -> bool:
    """Whether a node of the network sets the padding of each side."""
    ops = (user.module.op for flow in flows.values for user in flow.users)
    return any(isinstance(getattr(op, "padding", None), Sides) for op in ops)


def _place(number: "Fraction") -> str:
    return str(float(number)).removesuffix(".0")
