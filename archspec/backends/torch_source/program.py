"""All classes of a network: which composites become one, in which order, for which instances."""

from collections.abc import Collection
from dataclasses import replace

from archspec.analysis.cost import Costs, Live, training_only
from archspec.backends.torch_source.align import Misfit
from archspec.backends.torch_source.classes import Builder
from archspec.backends.torch_source.collect import Key, groups, key_of
from archspec.backends.torch_source.initialise import common
from archspec.backends.torch_source.names import Namer, class_name, is_attribute
from archspec.backends.torch_source.parts import Class
from archspec.backends.torch_source.places import Place, Places
from archspec.backends.torch_source.symbols import ClassName
from archspec.diagnostics import Problem, SpecError
from archspec.elaborate.network import Network
from archspec.ir import Module, Node
from archspec.ops import lookup, names
from archspec.ops.core.torch_code import TorchCode
from archspec.types import TensorType


class Program:
    """The classes of a network, callees first; the last is the network itself."""

    def __init__(self, network: Network, name: str, apart: Collection[Key] = ()) -> None:
        self.late: dict[Module, Live] = {}
        """The composites of which training alone needs some results, and these."""
        self.network, self.apart = replace(network, root=self._parted(network)), apart
        self.costs = Costs()
        self.helpers: dict[str, str] = {}
        """The classes that PyTorch does not have: name → source."""
        self.codes: dict[Module, TorchCode] = {}
        self.chains: dict[Module, bool] = {}
        self.found: dict[Module, Class | None] = {}
        self.classes: list[Class] = []
        self.namer = Namer()
        found = [*groups(Places(self.network), name, self._note_helper, self.late)]
        self.namer.taken |= self.helpers.keys()
        self.rules = common(network.root, self.code_of, self.helpers)
        """The classes of PyTorch whose modules all start alike, which one loop says."""
        for name_, places in found:
            self._define(name_, places)
        self.main = self.classes[-1]
        self._mark_training()

    def _note_helper(self, node: Node) -> None:
        """Remember the classes that an op needs and PyTorch does not have."""
        code = self.code(node)
        if code.helper:
            self.helpers[code.module] = code.helper

    def _define(self, name: str, places: list[Place]) -> None:
        if not places[0].is_definition and all(self.is_chain(place.module) for place in places):
            for place in places:
                self.found[place.module] = None
            return
        for class_ in self._fitting(places, name):
            class_.name = self.namer.give(class_name(class_.name))
            for place in class_.places:
                self.found[place.module] = class_
            self.classes.append(class_)

    def _fitting(self, places: list[Place], name: str) -> list[Class]:
        """One class for all instances if that works out, else one for those that are built alike, else one for each."""
        if key_of(places[0].module) in self.apart:
            return [self._alone(place, name, literal=True) for place in places]
        made = self._try(places, name)
        if made is not None:
            return [made]
        alike: dict[object, list[Place]] = {}
        for place in places:
            alike.setdefault(self.signature(place.module), []).append(place)
        result = []
        for group in alike.values() if len(alike) > 1 else [[place] for place in places]:
            made = self._try(group, name)
            result += [made] if made else [self._alone(place, name) for place in group]
        return result

    def _try(self, places: list[Place], name: str) -> Class | None:
        for fold in (True, False):
            try:
                return Builder(self, places, fold=fold).build(name)
            except Misfit:
                continue
        return None

    def _alone(self, place: Place, name: str, *, literal: bool = False) -> Class:
        try:
            return Builder(self, [place], fold=False, literal=literal).build(name)
        except Misfit:  # pragma: no cover — everything is a literal
            raise AssertionError(f"`{place.module.kind}` has no class") from None

    def signature(self, module: Module) -> object:
        """What instances of one class have in common."""
        if module.op is not None:
            code = self.code_of(module)
            return (module.op.name, code.module, code.call, code.function if not code.module else "")
        if module.kind == "removed":
            return None
        class_ = self.found.get(module)
        if class_ is not None:
            return class_.name
        return tuple(
            (node.origin, node.copy, node.name if self.weights(node.module) else "", node.inputs, node.shares,
             self.signature(node.module))
            for node in module.body
        )  # fmt: skip

    def _parted(self, network: Network) -> Module:
        """The tree in which what training needs in part is a module of its own, and so gets a class of its own."""
        train, count = len(network.train_outputs), len(network.root.results)
        return self._part(network.root, frozenset(range(count - train, count))) if train else network.root

    def _part(self, module: Module, late: Live) -> Module:
        shared = {node.shares for node in module.body if node.shares is not None}
        body = []
        for index, (node, only) in enumerate(zip(module.body, _only(module, late), strict=True)):
            is_part = 0 < len(only) < len(node.module.outputs) and node.module.op is None
            if is_part and node.shares is None and index not in shared:
                body.append(replace(node, module=self._part(node.module, only)))
            else:  # what is called again is what it is at every call
                body.append(node)
        made = replace(module, body=tuple(body))
        self.late[made] = late
        return made

    def _mark_training(self) -> None:
        """Find the steps that only training outputs need."""
        self.main.training = len(self.network.train_outputs)
        for class_ in self.classes:
            late = self.late.get(class_.places[0].module)
            if late is None:
                continue
            body = class_.places[0].module
            every = [frozenset(range(len(node.module.outputs))) for node in body.body]
            only = {
                id(node) for node, values, all_ in zip(body.body, _only(body, late), every, strict=True)
                if values == all_
            }  # fmt: skip
            for action in class_.actions:
                action.training = id(action.step.node) in only
            if class_ is not self.main:
                class_.late = late

    # --- what the builders ask -------------------------------------------------------------------------

    def class_of(self, module: Module) -> Class | None:
        """The class of a composite; `None` for a chain that is written where it stands."""
        return self.found[module]

    def weights(self, module: Module) -> int:
        """The number of weights in a module."""
        return self.costs.of(module).weights

    def code(self, node: Node) -> TorchCode:
        """How the op of a node is written. Raises `SpecError` where it cannot be."""
        try:
            return self.code_of(node.module)
        except Problem as problem:
            raise self.refuse(problem, node) from None

    def code_of(self, module: Module) -> TorchCode:
        """How an op is written."""
        if module not in self.codes:
            assert module.op is not None  # noqa: S101 — asked of ops only
            self.codes[module] = module.op.torch(module.inputs)
        return self.codes[module]

    def plain_module(self, op: str) -> ClassName | None:
        """PyTorch's class of an op without weights and required fields, such as an activation."""
        found = lookup(op) if op in names() else None
        if found is None or any(info.is_required() for info in found.model_fields.values()):
            return None
        try:
            code = found().torch((TensorType(("N", 1, 1, 1)),))
        except Problem:
            return None
        return ClassName(code.module) if code.is_plain else None

    def refuse(self, problem: Problem, node: Node) -> SpecError:
        """The error that a node cannot be written in PyTorch."""
        return SpecError([problem.located(node.origin.file, node.origin.path)])

    def is_chain(self, module: Module) -> bool:
        """Whether `nn.Sequential` can hold a composite: each module takes what the one before yields."""
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
            if node.module.kind == "removed":
                continue
            if node.name is None:
                return False
            op = node.module.op
            if op is not None and (op.is_parameter or not self.code(node).chains):
                return False
            if op is None and len(node.module.inputs) != 1:
                return False
        return module.results == (value,)


def _only(module: Module, late: Live) -> list[Live]:
    """For each node of a body, the outputs that only its results `late` need."""
    return training_only(module, frozenset(range(len(module.results))) - late, late)


def needs_dict(class_: Class) -> bool:
    """Whether some module has a name that is no attribute."""
    return any(
        part.template or (not part.is_free and not part.is_parameter and not is_attribute(part.name))
        for part in class_.parts
    )
