"""Translate the nodes of a definition to modules and actions, in the order in which they are written."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy as copied_of
from dataclasses import replace
from typing import Any

from archspec.backends.torch.source.choices import Choices
from archspec.backends.torch.source.parts import TensorValue
from archspec.backends.torch.source.rows import Slices, divided
from archspec.backends.torch.source.scope import Space, View
from archspec.backends.torch.source.symbols import ABSENT, Symbol, simplify
from archspec.elaborate.settings import NOWHERE
from archspec.elaborate.steps import Chain, Step
from archspec.ir import Node, Origin
from archspec.language.expressions import Logic


class Steps(Choices):
    """Walks over the nodes of a definition, each with the nodes that it made in every row."""

    def chain(self, chain: Chain, slices: Slices, x: TensorValue | None) -> TensorValue | None:
        """The nodes in their order; the value of the last."""
        for step, own in divided(chain, slices, self.space.level):
            x = self.step(step, own, x)
        return x

    def step(
        self, step: Step, slices: Slices, x: TensorValue | None, *, copy: bool = False, start: bool = False
    ) -> TensorValue | None:
        """A node with all its copies."""
        if all(not nodes for nodes in slices):
            return x
        independent = step.when is not None and (copy or step.index not in step.when.names)
        if step.when is not None and (independent or step.repeat is None or step.kind == "dense"):
            gone = [nodes is not None and self.is_removed(step, nodes) for nodes in slices]
            if any(gone):
                return self.optional(step, slices, gone, x, copy=copy, start=start)
        if step.repeat is not None and step.kind != "dense" and not copy:
            if self.composites(step, slices):
                return self.module(step, slices, x, start=start)
            return self.copied(step, slices, x)
        return self.once(step, slices, x, start=start)

    def is_removed(self, step: Step, nodes: list[Node]) -> bool:
        """Whether `when` removed the node."""
        return not nodes or (
            len(nodes) == 1
            and nodes[0].module.is_removed
            and (*nodes[0].inside, nodes[0].origin)[self.space.level :] == (step.origin,)
        )

    def optional(
        self, step: Step, slices: Slices, gone: list[bool], x: TensorValue | None, *, copy: bool, start: bool
    ) -> TensorValue | None:
        """A node that some rows lack."""
        there: Slices = [None if lost else nodes for nodes, lost in zip(slices, gone, strict=True)]
        label = self.text_of(step)
        if all(nodes is None for nodes in there):
            if label and x is not None and step.sources is None:
                self.space.labels[label] = x
            return x
        column = tuple(
            ABSENT if nodes is None else not lost for nodes, lost in zip(slices, gone, strict=True)
        )
        value = x
        with self.only(self.condition_for(step, column, there, x)):
            value = self.step(replace_when(step), there, x, copy=copy, start=start)
        return value  # noqa: RET504 — a context manager may not be left by a `return`, for the type checker

    def condition_for(
        self, step: Step, column: tuple[Any, ...], there: Slices, x: TensorValue | None
    ) -> Symbol:
        """Whether a row has a node: its `when`."""
        given = [nodes[0] if nodes else None for nodes in there]
        inputs = (
            [x] if not self.graph or all(node is None for node in given) else [*self.inputs(given)[:1], x]
        )
        candidates = [self.setting(step.when, View(value)) for value in inputs]
        return self.fit(column, candidates) or self.role(f"has_{self.text_of(step) or step.kind}", column)

    @contextmanager
    def only(self, condition: Symbol) -> Iterator[None]:
        """Within the context, what is made is there under a condition."""
        before = self.condition
        if before is None or (condition.is_literal and condition.values[0] is False):
            self.condition = condition
        elif condition.is_literal:
            pass  # those rows that have the nodes around it have it too
        else:
            tree = simplify(Logic("and", self.lift(before).tree, condition.tree))  # type: ignore[union-attr]
            self.condition = self.symbol(tree)
        yield
        self.condition = before

    def text_of(self, step: Step) -> str:
        """The name of a node, where it is no template."""
        for setting in (step.label, step.name):
            if setting is not None and setting.constant:
                return str(setting.evaluate(NOWHERE))
        return ""

    def composites(self, step: Step, slices: Slices) -> bool:
        """Whether the copies of a node are in a container of their own."""
        return any(
            node.module.kind == "repeat" and (*node.inside, node.origin)[self.space.level :] == (step.origin,)
            for nodes in slices
            for node in nodes or ()
        )

    def once(self, step: Step, slices: Slices, x: TensorValue | None, *, start: bool) -> TensorValue | None:
        """One copy of a node."""
        level = self.space.level
        kinds = [self.kind_of(step, nodes) if nodes else None for nodes in slices]
        if step.kind == "call" and len({*kinds} - {None}) > 1:
            kinds = [
                nodes[0].module.kind if nodes and kind == "" else kind
                for nodes, kind in zip(slices, kinds, strict=True)
            ]
            return self.alternatives(step, slices, kinds, x, start=start)
        if step.kind == "call" and any(
            len(node.inside) > level and node.inside[level] == step.origin
            for nodes in slices
            for node in nodes or ()
        ):
            return self.inline(step, slices, x, start=start)
        exact = [
            [n for n in nodes if (*n.inside, n.origin)[level:] == (step.origin,)] if nodes else []
            for nodes in slices
        ]
        if any(node.name is not None for nodes in exact for node in nodes) or step.kind in ("call", "reuse"):
            return self.module(step, slices, x, start=start)
        return self.labelled(step, self.inside(step, slices, x))

    def labelled(self, step: Step, value: TensorValue | None) -> TensorValue | None:
        """A value under the name that its node gives it."""
        label = self.text_of(step)
        if label and value is not None:
            self.space.labels[label] = value
        return value

    def inside(self, step: Step, slices: Slices, x: TensorValue | None) -> TensorValue | None:
        """What a wiring node, or a repeat in its own container, is made of."""
        if step.sources is not None and step.kind != "call":
            x = self.sources(step, x)[0] or x
        if step.kind == "group":
            before = len(self.space.names)
            for name, setting in step.let.items():
                self.space.names.append((name, self.setting(setting, View(x))))
            x = self.chain(step.layers, slices, x)
            del self.space.names[before:]
            return x
        if step.kind == "residual":
            y = self.chain(step.layers, slices, x)
            self.chain(step.shortcut or [], slices, x)
            return self.join(step, slices, y, x)
        if step.kind == "dense":
            return self.copied(step, slices, x)
        for branch in step.branches:
            self.branch(branch, slices, x)
        return self.join(step, slices, x, x)

    def branch(self, branch: "Step | Chain", slices: Slices, x: TensorValue | None) -> None:
        """An item of `branches`, which stands for several with `parallel`."""
        for step, own in divided([branch], slices, self.space.level):
            if step.parallel is not None:
                self.copied(step, own, x)
            else:
                x = self.step(step, own, x)

    def join(
        self, step: Step, slices: Slices, y: TensorValue | None, x: TensorValue | None
    ) -> TensorValue | None:
        """The join at the end of a wiring node; without `skip` there is none."""
        level, depth = self.space.level, self.space.depth
        calls: list[Node | None] = []
        for nodes in slices:
            own = [n for n in nodes or () if (*n.inside, n.origin)[level:] == (step.origin,)]
            own = [n for n in own if len(n.copy) == depth and n.module.op is not None]
            calls.append(own[-1] if own else None)
        if all(node is None for node in calls):
            return y
        column = tuple(
            ABSENT if nodes is None else node is not None for nodes, node in zip(slices, calls, strict=True)
        )
        if any(value is False for value in column):
            condition = self.fit(column, [self.setting(step.skip, View(x))]) or self.role("skip", column)
            with self.only(condition):
                return self.act(step, calls, start=False)
        if len({len(node.inputs) for node in calls if node is not None}) > 1:
            return self.uneven(step, calls, x)
        return self.act(step, calls, start=False)

    def inline(self, step: Step, slices: Slices, x: TensorValue | None, *, start: bool) -> TensorValue | None:
        """A call of an inline block."""
        level = self.space.level
        traces = ((*node.inside, node.origin)[level + 1 :] for nodes in slices for node in nodes or ())
        origins = {Origin(inner[0].file, inner[0].path[:2]) for inner in traces if inner}
        if len(origins) > 1:
            self.fail("inline blocks of several kinds")
            return x
        definition = self.rows[0].files.definition(origins.pop())
        found = step.settings.get((definition, start and bool(step.first)))
        inputs = self.sources(step, x)
        view = View(x if inputs[0] is None else inputs[0])
        given = {
            key: self.setting(setting, replace(view, file=found is not None and key in found.lexical))
            for key, setting in (found.items.items() if found is not None else ())
        }
        outer = self.space
        values = [x if value is None else value for value in inputs]
        self.space = Space(
            definition,
            [value for value in values if value is not None],
            given,
            level=level + 1,
            depth=outer.depth,
        )
        y = self.chain(self.program.plan(definition).chain, slices, view.x)
        self.space = outer
        return self.labelled(step, y)

    def sources(self, step: Step, x: TensorValue | None) -> list[TensorValue | None]:
        """The inputs of a node by their names, as far as these are known before a shape is."""
        found: list[TensorValue | None] = []
        for source in step.sources or ():
            path = str(source.evaluate(NOWHERE)) if source.constant else ""
            found.append(x if path == "x" else self.named(path))
        return found if step.sources else [x]

    def named(self, path: str) -> TensorValue | None:
        """The value that has a name."""
        declared = self.space.definition.inputs
        if path in self.space.labels:
            return self.space.labels[path]
        index = 0 if path == "input" else declared.index(path) if path in declared else -1
        return self.space.inputs[index] if 0 <= index < len(self.space.inputs) else None


def replace_when(step: Step) -> Step:
    """The node without its `when`."""
    other = copied_of(step)
    other.when = None
    return other
