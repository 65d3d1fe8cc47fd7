"""The edges of a picture's graphs, and those of the exported ONNX model contracted in the same way."""

from pathlib import Path

import onnx

import archspec
from archspec.model import Model
from archspec.report.picture.build import all_graphs
from archspec.report.picture.compose import Composer, composer, root_scope
from archspec.report.picture.options import Options
from archspec.report.picture.scene import Graph, Item, Scope

CONSTANT = ("param", "constant")
"""What is no node in ONNX."""
Edges = set[tuple[str, str]]


def first_paths(made: Composer, root: Scope) -> dict[Scope, str]:
    found = {root: ""}
    for graph in all_graphs(made.graphs, root):
        for item in graph.items:
            if item.inside is not None:
                prefix = found[graph.scope]
                found.setdefault(item.inside, f"{prefix}{item.path}." if item.path else prefix)
    return found


class Exported:
    """The nodes of an ONNX model by their module's path; joins belong to the module around them, and have none."""

    def __init__(self, model: Model, folder: Path) -> None:
        file = folder / "model.onnx"
        archspec.export(model, file, no_weights=True)
        graph = onnx.load(str(file), load_external_data=False).graph
        self.makers = {name: node for node in graph.node for name in node.output}
        self.nodes = list(graph.node)

    def edges(self, graph: Graph, prefix: str) -> tuple[Edges, set[str]]:
        """The edges between the items of a graph, through nodes of the same level that have no path; the items met."""
        items = graph.items
        owner: dict[str, str] = {}
        met: set[str] = set()
        for node in self.nodes:
            path = node.name.split("/")[0]
            if (key := owning(items, prefix, path)) is not None:
                owner[node.name] = key
                met.add(key)
        here = prefix.removesuffix(".")
        through: dict[str, set[str]] = {}
        edges: Edges = set()
        for node in self.nodes:  # in an order in which they can be computed
            path = node.name.split("/")[0]
            sources: set[str] = set()
            for name in node.input:
                maker = self.makers.get(name)
                if maker is None:
                    continue
                if maker.name in owner:
                    sources.add(owner[maker.name])
                else:
                    sources |= through.get(maker.name, set())
            if node.name in owner:
                edges |= {(source, owner[node.name]) for source in sources}
            elif path == here or path.startswith(prefix):
                through[node.name] = sources
        return {edge for edge in edges if edge[0] != edge[1]}, met


def owning(items: list[Item], prefix: str, path: str) -> str | None:
    if not path.startswith(prefix):
        return None
    rest = path.removeprefix(prefix)
    best = max(
        (name for item in items for name in item.names if rest == name or rest.startswith(f"{name}.")),
        key=len,
        default=None,
    )
    item = next((item for item in items if best in item.names), None)
    return None if item is None or item.op in CONSTANT else item.names[0]


def drawn(graph: Graph, met: set[str]) -> tuple[Edges, Edges]:
    """The edges between items that are met, through the others; and what goes past a bundle, which has joins in it."""
    items = graph.items
    into: dict[int, set[int]] = {}
    for link in graph.links:
        into.setdefault(link.target, set()).add(link.source)
    key = {index: item.names[0] for index, item in enumerate(items) if item.names and item.names[0] in met}
    reach: dict[int, set[str]] = {}
    edges: Edges = set()
    for index in range(len(items)):
        sources: set[str] = set()
        for source in into.get(index, ()):
            sources |= {key[source]} if source in key else reach.get(source, set())
        if index in key:
            edges |= {(source, key[index]) for source in sources}
        else:
            reach[index] = sources
    bundles = {
        key[i] for i, item in enumerate(items) if i in key and item.kind in ("dense", "section", "repeat")
    }
    past = set(edges)
    while more := {(a, d) for a, b in past for c, d in edges if b == c and b in bundles} - past:
        past |= more
    return edges, past


def differences(model: Model, folder: Path) -> list[str]:
    made = composer(model, Options())
    root = root_scope(model)
    exported = Exported(model, folder)
    paths = first_paths(made, root)
    found = []
    for graph in all_graphs(made.graphs, root):
        if graph.scope.units is not None or any(item.shares for item in graph.items):
            continue
        expected, met = exported.edges(graph, paths[graph.scope])
        edges, past = drawn(graph, met)
        if edges - expected:
            found.append(f"{paths[graph.scope]}: drawn only: {sorted(edges - expected)}")
        if expected - edges - past:
            found.append(f"{paths[graph.scope]}: exported only: {sorted(expected - edges - past)}")
    return found
