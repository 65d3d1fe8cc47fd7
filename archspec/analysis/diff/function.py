"""Whether two networks compute the same function of the same weights, in evaluation.

Every value gets a number: the same for the same op on the same values with the same weights, wherever it is written.
The networks compute the same if their outputs have the same numbers. What is equal in both is one step; only what
differs is followed op by op. A few laws are known: a cut at 0 of what is not below 0 is nothing, sums commute, and
what is a function of each element can come before or after elements are put elsewhere.

Where no law makes two values the same, they are taken for different.
"""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from math import inf

from archspec.analysis.diff.forms import Forms
from archspec.analysis.diff.relocation import join
from archspec.ir import Module, Node
from archspec.ops.core.activation import AlongAxis
from archspec.ops.core.base import Op
from archspec.ops.core.meaning import PASSES, meaning

LIMIT = 50_000
"""The most ops that are followed one by one."""


class TooManyError(Exception):
    """More ops differ than are followed."""


@dataclass(frozen=True, slots=True)
class Rearranged:
    """A value that has elements of others, by their places: part of a call on `given`."""

    what: Hashable
    part: int
    given: tuple[int, ...]
    count: int
    """The number of parts."""
    axis: int | None
    """The axis along which a split divides."""
    chooses: bool
    """Whether it has the greatest of some elements."""


@dataclass(frozen=True, slots=True)
class View:
    """A value that is another one, of the shape `old`, in another shape."""

    source: int
    old: tuple[object, ...]
    shape: tuple[object, ...]


@dataclass(slots=True)
class Values:
    """The numbers of values, and what is known of them."""

    forms: Forms
    sized: bool
    """Whether the inputs of both networks have the same sizes."""
    left: int = LIMIT
    positive: set[int] = field(default_factory=set)
    """The values with no element below 0."""
    cuts: dict[int, tuple[float, float, int]] = field(default_factory=dict)
    """The values that are another one between bounds."""
    bent: dict[int, int] = field(default_factory=dict)
    """The values that are another one where that is not below 0, and not above 0 elsewhere."""
    views: dict[int, View] = field(default_factory=dict)
    rearranged: dict[int, Rearranged] = field(default_factory=dict)
    pointwise: dict[tuple[Hashable, int], int] = field(default_factory=dict)
    """What functions of each element make of values."""
    meanings: dict[Module, Hashable] = field(default_factory=dict)
    signs: dict[tuple[Module, tuple[bool, ...]], tuple[bool, ...]] = field(default_factory=dict)

    def op(self, module: Module, op: Op, identity: str, given: list[int]) -> list[int]:
        """The values that an op makes. `identity` is the path of its weights in the old network."""
        what = self.meaning(module, op)
        if what == PASSES:
            return given[:1]
        if op.is_pointwise():
            return [self.point(op, what, given[0])]
        if isinstance(what, tuple) and what[0] == "view":
            return [self.view(module.inputs[0].shape, what[1], given[0])]
        if isinstance(op, AlongAxis) and op.axis % module.inputs[0].rank == module.inputs[0].rank - 1:
            return [self.row(what, given[0], positive=op.positive)]
        taken = sorted(given) if op.commutes else given
        if (order := op.order(module.inputs)) is not None:
            return [self.permute(order, given[0])]
        if op.rearranges or op.chooses:
            axis = _axis(module, op)
            if len(taken) > 1 and (whole := self.rejoined(taken, axis)) is not None:
                return [whole]
            return self.rearrange(Rearranged(what, 0, tuple(taken), len(module.outputs), axis, op.chooses))
        owner = identity if self.forms.keys(module) else ""
        made = self.parts(self.forms.number(("value", what, owner, tuple(taken))), len(module.outputs))
        squares = op.multiplies and all(count % 2 == 0 for count in Counter(taken).values())
        if squares or self._is_positive(op, [value in self.positive for value in given]):
            self.positive.update(made)
        return made

    def parts(self, call: int, count: int) -> list[int]:
        """The numbers of the outputs of a call."""
        return [self.forms.number(("part", call, index)) for index in range(count)]

    def meaning(self, module: Module, op: Op) -> Hashable:
        """What an op computes."""
        if module not in self.meanings:
            self.meanings[module] = meaning(op, module.inputs, sized=self.sized)
        return self.meanings[module]

    # --- laws ------------------------------------------------------------------------------------------

    def point(self, op: Op, what: Hashable, value: int) -> int:
        """A function of each element; of elements that were only put elsewhere, it comes before that."""
        key = what, value
        if key not in self.pointwise:
            self.pointwise[key] = self._point(op, what, value)
        return self.pointwise[key]

    def _point(self, op: Op, what: Hashable, value: int) -> int:
        if op.keeps_positive and value in self.positive:
            return value
        if value in self.views:
            view = self.views[value]
            return self.view(view.old, view.shape, self.point(op, what, view.source))
        placed = self.rearranged.get(value)
        if placed is not None and (op.rises() or not placed.chooses):
            given = tuple([self.point(op, what, one) for one in placed.given])
            return self.rearrange(replace(placed, given=given))[placed.part]
        if isinstance(what, tuple) and what[0] == "cut":
            return self.cut(what[1], what[2], value)
        made = self.forms.number(("part", self.forms.number(("value", what, "", (value,))), 0))
        if self._is_positive(op, [value in self.positive]):
            self.positive.add(made)
        if op.keeps_positive and op.rises():
            self.bent[made] = value
        return made

    def row(self, what: Hashable, value: int, *, positive: bool) -> int:
        """A function of each row along the last axis; of rows in another arrangement, it comes before that."""
        view = self.views.get(value)
        if view is not None and view.old and view.shape and view.old[-1] == view.shape[-1]:
            return self.view(view.old, view.shape, self.row(what, view.source, positive=positive))
        made = self.forms.number(("part", self.forms.number(("value", what, "", (value,))), 0))
        if positive:
            self.positive.add(made)
        return made

    def rearrange(self, call: Rearranged) -> list[int]:
        """All parts of a call that puts elements of values elsewhere."""
        made = self.parts(self.forms.number(("value", call.what, "", call.given)), call.count)
        for part, value in enumerate(made):
            self.rearranged[value] = replace(call, part=part)
        if all(value in self.positive for value in call.given):
            self.positive.update(made)
        return made

    def permute(self, order: tuple[int, ...], value: int) -> int:
        """A value with its axes in another order."""
        before = self.rearranged.get(value)
        if before is not None and isinstance(before.what, tuple) and before.what[0] == "order":
            order = tuple([before.what[1][axis] for axis in order])
            value = before.given[0]
        if order == tuple(range(len(order))):
            return value
        return self.rearrange(Rearranged(("order", order), 0, (value,), 1, None, chooses=False))[0]

    def rejoined(self, given: list[int], axis: int | None) -> int | None:
        """The value of which these are all parts, divided along the axis along which they are joined; else `None`."""
        parts = [self.rearranged.get(value) for value in given]
        first = parts[0]
        if first is None or axis is None or first.axis != axis or len(first.given) != 1:
            return None
        wanted = [replace(first, part=part) for part in range(first.count)]
        return first.given[0] if parts == wanted else None

    def cut(self, low: float, high: float, value: int) -> int:
        """A value between bounds."""
        while low >= 0 and value in self.bent:
            value = self.bent[value]
        if value in self.cuts:
            least, most, inner = self.cuts[value]
            if max(low, least) <= min(high, most):
                low, high, value = max(low, least), min(high, most), inner
        if low <= 0 and value in self.positive:
            low = 0.0
            if high == inf:
                return value
        made = self.forms.number(("cut", low, high, value))
        self.cuts[made] = low, high, value
        if low >= 0:
            self.positive.add(made)
        return made

    def view(self, old: tuple[object, ...], shape: tuple[object, ...], value: int) -> int:
        """A value of the shape `old` in another shape."""
        before = self.views.get(value)
        source, old = (value, old) if before is None else (before.source, before.old)
        if shape == old:
            return source
        made = self.forms.number(("view", shape, source))
        self.views[made] = View(source, old, shape)
        if source in self.positive:
            self.positive.add(made)
        return made

    # --- signs -----------------------------------------------------------------------------------------

    def sign(self, module: Module, given: tuple[bool, ...]) -> tuple[bool, ...]:
        """Whether each output of a module is not below 0, given whether its inputs are."""
        key = module, given
        if key not in self.signs:
            if module.op is not None:
                self.signs[key] = (self._is_positive(module.op, [*given]),) * len(module.outputs)
            else:
                known = [*given]
                for node in module.body:
                    taken = tuple([known[value] for value in node.inputs])
                    known += taken if node.module.is_removed else self.sign(node.module, taken)
                self.signs[key] = tuple([known[result] for result in module.results])
        return self.signs[key]

    def _is_positive(self, op: Op, given: list[bool]) -> bool:
        cuts = op.cuts()
        if op.positive or (cuts is not None and cuts[0] >= 0):
            return True
        kept = (
            op.keeps_sign
            or op.rearranges
            or op.chooses
            or op.keeps_positive
            or op.training_only
            or cuts is not None
        )
        return kept and bool(given) and all(given)


def _axis(module: Module, op: Op) -> int | None:
    """The axis along which an op divides or joins, from the front."""
    axis = getattr(op, "axis", None)
    return axis % module.inputs[0].rank if isinstance(axis, int) else None


@dataclass(slots=True)
class Follower:
    """Follows the values of one network."""

    values: Values
    origins: dict[str, str]
    """The path in the old network of modules that have one; where it is not the parent's with the same name."""
    closed: dict[str, tuple[object, ...]]
    """The composites that are equal in both networks, by their path in the old one, with their structure."""

    def run(self, module: Module, path: str, origin: str, given: list[int]) -> list[int]:
        """The values that a composite makes of given ones."""
        known = [*given]
        for node in module.body:
            taken = [known[value] for value in node.inputs]
            known += taken if node.module.is_removed else self.node(module, node, path, origin, taken)
        return [known[result] for result in module.results]

    def node(self, scope: Module, node: Node, path: str, origin: str, given: list[int]) -> list[int]:
        """The values that a node makes."""
        name = scope.owner(node).name
        if name is not None:
            path = join(path, name)
            origin = self.origins.get(path) or join(origin, name)
        values, module = self.values, node.module
        values.left -= 1
        if values.left < 0:
            raise TooManyError
        if module.op is not None:
            return values.op(module, module.op, origin, given)
        form = values.forms.exact(module)
        if self.closed.get(origin) != form:
            return self.run(module, path, origin, given)
        call = values.forms.number(("call", form, origin, tuple(given)))
        made = values.parts(call, len(module.outputs))
        signs = values.sign(module, tuple([value in values.positive for value in given]))
        values.positive.update([value for value, sign in zip(made, signs, strict=True) if sign])
        return made
