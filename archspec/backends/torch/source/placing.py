"""The names of modules, and their places in the class."""

from typing import Any

from archspec.backends.torch.source.blocks import equal
from archspec.backends.torch.source.loops import Loops
from archspec.backends.torch.source.names import is_attribute
from archspec.backends.torch.source.ops import Calls, first, refused
from archspec.backends.torch.source.parts import Constructor, Item, Loop
from archspec.backends.torch.source.scope import View
from archspec.diagnostics import Problem
from archspec.elaborate.steps import Step
from archspec.language.expressions import Literal
from archspec.language.templates import Template


class Placing(Loops):
    """Names modules, and puts them into the class or a container."""

    def name_item(self, step: Step, item: Item, calls: Calls) -> None:
        """Name the module of a node as its rows do."""
        there = [n for n in calls if n is not None]
        names = {n.name for n in there}
        item.positional = all(n.positional for n in there)
        may_change = item.is_free and self.graph and self.bindings is self.base
        if len(names) == 1 or may_change or (item.positional and not self.graph):
            item.name = (first(calls).name or "",)
            return
        setting = step.name
        if setting is None or not isinstance(setting.tree, Template):
            self.fail("names that differ")
            return
        parts: list[Any] = []
        for part in setting.tree.parts:
            if isinstance(part, str):
                parts.append(part)
                continue
            tree = self.translated(part.tree, View())
            symbol = tree and self.symbol(tree)
            if symbol is None:
                self.fail("a name without an expression")
                return
            parts.append(symbol)
        for row, n in enumerate(calls):
            text = "".join(part if isinstance(part, str) else str(part.values[row]) for part in parts)
            if n is not None and text != n.name:
                self.fail("names that differ")
        pieces = [part if isinstance(part, str) else part.tree for part in parts]
        item.name = tuple([str(p.result) if isinstance(p, Literal) else p for p in pieces])
        if self.bindings is self.base and self.graph and any(not isinstance(p, str) for p in item.name):
            self.fail("a name with an argument in it")

    def place(self, item: Item, calls: Calls) -> None:
        """Put a module into its scope."""
        item.around = self.container_item
        if self.condition is not None:
            item.when = self.condition
            if self.graph and (item.around or not (item.is_free or is_attribute(item.text))):
                self.fail("an optional module that is no attribute")
        if self.graph:
            for (_, body), node in zip(self.bodies, calls, strict=True):
                if node is not None:
                    index = next(i for i, other in enumerate(body.body) if other is node)
                    self.owners[(id(body), index)] = item
        else:
            if (
                len(self.rows) == 1
                and first(calls).module.outputs[0].shape != first(calls).module.inputs[:1][0].shape
            ):
                item.comment = self.program.shape_comment(first(calls).module)
            if item.inplace and isinstance(item.made, Constructor) and self.is_behind_fresh():
                item.made.inplace = True
        self.sink.append(item)

    def is_behind_fresh(self) -> bool:
        """Whether what the next module of a chain takes is new memory that nothing else needs, in all rows."""
        for before in reversed(self.sink):
            if not isinstance(before, Item) or not before.fresh:
                return False
            if before.when is None:
                return True
        return False

    def shared(self, calls: Calls, item: Item) -> Item:
        """The module whose weights a node shares."""
        node = first(calls)
        assert node.shares is not None  # noqa: S101 — asked of those that share
        owner = self.owners.get((id(self.bodies[self.row_of(calls)][1]), node.shares))
        if owner is not None and equal(owner.made, item.made):
            return owner
        if any(self.facts.weights(n.module) for n in calls if n is not None):
            name = self.bodies[self.row_of(calls)][1].owner(node).name
            message = f"`{name}` is called again with an input that requires another PyTorch module"
            notes = (
                "a module is configured when it is constructed, but these calls need different settings",
            )
            raise refused(Problem("AS703", message, notes=notes), node)
        item.is_free = True
        self.place(item, calls)
        return item

    def owner_step(self, step: Step, calls: Calls) -> Step:
        """The node that made the module: for `reuse`, an earlier one."""
        row = self.row_of(calls)
        node, body = calls[row], self.bodies[row][1]
        assert node is not None  # noqa: S101 — see `row_of`
        index = next((i for i, other in enumerate(body.body) if other is node), -1)
        return self.made_by.setdefault((id(body), node.owner_index(index)), step)


def renumbered(items: list[Item | Loop]) -> None:
    """Modules that are named as by their positions need no names."""
    texts = [item.text if isinstance(item, Item) and item.when is None else "" for item in items]
    if texts == [str(index) for index in range(len(items))]:
        for item in items:
            assert isinstance(item, Item)  # noqa: S101 — loops have no such names
            item.positional = True
