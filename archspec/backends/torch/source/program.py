"""Build all classes of a network: which composites share a class, and in which order."""

from collections.abc import Collection
from dataclasses import replace

from archspec.analysis.liveness import Live, every, training_only
from archspec.backends.torch.source.align import Unlike
from archspec.backends.torch.source.classes import Builder
from archspec.backends.torch.source.collect import GroupKey, groups, key_of
from archspec.backends.torch.source.facts import Facts
from archspec.backends.torch.source.initialise import common
from archspec.backends.torch.source.names import Namer, class_name, is_attribute
from archspec.backends.torch.source.parts import Class
from archspec.backends.torch.source.places import Place, Places
from archspec.elaborate.network import Network
from archspec.ir import Module, Node
from archspec.ops.core.torch_code import without_numbers


class Program(Facts):
    """The classes of a network, callees first; the last is the network itself."""

    def __init__(self, network: Network, name: str, apart: Collection[GroupKey] = ()) -> None:
        super().__init__()
        self.late: dict[Module, Live] = {}
        """The composites with results that only training needs, and these results."""
        self.network, self.apart = replace(network, root=self._parted(network)), apart
        self.helpers: dict[str, str] = {}
        """The helper classes, for ops that PyTorch lacks: name → source."""
        self.classes: list[Class] = []
        self.namer = Namer()
        found = [*groups(Places(self.network), name, self._note_helper, self.late)]
        self.namer.taken |= self.helpers.keys()
        self.rules = common(network.root, self.code_of, self.helpers)
        """The PyTorch classes whose modules all have the same initialisers, which one loop sets."""
        main = self.namer.give(class_name(name))  # its own, even where a block has the same
        for name_, places in found:
            self._define(name_, places)
        self.main = self.classes[-1]
        self.main.name = main
        self._mark_training()

    def _note_helper(self, node: Node) -> None:
        """Record the helper class that an op needs."""
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
        """One class for all instances if possible, else one per group of similar instances, else one per instance."""
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
            except Unlike:
                continue
        return None

    def _alone(self, place: Place, name: str, *, literal: bool = False) -> Class:
        try:
            return Builder(self, [place], fold=False, literal=literal).build(name)
        except Unlike:  # pragma: no cover — one instance with literals always fits
            raise AssertionError(f"`{place.module.kind}` has no class") from None

    def signature(self, module: Module) -> object:
        """The structure that instances of one class must share."""
        if module.op is not None:
            code = self.code_of(module)
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
                node.name if self.weights(node.module) else "",
                node.inputs,
                node.shares,
                self.signature(node.module),
            )
            for node in module.body
        )

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

    def _mark_training(self) -> None:
        """Mark the actions that only training outputs need."""
        self.main.training = len(self.network.train_outputs)
        for class_ in self.classes:
            late = self.late.get(class_.places[0].module)
            if late is None:
                continue
            body = class_.places[0].module
            only = {
                id(node)
                for node, here in zip(body.body, training_only(body, late), strict=True)
                if here == every(node.module)
            }
            for action in class_.actions:
                action.training = id(action.step.node) in only
            if class_ is not self.main:
                class_.late = late


def needs_dict(class_: Class) -> bool:
    """Whether some module has a name that is not a valid attribute."""
    return any(
        part.template or (not part.is_free and not part.is_parameter and not is_attribute(part.name))
        for part in class_.parts
    )
