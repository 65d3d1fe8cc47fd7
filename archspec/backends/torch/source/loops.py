"""Write copies that are named by their counter as loops."""

from typing import Any

from archspec.backends.torch.source.align import Aligned, InstanceNode, Unlike
from archspec.backends.torch.source.chains import Chains
from archspec.backends.torch.source.columns import View
from archspec.backends.torch.source.facts import Facts
from archspec.backends.torch.source.modules import Nodes, function_text
from archspec.backends.torch.source.parts import COUNTER, Action, Built, Part
from archspec.backends.torch.source.places import Place
from archspec.backends.torch.source.symbols import SourceSymbol
from archspec.ir import Node
from archspec.language.expressions import Binary, Literal, Name
from archspec.language.parser import Expression
from archspec.language.templates import parse_template
from archspec.ops.core.torch_code import placeholders


class Loops(Chains):
    """Writes the copies of `dense`, and named copies in a chain, as loops."""

    def __init__(self, facts: Facts, places: list[Place]) -> None:
        super().__init__(facts, places)
        self.parts: dict[str, Part] = {}
        self.actions: list[Action] = []

    # --- loops -----------------------------------------------------------------------------------------

    def _loop(self, step: Aligned) -> None:
        """Write copies that are named by their counter, each of which takes the value of the previous one."""
        entries = [entry for entry in step.entries if entry is not None]
        if len(entries) != len(step.entries):
            raise Unlike
        pairs = [(row, copy) for row, entry in enumerate(entries) for copy in range(len(entry.copies))]
        modules: Nodes = tuple(entries[row].copies[copy][0] for row, copy in pairs)
        carried = self.values[step.inputs[0]]
        self._check_worth(entries)
        growth = self._growth(entries)
        places = [self.places[row] for row, _ in pairs]
        with self.copies(pairs):
            here = tuple(self._grown(dim, delta) for dim, delta in zip(carried, growth, strict=True))
            if modules[0] is not None and modules[0].module.op is not None:
                codes = self._codes(modules)
                made: Built = self._constructor(places, modules, codes, [here])
                inits = [init for code in codes if code for init in self._inits(modules, code)]
                if not all(code is not None and code.chains for code in codes):
                    raise Unlike
            else:
                made, inits = self._composite(places, modules, [here])
            if inits:
                raise Unlike
            template = self._template(places, modules)
        count = self._count(entries)
        part = Part(f"@{len(self.parts)}", made, count=count, template=template)
        self.parts[part.name] = part
        action = Action(step, "{m}({0})", step.inputs, step.outputs, part, pure=False)
        for node in entries[0].copies[0][1:]:
            action.joins.append(self._join(node, entries, entries[0].copies[0].index(node)))
        last = tuple(entry.copies[-1][-1].module.outputs[0].shape for entry in entries)
        dims: list[SourceSymbol | None] = []
        for axis, (dim, delta) in enumerate(zip(carried, growth, strict=True)):
            column = tuple(shape[axis] for shape in last)
            grown = None
            if dim is not None and delta is not None and isinstance(delta, int):
                grown = self.symbol(_sum(dim, delta, count)) if delta else dim
            dims.append(self.fit(column, [grown]))
        self.values[step.outputs[0]] = tuple(dims)
        self.actions.append(action)

    def _check_worth(self, entries: list[InstanceNode]) -> None:
        """Raise `Unlike` for at most two copies, equally many in all instances: these are written one by one."""
        if len({len(entry.copies) for entry in entries}) == 1 and len(entries[0].copies) < 3:
            raise Unlike

    def _growth(self, entries: list[InstanceNode]) -> list[int | None]:
        """The amount by which each copy changes each axis; `None` if it differs between copies."""
        growth: list[int | None] = []
        rank = entries[0].node.module.inputs[0].rank
        for axis in range(rank):
            deltas = set()
            for entry in entries:
                for copy in entry.copies:
                    before, after = copy[0].module.inputs[0], copy[-1].module.outputs[0]
                    if after.rank != rank:
                        raise Unlike
                    old, new = before.shape[axis], after.shape[axis]
                    known = isinstance(new, int) and isinstance(old, int)
                    deltas.add(int(new) - int(old) if known else 0 if new == old else None)
            growth.append(deltas.pop() if len(deltas) == 1 else None)
        return growth

    def _grown(self, dim: SourceSymbol | None, delta: int | None) -> SourceSymbol | None:
        """The size of an axis before a copy."""
        if dim is None or delta is None:
            return None
        if not delta:
            return self.lift(dim)
        counter = SourceSymbol(Name(COUNTER), ())
        return self.symbol(_sum(dim, delta, counter))

    def _template(self, places: list[Place], nodes: Nodes) -> tuple[Any, ...]:
        """The name template of a copy, as text and expressions over the counter."""
        node, place = nodes[0], places[0]
        assert node is not None  # noqa: S101 — no copy is absent
        raw = place.raw(node)
        counters = [*place.counts(node)]
        if not raw or not counters:
            raise Unlike
        counter = counters[-1]

        def field(name: str) -> SourceSymbol | None:
            return self.symbol(Name(COUNTER)) if name == counter else None

        parts: list[Any] = []
        for part in parse_template(str(raw.get("name", ""))).parts:
            symbol = (
                self.expression(part.tree, View(places, None, field))
                if isinstance(part, Expression)
                else None
            )
            if isinstance(part, Expression) and symbol is None:
                raise Unlike
            parts.append(part if symbol is None else symbol)
        for row, other in enumerate(nodes):
            text = "".join(part if isinstance(part, str) else str(part.values[row]) for part in parts)
            if other is None or text != other.name:
                raise Unlike
        return tuple(part if isinstance(part, str) else part.tree for part in parts)

    def _count(self, entries: list[InstanceNode]) -> SourceSymbol:
        column = tuple(len(entry.copies) for entry in entries)
        place, node = self.places[0], entries[0].node
        raws = [raw["repeat"] for raw in place.around(node) if "repeat" in raw]
        candidates = [self.text(raws[-1], View(self.places))] if raws else []
        return self.fit(column, candidates) or self.role("depth", column)

    def _join(self, node: Node, entries: list[InstanceNode], position: int) -> Action:
        """An action of a copy after its module. Value 0 is the carried one, then follow the copy's own values."""
        first = entries[0].copies[0]
        texts = set()
        for entry in entries:
            for copy in entry.copies:
                texts.add(function_text(self.facts.code(copy[position])))
        text = texts.pop()
        if texts or any(True for _ in placeholders(text)):
            raise Unlike
        numbers = {entries[0].copies[0][0].inputs[0]: 0}
        ids = {id(item): ids for item, ids in self.places[0].module.values()}
        for number, item in enumerate(first, start=1):
            numbers[ids[id(item)][0]] = number
        step = Aligned((), (), (), ())
        return Action(step, text, tuple(numbers[value] for value in node.inputs), (position + 1,))


def _sum(dim: SourceSymbol, delta: int, count: SourceSymbol) -> Binary:
    step = count.tree if delta == 1 else Binary("*", Literal(delta), count.tree)
    return Binary("+", dim.tree, step)
