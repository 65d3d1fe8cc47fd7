"""From the instances of a block, side by side, to a class."""

import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archspec.backends.torch_source.align import Aligned, Entry, Misfit, align, runs
from archspec.backends.torch_source.columns import Columns, Dims, View
from archspec.backends.torch_source.names import is_attribute
from archspec.backends.torch_source.parts import (
    COUNTER,
    REQUIRED,
    Action,
    Chain,
    Class,
    Constructor,
    Initialised,
    Item,
    Made,
    Part,
)
from archspec.backends.torch_source.places import Place
from archspec.backends.torch_source.symbols import (
    ABSENT,
    ClassName,
    Column,
    Symbol,
    constant,
    matches,
    names,
    same,
    substitute,
    uniform,
)
from archspec.diagnostics import Problem
from archspec.ir import Module, Node
from archspec.language.expressions import Binary, Literal, Name
from archspec.language.params import MISSING
from archspec.language.parser import Expression, parse
from archspec.language.templates import parse_template
from archspec.ops.core.base import Op
from archspec.ops.core.torch_code import Argument, TorchCode

if TYPE_CHECKING:
    from archspec.backends.torch_source.program import Program

Nodes = tuple[Node | None, ...]
Places = Sequence[Place | None]

LIGHT = frozenset(("Norms", "Activations", "Regularisers", "Shape", "Joins"))
"""The groups of ops that read well around what they work on."""
TYPED = frozenset(("Activations",))


class Builder(Columns):
    """Makes one class of instances. Raises `Misfit` where they have none in common."""

    def __init__(self, program: "Program", places: list[Place], *, fold: bool) -> None:
        super().__init__(places)
        self.program = program
        self.body = align(places, fold=fold)
        self.parts: dict[str, Part] = {}
        self.actions: list[Action] = []
        module = places[0].module
        if any(place.module.declared != module.declared for place in places):
            raise Misfit
        given = self.input_names = places[0].input_names
        for index in range(len(module.inputs)):
            types = [place.module.inputs[index] for place in places]
            self.values[index] = self.input_dims(index, types, given[index])

    # --- the whole -------------------------------------------------------------------------------------

    def build(self, name: str) -> Class:
        """The class."""
        chain = None
        if all(self.program.is_chain(place.module) for place in self.places):
            chain = self._as_chain()
        if chain is None:
            for step in self.body.steps:
                self._step(step)
        outputs = tuple(self.values.get(value, ()) for value in self.body.results)
        self._check_names()
        parts = sorted(self.parts.values(), key=lambda part: not part.is_parameter)  # as in PyTorch
        result = Class(
            name, self.places, [*self.parameters.values()], [(key, *item) for key, item in self.locals.items()],
            parts, self.actions, self.body.results, chain, outputs,
        )  # fmt: skip
        _drop_unused(result)
        return result

    def _check_names(self) -> None:
        """What is optional is an attribute; `forward` must know how often a loop runs."""
        for part in self.parts.values():
            if part.when is not None and not (part.is_free or is_attribute(part.name)):
                raise Misfit
            if part.count is not None and len(self.parts) > 1 and not part.count.is_literal:
                raise Misfit

    def _as_chain(self) -> Chain | None:
        """The body as one `nn.Sequential`, where its weights have no other names than positions."""
        bad = any(
            node.name is not None and not is_attribute(node.name) and self.program.weights(node.module)
            for place in self.places for node in place.module.body
        )  # fmt: skip
        if not bad:
            return None
        chain, dims = self._chain(self.places, self.values[0])
        for value in self.body.results:
            self.values[value] = dims
        return chain

    # --- steps -----------------------------------------------------------------------------------------

    def _step(self, step: Aligned) -> None:
        if step.is_loop:
            self._loop(step)
            return
        nodes, node = step.nodes, step.node
        if step.is_optional and len(step.outputs) > 1:
            raise Misfit
        here = [self.values[value] for value in step.inputs]
        label = _label(nodes)
        action = self._call(self.places, nodes, here, step)
        action.label = label
        for output, value in enumerate(step.outputs):
            self.values[value] = self._dims(self.places, nodes, output, here)
        if step.is_optional:
            when = self._presence(self.places, nodes, here)
            if action.part is not None:
                action.part.when = when
            else:
                action.flag = when
        for word in (label, node.name):
            if word is not None and not node.positional:
                self.labels[word] = step.outputs[0]
        self.actions.append(action)

    def _call(self, places: Places, nodes: Nodes, here: list[Dims], step: Aligned) -> Action:
        """The node as a step of `forward`, with the module that it calls."""
        node = next(node for node in nodes if node is not None)
        if any(n is not None and (n.module.op is None) != (node.module.op is None) for n in nodes):
            raise Misfit
        if node.module.op is None:
            made, inits = self._composite(places, nodes, here)
            arguments = ", ".join(f"{{{index}}}" for index in range(len(step.inputs)))
            action = Action(step, f"{{m}}({arguments})", step.inputs, step.outputs, pure=False)
            action.part = self._part(nodes, made, inits, self.program.weights(node.module))
            return action
        codes = self._codes(nodes)
        op, code = node.module.op, next(code for code in codes if code is not None)
        weights = bool(op.weights(node.module.inputs))
        functions = {code.function for code in codes if code is not None}
        named = node.name is not None and not node.positional and is_attribute(node.name)
        if not weights and len(functions) == 1 and code.function and not (named and code.module):
            action = self._function(op, node, step, code)
        else:
            if not code.module:
                raise Misfit
            template = code.call
            if op.is_parameter:
                template = "{m}"
            action = Action(step, template, step.inputs, step.outputs, light=op.group in LIGHT)
            made = self._constructor(places, nodes, codes, here)
            action.part = self._part(nodes, made, self._inits(nodes, code), weights)
            action.part.is_parameter = op.is_parameter
        action.fresh = all(code.fresh for code in codes if code is not None)
        action.inplace = all(code.inplace for code in codes if code is not None)
        return action

    def _function(self, op: Op, node: Node, step: Aligned, code: TorchCode) -> Action:
        """A node without a module of its own."""
        action = Action(step, _function_text(code), step.inputs, step.outputs, light=op.group in LIGHT)
        action.typed = op.group in TYPED or _function_text(code).startswith(("torch.flatten", "torch.cat"))
        for name in _placeholders(action.template):
            source = self._dimension(name, step.inputs)
            if source is None:
                message = f"`{node.module.kind}` needs the size of `{name}`, which no value around it has"
                raise self.program.refuse(Problem("AS702", message), node)
            action.dims[name] = source
        return action

    def _dimension(self, name: str, inputs: tuple[int, ...]) -> int | None:
        """A value that has the free dimension `name`: an input of the node, else any earlier one."""
        for value in (*inputs, *self.values):
            if any(
                dim is not None and dim.is_literal and dim.values[0] == name for dim in self.values[value]
            ):
                return value
        return None

    def _part(self, nodes: Nodes, made: Made, inits: list[Initialised], weights: int) -> Part:
        """The module that a node is, or whose weights it shares."""
        node = next(node for node in nodes if node is not None)
        if node.shares is not None:
            owner = self.places[0].module.body[node.shares].name or ""
            part = self.parts.get(owner)
            if part is not None and equal(part.made, made):
                return part
            if part is not None or weights:
                message = f"`{owner}` is called again for an input that needs another module in PyTorch"
                notes = ("what a module does is fixed when it is made, and differs between the calls",)
                raise self.program.refuse(Problem("AS703", message, notes=notes), node)
        named = {n.name for n in nodes if n is not None}
        if len(named) > 1 and (weights or not node.positional):
            raise Misfit
        name = node.name or ""
        part = Part(name, made, inits=inits)
        part.is_free = not weights and (node.positional or not is_attribute(name))
        key = f"{name}:{len(self.parts)}" if part.is_free else name
        self.parts[key] = part
        return part

    # --- ops -------------------------------------------------------------------------------------------

    def _codes(self, nodes: Nodes) -> list[TorchCode | None]:
        """How each instance's op is written. All are the same class, called in the same way."""
        first = next(node for node in nodes if node is not None)
        codes: list[TorchCode | None] = []
        for node in nodes:
            if node is None:
                codes.append(None)
                continue
            codes.append(self.program.code(node))
        if any(node is not None and type(node.module.op) is not type(first.module.op) for node in nodes):
            self._check_plain(nodes, codes)
            return codes
        kinds = {(code.module, code.call, code.helper) for code in codes if code is not None}
        if len(kinds) > 1:
            raise Misfit
        return codes

    def _check_plain(self, nodes: Nodes, codes: list[TorchCode | None]) -> None:
        """Ops can be an argument if their classes are all that differs: activations, mostly."""
        for node, code in zip(nodes, codes, strict=True):
            if node is None or code is None:
                continue
            plain = (
                code.chains and not code.helper and all(argument.is_default for argument in code.arguments)
            )
            if node.module.op is None or not plain or node.module.op.weights(node.module.inputs):
                raise Misfit

    def _kind(self, places: Places, nodes: Nodes, codes: list[TorchCode | None]) -> Symbol | str:
        """The class of an op; an argument where that differs."""
        column: Column = tuple(ClassName(code.module) if code is not None else ABSENT for code in codes)
        if uniform(column):
            return next(code.module for code in codes if code is not None)
        node, place = next((n, p) for n, p in zip(nodes, places, strict=True) if n is not None and p)
        return self._type_argument(place.raw(node).get("op"), column) or self.role("activation", column)

    def _type_argument(self, raw: Any, column: Column) -> Symbol | None:
        """The argument for an op that a parameter of the block names: `op = "{act}"`."""
        parts = parse_template(raw).parts if isinstance(raw, str) else ()
        if len(parts) != 1 or not isinstance(parts[0], Expression) or not isinstance(parts[0].tree, Name):
            return None
        name = parts[0].tree.name
        param = self.places[0].frame.params.get(name)
        if param is None or self.pairs is not None:
            return None
        key = f"@type {name}"
        if key not in self.parameters:
            values = self._types(name, column)
            if values is None:
                return None
            default = self.program.plain_module(param.default) if isinstance(param.default, str) else None
            self.parameter(key, name, values, REQUIRED if default is None else default)
        known = self.parameters[key].values
        return Symbol(Name(key), known) if matches(column, known) else None

    def _types(self, name: str, column: Column) -> Column | None:
        """The classes that a parameter of the block names, for instances too that do not use it here."""
        values = []
        for place, value in zip(self.places, column, strict=True):
            op = place.value(name)
            known = self.program.plain_module(op) if value is ABSENT and isinstance(op, str) else value
            if known is None:
                return None
            values.append(known)
        return tuple(values)

    def _constructor(
        self, places: Places, nodes: Nodes, codes: list[TorchCode | None], here: list[Dims]
    ) -> Constructor:  # fmt: skip
        """The call that makes a module, from the arguments of all instances."""
        node = next(node for node in nodes if node is not None)
        code = next(code for code in codes if code is not None)
        view = View(_at(places, nodes), here[0] if here else None, self._fields(places, nodes, here))
        arguments = []
        lengths = {len(code.arguments) for code in codes if code is not None}
        if len(lengths) > 1:
            raise Misfit
        for index, argument in enumerate(code.arguments):
            items = [code.arguments[index] if code is not None else None for code in codes]
            if all(item is None or item.is_default for item in items):
                continue
            column = tuple(item.value if item is not None else ABSENT for item in items)
            wanted = "_".join(filter(None, (_stem(node), _role(argument, index))))
            arguments.append((argument.name, self._argument(column, argument, view, wanted)))
        wrap = code.call if node.module.op is not None and node.module.op.is_parameter else "{m}"
        return Constructor(self._kind(places, nodes, codes), arguments, wrap.replace("{m}", "{0}"))

    def _argument(self, column: Column, argument: Argument, view: View, wanted: str) -> Symbol:
        candidates = (self.expression(parse(text).tree, view) for text in argument.formulas)
        return self.fit(column, candidates) or self.role(wanted, column)

    def _fields(self, places: Places, nodes: Nodes, here: list[Dims]) -> Callable[[str], Symbol | None]:
        """The fields of an op as symbols."""

        def field(name: str) -> Symbol | None:
            node = next(node for node in nodes if node is not None)
            op = node.module.op
            if op is None or name not in type(op).model_fields:
                return None
            column = tuple(getattr(n.module.op, name) if n is not None else ABSENT for n in nodes)
            if uniform(column):
                return constant(column)
            raw = _setting(places, nodes, name, op.name)
            if op.readings()[name].text:
                return None
            symbol = self.text(raw, View(_at(places, nodes), here[0] if here else None))
            return symbol if symbol is not None and matches(column, symbol.values) else None

        return field

    def _inits(self, nodes: Nodes, code: TorchCode) -> list[Initialised]:
        """The weights of an op with first values of their own, the same for all instances."""
        found = {tuple(custom_inits(node.module)) for node in nodes if node is not None}
        if len(found) > 1:
            raise Misfit
        return [Initialised((name,) if name else (), init, code.module) for name, init in found.pop()]

    # --- composites ------------------------------------------------------------------------------------

    def _composite(self, places: Places, nodes: Nodes, here: list[Dims]) -> tuple[Made, list[Initialised]]:
        """A block, or a group: a class of its own, or a chain in place."""
        found = {self.program.class_of(node.module) for node in nodes if node is not None}
        if len(found) > 1:
            raise Misfit
        class_ = found.pop()
        if class_ is not None:
            return self._instance(class_, places, nodes, here), []
        inner = [
            place.within(node) if place and node else None for place, node in zip(places, nodes, strict=True)
        ]
        chain, _ = self._chain(inner, here[0])
        inits = [init for item in chain.items for init in item.inits]
        return chain, inits

    def _instance(self, class_: Class, places: Places, nodes: Nodes, here: list[Dims]) -> Constructor:
        """A call of one of our classes."""
        symbols: dict[str, Symbol | None] = {}
        arguments = []
        for parameter in class_.parameters:
            column = tuple(
                class_.arguments(node.module)[parameter.key] if node is not None else ABSENT for node in nodes
            )
            symbol = self.fit(column, self._given(parameter.key, class_, places, nodes, here, symbols))
            if symbol is None:
                node = next(node for node in nodes if node is not None)
                wanted = parameter.wanted
                if wanted in self.places[0].frame.params or any(
                    p.wanted == wanted for p in self.parameters.values()
                ):
                    wanted = f"{_stem(node)}_{wanted}"
                symbol = self.role(wanted, column)
            symbols[parameter.key] = symbol
            arguments.append((parameter.key, symbol))
        return Constructor(class_, arguments)

    def _given(
        self, key: str, class_: Class, places: Places, nodes: Nodes, here: list[Dims],
        symbols: dict[str, Symbol | None],
    ) -> Iterator[Symbol | None]:  # fmt: skip
        """What a call may give for an argument of a class."""
        parameter = next(parameter for parameter in class_.parameters if parameter.key == key)
        view = View(_at(places, nodes), here[0] if here else None)
        node, place = next((n, p) for n, p in zip(nodes, places, strict=True) if n is not None and p)
        if parameter.axis is not None:
            index, axis = parameter.axis
            yield self.lift(here[index][axis])
        elif key.startswith("@type "):
            column = tuple(class_.arguments(n.module)[key] if n is not None else ABSENT for n in nodes)
            yield self._type_argument(place.raw(node).get(key.removeprefix("@type ")), column)
        elif not key.startswith("@"):
            frame = class_.places[0].frame
            if not class_.places[0].is_definition:
                yield self.resolve(key, view)  # a group sees what is around it
                return
            raw = _setting(places, nodes, key, node.module.kind)
            if raw is not None:
                yield self.text(raw, view)
            elif key in frame.params and frame.params[key].default is not MISSING:
                fields = replace(view, fields=symbols.get)
                yield self.text(frame.params[key].default, fields)

    # --- chains ----------------------------------------------------------------------------------------

    def _chain(self, places: Places, here: Dims) -> tuple[Chain, Dims]:
        """The nodes of a chain as the items of an `nn.Sequential`, and the sizes of what comes out."""
        items: list[Item] = []
        positions = [0] * len(places)
        for group in _merged(places):
            added, here = self._run(places, group, here, positions)
            if items and added and added[0].inplace and items[-1].fresh and items[-1].when is None:
                assert isinstance(added[0].made, Constructor)  # noqa: S101 — only ops work in place
                added[0].made.inplace = True
            items += added
        chain = Chain(_joined(items))
        if not chain.is_positional and any(
            item.when is not None or item.count is not None for item in chain.items
        ):
            raise Misfit
        return chain, here

    def _run(
        self, places: Places, group: list[list[Node]], here: Dims, positions: list[int]
    ) -> tuple[list[Item], Dims]:  # fmt: skip
        """The copies of one node, for each instance; none where it was removed."""
        lengths = {len(nodes) for nodes in group if nodes}
        items = []
        if not lengths:
            return [], here
        optional = any(not nodes and place is not None for nodes, place in zip(group, places, strict=True))
        if len(lengths) == 1:
            length = lengths.pop()
            counted = (
                None if optional or length < 3 else self._counted(places, group, here, positions, length)
            )
            if counted is not None:
                return counted
            for copy in range(length):
                nodes: Nodes = tuple(nodes[copy] if nodes else None for nodes in group)
                item, after = self._item(places, nodes, here, positions)
                if optional:
                    item.when = self._presence(places, nodes, [here])
                    after = self._dims(places, nodes, 0, [here])
                items.append(item)
                here = after
            return items, here
        if optional:
            raise Misfit
        return self._uneven(places, group, here, positions)

    def _counted(
        self, places: Places, group: list[list[Node]], here: Dims, positions: list[int], length: int
    ) -> tuple[list[Item], Dims] | None:  # fmt: skip
        """Copies that differ in what their counter says, in one comprehension; `None` where they do not."""
        if self.pairs is not None or any(not node.positional for nodes in group for node in nodes):
            return None
        first = next(nodes for nodes in group if nodes)
        if first[0].module.op is not None or all(self._alike(node, first[1]) for node in first[2:]):
            return None
        for start in (0, 1):
            pairs = [(row, copy) for row, nodes in enumerate(group) for copy in range(start, len(nodes))]
            nodes: Nodes = tuple(group[row][copy] for row, copy in pairs)
            if any(node is not None and node.module.inputs != node.module.outputs for node in nodes):
                continue
            items: list[Item] = []
            before, places_ = list(positions), [places[row] for row, _ in pairs]
            try:
                if start:
                    heads: Nodes = tuple(nodes[0] if nodes else None for nodes in group)
                    item, here = self._item(places, heads, here, positions)
                    items.append(item)
                with self.copies(pairs):
                    dims = tuple(self.lift(dim) for dim in here)
                    made, inits = self._composite(places_, nodes, [dims])
                if inits or isinstance(made, Chain):
                    raise Misfit
            except Misfit:
                positions[:] = before
                continue
            for row, copies in enumerate(group):
                positions[row] += len(copies) - start
            count = Symbol(Literal(length - start), (length - start,) * len(places))
            items.append(Item(str(start), True, made, count, COUNTER))
            return items, here
        return None

    def _uneven(
        self, places: Places, group: list[list[Node]], here: Dims, positions: list[int]
    ) -> tuple[list[Item], Dims]:  # fmt: skip
        """Copies whose number differs between the instances: a first one, and others that are all alike."""
        heads: Nodes = tuple(nodes[0] if nodes else None for nodes in group)
        rests: Nodes = tuple(nodes[1] if len(nodes) > 1 else None for nodes in group)
        for nodes in group:
            if any(node.name is None or not node.positional for node in nodes):
                raise Misfit
            for node in nodes[2:]:
                if not self._alike(node, nodes[1]):
                    raise Misfit
        first, here = self._item(places, heads, here, positions)
        rest, after = self._item(places, rests, here, positions)
        for row, nodes in enumerate(group):
            positions[row] += max(len(nodes) - 2, 0)
        column = tuple(
            len(nodes) if place is not None else ABSENT for nodes, place in zip(group, places, strict=True)
        )
        node, place = next((n, p) for n, p in zip(heads, places, strict=True) if n is not None and p)
        count = self.fit(column, [self.text(place.raw(node).get("repeat"), View(places))])
        count = count or self.role("depth", column)
        after = self._dims(places, rests, 0, [here])
        if equal(first.made, rest.made):
            return [replace(first, count=count)], after
        fewer = self.made(Binary("-", count.tree, Literal(1)))
        return [first, replace(rest, count=fewer)], after

    def _alike(self, node: Node, other: Node) -> bool:
        """Whether two copies are made by the same call."""
        if node.module is other.module:
            return True
        class_ = self.program.class_of(node.module)
        if class_ is None or class_ is not self.program.class_of(other.module):
            return False
        left, right = class_.arguments(node.module), class_.arguments(other.module)
        return all(same(left[key], right[key]) for key in left)

    def _item(self, places: Places, nodes: Nodes, here: Dims, positions: list[int]) -> tuple[Item, Dims]:
        node = next(node for node in nodes if node is not None)
        there = [(row, other) for row, other in enumerate(nodes) if other is not None]
        positional = all(other.name == str(positions[row]) for row, other in there)
        for row, other in there:
            if other.name is None or (not positional and other.name != node.name):
                raise Misfit
            positions[row] += 1
        name = node.name or ""
        inits: list[Initialised] = []
        fresh = inplace = False
        if node.module.op is None:
            made, inits = self._composite(places, nodes, [here])
        else:
            codes = self._codes(nodes)
            code = next(code for code in codes if code is not None)
            made = self._constructor(places, nodes, codes, [here])
            inits, fresh = self._inits(nodes, code), code.fresh
            inplace = all(code.inplace for code in codes if code is not None)
        item = Item(name, positional, made, fresh=fresh, inplace=inplace)
        item.inits = [replace(init, path=(name, *init.path)) for init in inits]
        if len(self.places) == 1 and node.module.outputs[0].shape != node.module.inputs[0].shape:
            item.comment = shape_text(node.module)
        return item, self._dims(places, nodes, 0, [here])

    # --- loops -----------------------------------------------------------------------------------------

    def _loop(self, step: Aligned) -> None:
        """Copies that are named by their counter, each fed by the one before."""
        entries = [entry for entry in step.entries if entry is not None]
        if len(entries) != len(step.entries):
            raise Misfit
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
                made: Made = self._constructor(places, modules, codes, [here])
                inits = [init for code in codes if code for init in self._inits(modules, code)]
                if not all(code is not None and code.chains for code in codes):
                    raise Misfit
            else:
                made, inits = self._composite(places, modules, [here])
            if inits:
                raise Misfit
            template = self._template(places, modules)
        count = self._count(entries)
        part = Part(f"@{len(self.parts)}", made, count=count, template=template)
        self.parts[part.name] = part
        action = Action(step, "{m}({0})", step.inputs, step.outputs, part, pure=False)
        for node in entries[0].copies[0][1:]:
            action.joins.append(self._join(node, entries, entries[0].copies[0].index(node)))
        last = tuple(entry.copies[-1][-1].module.outputs[0].shape for entry in entries)
        dims: list[Symbol | None] = []
        for axis, (dim, delta) in enumerate(zip(carried, growth, strict=True)):
            column = tuple(shape[axis] for shape in last)
            grown = None
            if dim is not None and delta is not None and isinstance(delta, int):
                grown = self.made(_sum(dim, delta, count)) if delta else dim
            dims.append(self.fit(column, [grown]))
        self.values[step.outputs[0]] = tuple(dims)
        self.actions.append(action)

    def _check_worth(self, entries: list[Entry]) -> None:
        """Two or fewer copies, the same number everywhere, read better one by one."""
        if len({len(entry.copies) for entry in entries}) == 1 and len(entries[0].copies) < 3:
            raise Misfit

    def _growth(self, entries: list[Entry]) -> list[int | None]:
        """By how much each copy changes each axis, the same for all; `None` where that differs."""
        growth: list[int | None] = []
        rank = entries[0].node.module.inputs[0].rank
        for axis in range(rank):
            deltas = set()
            for entry in entries:
                for copy in entry.copies:
                    before, after = copy[0].module.inputs[0], copy[-1].module.outputs[0]
                    if after.rank != rank:
                        raise Misfit
                    old, new = before.shape[axis], after.shape[axis]
                    known = isinstance(new, int) and isinstance(old, int)
                    deltas.add(int(new) - int(old) if known else 0 if new == old else None)
            growth.append(deltas.pop() if len(deltas) == 1 else None)
        return growth

    def _grown(self, dim: Symbol | None, delta: int | None) -> Symbol | None:
        """The size of an axis in front of a copy."""
        if dim is None or delta is None:
            return None
        if not delta:
            return self.lift(dim)
        counter = Symbol(Name(COUNTER), ())
        return self.made(_sum(dim, delta, counter))

    def _template(self, places: list[Place], nodes: Nodes) -> tuple[Any, ...]:
        """The name of a copy, as text and expressions of the counter."""
        node, place = nodes[0], places[0]
        assert node is not None  # noqa: S101 — all copies are there
        raw = place.raw(node)
        counters = [*place.counts(node)]
        if not raw or not counters:
            raise Misfit
        counter = counters[-1]

        def field(name: str) -> Symbol | None:
            return self.made(Name(COUNTER)) if name == counter else None

        parts: list[Any] = []
        for part in parse_template(str(raw.get("name", ""))).parts:
            symbol = (
                self.expression(part.tree, View(places, None, field))
                if isinstance(part, Expression)
                else None
            )
            if isinstance(part, Expression) and symbol is None:
                raise Misfit
            parts.append(part if symbol is None else symbol)
        for row, other in enumerate(nodes):
            text = "".join(part if isinstance(part, str) else str(part.values[row]) for part in parts)
            if other is None or text != other.name:
                raise Misfit
        return tuple(part if isinstance(part, str) else part.tree for part in parts)

    def _count(self, entries: list[Entry]) -> Symbol:
        column = tuple(len(entry.copies) for entry in entries)
        place, node = self.places[0], entries[0].node
        raws = [raw["repeat"] for raw in place.around(node) if "repeat" in raw]
        candidates = [self.text(raws[-1], View(self.places))] if raws else []
        return self.fit(column, candidates) or self.role("depth", column)

    def _join(self, node: Node, entries: list[Entry], position: int) -> Action:
        """What a copy does behind its module. Values: 0 is what is carried, then the copy's own."""
        first = entries[0].copies[0]
        texts = set()
        for entry in entries:
            for copy in entry.copies:
                texts.add(_function_text(self.program.code(copy[position])))
        text = texts.pop()
        if texts or any(True for _ in _placeholders(text)):
            raise Misfit
        numbers = {entries[0].copies[0][0].inputs[0]: 0}
        ids = {id(item): ids for item, ids in self.places[0].module.values()}
        for number, item in enumerate(first, start=1):
            numbers[ids[id(item)][0]] = number
        step = Aligned((), (), (), ())
        return Action(step, text, tuple(numbers[value] for value in node.inputs), (position + 1,))

    # --- sizes and presence ----------------------------------------------------------------------------

    def _dims(self, places: Places, nodes: Nodes, output: int, here: list[Dims]) -> Dims:
        """The sizes of what a node yields; of one that is not there, those of its input."""
        node = next(node for node in nodes if node is not None)
        shapes = [n.module.outputs[output].shape if n is not None else None for n in nodes]
        there = [shape for shape in shapes if shape is not None]
        if len({len(shape) for shape in there}) > 1:
            raise Misfit
        dims = []
        for axis in range(len(there[0])):
            same_axis = here[0][axis] if here and axis < len(here[0]) else None
            column = tuple(
                shape[axis]
                if shape is not None
                else same_axis.values[row]
                if same_axis is not None
                else ABSENT
                for row, shape in enumerate(shapes)
            )
            dims.append(self.fit(column, self._sizes(places, nodes, node, output, axis, here)))
        return tuple(dims)

    def _sizes(
        self, places: Places, nodes: Nodes, node: Node, output: int, axis: int, here: list[Dims]
    ) -> Iterator[Symbol | None]:  # fmt: skip
        """What the size of an axis may be."""
        op = node.module.op
        if op is None:
            class_ = self.program.class_of(node.module)
            if class_ is not None and output < len(class_.outputs) and axis < len(class_.outputs[output]):
                symbol = class_.outputs[output][axis]
                if symbol is not None:
                    made = self._instance(class_, places, nodes, here)
                    mapping = {key: argument.tree for key, argument in made.arguments}
                    yield self.made(substitute(class_.expanded(symbol.tree), mapping))
            elif class_ is None and output == 0:
                inner = [p.within(n) if p and n else None for p, n in zip(places, nodes, strict=True)]
                yield self._chain(inner, here[0])[1][axis]
        elif (formula := self.program.code(node).sizes.get(axis)) is not None:
            fields = self._fields(places, nodes, here)
            yield self.expression(parse(formula).tree, View(_at(places, nodes), here[0], fields))
        elif op.name == "concat":
            parts = [dims[axis] for dims in here if axis < len(dims)]
            if None not in parts:
                tree = parts[0].tree if parts[0] else Literal(0)
                for part in parts[1:]:
                    tree = Binary("+", tree, part.tree if part else Literal(0))
                yield self.made(tree)
        for dims in here:
            if axis < len(dims):
                yield dims[axis]
        for dims in here:  # axes may have moved
            yield from dims

    def _presence(self, places: Places, nodes: Nodes, here: list[Dims]) -> Symbol:
        """Whether an instance has a node: its `when`, or that of a group around it."""
        column = tuple(
            ABSENT if place is None else node is not None for place, node in zip(places, nodes, strict=True)
        )
        node, place = next((n, p) for n, p in zip(nodes, places, strict=True) if n is not None and p)
        around = reversed(place.around(node))
        texts = [raw[key] for raw in around for key in ("when", "skip") if isinstance(raw.get(key), str)]
        # `x` is the node's input, or that of a node around it
        views = [View(places, dims) for dims in (*here, self.values[0])]
        candidates = (self.text(text, view) for text in texts for view in views)
        return self.fit(column, candidates) or self.role(f"has_{_stem(node)}", column)


# --- small things -----------------------------------------------------------------------------------------


def _merged(places: Places) -> list[list[list[Node]]]:
    """The nodes of chains side by side: for each instance the copies of a node, none where it was removed."""
    rows: list[list[list[Node]] | None] = [
        None if place is None else runs(list(place.module.body)) for place in places
    ]
    longest = max((row for row in rows if row is not None), key=len, default=[])
    at = [0] * len(rows)
    merged = []
    for position, reference in enumerate(longest):
        origin = reference[0].origin
        following = longest[position + 1][0].origin if position + 1 < len(longest) else None
        group: list[list[Node]] = []
        for index, row in enumerate(rows):
            if row is None:
                group.append([])
                continue
            own = row[at[index]] if at[index] < len(row) else None
            if own is None:
                raise Misfit
            removed = own[0].module.kind == "removed"
            inside = own[0].origin.path == origin.path[: len(own[0].origin.path)]
            if own[0].origin == origin and own[0].copy[:-1] == reference[0].copy[:-1]:
                group.append([] if removed else own)
                at[index] += 1
            elif removed and inside:
                group.append([])
                path = own[0].origin.path
                if following is None or following.path[: len(path)] != path:
                    at[index] += 1
            else:
                raise Misfit
        merged.append(group)
    if any(row is not None and at[index] != len(row) for index, row in enumerate(rows)):
        raise Misfit
    return merged


def _at(places: Places, nodes: Nodes) -> list[Place | None]:
    """The places with the counters of the repeats around a node."""
    return [
        replace(place, counters={**place.counters, **place.counts(node)}) if place and node else place
        for place, node in zip(places, nodes, strict=True)
    ]


def _setting(places: Places, nodes: Nodes, key: str, op: str) -> Any:
    """What the document says for a field, the same in all instances; `None` if nothing, or not the same."""
    found = [
        place.setting(node, key, op) for place, node in zip(places, nodes, strict=True) if place and node
    ]
    return found[0] if all(item == found[0] for item in found[1:]) else None


def _joined(items: list[Item]) -> list[Item]:
    """Equal items that follow each other as one with a count."""
    result: list[Item] = []
    for item in items:
        last = result[-1] if result else None
        if (
            last is not None and item.positional and last.positional and not item.inits and not last.inits
            and item.when is None and last.when is None and item.count is None
            and isinstance(item.made, Constructor) and isinstance(item.made.target, Class)
            and equal(item.made, last.made) and (last.count is None or last.count.is_literal)
        ):  # fmt: skip
            number = 1 if last.count is None else int(last.count.values[0])
            values = (number + 1,) * len(last.count.values if last.count else (0,))
            result[-1] = replace(last, count=Symbol(Literal(number + 1), values), comment=item.comment)
        else:
            result.append(item)
    return result


def equal(left: Made, right: Made) -> bool:
    """Whether two modules are made by the same code."""
    if isinstance(left, Constructor) and isinstance(right, Constructor):
        return (
            _same_target(left.target, right.target) and left.wrap == right.wrap and left.inplace == right.inplace
            and len(left.arguments) == len(right.arguments)
            and all(
                a == b and _same_tree(x, y)
                for (a, x), (b, y) in zip(left.arguments, right.arguments, strict=True)
            )
        )  # fmt: skip
    if isinstance(left, Chain) and isinstance(right, Chain):
        return len(left.items) == len(right.items) and all(
            a.name == b.name and equal(a.made, b.made) and (a.count is None) == (b.count is None)
            and (a.count is None or b.count is None or _same_tree(a.count, b.count)) and a.when is b.when
            for a, b in zip(left.items, right.items, strict=True)
        )  # fmt: skip
    return False


def _same_target(left: object, right: object) -> bool:
    if isinstance(left, Symbol) and isinstance(right, Symbol):
        return _same_tree(left, right)
    return left == right


def _same_tree(left: Symbol, right: Symbol) -> bool:
    return left.values == right.values and left.is_literal == right.is_literal


def _sum(dim: Symbol, delta: int, count: Symbol) -> Binary:
    step = count.tree if delta == 1 else Binary("*", Literal(delta), count.tree)
    return Binary("+", dim.tree, step)


def _label(nodes: Nodes) -> str | None:
    labels = {node.label for node in nodes if node is not None}
    return labels.pop() if len(labels) == 1 else None


def _stem(node: Node) -> str:
    """What a node is called where an argument is named after it."""
    return node.name if node.name is not None and not node.positional else node.module.kind


def _role(argument: Argument, index: int) -> str:
    if argument.name:
        return argument.name
    formula = argument.formulas[0] if argument.formulas else f"argument{index}"
    return {"x.channels": "in_channels", "x.shape[-1]": "in_features"}.get(formula, formula.partition("[")[0])


def _function_text(code: TorchCode) -> str:
    from archspec.ops.core.torch_code import expression

    return code.function if "{0}" in code.function else expression(code.function, *code.arguments)


def _placeholders(template: str) -> Iterator[str]:
    """The free dimensions that a template mentions."""
    for _, name, _, _ in string.Formatter().parse(template):
        if name and not name.isdigit() and name != "m":
            yield name


def custom_inits(module: Module) -> list[tuple[str, Any]]:
    """The weights of an op whose first values are not PyTorch's, with these."""
    op = module.op
    if op is None or not getattr(op, "init", None):
        return []
    if op.is_parameter:
        (weight,) = op.weights(module.inputs)
        return [] if weight.init.name == "constant" else [("", weight.init)]
    plain = op.model_copy(update={"init": {}})
    default = {weight.name: weight.init for weight in plain.weights(module.inputs)}
    return [(w.name, w.init) for w in op.weights(module.inputs) if w.init != default[w.name]]


def shape_text(module: Module) -> str:
    """The shape of a module's output without its batch: `64×112×112`."""
    shape = module.outputs[0].shape
    return "×".join(map(str, shape[1:])) if len(shape) > 1 else ""


def _drop_unused(class_: Class) -> None:
    """Forget arguments and local names that nothing mentions; write those used once where they are used."""
    while True:
        counts: dict[str, int] = {}
        for symbol in _symbols(class_):
            for name in names(symbol.tree):
                counts[name] = counts.get(name, 0) + 1
        rare = next((item for item in class_.locals if counts.get(item[0], 0) < 2), None)
        if rare is None:
            break
        class_.locals.remove(rare)
        mapping = {rare[0]: rare[2].tree}
        _replace(class_, mapping)
    class_.parameters[:] = [p for p in class_.parameters if p.key in counts]


def _symbols(class_: Class) -> Iterator[Symbol]:
    for _, _, symbol in class_.locals:
        yield symbol
    for part in class_.parts:
        yield from (symbol for symbol in (part.when, part.count) if symbol is not None)
        yield from _made_symbols(part.made)
        yield from (Symbol(tree, ()) for tree in part.template if not isinstance(tree, str))
    for action in class_.actions:
        if action.flag is not None:
            yield action.flag
    if class_.chain is not None:
        yield from _made_symbols(class_.chain)


def _made_symbols(made: Made) -> Iterator[Symbol]:
    if isinstance(made, Constructor):
        yield from (symbol for _, symbol in made.arguments)
        if isinstance(made.target, Symbol):
            yield made.target
        return
    for item in made.items:
        yield from (symbol for symbol in (item.when, item.count) if symbol is not None)
        yield from _made_symbols(item.made)


def _replace(class_: Class, mapping: dict[str, Any]) -> None:
    def changed(symbol: Symbol) -> Symbol:
        return Symbol(substitute(symbol.tree, mapping), symbol.values)

    def change(made: Made) -> None:
        if isinstance(made, Constructor):
            made.arguments = [(key, changed(symbol)) for key, symbol in made.arguments]
            return
        for item in made.items:
            item.when = item.when and changed(item.when)
            item.count = item.count and changed(item.count)
            change(item.made)

    class_.locals[:] = [(key, wanted, changed(symbol)) for key, wanted, symbol in class_.locals]
    for part in class_.parts:
        part.when = part.when and changed(part.when)
        part.count = part.count and changed(part.count)
        change(part.made)
    for action in class_.actions:
        action.flag = action.flag and changed(action.flag)
    if class_.chain is not None:
        change(class_.chain)
