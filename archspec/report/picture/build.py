"""From the module tree to the graphs of a picture, each distinct one once."""

from collections.abc import Iterator

from archspec.analysis.cost import Costs
from archspec.analysis.liveness import NOTHING, Live, Liveness, every, training_only
from archspec.analysis.modules import describe
from archspec.ir import Module
from archspec.report.picture.scene import Graph, Item, Link, Scope
from archspec.report.picture.units import Level, Part, Unit, parts, sections, stacked
from archspec.types import TensorType


class Graphs:
    """The graphs of one network, memoised for each distinct scope."""

    def __init__(
        self, costs: Costs, batch: int = 1, inputs: tuple[str, ...] = (), outputs: tuple[str, ...] = ()
    ):
        self.costs = costs
        self.batch = batch
        self.input_names, self.output_names = inputs, outputs
        self.liveness = Liveness()
        self.known: dict[Scope, Graph] = {}
        self.levels: dict[Module, Level] = {}
        self.trained: dict[tuple[Module, Live], list[Live]] = {}

    def of(self, scope: Scope) -> Graph:
        """The graph of a scope."""
        if scope not in self.known:
            self.known[scope] = _Builder(self, scope).graph()
        return self.known[scope]

    def only(self, scope: Scope) -> list[Live]:
        """For each node of a body, the outputs that only training needs."""
        key = scope.module, scope.late
        if key not in self.trained:
            self.trained[key] = training_only(*key)
        return self.trained[key]

    def level(self, module: Module) -> Level:
        """The units of a composite."""
        if module not in self.levels:
            self.levels[module] = Level(module)
        return self.levels[module]


class _Builder:
    def __init__(self, graphs: Graphs, scope: Scope) -> None:
        self.graphs, self.scope = graphs, scope
        self.module = scope.module
        self.level = graphs.level(scope.module)
        units = self.level.units
        if scope.units is not None:
            units = [units[self.level.place[index]] for index in scope.units]
        self.units = units
        self.only = graphs.only(scope)
        self.training = {
            unit.index: bool(self.only[unit.index]) and self.only[unit.index] == every(unit.node.module)
            for unit in self.units
        }
        self.result = Graph(scope)
        self.made: dict[int, tuple[int, int]] = {}
        """For each value, the item that makes it and which of its outputs it is."""

    def graph(self) -> Graph:
        found = list(sections(stacked(self.level, parts(self.level, self.units), self.training)))
        self.inputs()
        for part in found:
            self.part(part)
        self.ends()
        return self.result

    # --- ports

    def inputs(self) -> None:
        inside = {unit.index for unit in self.units}
        if self.scope.units is None:
            given = list(range(len(self.module.inputs)))
        else:
            taken = {value for unit in self.units for value in unit.inputs}
            given = sorted(value for value in taken if self.level.maker.get(value, -1) not in inside)
        for place, value in enumerate(given):
            if self.scope.units is None and value not in self.level.users and self.module.kind == "group":
                continue  # a group has an input even if nothing uses it
            name, captured = self.input_name(value, place)
            self.made[value] = len(self.result.items), 0
            shape = (self.level.types[value],) if self.scope.shapes else ()
            slot = place if self.scope.units is None else value
            self.result.items.append(
                Item("input", "captured" if captured else "", name, "", shape, slot=slot)
            )

    def input_name(self, value: int, place: int) -> tuple[str, bool]:
        if value >= len(self.module.inputs):
            node = self.module.body[self.level.maker[value]]
            return node.name or node.label or node.module.kind, place > 0
        if self.module.kind == "model":
            return self.graphs.input_names[value] if self.graphs.input_names else "input", False
        captured = value >= self.module.declared
        return ("from outside" if captured else f"input {value + 1}" if value else "input"), captured

    def ends(self) -> None:
        if self.scope.units is None:
            results = [self.level.real[result] for result in self.module.results]
        else:
            inside = {unit.index for unit in self.units}
            made = [value for unit in self.units for value in unit.values]
            results = [v for v in made if any(user not in inside for user in self.level.users.get(v, ()))]
            results = results or [value for value in made if value not in self.level.users]
        for index, value in enumerate(results):
            late = self.scope.units is None and index in self.scope.late
            name = self.output_name(index, len(results))
            shape = (self.level.types[value],) if self.scope.shapes else ()
            self.result.items.append(Item("output", "", name, "", shape, training=late))
            self.connect(value)

    def output_name(self, index: int, count: int) -> str:
        names = self.graphs.output_names
        if self.module.kind == "model" and self.scope.units is None and index < len(names):
            return names[index]
        first = count - len(self.module.exports)
        if self.scope.units is None and self.module.exports and index >= first:
            return self.module.exports[index - first]
        return "output" if count == 1 else f"output {index + 1}"

    def connect(self, value: int, slots: tuple[int, ...] = ()) -> None:
        source, part = self.made[value]
        link = Link(source, part, len(self.result.items) - 1, slots)
        if link not in self.result.links:
            self.result.links.append(link)

    # --- boxes

    def part(self, part: Part) -> None:
        item = self.item(part)
        self.count(item, part)
        inside = {unit.index for unit in part.units}
        self.result.items.append(item)
        for value in dict.fromkeys(value for unit in part.units for value in self.taken(unit)):
            if self.level.maker.get(value, -1) not in inside:
                taken = enumerate(part.units[0].inputs)
                places = tuple([place for place, other in taken if other == value])
                self.connect(value, places if part.kind == "unit" else (value,))
        number = len(self.result.items) - 1
        outputs: list[TensorType] = []
        for unit in part.units:
            for place, value in enumerate(unit.values):
                if (
                    any(user not in inside for user in self.level.users.get(value, ()))
                    or unit is part.units[-1]
                ):
                    self.made[value] = number, len(outputs)
                    outputs.append(unit.node.module.outputs[place])
        item.outputs = tuple(outputs)

    def taken(self, unit: Unit) -> list[int]:
        """The values that a unit uses: not all that a group is given."""
        module = unit.node.module
        if module.op is not None:
            return list(unit.inputs)
        wanted = frozenset([place for place, value in enumerate(unit.values) if value in self.level.users])
        used = self.graphs.liveness.of(module, wanted or every(module)).inputs
        return [value for place, value in enumerate(unit.inputs) if place in used]

    def item(self, part: Part) -> Item:
        if part.kind in ("unit", "stack"):
            return self.single(part.units)
        first = part.first
        names = [name for unit in part.units if (name := unit.node.name)]
        training = all(self.training[unit.index] for unit in part.units)
        if part.kind == "repeat" and len(first) == 1:
            item = self.single(first)
            item.name = _span(names)
            item.names = [path for unit in part.units for path in self.reached(unit)]
            item.count = part.count
            item.training = training
            return item
        units = tuple([unit.index for unit in first])
        scope = Scope(self.module, self.scope.late, units)
        text = f"{len(part.units)} modules"
        if part.kind == "dense":
            join = part.units[-1].node.origin
            size = next(n for n, unit in enumerate(part.units, 1) if unit.node.origin == join)
            units = tuple([unit.index for unit in part.units[:size]])
            scope = Scope(self.module, self.scope.late, units, shapes=False)
            kinds = dict.fromkeys(unit.node.module.kind for unit in part.units[: size - 1])
            text = f"dense: {' + '.join(kinds)}, concat"
        elif part.kind == "repeat":
            text = " + ".join(dict.fromkeys(unit.node.module.kind for unit in first))
        return Item(
            part.kind,
            part.kind,
            _span(names),
            text,
            names=[path for unit in part.units for path in self.reached(unit)],
            units=units,
            count=part.count if part.kind != "section" else 1,
            training=training,
            inside=scope,
        )

    def reached(self, unit: Unit) -> list[str]:
        return [unit.node.name] if unit.node.name is not None and unit.node.shares is None else []

    def single(self, units: list[Unit]) -> Item:
        """An op with its followers, or a composite."""
        node = units[0].node
        module = node.module
        name = node.name or node.label or ""
        shares = self.module.owner(node).name or "" if node.shares is not None else ""
        leaves = tuple([(u.node.name or "", u.node.module) for u in units if u.node.module.op is not None])
        item = Item(
            "op" if module.op is not None else "block" if module.is_block else "group",
            module.kind,
            name,
            describe(module),
            more=tuple([unit.node.module.kind for unit in units[1:]]),
            names=[path for unit in units for path in self.reached(unit)],
            units=tuple([unit.index for unit in units]),
            training=self.training[units[0].index],
            shares=shares,
            path=node.name or shares,
            leaves=leaves,
        )
        if module.op is None and any(not unit.is_removed for unit in (n.module for n in module.body)):
            here = self.only[units[0].index]
            again = units[0].index in self.level.shared
            late = NOTHING if item.training or again or here == every(module) else here
            self.open(item, Scope(module, late))
        return item

    def open(self, item: Item, scope: Scope) -> None:
        """Let an item open; a composite that is one box shows that box as its own, a repeat of one its copies."""
        inner = self.graphs.of(scope)
        boxes = inner.boxes
        item.inside = scope
        if item.op == "group":
            item.text, item.more = item.name, (_contents(boxes),)
        plain = len(inner.items) == 3 and len(boxes) == 1 and len(inner.links) == 2
        if not plain:
            return
        box = boxes[0]
        prefix = f"{item.path}." if item.path else ""
        reached = [f"{prefix}{name}" for name in box.names] if item.names else []
        if item.op == "repeat" and box.count > 1 and box.kind in ("op", "block", "group") and box.name:
            item.name, item.count, item.kind = f"{item.name}.{box.name}", box.count, box.kind
            item.text, item.more = box.text, box.more
        elif box.kind == "dense":
            item.more, item.kind = (f"{box.count} × {box.text.removeprefix('dense: ')}",), "dense"
        elif box.count > 1 or box.shares or box.training:
            return
        elif box.inside is None or not scope.module.is_block:
            item.text, item.more = box.text, box.more
        if box.inside is None:
            item.kind, item.op = "op", box.op
        item.names = [*item.names, *reached]
        item.leaves = tuple([(prefix + path if path else "", module) for path, module in box.leaves])
        item.inside = box.inside
        item.path = prefix + box.path if box.path else item.path

    def count(self, item: Item, part: Part) -> None:
        """Sum the costs of an item's units: weights once, MACs of every call."""
        for unit in part.units:
            cost = self.graphs.costs.of(unit.node.module)
            item.macs += cost.macs_of(self.graphs.batch)
            if unit.node.shares is None:
                item.params += cost.params
                item.buffers += cost.buffers


def _contents(boxes: list[Item]) -> str:
    """What a group consists of, in a few words."""
    kinds: list[tuple[int, str]] = []
    for box in boxes:
        kind, count = box.text.split(" ")[0] if box.op == "repeat" and box.count > 1 else box.op, box.count
        if kinds and kinds[-1][1] == kind:
            count += kinds.pop()[0]
        kinds.append((count, kind))
    words = [f"{count} × {kind}" if count != 1 else str(kind) for count, kind in kinds]
    return " + ".join(words) if len(words) <= 4 else f"{len(boxes)} parts"


def _span(names: list[str]) -> str:
    """The name of several modules: the first and the last, of which only the number if that is the difference."""
    if len(names) < 2:
        return "".join(names)
    first, last = names[0], names[-1]
    stem = first.rstrip("0123456789")
    if stem and last.startswith(stem) and last[len(stem) :].isdecimal():
        last = last[len(stem) :]
    return f"{first}–{last}"


def all_graphs(graphs: Graphs, root: Scope) -> Iterator[Graph]:
    """The graphs of a network, each distinct one once, outer before inner."""
    seen = {root}
    stack = [root]
    while stack:
        graph = graphs.of(stack.pop())
        yield graph
        inner = [scope for scope in dict.fromkeys(graph.inner()) if scope not in seen]
        seen.update(inner)
        stack += reversed(inner)
