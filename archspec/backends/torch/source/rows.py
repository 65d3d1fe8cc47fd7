"""The instances of a class: where each is, and what its names stand for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from archspec.backends.torch.source.symbols import ABSENT
from archspec.diagnostics import Problem
from archspec.elaborate.frames import Frame, Poisoned
from archspec.elaborate.network import Network
from archspec.elaborate.steps import Chain, Step
from archspec.ir import Module, Node, Origin
from archspec.language.document import Definition, Document
from archspec.types import Value


class Files:
    """The names of the files of a network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.documents: dict[str, Document] = {}
        self._gather(network.document)
        self.frames: dict[str, Frame] = {}

    def _gather(self, document: Document) -> None:
        if document.file not in self.documents:
            self.documents[document.file] = document
            for library in document.libraries.values():
                if library is not None:
                    self._gather(library)

    def definition(self, origin: Origin) -> Definition:
        """The model, or the block, at a place."""
        document = self.documents[origin.file]
        found = document.model if origin.path == ("model",) else document.blocks[str(origin.path[1])]
        assert found is not None  # noqa: S101 — a network has a model
        return found

    def frame(self, document: Document) -> Frame:
        """The parameters and `let`s of a file."""
        if document.file not in self.frames:
            given = self.network.params if document is self.network.document else {}
            self.frames[document.file] = Frame(
                document, (), document.params, document.let, given, {}, None, _ignore
            )
        return self.frames[document.file]

    def row(self, module: Module) -> "Row":
        """An instance of a block, or the model."""
        assert module.definition is not None  # noqa: S101 — blocks and the model have definitions
        definition = self.definition(module.definition)
        inputs = {"input": module.inputs[0], **dict(zip(definition.inputs, module.inputs, strict=False))}
        document = definition.document
        frame = Frame(
            document,
            definition.path,
            definition.params,
            definition.let,
            dict(module.args),
            inputs,
            self.frame(document),
            _ignore,
        )
        return Row(module, frame, self)


def _ignore(*_: object) -> None:
    """Discard findings, which elaboration has already reported."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """An instance of a class."""

    module: Module
    frame: Frame
    files: Files
    counters: Mapping[str, Value] = field(default_factory=dict)
    """For a group: the counters and the `let`s around it."""

    def value(self, name: str, document: Document | None = None) -> Value:
        """The value of a name, or of one of a file; `ABSENT` if it has none."""
        if document is None and name in self.counters:
            return self.counters[name]
        frame = self.frame if document is None else self.files.frame(document)
        try:
            return frame.value(name)
        except (Problem, Poisoned):
            return ABSENT  # type: ignore[no-any-return]


Nodes = list[Node]
Slices = list[Nodes | None]
"""For each row the nodes that a part of a definition made there; `None` where `when` removed it."""


def within(node: Node, origin: Origin, level: int) -> bool:
    """Whether a node comes from a place of a definition; `level` counts the inline calls around the definition."""
    trace = (*node.inside, node.origin)
    if level >= len(trace) or trace[level].file != origin.file:
        return False
    return trace[level].path[: len(origin.path)] == origin.path


def flat(chain: Chain) -> Iterator[Step]:
    """The nodes of a chain, anonymous chains dissolved."""
    for item in chain:
        if isinstance(item, list):
            yield from flat(item)
        else:
            yield item


def divided(chain: Chain, slices: Slices, level: int) -> list[tuple[Step, Slices]]:
    """The nodes of each step of a chain."""
    return [
        (
            step,
            [
                None if nodes is None else [node for node in nodes if within(node, step.origin, level)]
                for nodes in slices
            ],
        )
        for step in flat(chain)
    ]


def copies(nodes: Nodes, depth: int) -> list[Nodes]:
    """The nodes of each copy of a repeat; `depth` counts the repeats around it."""
    found: dict[int, Nodes] = {}
    for node in nodes:
        if len(node.copy) > depth:
            found.setdefault(node.copy[depth], []).append(node)
    return [found[key] for key in sorted(found)]
