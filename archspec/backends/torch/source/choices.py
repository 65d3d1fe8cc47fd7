"""Nodes that differ from row to row in more than numbers: other ops, more or fewer branches."""

from abc import abstractmethod
from typing import Any

from archspec.backends.torch.source.modules import Modules
from archspec.backends.torch.source.ops import Calls, first, function_text
from archspec.backends.torch.source.parts import Action, Choice, Item, TensorValue
from archspec.backends.torch.source.rows import Slices, flat
from archspec.backends.torch.source.scope import View
from archspec.backends.torch.source.symbols import ABSENT, Symbol, simplify
from archspec.elaborate.steps import Step
from archspec.ir import Node
from archspec.language.expressions import Compare, Literal, Name
from archspec.language.templates import Template
from archspec.ops.core.torch_code import without_numbers


class Choices(Modules):
    """Writes alternatives."""

    @abstractmethod
    def once(self, step: Step, slices: Slices, x: TensorValue | None, *, start: bool) -> TensorValue | None:
        """One copy of a node."""

    def kind_of(self, step: Step, nodes: list[Node]) -> str:
        """What tells calls apart that cannot be one statement."""
        level = self.space.level
        node = nodes[0]
        trace = (*node.inside, node.origin)[level:]
        if len(trace) > 1 and trace[0] == step.origin:
            return str(trace[1].path[1])
        if node.module.op is None:
            parts = step.op.tree.parts if step.op is not None and isinstance(step.op.tree, Template) else ()
            is_name = len(parts) == 1 and not isinstance(parts[0], str) and isinstance(parts[0].tree, Name)
            return "" if is_name and self.space.given is None else node.module.kind
        code = self.facts.code(node)
        if code.is_plain and not self.facts.weights(node.module):
            return ""
        if code.module or not code.function:
            return node.module.kind
        word = "identity" if code.function == "{0}" else node.module.kind
        return f"{word}|{without_numbers(function_text(code))[0]}"

    def alternatives(
        self, step: Step, slices: Slices, kinds: list[str | None], x: TensorValue | None, *, start: bool
    ) -> TensorValue | None:
        """A node whose op is another one in other rows: each under its condition."""
        found = [kind for kind in dict.fromkeys(kinds) if kind is not None]
        tests = [self.test_for(step, kinds, kind) for kind in found]
        chosen = self.attempt(lambda: self.chosen_module(step, slices, kinds, found, tests, x, start=start))
        if chosen is not None:
            return chosen[0]
        made: list[TensorValue | None] = [x]
        for kind, condition in zip(found, tests, strict=True):
            own: Slices = [
                nodes if other == kind else None for nodes, other in zip(slices, kinds, strict=True)
            ]
            kept, self.partial = self.partial, not self.graph
            with self.only(condition):
                made.append(self.once(step, own, made[-1] if self.graph else x, start=start))
            self.partial = kept
        return made[-1] if self.graph else self.merged(kinds, found, made[1:], x)

    def test_for(self, step: Step, kinds: list[str | None], kind: str) -> Symbol:
        """Whether a row has an op of this kind: what the document says of it, or of a field."""
        column = tuple([ABSENT if other is None else other == kind for other in kinds])
        chosen = self.setting(step.op, View())
        candidates: list[Symbol] = []
        if chosen is not None and not chosen.is_literal:
            value = next(v for v, other in zip(chosen.values, kinds, strict=True) if other == kind)
            candidates.append(self.symbol(simplify(Compare(chosen.tree, (("==", Literal(value)),)))))
        for settings in step.settings.values():
            for setting in settings.items.values():
                symbol = self.setting(setting, View())
                if symbol is None or symbol.is_literal:
                    continue
                for sign, wanted in (("==", True), ("!=", False)):
                    values = {v for v, c in zip(symbol.values, column, strict=True) if c is wanted}
                    if len(values) == 1:
                        test = Compare(symbol.tree, ((sign, Literal(values.pop())),))
                        candidates.append(self.symbol(test))
        return self.fit(column, candidates) or self.role(f"is_{kind.partition('|')[0]}", column)

    def chosen_module(
        self,
        step: Step,
        slices: Slices,
        kinds: list[str | None],
        found: list[str],
        tests: list[Symbol],
        x: TensorValue | None,
        *,
        start: bool,
    ) -> list[TensorValue | None]:
        """A module that is of another class in other rows."""
        calls = self.calls_of(step, slices)
        inputs = self.inputs(calls) if self.graph else [x] if x is not None else []
        made: list[Item] = []
        actions: list[Action] = []
        sizes: list[list[tuple[Symbol | None, ...]]] = []
        for kind in found if not self.trouble else ():
            own: Calls = [node if other == kind else None for node, other in zip(calls, kinds, strict=True)]
            if all(node is None for node in own):
                self.fail("an inline block")
                return [x]
            action, item, dims = self.made(step, own, inputs, start=start)
            if item is None or (self.graph and action.numbers) or self.trouble or item.inits:
                self.fail("alternatives that are no modules")
                return [x]
            made.append(item)
            actions.append(action)
            sizes.append(dims)
        if (
            len({len(each) for each in sizes}) > 1
            or len({action.template for action in actions}) > 1
            or first(calls).shares is not None
        ):
            self.fail("alternatives that are called otherwise")
            return [x]
        if self.trouble or not made:
            return [x]
        return [self.one_of(step, calls, inputs, tests, made, actions[0], sizes)]

    def one_of(
        self,
        step: Step,
        calls: Calls,
        inputs: list[TensorValue],
        tests: list[Symbol],
        made: list[Item],
        action: Action,
        sizes: list[list[tuple[Symbol | None, ...]]],
    ) -> TensorValue | None:
        """A module that is one of several, as an item."""
        item = made[0]
        item.made = Choice(tests[:-1], [each.made for each in made])
        item.inplace = item.fresh = action.inplace = action.fresh = False
        item.is_free = all(each.is_free for each in made)
        self.name_item(step, item, calls)
        self.place(item, calls)
        action.part = item
        dims = []
        for output in range(len(sizes[0])):
            options = [each[output] for each in sizes]
            dims.append(
                self.dims(calls, output, inputs, lambda axis: [o[axis] for o in options if axis < len(o)])  # noqa: B023 — called at once
            )
        return self.finish(step, calls, action, inputs, dims)

    def merged(
        self, kinds: list[str | None], found: list[str], made: list[TensorValue | None], x: TensorValue | None
    ) -> TensorValue | None:
        """The value of one of several alternatives in a chain."""
        there = [value for value in made if value is not None]
        types = []
        for row, kind in enumerate(kinds):
            value = made[found.index(kind)] if kind is not None else x
            types.append(value.types[row] if value is not None and row < len(value.types) else None)
        rank = next((type_.rank for type_ in types if type_ is not None), 0)
        dims = []
        for axis in range(rank):
            column = tuple([ABSENT if t is None or axis >= t.rank else t.shape[axis] for t in types])
            dims.append(self.fit(column, [value.dims[axis] for value in there if axis < len(value.dims)]))
        return TensorValue(-1, (), tuple(types), tuple(dims))

    def uneven(self, step: Step, calls: Calls, x: TensorValue | None) -> TensorValue | None:
        """A sum of branches some of which some rows lack: branch by branch."""
        rows = [
            [self.tensor(row, value) for value in node.inputs] if node else []
            for row, node in enumerate(calls)
        ]
        longest = max(range(len(rows)), key=lambda row: len(rows[row]))
        parts = [
            self.lookup([t if row == longest else None for row in range(len(rows))]) for t in rows[longest]
        ]
        most = calls[longest]
        text = function_text(self.facts.code(most)) if most is not None else ""
        sign = [*text.split(" "), ""][1]
        plain = text == f" {sign} ".join(f"{{{index}}}" for index in range(len(parts)))
        there = [
            [part is not None and part.ids[row] in own for row, own in enumerate(rows)] for part in parts
        ]
        base = next((index for index, column in enumerate(there) if all(column)), 9)
        values = [part for part in parts if part is not None]
        if not plain or base > 1 or len(values) < len(parts) or None in calls:
            self.fail("numbers of inputs that differ")
            return x
        for own, row in zip(rows, range(len(rows)), strict=True):
            if own != [v.ids[row] for v, column in zip(values, there, strict=True) if column[row]]:
                self.fail("branches in another order")
        total = values[base]
        order = [*range(base), *range(base + 1, len(values))]
        branches = [*flat(step.branches)]
        for index in order:
            column = tuple(there[index])
            when = branches[index].when if index < len(branches) else None
            flag = None
            if not all(column):
                flag = self.fit(column, [self.setting(when, View(x))])
                flag = flag or self.role(f"has_branch{index + 1}", column)
            ids: list[Any] = [(-1 - index, r) if here else total.ids[r] for r, here in enumerate(column)]
            if index == order[-1]:
                ids = [self._made(r, node, 0) if node is not None else None for r, node in enumerate(calls)]
            total = self.added(first(calls), sign, total, values[index], ids, flag, before=index < base)
        return total

    def added(
        self,
        node: Node,
        sign: str,
        total: TensorValue,
        value: TensorValue,
        ids: list[Any],
        flag: Symbol | None,
        *,
        before: bool,
    ) -> TensorValue:
        """A further branch in a sum, in front of the others or behind them; `total` where it is not there."""
        text = f"{{1}} {sign} {{0}}" if before else f"{{0}} {sign} {{1}}"
        action = Action(node, text, (total.number, value.number), (), flag=flag, light=True, fresh=True)
        made = TensorValue(len(self.values), tuple(ids), total.types, total.dims)
        self.values[made.number] = made
        made.sizes = self.sizes_of(made.number, [*made.types])
        action.outputs = (made.number,)
        self.actions.append(action)
        return made
