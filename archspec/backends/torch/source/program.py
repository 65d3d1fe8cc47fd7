"""All classes of a network, or of the variants of a family: which composites share a class, and in which order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from archspec.analysis.liveness import Live, every, training_only
from archspec.backends.torch.source.builder import Builder
from archspec.backends.torch.source.initialise import InitRule, common
from archspec.backends.torch.source.modules import Modules
from archspec.backends.torch.source.names import Namer, class_name, is_attribute, variable_name
from archspec.backends.torch.source.ops import Calls, Facts, first
from archspec.backends.torch.source.parts import Class, constructors, symbols_of
from archspec.backends.torch.source.rows import Files, Row
from archspec.backends.torch.source.symbols import names
from archspec.elaborate.network import Network
from archspec.elaborate.steps import Plan, Step
from archspec.ir import Module, Node, Origin, walk
from archspec.language.document import Definition
from archspec.ops.core.torch_code import without_numbers

Key = tuple[object, ...]


class Untranslated(Exception):  # noqa: N818 — a limit of the translation, not an error of the caller
    """A definition that has no class."""


class Program:
    """The classes, callees first; the last is the network itself."""

    def __init__(
        self, networks: list[Network], name: str, apart: Sequence[Key] = (), default: int | None = None
    ) -> None:
        self.default = default
        """For a family: which of the networks has the file's defaults."""
        self.facts = Facts()
        self.apart = apart
        self.late: dict[Module, Live] = {}
        """The composites with results that only training needs, and these results."""
        self.networks = [replace(network, root=self._parted(network)) for network in networks]
        self.files = [Files(network) for network in self.networks]
        self.namer = Namer()
        self.helpers: dict[str, str] = {}
        """The helper classes, for ops that PyTorch lacks: name → source."""
        self.chains: dict[Module, bool] = {}
        self.rows: dict[Key, list[Row]] = {}
        """The instances of each block."""
        self.keys: dict[Module, Key] = {}
        for files in self.files:
            self._collect(files)
        self.namer.taken |= self.helpers.keys()
        rules = [common(network.root, self.facts.code_of, self.helpers) for network in networks]
        self.rules: dict[str, InitRule] = {
            key: rule for key, rule in rules[0].items() if all(other.get(key) == rule for other in rules)
        }
        self.facts.ruled = {*self.rules}
        self.found: dict[Module, Class] = {}
        self.trouble = ""
        """Why one class did not suit the instances of the last definition for which it did not."""
        self.underway: set[Key] = set()
        self.classes: list[Class] = []
        main = self.namer.give(class_name(name))  # its own, even where a block has the same
        self.main = self._main(main)
        self.classes = [*_reachable(self.main)] if self.main is not None else []
        for class_ in self.classes:
            if class_.is_group:
                class_.name = self.namer.give(class_name(class_.name))

    # --- what there is -----------------------------------------------------------------------------------------

    def _collect(self, files: Files) -> None:
        """Note every block and every helper of a network."""
        modules = walk(files.network.root)
        heights: dict[Module, int] = {}
        for module in reversed(modules):
            inside = [heights[node.module] for node in module.body]
            heights[module] = max(inside, default=0) + module.is_block
        for module in modules:
            for node in module.body:
                if node.module.op is not None:
                    code = self.facts.code(node)
                    if code.helper:
                        self.helpers[code.module] = code.helper
            if module.is_block and module.definition is not None:
                key: Key = (module.definition, *sorted(self.late.get(module, ())))
                self.keys[module] = key
        tangled = _tangled(modules, self.keys)
        for module in modules:
            if module in self.keys:
                if self.keys[module] in tangled:
                    self.keys[module] = (*self.keys[module], heights[module])
                self.rows.setdefault(self.keys[module], []).append(files.row(module))

    def plan(self, definition: Definition) -> Plan:
        """The compiled body of a definition."""
        return self.networks[0].plans.of(definition)

    def is_chain(self, module: Module) -> bool:
        """Whether a composite can be an `nn.Sequential`: each module takes the output of the previous one."""
        if module not in self.chains:
            self.chains[module] = self._is_chain(module)
        return self.chains[module]

    def _is_chain(self, module: Module) -> bool:
        if len(module.inputs) != 1 or len(module.results) != 1:
            return False
        value = 0
        for node, ids in module.values():
            if node.inputs != (value,) or len(ids) != 1 or node.shares is not None:
                return False
            value = ids[0]
            if node.module.is_removed:
                continue
            if node.name is None:
                return False
            op = node.module.op
            if op is not None and (op.is_parameter or not self.facts.code(node).chains):
                return False
            if op is None and len(node.module.inputs) != 1:
                return False
        return module.results == (value,)

    def is_sequential(self, module: Module) -> bool:
        """Whether a class can be an `nn.Sequential`, whose modules with weights are named by their positions."""
        return self.is_chain(module) and any(
            node.name is not None and not is_attribute(node.name) and self.facts.weights(node.module) > 0
            for node in module.body
        )

    @staticmethod
    def is_mixed(nodes: list[Node]) -> bool:
        """Whether some modules of a chain have names of their own."""
        return any(not node.positional and node.name is not None for node in nodes)

    @staticmethod
    def shape_comment(module: Module) -> str:
        """The shape of a module's output without a free batch in front: `64×112×112`, as in a summary."""
        shape = module.outputs[0].shape
        return "×".join(map(str, shape[isinstance(shape[0], str) :])) if len(shape) > 1 else ""

    # --- classes -------------------------------------------------------------------------------------------------

    def class_of(self, module: Module) -> Class | None:
        """The class of a block; `None` if it is under way."""
        if module not in self.found:
            key = self.keys[module]
            if key in self.underway:
                return None
            self.underway.add(key)
            self._define(key)
            self.underway.discard(key)
        return self.found[module]

    def _define(self, key: Key) -> None:
        """Make the classes of a block: one, or one for each kind of instances, or one for each instance."""
        rows = self.rows[key]
        definition = rows[0].files.definition(rows[0].module.definition)  # type: ignore[arg-type]
        groups = [rows]
        if key in self.apart:
            groups = [[row] for row in rows]
        while groups:
            group = groups.pop(0)
            class_ = self._built(group, definition, definition.name, definition.doc)
            if class_ is not None:
                self._add(class_)
            elif len(group) == 1:
                raise Untranslated(f"`{definition.name}` has no class: {self.trouble}")
            else:
                kinds: dict[object, list[Row]] = {}
                for row in group:
                    kinds.setdefault(self.signature(row.module), []).append(row)
                groups[:0] = kinds.values() if len(kinds) > 1 else [[row] for row in group]

    def _built(self, rows: list[Row], definition: Definition, name: str, doc: str) -> Class | None:
        """A class with loops in `forward`, or else without."""
        chain = self.plan(definition).chain
        for folds in (True, False):
            builder = Builder(self, self.facts, rows, definition, folds=folds)
            class_ = builder.build(name, doc, chain)
            if class_ is not None:
                return class_
            self.trouble = builder.trouble
        return None

    def _add(self, class_: Class) -> None:
        if not class_.is_group:
            class_.name = self.namer.give(class_name(class_.name))
        for module in class_.modules:
            self.found[module] = class_
        used = used_names(class_)
        class_.arguments[:] = [argument for argument in class_.arguments if argument.key in used]
        class_.locals[:] = [local for local in class_.locals if local[0] in used]
        namer = Namer()
        for argument in class_.arguments:
            class_.ids[argument.key] = namer.give(variable_name(argument.wanted))
        for name, wanted, _ in class_.locals:
            class_.ids[name] = namer.give(variable_name(wanted))
        for name in sorted(used):
            if name.startswith("@") and name not in class_.ids:
                class_.ids[name] = namer.give(variable_name(name[1:].rstrip("0123456789") or "i"))
        self.classes.append(class_)

    def _main(self, name: str) -> Class | None:
        rows = [files.row(files.network.root) for files in self.files]
        definition = rows[0].files.definition(Origin(self.networks[0].document.file, ("model",)))
        class_ = self._built(rows, definition, name, "")
        if class_ is None:
            return None
        class_.is_main, class_.training = True, len(self.networks[0].train_outputs)
        class_.late = frozenset()
        if self.default is not None:
            order = [*self.networks[0].document.params]
            class_.arguments.sort(key=lambda a: order.index(a.wanted) if a.wanted in order else len(order))
            for argument in class_.arguments:
                argument.default = argument.values[self.default]
        taken, self.namer = self.namer, Namer()
        self._add(class_)
        class_.name, self.namer = name, taken
        return class_

    def group_class(self, step: Step, calls: Calls, builder: Modules) -> Class | None:
        """The class of a group whose nodes `forward` cannot call itself."""
        rows: list[Row] = []
        known: set[Module] = set()
        late = {self.late.get(node.module, frozenset()) for node in calls if node is not None}
        for index, (node, around) in enumerate(zip(calls, builder.current, strict=True)):
            if node is None or node.module in known:
                continue
            again = [
                other.module for other in reused(node, builder.bodies[index][1] if builder.graph else None)
            ]
            known |= {node.module, *again}
            names = {
                name: symbol.values[index] if len(symbol.values) == len(calls) else symbol.values[0]
                for name, symbol in ((n, builder.lift(s)) for n, s in builder.space.names)
                if symbol is not None
            }
            counters = {**around.counters, **names}
            alike = dict.fromkeys([node.module, *again])
            rows += [Row(module, around.frame, around.files, counters) for module in alike]
        if len(late) > 1 or builder.space.given is not None:
            return None
        node = first(calls)
        name = (
            node.name if node.name is not None and node.name[:1].isalpha() else f"{builder.name}_{node.name}"
        )
        made = Builder(self, self.facts, rows, builder.space.definition).build(name, "", step)
        if made is not None:
            made.is_group = True
            self._add(made)
        return made

    def signature(self, module: Module) -> object:
        """The structure that instances of one class must share."""
        if module.op is not None:
            code = self.facts.code_of(module)
            function = code.function if not code.module else ""
            return (module.op.name, code.module, without_numbers(code.call)[0], without_numbers(function)[0])
        if module.is_removed:
            return None
        class_ = self.found.get(module)
        if class_ is not None:
            return class_.name
        return tuple(
            (
                node.origin,
                node.copy,
                node.name if self.facts.weights(node.module) else "",
                node.inputs,
                node.shares,
                self.signature(node.module),
            )
            for node in module.body
        )

    # --- training ------------------------------------------------------------------------------------------------

    def _parted(self, network: Network) -> Module:
        """The tree with composites that are partly training-only made distinct, so that they get their own classes."""
        train, count = len(network.train_outputs), len(network.root.results)
        return self._part(network.root, frozenset(range(count - train, count))) if train else network.root

    def _part(self, module: Module, late: Live) -> Module:
        shared = module.shared
        body = []
        for index, (node, only) in enumerate(zip(module.body, training_only(module, late), strict=True)):
            is_part = 0 < len(only) < len(node.module.outputs) and node.module.op is None
            if is_part and node.shares is None and index not in shared:
                body.append(replace(node, module=self._part(node.module, only)))
            else:  # a module that is called again is the same at every call
                body.append(node)
        made = replace(module, body=tuple(body))
        self.late[made] = late
        return made

    def mark_training(self, class_: Class) -> None:
        """Mark the actions that only training outputs need."""
        only: set[int] = set()
        for module in class_.modules:
            if module in self.late:
                self._note(module, self.late[module], only)
                class_.late = self.late[module]
        for action in class_.actions:
            action.training = id(action.node) in only

    def _note(self, module: Module, late: Live, only: set[int]) -> None:
        for node, here in zip(module.body, training_only(module, late), strict=True):
            if here == every(node.module):
                only.add(id(node))
                self._all(node.module, only)
            elif node.module.op is None and not node.module.is_block:
                self._note(node.module, here, only)

    def _all(self, module: Module, only: set[int]) -> None:
        for node in module.body:
            only.add(id(node))
            if not node.module.is_block:
                self._all(node.module, only)


def _reachable(class_: Class, seen: set[int] | None = None) -> Iterator[Class]:
    """The classes that a class calls, callees first, and the class itself."""
    seen = set() if seen is None else seen
    if id(class_) not in seen:
        seen.add(id(class_))
        for made in constructors(class_.items):
            for inner in made.classes:
                yield from _reachable(inner, seen)
        yield class_


def _tangled(modules: list[Module], keys: Mapping[Module, Key]) -> set[Key]:
    """The blocks whose instances contain each other, with all their callers.

    A block that takes a block as an argument can contain one that calls the first block again, with another argument.
    """
    below: dict[Key, set[Key]] = {key: set() for key in keys.values()}
    inside: dict[Module, set[Key]] = {}
    for module in reversed(modules):  # callees first
        found: set[Key] = set()
        for node in module.body:
            found |= {keys[node.module]} if node.module in keys else inside[node.module]
        inside[module] = found
        if module in keys:
            below[keys[module]] |= found
    while done := [key for key, rest in below.items() if not rest & below.keys()]:
        for key in done:
            del below[key]
    return {*below}


def reused(node: Node, body: Module | None) -> list[Node]:
    """The further calls of a node's module."""
    if body is None:
        return []
    index = next((i for i, other in enumerate(body.body) if other is node), -1)
    return [other for other in body.body if other.shares == index]


def used_names(class_: Class) -> set[str]:
    """The arguments, local variables and counters that a class uses."""

    used = {name for symbol in symbols_of(class_) for name in names(symbol.tree)}
    for key, _, symbol in reversed(class_.locals):
        if key in used:
            used |= {*names(symbol.tree)}
    return used | {argument.key for argument in class_.arguments if argument.kept}
