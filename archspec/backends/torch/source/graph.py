"""The values in the body of a class: which tensor of each instance a value is."""

from itertools import count
from typing import Any

from archspec.backends.torch.source.blocks import Blocks
from archspec.backends.torch.source.ops import Calls, first
from archspec.backends.torch.source.parts import Action, Item, Loop, TensorValue
from archspec.backends.torch.source.rows import Row
from archspec.backends.torch.source.scope import View
from archspec.backends.torch.source.symbols import ABSENT, Symbol, constant, simplify, size_name, uniform
from archspec.elaborate.settings import compile_setting
from archspec.elaborate.steps import Step
from archspec.ir import Module, Node
from archspec.language.expressions import Conditional, Unary
from archspec.language.templates import Template
from archspec.ops.core.fields import EXPRESSION
from archspec.types import TensorType

Tensor = tuple[int, int]
"""A tensor of an instance: the number of a body that was entered, and the id of the value in it."""


class Graph(Blocks):
    """The values and actions of one class."""

    name = ""

    def start(self, rows: list[Row]) -> None:
        """Begin with the inputs of the instances."""
        self.graph = True
        """Whether nodes become actions of `forward`; in an `nn.Sequential` they do not."""
        self.values: dict[int, TensorValue] = {}
        self.actions: list[Action] = []
        self.sink: list[Item | Loop] = []
        self.condition: Symbol | None = None
        self.partial = False
        """Whether a row that lacks a node says nothing of the sizes of its output."""
        self.mixed = False
        """Whether modules of the `nn.Sequential` under way have names of their own."""
        self.container_item: Item | None = None
        self.owners: dict[tuple[int, int], Item] = {}
        self.made_by: dict[tuple[int, int], Step] = {}
        """The node of the document that made each module, by body and index."""
        self.numbers_of_bodies = count()
        self.aliases: list[dict[Tensor, Tensor]] = [{} for _ in rows]
        self.ranges: dict[int, dict[int, range]] = {}
        self.bodies = [self._body(row, other.module) for row, other in enumerate(rows)]

    @property
    def current(self) -> list[Row]:
        """The instance of each current row."""
        return [self.rows[place] for place in self.places]

    def _body(self, row: int, module: Module) -> tuple[int, Module]:
        """Enter a body: what `when` removed passes its input through."""
        number = next(self.numbers_of_bodies)
        if id(module) not in self.ranges:
            self.ranges[id(module)] = {id(node): ids for node, ids in module.values()}
        for node, ids in module.values():
            if node.module.is_removed:
                self.aliases[row][number, ids[0]] = number, node.inputs[0]
        return number, module

    def entered(self, calls: Calls) -> list[tuple[int, Module]]:
        """The bodies of groups, whose values are those of the bodies around them."""
        bodies = []
        for row, node in enumerate(calls):
            assert node is not None  # noqa: S101 — a container is there in all rows
            outer, around = self.bodies[row]
            body = self._body(row, node.module)
            for index, value in enumerate(node.inputs):
                self.aliases[row][body[0], index] = outer, value
            for value, result in zip(self.ranges[id(around)][id(node)], node.module.results, strict=True):
                self.aliases[row][outer, value] = body[0], result
            bodies.append(body)
        return bodies

    def tensor(self, row: int, value: int) -> Tensor:
        """The tensor that a value of a row's body is."""
        found = (self.bodies[row][0], value)
        while found in self.aliases[row]:
            found = self.aliases[row][found]
        return found

    def row_of(self, calls: Calls) -> int:
        """The first row that has a node."""
        return next(row for row, node in enumerate(calls) if node is not None)

    def lookup(self, wanted: list[Tensor | None]) -> TensorValue | None:
        """The latest value that is this tensor in each row, if there is one."""
        for value in reversed(self.values.values()):
            if all(w is None or w == own for w, own in zip(wanted, value.ids, strict=True)):
                return value
        return None

    def find(self, wanted: list[Tensor | None]) -> TensorValue | None:
        """The latest value that is this tensor in each row."""
        found = self.lookup(wanted)
        if found is None:
            self.fail("inputs that differ")
        return found

    def select(
        self, step: Step | None, index: int, calls: Calls, wanted: list[Tensor | None]
    ) -> TensorValue | None:
        """An input that is another value in other rows: `b if test else a`."""
        found = self.lookup(wanted)
        if found is not None or step is None:
            return found or self.find(wanted)
        there = [row for row, tensor in enumerate(wanted) if tensor is not None]
        for value in reversed([*self.values.values()]):
            some = {row for row in there if value.ids[row] == wanted[row]}
            rest = [None if row in some else tensor for row, tensor in enumerate(wanted)]
            other = self.lookup(rest) if some else None
            if other is None:
                continue
            column = tuple([ABSENT if tensor is None else row in some for row, tensor in enumerate(wanted)])
            condition = self.fit(column, self.tests_of(step, index)) or self.role(
                f"selects_{step.order}", column
            )
            action = Action(first(calls), "{1}", (other.number, value.number), ())
            made = TensorValue(
                len(self.values),
                tuple(wanted),
                tuple(
                    [other.types[row] if row not in some else kind for row, kind in enumerate(value.types)]
                ),
                tuple([None] * len(value.dims)),
            )
            dims = []
            for axis in range(len(value.dims)):
                sizes = tuple([ABSENT if t is None or axis >= t.rank else t.shape[axis] for t in made.types])
                pair = value.dims[axis], other.dims[axis] if axis < len(other.dims) else None
                candidates = [*pair]
                if pair[0] is not None and pair[1] is not None:
                    candidates.append(self.symbol(Conditional(condition.tree, pair[0].tree, pair[1].tree)))
                dims.append(self.fit(sizes, candidates))
            made.dims = tuple(dims)
            self.values[made.number] = made
            made.sizes = self.sizes_of(made.number, [*made.types])
            action.outputs, action.flag = (made.number,), condition
            self.actions.append(action)
            return made
        return self.find(wanted)

    def tests_of(self, step: Step, index: int) -> list[Symbol | None]:
        """The conditions in the name of an input: `from = "{'a' if test else 'b'}"`."""
        source = step.sources[index] if step.sources is not None and index < len(step.sources) else None
        parts = source.tree.parts if source is not None and isinstance(source.tree, Template) else ()
        found: list[Symbol | None] = []
        for part in parts:
            if not isinstance(part, str) and isinstance(part.tree, Conditional):
                tree = self.translated(part.tree.test, View())
                if tree is not None:
                    found += [self.symbol(tree), self.symbol(simplify(Unary("not", tree)))]
        return found

    def inputs(self, calls: Calls, step: Step | None = None) -> list[TensorValue]:
        """The inputs of a node."""
        counts = {len(node.inputs) for node in calls if node is not None}
        if len(counts) > 1:
            self.fail("numbers of inputs that differ")
            return []
        found = []
        for index in range(counts.pop()):
            wanted = [
                None if node is None else self.tensor(row, node.inputs[index])
                for row, node in enumerate(calls)
            ]
            found.append(self.select(step, index, calls, wanted))
        return [value for value in found if value is not None]

    def value_at(self, calls: Calls, output: int) -> TensorValue | None:
        """The value that an output of a group is."""
        wanted: list[Tensor | None] = []
        for row, node in enumerate(calls):
            assert node is not None  # noqa: S101 — a container is there in all rows
            ids = self.ranges[id(self.bodies[row][1])][id(node)]
            wanted.append(self.tensor(row, ids[output]))
        return self.find(wanted)

    def new_value(
        self, calls: Calls, output: int, x: TensorValue | None, dims: tuple[Symbol | None, ...]
    ) -> TensorValue:
        """An output of a node; where a row lacks the node, its first input."""
        types: list[TensorType | None] = []
        ids: list[Tensor | None] = []
        for row, node in enumerate(calls):
            if node is None:
                types.append(x.types[row] if x is not None and row < len(x.types) else None)
                ids.append(x.ids[row] if self.graph and x is not None else None)
            else:
                types.append(node.module.outputs[output])
                ids.append(self._made(row, node, output) if self.graph else None)
        number = len(self.values) if self.graph else -1
        value = TensorValue(number, tuple(ids), tuple(types), dims)
        if self.graph:
            self.values[number] = value
            value.sizes = self.sizes_of(number, types)
        return value

    def _made(self, row: int, node: Node, output: int) -> Tensor:
        ids = self.ranges[id(self.bodies[row][1])][id(node)]
        return self.tensor(row, ids[output])

    def sizes_of(self, number: int, types: list[TensorType | None]) -> tuple[Symbol | None, ...]:
        """The sizes of a value as `forward` says them."""
        sizes: list[Symbol | None] = []
        for axis in range(next(type_.rank for type_ in types if type_ is not None)):
            column = tuple(
                ABSENT if type_ is None or axis >= type_.rank else type_.shape[axis] for type_ in types
            )
            is_free = any(isinstance(value, str) for value in column)
            found = constant(column) if is_free and uniform(column) else None
            sizes.append(found or self.bind(size_name(number, axis), column))
        return tuple(sizes)

    def input_value(self, index: int, name: str, types: list[TensorType], shape: list[Any]) -> TensorValue:
        """An input: the number of channels or features is an argument if it differs.

        `shape` is what the document says of an input of the network.
        """
        rank = types[0].rank
        if any(type_.rank != rank for type_ in types):
            self.fail("ranks differ")
        word = "in" if name == "input" else name
        dims: list[Symbol | None] = []
        for axis in range(rank if not self.trouble else 0):
            column = tuple(type_.shape[axis] for type_ in types)
            dim: Symbol | None = None
            if uniform(column):
                dim = constant(column)
            elif axis == 1 or (axis == 2 and rank == 3):
                wanted = f"{word}_channels" if axis == 1 and rank > 2 else f"{word}_features"
                if axis < len(shape) and isinstance(shape[axis], str):
                    dim = self.fit(
                        column, [self.setting(compile_setting(shape[axis], EXPRESSION, ()), View())]
                    )
                if dim is None and all(isinstance(value, int) for value in column):
                    dim = self.argument(f"@{wanted}", wanted, column, axis=(index, axis))
            dims.append(dim)
        ids = tuple([self.tensor(row, index) for row in range(len(types))])
        value = TensorValue(len(self.values), ids, tuple(types), tuple(dims))
        self.values[value.number] = value
        value.sizes = self.sizes_of(value.number, [*types])
        return value
