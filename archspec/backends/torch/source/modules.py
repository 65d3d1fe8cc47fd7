"""Nodes that are modules, functions or joins, with the values that they make."""

from abc import abstractmethod

from archspec.backends.torch.source.initialise import weights
from archspec.backends.torch.source.names import is_attribute
from archspec.backends.torch.source.ops import LIGHT, Calls, first
from archspec.backends.torch.source.parts import Action, Container, Item, Loop, TensorValue, every_item
from archspec.backends.torch.source.placing import Placing, renumbered
from archspec.backends.torch.source.rows import Slices
from archspec.backends.torch.source.symbols import ABSENT, Symbol, reads_sizes, same_symbol, size
from archspec.elaborate.steps import Step
from archspec.ir import Node


class Modules(Placing):
    """Writes single nodes."""

    @abstractmethod
    def inside(self, step: Step, slices: Slices, x: TensorValue | None) -> TensorValue | None:
        """What a wiring node, or a repeat in its own container, is made of."""

    @abstractmethod
    def text_of(self, step: Step) -> str:
        """The name of a node, where it is no template."""

    def module(self, step: Step, slices: Slices, x: TensorValue | None, *, start: bool) -> TensorValue | None:
        """A node that is a module, a function, or a join of given values."""
        calls = self.calls_of(step, slices)
        if all(node is None for node in calls):
            return x
        return self.act(step, calls, start=start, x=x)

    def calls_of(self, step: Step, slices: Slices) -> list[Node | None]:
        """The node of each row that calls what a node of the document says."""
        level = self.space.level
        calls: list[Node | None] = []
        for nodes in slices:
            own = [n for n in nodes or () if (*n.inside, n.origin)[level:] == (step.origin,)]
            own = [n for n in own if not n.module.is_removed]
            calls.append(own[0] if own else None)
        return calls

    def act(
        self, step: Step, calls: Calls, *, start: bool, x: TensorValue | None = None
    ) -> TensorValue | None:
        """The call of a node, with the module that it needs."""
        node = first(calls)
        if self.is_container(step, calls):
            self.owner_step(step, calls)
            return self.container(step, calls, x)
        inputs = self.inputs(calls, step) if self.graph else [x] if x is not None else []
        if len({len(n.module.outputs) for n in calls if n is not None}) > 1:
            self.fail("numbers of outputs that differ")
        if self.trouble:
            return x
        if self.graph:
            step = self.owner_step(step, calls)
        action, item, dims = self.made(step, calls, inputs, start=start)
        if self.trouble:
            return x
        if item is not None:
            self.name_item(step, item, calls)
            if node.shares is not None:
                item = self.shared(calls, item)
            else:
                self.place(item, calls)
            action.part = item
        return self.finish(step, calls, action, inputs, dims)

    def made(
        self, step: Step, calls: Calls, inputs: list[TensorValue], *, start: bool
    ) -> tuple[Action, Item | None, list[tuple[Symbol | None, ...]]]:
        """What an op, a block or a group becomes: an action, its module, and the sizes of the outputs."""
        if all(node is None or node.module.op is not None for node in calls):
            return self.op(step, calls, inputs, start=start)
        item, dims = self.composite(step, calls, inputs, start=start)
        words = ", ".join(f"{{{index}}}" for index in range(len(inputs)))
        return Action(first(calls), f"{{m}}({words})", (), (), item, pure=False), item, dims

    def finish(
        self,
        step: Step,
        calls: Calls,
        action: Action,
        inputs: list[TensorValue],
        dims: list[tuple[Symbol | None, ...]],
    ) -> TensorValue | None:
        """The values of an action."""
        node = first(calls)
        if self.graph:
            self.free_sizes(action, inputs)
        if self.places == [*range(len(self.rows))] and self.bindings is self.base:
            dims = [tuple(map(self.shortened, each)) for each in dims]
        outputs = [
            self.new_value(calls, index, inputs[0] if inputs else None, each)
            for index, each in enumerate(dims)
        ]
        if self.graph:
            action.inputs = tuple(value.number for value in inputs)
            action.outputs = tuple(value.number for value in outputs)
            action.label = node.label
            if self.condition is not None and (action.part is None or action.part.when is None):
                action.flag = self.condition
            if self.condition is not None and (len(outputs) > 1 or not inputs):
                self.fail("an optional node without an input, or with several outputs")
            self.actions.append(action)
        label = self.text_of(step) or node.label or node.name or ""
        if label:
            self.space.labels[label] = outputs[0]
            exports = node.module.exports
            for index, value in enumerate(outputs):
                if len(outputs) > 1 and not exports:
                    self.space.labels[f"{label}.{index}"] = value
            for name, value in zip(exports, outputs[len(outputs) - len(exports) :], strict=True):
                self.space.labels[f"{label}.{name}"] = value
        return outputs[0] if outputs else None

    def shortened(self, symbol: Symbol | None) -> Symbol | None:
        """A size that is a long expression, as a local variable."""
        if symbol is None or size(symbol.tree) <= 5 or reads_sizes(symbol.tree) or ABSENT in symbol.values:
            return symbol
        known = next((key for key, (_, own) in self.locals.items() if same_symbol(own, symbol)), None)
        if known is None:
            known = f"=channels{len(self.locals)}"
            self.locals[known] = ("channels", symbol)
        return self.bind(known, symbol.values)

    def op(
        self, step: Step, calls: Calls, inputs: list[TensorValue], *, start: bool
    ) -> tuple[Action, Item | None, list[tuple[Symbol | None, ...]]]:
        """An op as a function or as a module."""
        node = first(calls)
        op = node.module.op
        assert op is not None  # noqa: S101 — asked of ops only
        action = None
        heavy = any(self.facts.weights(n.module) for n in calls if n is not None)
        if self.graph and not heavy:
            named = node.name is not None and not node.positional and is_attribute(node.name)
            if node.shares is not None:
                named = (id(self.bodies[0][1]), node.shares) in self.owners
            action = self.function(step, calls, inputs, named=named, start=start)
        item = None
        if action is None:
            codes = self.codes_of(calls)
            if not next(code for code in codes if code is not None).module:
                self.fail("a function that differs")
                return Action(node, "{0}", (), ()), None, []
            texts = [code.call if code is not None else None for code in codes]
            called = self.numbers(step, calls, inputs, texts, start=start)
            template, numbers = called or ("", {})
            if called is None:
                self.fail("calls that differ")
            action = Action(node, "{m}" if op.is_parameter else template, (), (), numbers=numbers)
            item = self.item(step, calls, inputs, start=start)
        action.light = op.group in LIGHT
        there = [self.facts.code(n) for n in calls if n is not None and n.module.op is not None]
        action.fresh = all(code.fresh for code in there)
        action.inplace = all(code.inplace for code in there)
        count = len(node.module.outputs)
        if self.trouble:
            return action, item, []
        return action, item, [self.op_dims(step, calls, i, inputs, start=start) for i in range(count)]

    def composite(
        self, step: Step, calls: Calls, inputs: list[TensorValue], *, start: bool
    ) -> tuple[Item, list[tuple[Symbol | None, ...]]]:
        """A block, or a group that is a module."""
        node = first(calls)
        there = [n.module for n in calls if n is not None]
        name, positional = (node.name or "",), node.positional
        heavy = any(self.facts.weights(module) for module in there)
        if any(module.is_block or module.op is not None for module in there):
            classes = [
                self.program.class_of(n.module) if n is not None and n.module.op is None else None
                for n in calls
            ]
            if any(
                c is None and n is not None and n.module.op is None
                for c, n in zip(classes, calls, strict=True)
            ):
                self.fail("a block without a class")
                return Item(name, positional, Container([])), []
        elif all(self.program.is_chain(module) for module in there):
            item = Item(name, positional, Container([]))
            dims = self.sequential(step, calls, item, inputs[0] if inputs else None)
            item.is_free = not heavy and (positional or not is_attribute(name[0]))
            return item, [dims]
        else:
            known = {self.program.found.get(module) for module in there}
            class_ = known.pop() if len(known) == 1 else None
            class_ = class_ or self.program.group_class(step, calls, self)
            classes = [class_ if n is not None else None for n in calls]
            if class_ is None:
                self.fail("a group without a class")
                return Item(name, positional, Container([])), []
        made = self.call_of(step, calls, classes, inputs, start=start)
        item = Item(name, positional, made)
        item.is_free = not heavy and (positional or not is_attribute(name[0]))
        count = len(node.module.outputs)
        if self.trouble:
            return item, []
        return item, [self.block_dims(calls, classes, made, i, inputs) for i in range(count)]

    def sequential(
        self, step: Step, calls: Calls, item: Item, x: TensorValue | None
    ) -> tuple[Symbol | None, ...]:
        """Fill the `nn.Sequential` of a group that is a chain; the sizes of its output."""
        sink: list[Item | Loop] = []
        slices: Slices = [None if n is None else [*n.module.body] for n in calls]
        y = self.nested(step, slices, x, sink, first(calls).module.kind == "repeat")
        item.made = Container(sink)
        renumbered(sink)
        self.check_inits(sink)
        if y is None:
            return ()
        if any(n is None for n in calls):  # they pass their input through
            return self.dims(
                calls, 0, [x] if x else [], lambda axis: [y.dims[axis]] if axis < len(y.dims) else []
            )
        return y.dims

    def check_inits(self, items: list[Item | Loop]) -> None:
        """Initialisers find modules by position, which must be the same in all rows."""
        shifts = any(isinstance(item, Loop) or item.when is not None for item in items)
        if shifts and any(True for item in every_item(items) for _ in weights(item)):
            self.fail("initialisers of modules whose positions differ")

    def nested(
        self, step: Step, slices: Slices, x: TensorValue | None, sink: list[Item | Loop], is_repeat: bool
    ) -> TensorValue | None:
        """The nodes of a composite, whose modules go into `sink`."""
        mixed, self.mixed = self.mixed, any(self.program.is_mixed(n) for n in slices if n)
        kept = self.sink, self.graph, self.condition, self.space.depth, self.space.level
        labels = self.space.labels
        self.sink, self.graph, self.condition, self.space.depth, self.space.level = sink, False, None, 0, 0
        self.space.labels = {**labels}
        y = self.copied(step, slices, x) if is_repeat else self.inside(step, slices, x)
        self.sink, self.graph, self.condition, self.space.depth, self.space.level = kept
        self.space.labels, self.mixed = labels, mixed
        return y

    def is_container(self, step: Step, calls: Calls) -> bool:
        """Whether `forward` can call the nodes of a group itself."""
        node = first(calls)
        return (
            self.graph
            and self.condition is None
            and all(n is not None and n.module.op is None and not n.module.is_block for n in calls)
            and not all(self.program.is_chain(n.module) for n in calls if n is not None)
            and self.container_item is None
            and node.shares is None
            and step.kind in ("group", "join", "residual")
            and node.module.kind != "repeat"
            and not node.copy
            and all(n is not None for n in calls)
            and not any(self.bodies[row][1].shared for row in range(len(self.rows)))
            and all(
                inner.module.op is None or not inner.module.op.is_parameter
                for n in calls
                if n is not None
                for inner in n.module.body
            )
        )

    def container(self, step: Step, calls: Calls, x: TensorValue | None) -> TensorValue | None:
        """A group as an `nn.ModuleDict` or `nn.ModuleList`, whose modules `forward` calls one by one."""
        node = first(calls)
        item = Item((node.name or "",), node.positional, Container([]))
        self.name_item(step, item, calls)
        item.is_free = False
        self.container_item = item
        assert isinstance(item.made, Container)  # noqa: S101 — see above
        kept, labels = (self.sink, self.bodies), self.space.labels
        self.sink, self.space.labels = item.made.items, {**labels}
        self.bodies = self.entered(calls)
        slices: Slices = [[*n.module.body] if n is not None else None for n in calls]
        self.inside(step, slices, x)
        inner = self.space.labels
        (self.sink, self.bodies), self.space.labels, self.container_item = kept, labels, None
        if self.trouble:
            return None
        names = [
            [n.name for n in n_.module.body if n.name is not None and n.shares is None] for n_ in calls if n_
        ]
        texts = [one.text for one in item.made.flat()]
        is_list = texts == [str(i) for i in range(len(texts))] and not any(
            isinstance(i, Loop) for i in item.made.items
        )
        item.made.kind = "nn.ModuleList" if is_list else "nn.ModuleDict"
        del names
        if item.made.items:
            self.place(item, calls)
        name = node.label or node.name or ""
        for key, value in inner.items():
            if labels.get(key) is not value:
                self.space.labels[f"{name}.{key}"] = value
        values = [self.value_at(calls, output) for output in range(len(node.module.outputs))]
        found = values[0] if values else None
        if found is not None:
            self.space.labels[name] = found
        return found
