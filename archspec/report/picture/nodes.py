"""The boxes and edges of a picture for formats that are laid out by others: DOT and Mermaid.

They have the levels that a picture has, as clusters, and a number for each box. An edge to or from an open box goes
to what is in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from archspec.report.picture.drawing import Box, Drawing


@dataclass(slots=True, eq=False, repr=False)
class Cluster:
    """A level: its boxes with their numbers, the clusters in it, and its edges between numbers."""

    drawing: Drawing
    label: Box | None
    boxes: list[tuple[int, Box]] = field(default_factory=list)
    inner: list["Cluster"] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)

    def outputs(self) -> list[int]:
        """The numbers of the outputs."""
        return [number for number, box in self.boxes if box.item.kind == "output"]

    def inputs(self, slots: tuple[int, ...]) -> list[int]:
        """The numbers of some inputs; of all, if none is called so, as where there is one way in."""
        found = {box.item.slot: number for number, box in self.boxes if box.item.kind == "input"}
        return [found[slot] for slot in slots if slot in found] or list(found.values())

    def all_edges(self) -> Iterator[tuple[int, int]]:
        """The edges of this level and of those in it."""
        yield from self.edges
        for cluster in self.inner:
            yield from cluster.all_edges()


def cluster(drawing: Drawing, numbers: Iterator[int], label: Box | None = None) -> Cluster:
    """The cluster of a drawing, with the next numbers."""
    result = Cluster(drawing, label)
    inside: dict[int, Cluster] = {}
    own: dict[int, int] = {}
    for index, box in enumerate(drawing.boxes):
        if box.inner is None:
            own[index] = next(numbers)
            result.boxes.append((own[index], box))
        else:
            inside[index] = cluster(box.inner, numbers, box)
            result.inner.append(inside[index])
    for link in drawing.graph.links:
        source, target = inside.get(link.source), inside.get(link.target)
        sources = [own[link.source]] if source is None else source.outputs()[link.part : link.part + 1]
        targets = [own[link.target]] if target is None else target.inputs(link.slots)
        result.edges += [(one, other) for one in sources for other in targets]
    return result
