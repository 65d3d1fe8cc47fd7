"""Copies of nodes: as a loop over their counter where they are alike, else one by one."""

from typing import Any, TypeVar

from archspec.backends.torch.source.cycles import Cycles, grown
from archspec.backends.torch.source.initialise import weights
from archspec.backends.torch.source.parts import Item, Loop, TensorValue, every_item
from archspec.backends.torch.source.rows import Nodes, Slices, copies
from archspec.backends.torch.source.symbols import ABSENT, Symbol, names, substitute, uniform
from archspec.elaborate.steps import Step
from archspec.language.expressions import Binary, Compare, Literal, Name
from archspec.types import TensorType

T = TypeVar("T")


class Loops(Cycles):
    """Writes copies."""

    def copied(self, step: Step, slices: Slices, x: TensorValue | None) -> TensorValue | None:
        """The copies of a node, each fed by the one before; with `parallel`, side by side."""
        per_row = [None if nodes is None else copies(nodes, self.space.depth) for nodes in slices]
        counts = tuple([ABSENT if own is None else len(own) for own in per_row])
        most = max((n for n in counts if n is not ABSENT), default=0)
        if most == 0:
            return x
        self.space.depth += 1
        found: list[TensorValue | None] | None = None
        if step.parallel is None and (most > 1 or not uniform(counts)):
            fold = self.looped if self.graph else self.chained
            found = self.attempt(lambda: fold(step, per_row, counts, x))
        value = found[0] if found else self.unrolled(step, per_row, counts, most, x)
        self.space.depth -= 1
        return value

    # --- one by one ------------------------------------------------------------------------------------------

    def unrolled(
        self,
        step: Step,
        per_row: list[list[Nodes] | None],
        counts: tuple[Any, ...],
        most: int,
        x: TensorValue | None,
    ) -> TensorValue | None:
        """Copies one by one; those that some rows lack under a condition."""
        if most > 64 and len(self.rows) > 1:
            self.fail("many copies")
            return x
        for index in range(most):
            own: Slices = [
                copies_[index] if copies_ and index < len(copies_) else None for copies_ in per_row
            ]
            counter = self.symbol(Literal(index))
            there = tuple([ABSENT if n is ABSENT else n > index for n in counts])
            self.space.names.append((step.index, counter))
            if any(value is False for value in there):
                test = Compare(self.count_of(step, counts).tree, ((">", Literal(index)),))
                with self.only(self.symbol(test)):
                    y = self.one(step, own, x, start=index == 0)
            else:
                y = self.one(step, own, x, start=index == 0)
            x = x if step.parallel is not None else y
            self.space.names.pop()
        return x

    def one(self, step: Step, own: Slices, x: TensorValue | None, *, start: bool) -> TensorValue | None:
        """One copy."""
        if step.kind == "dense":
            self.chain(step.layers, own, x)
            return self.join(step, own, x, x)
        return self.step(step, own, x, copy=True, start=start)

    # --- in an `nn.Sequential` ---------------------------------------------------------------------------------

    def chained(
        self, step: Step, per_row: list[list[Nodes] | None], counts: tuple[Any, ...], x: TensorValue | None
    ) -> list[TensorValue | None]:
        """Copies in a chain: a first one, where it differs, and a loop."""
        if x is None or step.kind == "dense":
            self.fail("copies without an input")
            return [x]
        count = self.count_of(step, counts)
        key = f"@{step.index}{self.space.depth}"
        heads: Slices = [own[0] if own else None for own in per_row]
        first: list[Item | Loop] = []
        self.space.names.append((step.index, self.symbol(Literal(0))))
        after = self.into(first, lambda: self.one(step, heads, x, start=True))
        self.space.names.pop()
        if self.trouble or after is None:
            return [x]
        if self.is_refused(first, count):
            return [x]
        whole = None
        if not step.first:
            whole = self.attempt(lambda: self.rest_of(step, per_row, key, x, after, start=0))
        if whole is not None and whole[0]:
            self.sink.append(Loop(whole[0], key, count))
            return [self.end_of(per_row, x, after, whole[1], key, count)]
        rest = self.rest_of(step, per_row, key, x, after, start=1)
        if 0 in counts:
            with self.only(self.symbol(Compare(count.tree, ((">", Literal(0)),)))):
                for item in first:
                    if isinstance(item, Item):
                        item.when = self.condition
        self.sink += first
        if rest[0]:
            self.sink.append(Loop(rest[0], key, count, 1))
        return [self.end_of(per_row, x, after, rest[1], key, count)]

    def is_refused(self, first: list[Item | Loop], count: Symbol) -> bool:
        """Whether the copies are better written one by one, or have to be."""
        if any(True for item in every_item(first) for _ in weights(item)):
            self.fail("initialisers, which find modules by position")
        elif self.mixed and any(item.positional for item in every_item(first)):
            self.fail("numbers as names")
        elif count.is_literal and len(first) * (count.values[0] - 1) <= 4 < 2 * len(first) + 2:
            self.fail("few copies of several modules")
        return bool(self.trouble)

    def rest_of(
        self,
        step: Step,
        per_row: list[list[Nodes] | None],
        key: str,
        x: TensorValue,
        after: TensorValue,
        *,
        start: int,
    ) -> tuple[list[Item | Loop], TensorValue | None]:
        """The copies from `start` on, as items over the counter."""
        pairs = [(row, copy) for row, own in enumerate(per_row) for copy in range(start, len(own or ()))]
        if not pairs:
            return [], None
        slices: Slices = [(per_row[row] or [])[copy] for row, copy in pairs]
        items: list[Item | Loop] = []
        condition = self.condition
        with self.copies(key, pairs):
            self.condition = self.lift(condition)
            before = self.carried(slices, key, x, after, start=start)
            if start == 0 and None in before.dims and None not in x.dims:
                self.fail("another input than the first")
                self.condition = condition
                return [], None
            self.space.names.append((step.index, self.symbol(Name(key))))
            y = self.into(items, lambda: self.one(step, slices, before, start=False))
            self.space.names.pop()
        self.condition = condition
        return items, y

    def carried(
        self, slices: Slices, key: str, x: TensorValue, after: TensorValue, *, start: int
    ) -> TensorValue:
        """The input of each copy, with the sizes that the copy before gives it."""
        types = tuple(
            [nodes[0].module.inputs[0] if nodes and nodes[0].module.inputs else None for nodes in slices]
        )
        dims: list[Symbol | None] = []
        for axis, (old, new) in enumerate(zip(x.dims, after.dims, strict=False)):
            column = tuple([ABSENT if t is None or axis >= t.rank else t.shape[axis] for t in types])
            if all(value is ABSENT for value in column):
                dims.append(None)
                continue
            dims.append(self.fit(column, self._sizes(old, new, key, start=start)))
        return TensorValue(-1, (), types, tuple(dims))

    def _sizes(self, old: Symbol | None, new: Symbol | None, key: str, *, start: int) -> list[Symbol | None]:
        """The candidates for a size before each copy: constant, or growing by what the first copy adds."""
        found: list[Symbol | None] = [self.lift(new if start else old)]
        if old is not None and new is not None:
            growth = self.symbol(Binary("-", new.tree, old.tree))
            found.append(self.symbol(grown(old.tree, growth.tree, Name(key))))
            if start == 1 and new.is_literal and isinstance(new.values[0], int):
                # a multiple of the counter: the first copy made the multiple for one
                found.append(self.symbol(Binary("*", Literal(new.values[0]), Name(key))))
        return found

    def end_of(
        self,
        per_row: list[list[Nodes] | None],
        x: TensorValue,
        after: TensorValue,
        last: TensorValue | None,
        key: str,
        count: Symbol,
    ) -> TensorValue:
        """The value after all copies."""
        types: list[TensorType | None] = []
        for row, own in enumerate(per_row):
            if not own or not own[-1]:
                types.append(x.types[row] if row < len(x.types) else None)
            else:
                types.append(own[-1][-1].module.outputs[0])
        dims: list[Symbol | None] = []
        rank = next((type_.rank for type_ in types if type_ is not None), 0)
        for axis in range(rank):
            column = tuple([ABSENT if t is None or axis >= t.rank else t.shape[axis] for t in types])
            old, new = (value.dims[axis] if axis < len(value.dims) else None for value in (x, after))
            candidates: list[Symbol | None] = [new, old]
            if old is not None and new is not None:
                growth = self.symbol(Binary("-", new.tree, old.tree))
                candidates.append(self.symbol(grown(old.tree, growth.tree, count.tree)))
            made = last.dims[axis] if last is not None and axis < len(last.dims) else None
            if made is not None:
                tree = substitute(made.tree, {key: Binary("-", count.tree, Literal(1))})
                if not any(name.startswith("@") and name not in self.arguments for name in names(tree)):
                    candidates.append(self.symbol(tree))
            dims.append(self.fit(column, candidates))
        return TensorValue(-1, (), tuple(types), tuple(dims))

    # --- in `forward` --------------------------------------------------------------------------------------------
