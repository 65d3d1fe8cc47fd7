"""The environments of composites: the definition of each, and the names that its expressions can see."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from archspec.diagnostics import Problem
from archspec.elaborate.frames import Frame, Poisoned
from archspec.elaborate.network import Network
from archspec.ir import Module, Node, Origin
from archspec.language.document import Definition, Document
from archspec.types import Value


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A composite of the module tree, with the environment of the expressions in it."""

    module: Module
    frame: Frame
    """The frame of the enclosing block or model."""
    counters: Mapping[str, int] = field(default_factory=dict)
    """The counters of the enclosing repeats."""

    def value(self, name: str) -> Value:
        """The value of a counter, parameter or `let`. Raises `LookupError` if there is none."""
        if name in self.counters:
            return self.counters[name]
        try:
            return self.frame.value(name)
        except (Problem, Poisoned):
            raise LookupError(name) from None

    @property
    def is_definition(self) -> bool:
        """Whether it is a block or the model, not a group."""
        return self.module.definition is not None and self.module.definition.path == self.frame.path

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs: as declared, or for a group `input` and the outer values that it uses."""
        declared = list(self.frame.inputs)  # `input` is an alias of the first one
        declared = declared[len(declared) - len(self.module.inputs) :]
        if self.is_definition and len(declared) == len(self.module.inputs):
            return declared
        return ["input", *(f"outer{index}" for index in range(1, len(self.module.inputs)))]

    def shape(self, path: str, attribute: str) -> Value:
        """Always raises `LookupError`: the sizes of inputs may differ between instances."""
        raise LookupError(path, attribute)

    def spend(self, evaluations: int) -> None:
        """Do nothing: elaboration has already enforced the limit."""

    def within(self, node: Node) -> "Place":
        """The environment of a composite node of the body."""
        return Place(node.module, self.frame, {**self.counters, **self.counts(node)})

    def raw(self, node: Node) -> dict[str, Any]:
        """The node's table in the document; empty if the node belongs to another block whose body is inlined."""
        found = next((table for at, table in self._tables(node.origin) if at == len(node.origin.path)), None)
        return found or {}

    def around(self, node: Node) -> list[dict[str, Any]]:
        """The tables of the enclosing nodes in the document, outermost first, then that of the node itself."""
        return [raw for _, raw in self._tables(node.origin)]

    def setting(self, node: Node, key: str, op: str) -> Any:
        """The document's value of a field: in the node, its `first`, or `[defaults]`; `None` if it is not set."""
        raw = self.raw(node)
        if node.copy and node.copy[-1] == 0 and key in (first := raw.get("first", {})):
            return first[key]
        if key in raw:
            return raw[key]
        return self.frame.document.defaults.get(op, {}).get(key) if raw else None

    def counts(self, node: Node) -> dict[str, int]:
        """The counters of the repeats around a node within this body."""
        names = [raw.get("index", "i") for at, raw in self._tables(node.origin) if self._inside(at, raw)]
        return dict(zip(names, node.copy, strict=True)) if len(names) == len(node.copy) else {}

    def _inside(self, at: int, raw: dict[str, Any]) -> bool:
        own = len(self.module.definition.path) if self.module.definition else 0
        return ("repeat" in raw or "parallel" in raw) and (
            at >= own if self.module.kind == "repeat" else at > own
        )

    def _tables(self, origin: Origin) -> Iterator[tuple[int, dict[str, Any]]]:
        """The tables of nodes on the path to `origin`, each with the length of its path."""
        path = self.frame.path
        definition = definition_at(self.frame.document, path)
        start = len(path) + 1
        if origin.file != self.frame.document.file or origin.path[:start] != (*path, "layers"):
            return
        found: Any = definition.layers
        for at, part in enumerate(origin.path[start:], start=start + 1):
            found = found[part]
            if isinstance(found, str) and at == len(origin.path):
                yield at, {"op": found}
            elif isinstance(found, dict):
                yield at, found


def definition_at(document: Document, path: tuple[str | int, ...]) -> Definition:
    """The model, or the block, at a path of a document."""
    found = document.model if path == ("model",) else document.blocks.get(str(path[-1]))
    if found is None:
        raise LookupError(path)
    return found


class Places:
    """The environments of all composites of a network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.documents: dict[str, Document] = {}
        self._gather(network.document)
        self.files: dict[str, Frame] = {}
        self.blocks: dict[Module, Place] = {}

    def _gather(self, document: Document) -> None:
        if document.file not in self.documents:
            self.documents[document.file] = document
            for library in document.libraries.values():
                if library is not None:
                    self._gather(library)

    def root(self) -> Place:
        """The environment of the model."""
        return Place(self.network.root, self._frame(self.network.root))

    def child(self, place: Place, node: Node) -> Place:
        """The environment of a composite node: that of a block does not depend on its caller."""
        module = node.module
        origin = module.definition
        if origin is None or origin.path[0] != "blocks" or len(origin.path) != 2:
            return place.within(node)
        if module not in self.blocks:
            self.blocks[module] = Place(module, self._frame(module))
        return self.blocks[module]

    def _frame(self, module: Module) -> Frame:
        assert module.definition is not None  # noqa: S101 — blocks and the model have definitions
        document = self.documents[module.definition.file]
        definition = definition_at(document, module.definition.path)
        inputs = {"input": module.inputs[0], **dict(zip(definition.inputs, module.inputs, strict=False))}
        return Frame(
            document,
            definition.path,
            definition.params,
            definition.let,
            dict(module.args),
            inputs,
            self._file(document),
            _ignore,
        )

    def _file(self, document: Document) -> Frame:
        if document.file not in self.files:
            given = self.network.params if document is self.network.document else {}
            self.files[document.file] = Frame(
                document, (), document.params, document.let, given, {}, None, _ignore
            )
        return self.files[document.file]


def _ignore(*_: object) -> None:
    """Discard findings, which elaboration has already reported."""
