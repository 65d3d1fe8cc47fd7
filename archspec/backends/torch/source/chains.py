"""Write blocks and groups as constructor calls or chains, with the sizes of their outputs."""

from collections.abc import Iterator
from dataclasses import replace

from archspec.backends.torch.source.align import Unlike
from archspec.backends.torch.source.columns import Dims, View
from archspec.backends.torch.source.copies import joined, merged
from archspec.backends.torch.source.modules import (
    Constructors,
    Nodes,
    Sites,
    at,
    equal,
    setting,
    shape_text,
    stem,
)
from archspec.backends.torch.source.parts import (
    Built,
    ChainItem,
    Class,
    Constructor,
    Initialised,
    ModuleChain,
)
from archspec.backends.torch.source.symbols import ABSENT, SourceSymbol, names, same, substitute
from archspec.ir import Node
from archspec.language.expressions import Binary, Literal
from archspec.language.params import MISSING
from archspec.language.parser import parse


class Chains(Constructors):
    """Writes composites."""

    literal = False
    """Whether copies that depend on their counter are written one by one."""

    # --- composites ------------------------------------------------------------------------------------

    def _composite(self, places: Sites, nodes: Nodes, here: list[Dims]) -> tuple[Built, list[Initialised]]:
        """A block or a group: a call of its class, or an inline chain."""
        found = {self.facts.class_of(node.module) for node in nodes if node is not None}
        if len(found) > 1:
            raise Unlike
        class_ = found.pop()
        if class_ is not None:
            return self._instance(class_, places, nodes, here), []
        inner = [
            place.within(node) if place and node else None for place, node in zip(places, nodes, strict=True)
        ]
        chain, _ = self._chain(inner, here[0])
        inits = [init for item in chain.items for init in item.inits]
        return chain, inits

    def _instance(self, class_: Class, places: Sites, nodes: Nodes, here: list[Dims]) -> Constructor:
        """A call of a generated class."""
        symbols: dict[str, SourceSymbol | None] = {}
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
                    wanted = f"{stem(node)}_{wanted}"
                symbol = self.role(wanted, column)
            symbols[parameter.key] = symbol
            arguments.append((parameter.key, symbol))
        return Constructor(class_, arguments)

    def _given(
        self,
        key: str,
        class_: Class,
        places: Sites,
        nodes: Nodes,
        here: list[Dims],
        symbols: dict[str, SourceSymbol | None],
    ) -> Iterator[SourceSymbol | None]:
        """The candidate expressions for an argument of a class."""
        parameter = next(parameter for parameter in class_.parameters if parameter.key == key)
        view = View(at(places, nodes), here[0] if here else None)
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
                yield self.resolve(key, view)  # a group sees the names of its enclosing block
                return
            raw = setting(places, nodes, key, node.module.kind)
            if raw is not None:
                yield self.text(raw, view)
            elif key in frame.params and frame.params[key].default is not MISSING:
                fields = replace(view, fields=symbols.get)
                yield self.text(frame.params[key].default, fields)

    # --- chains ----------------------------------------------------------------------------------------

    def _chain(self, places: Sites, here: Dims) -> tuple[ModuleChain, Dims]:
        """The nodes of a chain as items of an `nn.Sequential`, and the sizes of its output."""
        items: list[ChainItem] = []
        positions = [0] * len(places)
        for group in merged(places):
            added, here = self._run(places, group, here, positions)
            if items and added and added[0].inplace and items[-1].fresh and items[-1].when is None:
                assert isinstance(added[0].made, Constructor)  # noqa: S101 — only ops work in place
                added[0].made.inplace = True
            items += added
        if all(item.positional for item in items):
            items = joined(items)
        chain = ModuleChain(items)
        shifting = any(
            item.when is not None or not (item.count is None or item.count.is_literal) for item in items
        )
        if shifting and any(item.inits for item in items):
            raise Unlike  # they are found by position, which differs
        if not chain.is_positional and any(
            item.when is not None or item.count is not None for item in chain.items
        ):
            raise Unlike
        return chain, here

    def _run(
        self, places: Sites, group: list[list[Node]], here: Dims, positions: list[int]
    ) -> tuple[list[ChainItem], Dims]:
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
            raise Unlike
        return self._uneven(places, group, here, positions)

    def _counted(
        self, places: Sites, group: list[list[Node]], here: Dims, positions: list[int], length: int
    ) -> tuple[list[ChainItem], Dims] | None:
        """Copies that depend on their counter, as one comprehension; `None` if they do not."""
        if (
            self.literal
            or self.pairs is not None
            or any(not node.positional for nodes in group for node in nodes)
        ):
            return None
        first = next(nodes for nodes in group if nodes)
        if first[0].module.op is not None or all(self._alike(node, first[1]) for node in first[2:]):
            return None
        for start in (0, 1):
            pairs = [(row, copy) for row, nodes in enumerate(group) for copy in range(start, len(nodes))]
            nodes: Nodes = tuple(group[row][copy] for row, copy in pairs)
            if any(node is not None and node.module.inputs != node.module.outputs for node in nodes):
                continue
            items: list[ChainItem] = []
            before, places_ = list(positions), [places[row] for row, _ in pairs]
            try:
                if start:
                    heads: Nodes = tuple(nodes[0] if nodes else None for nodes in group)
                    item, here = self._item(places, heads, here, positions)
                    items.append(item)
                with self.copies(pairs):
                    dims = tuple(self.lift(dim) for dim in here)
                    made, inits = self._composite(places_, nodes, [dims])
                if inits or isinstance(made, ModuleChain):
                    raise Unlike
            except Unlike:
                positions[:] = before
                continue
            for row, copies in enumerate(group):
                positions[row] += len(copies) - start
            count = SourceSymbol(Literal(length - start), (length - start,) * len(places))
            items.append(ChainItem(str(start), True, made, count, counts=True, start=start))
            return items, here
        return None

    def _uneven(
        self, places: Sites, group: list[list[Node]], here: Dims, positions: list[int]
    ) -> tuple[list[ChainItem], Dims]:
        """Copies whose number differs between instances: a first one, and others that are all equal."""
        heads: Nodes = tuple(nodes[0] if nodes else None for nodes in group)
        rests: Nodes = tuple(nodes[1] if len(nodes) > 1 else None for nodes in group)
        for nodes in group:
            if any(node.name is None or not node.positional for node in nodes):
                raise Unlike
            for node in nodes[2:]:
                if not self._alike(node, nodes[1]):
                    raise Unlike
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
        if self.branches(rest.made) or self.branches(first.made):
            raise Unlike  # statements come before the comprehension, once for all copies
        if equal(first.made, rest.made):
            return [replace(first, count=count)], after
        fewer = self.symbol(Binary("-", count.tree, Literal(1)))
        return [first, replace(rest, count=fewer)], after

    def branches(self, made: Built) -> bool:
        """Whether a part of it is constructed under a condition."""
        return isinstance(made, ModuleChain) and any(
            item.when is not None or self.branches(item.made) for item in made.items
        )

    def _alike(self, node: Node, other: Node) -> bool:
        """Whether two copies are constructed by the same call."""
        if node.module is other.module:
            return True
        if node.module.op is not None or other.module.op is not None:
            return False
        class_ = self.facts.class_of(node.module)
        if class_ is None or class_ is not self.facts.class_of(other.module):
            return False
        left, right = class_.arguments(node.module), class_.arguments(other.module)
        return all(same(left[key], right[key]) for key in left)

    def _item(self, places: Sites, nodes: Nodes, here: Dims, positions: list[int]) -> tuple[ChainItem, Dims]:
        node = next(node for node in nodes if node is not None)
        if any(n is not None and (n.module.op is None) != (node.module.op is None) for n in nodes):
            raise Unlike
        there = [(row, other) for row, other in enumerate(nodes) if other is not None]
        positional = all(other.name == str(positions[row]) for row, other in there)
        for row, other in there:
            if other.name is None or (not positional and other.name != node.name):
                raise Unlike
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
        item = ChainItem(name, positional, made, fresh=fresh, inplace=inplace)
        item.inits = [replace(init, path=(name, *init.path)) for init in inits]
        if len(self.places) == 1 and node.module.outputs[0].shape != node.module.inputs[0].shape:
            item.comment = shape_text(node.module)
        return item, self._dims(places, nodes, 0, [here])

    # --- sizes and presence ----------------------------------------------------------------------------

    def _dims(self, places: Sites, nodes: Nodes, output: int, here: list[Dims]) -> Dims:
        """The sizes of a node's output; for an absent node, those of its input."""
        node = next(node for node in nodes if node is not None)
        shapes = [n.module.outputs[output].shape if n is not None else None for n in nodes]
        there = [shape for shape in shapes if shape is not None]
        if len({len(shape) for shape in there}) > 1:
            raise Unlike
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
        self, places: Sites, nodes: Nodes, node: Node, output: int, axis: int, here: list[Dims]
    ) -> Iterator[SourceSymbol | None]:
        """The candidate expressions for the size of an axis."""
        op = node.module.op
        if op is None:
            yield self._size_of_composite(places, nodes, output, axis, here)
        elif (formula := (code := self.facts.code(node)).sizes.get(axis)) is not None:
            fields = self._fields(places, nodes, here)
            yield self.expression(parse(formula).tree, View(at(places, nodes), here[0], fields))
        elif code.joined == axis:
            yield self._total([dims[axis] for dims in here if axis < len(dims)])
        for dims in here:
            if axis < len(dims):
                yield dims[axis]
        for dims in here:  # axes may have moved
            yield from dims

    def _size_of_composite(
        self, places: Sites, nodes: Nodes, output: int, axis: int, here: list[Dims]
    ) -> SourceSymbol | None:
        """The size of an axis of a composite's output in terms of the arguments of its call."""
        node = next(node for node in nodes if node is not None)
        class_ = self.facts.class_of(node.module)
        if class_ is None:
            inner = [p.within(n) if p and n else None for p, n in zip(places, nodes, strict=True)]
            return self._chain(inner, here[0])[1][axis]
        known = class_.outputs[output] if output < len(class_.outputs) else ()
        symbol = known[axis] if axis < len(known) else None
        if symbol is None:
            return None
        mapping = {key: given.tree for key, given in self._instance(class_, places, nodes, here).arguments}
        for key, (index, axis_) in class_.axes.items():
            size = here[index][axis_]
            if size is not None:
                mapping.setdefault(key, size.tree)
        tree = class_.expanded(symbol.tree)
        return self.symbol(substitute(tree, mapping)) if mapping.keys() >= {*names(tree)} else None

    def _total(self, parts: list[SourceSymbol | None]) -> SourceSymbol | None:
        """The sum of sizes."""
        first, *rest = [part.tree if part is not None else None for part in parts]
        tree = first
        for part in rest:
            tree = Binary("+", tree, part) if tree is not None and part is not None else None
        return self.symbol(tree) if tree is not None else None

    def _presence(self, places: Sites, nodes: Nodes, here: list[Dims]) -> SourceSymbol:
        """Whether an instance has a node: its `when`, or that of an enclosing group."""
        column = tuple(
            ABSENT if place is None else node is not None for place, node in zip(places, nodes, strict=True)
        )
        node, place = next((n, p) for n, p in zip(nodes, places, strict=True) if n is not None and p)
        around = reversed(place.around(node))
        texts = [raw[key] for raw in around for key in ("when", "skip") if isinstance(raw.get(key), str)]
        # `x` is the input of the node, or of an enclosing node
        views = [View(places, dims) for dims in (*here, self.values[0])]
        candidates = (self.text(text, view) for text in texts for view in views)
        return self.fit(column, candidates) or self.role(f"has_{stem(node)}", column)
