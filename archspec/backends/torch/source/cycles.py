"""Copies that `forward` calls in a loop."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from archspec.backends.torch.source.graph import Graph
from archspec.backends.torch.source.ops import Calls, function_text
from archspec.backends.torch.source.parts import Action, Item, Loop, TensorValue
from archspec.backends.torch.source.rows import Nodes, Slices
from archspec.backends.torch.source.scope import View
from archspec.backends.torch.source.symbols import Symbol, matches, names, uniform
from archspec.elaborate.steps import Chain, Step
from archspec.ir import Node
from archspec.language.expressions import Binary, Literal, Name, Tree
from archspec.ops.core.torch_code import placeholders
from archspec.types import TensorType

T = TypeVar("T")


class Cycles(Graph):
    """Writes loops of `forward`."""

    folds: bool
    """Whether `forward` may have loops."""

    @abstractmethod
    def step(
        self, step: Step, slices: Slices, x: TensorValue | None, *, copy: bool = False, start: bool = False
    ) -> TensorValue | None:
        """A node with all its copies."""

    @abstractmethod
    def chain(self, chain: Chain, slices: Slices, x: TensorValue | None) -> TensorValue | None:
        """The nodes in their order; the value of the last."""

    @abstractmethod
    def join(
        self, step: Step, slices: Slices, y: TensorValue | None, x: TensorValue | None
    ) -> TensorValue | None:
        """The join at the end of a wiring node."""

    @abstractmethod
    def only(self, condition: Symbol) -> Any:
        """A context in which what is made is there under a condition."""

    @abstractmethod
    def name_item(self, step: Step, item: Item, calls: Calls) -> None:
        """Name the module of a node as its rows do."""

    def attempt(self, action: Callable[[], T]) -> T | None:
        """What `action` makes, or `None`, with no trace left, if one class does not suit all rows."""
        sink, condition, labels = [*self.sink], self.condition, {**self.space.labels}
        values, actions, owners = {**self.values}, [*self.actions], {**self.owners}
        before, self.trouble = self.trouble, ""
        result = action()
        failed, self.trouble = self.trouble, before
        if not failed:
            return result
        self.sink[:], self.condition, self.space.labels = sink, condition, labels
        self.values, self.actions, self.owners = values, actions, owners
        return None

    def count_of(self, step: Step, counts: tuple[Any, ...]) -> Symbol:
        """The number of copies."""
        setting = step.repeat or step.parallel
        return self.fit(counts, [self.setting(setting, View())]) or self.role("depth", counts)

    def into(self, sink: list[Item | Loop], action: Callable[[], T]) -> T:
        """What `action` makes, with its modules in `sink`."""
        kept, self.sink = self.sink, sink
        result = action()
        self.sink = kept
        return result

    def looped(
        self, step: Step, per_row: list[list[Nodes] | None], counts: tuple[Any, ...], x: TensorValue | None
    ) -> list[TensorValue | None]:
        """Copies that call one module, and join what it makes, as a loop of `forward`."""
        rows = [[[n for n in nodes if not n.module.is_removed] for nodes in own or ()] for own in per_row]
        nodes = [(row, k, own) for row, copies_ in enumerate(rows) for k, own in enumerate(copies_)]
        if x is None or not self._suits(per_row, counts, nodes):
            self.fail("copies that are not alike")
            return [x]
        if any(len(own[0].inputs) != 1 or len(own[0].module.outputs) != 1 for _, _, own in nodes):
            self.fail("copies with no input or several")
            return [x]
        start = self.find([self.tensor(row, own[0][0].inputs[0]) for row, own in enumerate(rows)])
        key = f"@{step.index}{self.space.depth}"
        count = self.count_of(step, counts)
        if start is None:
            return [x]
        pairs = [(row, k) for row, k, _ in nodes]
        ends = [own[-1] for _, _, own in nodes]
        heads: Slices = [own[:1] for _, _, own in nodes]
        types = tuple([own[0].module.inputs[0] for _, _, own in nodes])
        grown = self._growth(step, start, ends, heads, types, key, pairs)
        items: list[Item | Loop] = []
        with self.copies(key, pairs):
            dims = [
                self._repeated(dim, delta, Name(key)) for dim, delta in zip(start.dims, grown, strict=False)
            ]
        before = TensorValue(-1, (), types, tuple(dims))
        self._bodies(step, heads, before, key, pairs, items)
        joins = self._joins(rows) if not self.trouble else []
        if len(items) != 1 or not isinstance(items[0], Item) or items[0].inits or len(items[0].name) < 2:
            self.fail("copies of several modules")
            return [x]
        loop = Loop(items, key, count)
        self.sink.append(loop)
        last = [own[-1][-1] for own in rows]
        calls: Calls = [*last]
        columns = [
            self._repeated(dim, delta, count.tree) for dim, delta in zip(start.dims, grown, strict=False)
        ]
        found = self.dims(calls, 0, [start], lambda axis: [columns[axis]] if axis < len(columns) else [])
        value = self.new_value(calls, 0, start, found)
        template = "{m}({0})"
        action = Action(last[0], template, (start.number,), (value.number,), items[0], pure=False)
        action.loop, action.joins = loop, joins
        self.actions.append(action)
        return [value]

    def _suits(
        self, per_row: list[list[Nodes] | None], counts: tuple[Any, ...], nodes: list[tuple[int, int, Nodes]]
    ) -> bool:
        """Whether copies can be a loop: enough of them, of one module each, with a name of its own."""
        lengths = {len(own) for _, _, own in nodes}
        return not (
            not self.folds
            or self.container_item is not None
            or self.condition is not None
            or (uniform(counts) and counts[0] < 3)
            or None in per_row
            or 0 in counts
            or any(self.is_reused(row, own[0]) for row, _, own in nodes if own)
            or len(lengths) != 1
            or 0 in lengths
            or any(not own[0].name or own[0].positional for _, _, own in nodes)
        )

    def _bodies(
        self,
        step: Step,
        heads: Slices,
        before: TensorValue,
        key: str,
        pairs: list[tuple[int, int]],
        items: list[Item | Loop],
    ) -> TensorValue | None:
        """The module of each copy, as an item over the counter; what it makes."""
        kept, self.graph = self.graph, False
        with self.copies(key, pairs):
            for axis, dim in enumerate(before.dims):
                if dim is not None and isinstance(dim.tree, Name) and dim.tree.name == f"@carry{axis}":
                    for row, size in zip(self.bindings, dim.values, strict=True):
                        row[dim.tree.name] = size
            self.space.names.append((step.index, self.symbol(Name(key))))
            inner = step.layers if step.kind == "dense" else None
            y = self.into(
                items,
                lambda: (
                    self.chain(inner, heads, before)
                    if inner is not None
                    else self.step(step, heads, before, copy=True)
                ),
            )
            self.space.names.pop()
        self.graph = kept
        return y

    def is_reused(self, row: int, node: Node) -> bool:
        """Whether a module is called again."""
        body = self.bodies[row][1]
        return any(body.body[index] is node for index in body.shared)

    def _growth(
        self,
        step: Step,
        start: TensorValue,
        ends: list[Node],
        heads: Slices,
        types: tuple[TensorType, ...],
        key: str,
        pairs: list[tuple[int, int]],
    ) -> list[Tree | None]:
        """The amount by which each copy changes each axis; `None` if it differs between copies."""
        growth: list[Tree | None] = []
        for axis in range(len(start.dims)):
            deltas: dict[int, set[int | None]] = {}
            for (row, _), end, before in zip(pairs, ends, types, strict=True):
                after = end.module.outputs[0]
                old = before.shape[axis] if axis < before.rank else 0
                new = after.shape[axis] if axis < after.rank else 0
                known = isinstance(new, int) and isinstance(old, int)
                deltas.setdefault(row, set()).add(int(new) - int(old) if known else 0 if new == old else None)
            column = tuple([found.pop() if len(found) == 1 else None for found in deltas.values()])
            if None in column or len({*column}) == 1:
                growth.append(None if None in column else Literal(column[0] or 0))
                continue
            growth.append(self._made_by_copy(step, axis, heads, types, key, pairs, column))
        return growth

    def _made_by_copy(
        self,
        step: Step,
        axis: int,
        heads: Slices,
        types: tuple[TensorType, ...],
        key: str,
        pairs: list[tuple[int, int]],
        column: tuple[Any, ...],
    ) -> Tree | None:
        """The size that each copy adds, as an expression over the names of the class."""
        carried = [Name(f"@carry{axis}") if index == axis else None for index in range(types[0].rank)]
        sizes = tuple([t.shape[axis] for t in types])
        dims = tuple([Symbol(tree, sizes) if tree else None for tree in carried])
        y = self.attempt(lambda: self._bodies(step, heads, TensorValue(-1, (), types, dims), key, pairs, []))
        made = y.dims[axis] if y is not None and axis < len(y.dims) else None
        if made is None or any(
            name.startswith("@") and name not in self.arguments for name in names(made.tree)
        ):
            return None
        return made.tree if matches(column, self.symbol(made.tree).values) else None

    def _repeated(self, dim: Symbol | None, delta: Tree | None, times: Tree) -> Symbol | None:
        """A size that grows by `delta` with each of so many copies."""
        if dim is None or delta is None:
            return None
        if isinstance(delta, Literal) and delta.result == 0:
            return self.lift(dim)
        return self.symbol(grown(dim.tree, delta, times))

    def _joins(self, rows: list[list[Nodes]]) -> list[Action]:
        """The actions of a copy after its module. Value 0 is the carried one, then follow the copy's own values."""
        found: list[Action] = []
        for position in range(1, len(rows[0][0])):
            texts: set[str] = set()
            wiring: set[tuple[int, ...]] = set()
            for row, copies_ in enumerate(rows):
                ids = self.ranges[id(self.bodies[row][1])]
                for nodes in copies_:
                    node = nodes[position]
                    code = self.facts.code(node) if node.module.op is not None else None
                    if code is None or not code.function or node.name is not None:
                        self.fail("copies with several modules")
                        return []
                    texts.add(function_text(code))
                    numbers = {self.tensor(row, nodes[0].inputs[0]): 0}
                    for number, other in enumerate(nodes, start=1):
                        numbers[self.tensor(row, ids[id(other)][0])] = number
                    wiring.add(tuple([numbers.get(self.tensor(row, value), -1) for value in node.inputs]))
            text = texts.pop()
            inputs = wiring.pop()
            if texts or wiring or -1 in inputs or any(True for _ in placeholders(text)):
                self.fail("joins that differ")
                return []
            found.append(Action(rows[0][0][position], text, inputs, (position + 1,)))
        return found


def grown(tree: Tree, step: Tree, times: Tree) -> Tree:
    """A size that grows by a step so many times."""
    if isinstance(step, Literal) and step.result == 1:
        return Binary("+", tree, times)
    return Binary("+", tree, Binary("*", step, times))
