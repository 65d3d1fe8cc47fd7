"""Receptive fields: which part of the network's first input a position of a value depends on.

Per spatial axis of that input, a field has a size, a stride between adjacent positions, and a centre. The field of a
join is the union of its inputs' fields; it is misaligned if their strides or centres differ. Sizes are theoretical:
they include padding. `at` gives the part of the input itself that a single position depends on, as gradients in
evaluation mode show it: a norm without running statistics depends on all that it normalises. An op that removes the
spatial axes, such as `flatten`, depends on the whole image; so does a gate with the image's mean, such as
squeeze-and-excitation, and everything after it.

The transfer from a module's inputs to its outputs is computed once per distinct module, so a thousand copies cost a
thousand compositions, however large each one is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from archspec.analysis.borders import followed, has_blanks, joined
from archspec.analysis.cost import Costs
from archspec.analysis.field import AxisField, ReceptiveField
from archspec.analysis.modules import Row, rows
from archspec.ir import Module, Node
from archspec.ops.core.checks import sizes
from archspec.ops.core.reach import SAME, Link, Links, same_axes
from archspec.types import TensorType

Seen = dict[int, Links]
"""How a value depends on the inputs of its scope; inputs that it does not depend on are omitted."""


@dataclass(slots=True, eq=False, repr=False)
class Transfers:
    """How the outputs of modules depend on their inputs, memoised for each distinct module."""

    known: dict[Module, tuple[Seen, ...]] = field(default_factory=dict)
    blanks: dict[int, bool] = field(default_factory=dict)
    """Results for links, by identity; `known` keeps the links alive."""

    def of(self, module: Module) -> tuple[Seen, ...]:
        """How each output depends on the module's inputs."""
        found = self.known.get(module)
        if found is None:
            found = self.known[module] = self._leaf(module) if module.op else self._composite(module)
        return found

    def _leaf(self, module: Module) -> tuple[Seen, ...]:
        assert module.op is not None  # noqa: S101 — only ops are asked
        reaches = module.op.reaches(module.inputs, module.outputs)
        return tuple([dict(enumerate(links)) for links in reaches])

    def _composite(self, module: Module) -> tuple[Seen, ...]:
        values = inputs(module)
        for _, _, made in self.walk(module, values):
            values += made
        return tuple([values[result] for result in module.results])

    def walk(self, module: Module, given: list[Seen]) -> Iterator[tuple[Node, list[Seen], list[Seen]]]:
        """Each node of a body, with how its inputs and its outputs depend on the sources of `given`."""
        values = list(given)
        for node in module.body:
            taken = [values[value] for value in node.inputs]
            made = self.call(node.module, taken)
            values += made
            yield node, taken, made

    def _blanks(self, links: Links, value: TensorType, output: TensorType) -> bool:
        """Whether some positions of an output do not depend on a value."""
        found = self.blanks.get(id(links))
        if found is None:
            counts = zip(links, sizes(value.shape), strict=True)
            found = self.blanks[id(links)] = any(
                has_blanks(link, length, _count(link.axis, output))
                for link, length in counts
                if link.reach is not SAME
            )
        return found

    def call(self, module: Module, given: list[Seen]) -> list[Seen]:
        """How the outputs of a call depend on the sources, if its inputs depend on them as `given`."""
        made: list[Seen] = []
        for output, transfer in zip(module.outputs, self.of(module), strict=True):
            seen: Seen = {}
            for index, links in transfer.items():
                value = module.inputs[index]
                blanks = self._blanks(links, value, output)
                for source, before in given[index].items():
                    found = _follow(links, before, value, output, blanks=blanks)
                    known = seen.get(source)
                    seen[source] = found if known is None else _join(known, found, output)
            made.append(seen)
        return made


def inputs(module: Module) -> list[Seen]:
    """The identity: how the inputs of a module depend on themselves."""
    return [
        {
            index: tuple(
                [
                    replace(link, visible=(0, length - 1))
                    for link, length in zip(same_axes(type_), sizes(type_.shape), strict=True)
                ]
            )
        }
        for index, type_ in enumerate(module.inputs)
    ]


def _follow(links: Links, before: Links, value: TensorType, output: TensorType, *, blanks: bool) -> Links:
    """Compose `links`, from `value` to the output, with `before`, from a source to `value`.

    With `blanks`, some positions depend on nothing, which a field common to all positions cannot express.
    """
    lengths, result = sizes(value.shape), []
    for seen in before:
        if seen.axis is None:
            result.append(replace(seen, reach=replace(seen.reach, loose=True)) if blanks else seen)
            continue
        link = links[seen.axis]
        result.append(followed(link, lengths[seen.axis], seen, _count(link.axis, output)))
    return tuple(result)


def _join(left: Links, right: Links, output: TensorType) -> Links:
    """Join two dependencies of an output on a source."""
    result = []
    for a, b in zip(left, right, strict=True):
        if (
            a.reach is b.reach
            and a.axis == b.axis
            and a.visible == b.visible
            and not a.borders
            and not b.borders
        ):
            result.append(a if b.aligned else b)
            continue
        counts = [_count(link.axis, output) for link in (a, b)]
        if None in (a.axis, b.axis) or a.axis == b.axis:
            reach, aligned = a.reach.union(b.reach, max(counts))
        else:  # an image and its transpose: every position depends on the union
            reach = a.reach.constant(counts[0]).union(b.reach.constant(counts[1]), 1)[0]
            aligned = 1 in counts
            reach = replace(reach, loose=reach.loose or not aligned)
        axis = a.axis if b.axis is None else b.axis
        link = Link(axis if reach.shift else None, reach, a.aligned and b.aligned and aligned)
        result.append(joined(a, b, link, max(counts)))
    return tuple(result)


def _count(axis: int | None, output: TensorType) -> int:
    """The number of positions of an axis; 1 if all have the same field."""
    return 1 if axis is None else sizes(output.shape)[axis]


def _field(seen: Seen, value: TensorType, source: TensorType) -> ReceptiveField | None:
    """The field of a value; `None` if it does not depend on the source."""
    if 0 not in seen:
        return None
    axes = list(zip(seen[0], sizes(source.shape), strict=True))[2:]
    return ReceptiveField(tuple(AxisField(link, length, _count(link.axis, value)) for link, length in axes))


def output_fields(root: Module) -> tuple[ReceptiveField | None, ...]:
    """The field of each output of a network; `None` for an output that does not depend on its first input."""
    seen = Transfers().of(root)
    return tuple(_field(one, type_, root.inputs[0]) for one, type_ in zip(seen, root.outputs, strict=True))


def along(root: Module, listed: Iterable[Row]) -> Iterator[tuple[Row, ReceptiveField | None]]:
    """Rows of a network as yielded by `rows`, to any depth, each with the field of its first output.

    A row for several copies has the field after the last copy; rows inside it have the fields of the first copy.
    """
    transfers = Transfers()
    given = [seen if index == 0 else {} for index, seen in enumerate(inputs(root))]
    scopes = [transfers.walk(root, given)]
    for row in listed:
        del scopes[row.depth + 1 :]
        calls = (call for call in scopes[-1] if not call[0].module.is_removed)
        node, taken, made = next(calls)
        for _ in range(0 if row.folded else row.count - 1):
            _, _, made = next(calls)
        yield row, _field(made[0], node.module.outputs[0], root.inputs[0])
        if row.folded:  # rows inside it belong to the first copy
            node, taken, _ = next(
                call for call in transfers.walk(node.module, taken) if not call[0].module.is_removed
            )
        if row.has_children:
            scopes.append(transfers.walk(node.module, taken))


def with_fields(root: Module, listed: Iterable[Row]) -> Iterator[Row]:
    """Rows of a network with their `field` set."""
    return (replace(row, field=found) for row, found in along(root, listed))


def fields(root: Module, depth: int | None = None) -> dict[str, ReceptiveField]:
    """The fields of the named modules by path, down to `depth`. For the table's rows see `along`."""
    listed = rows(root, Costs(), depth=depth)
    return {row.path: found for row, found in along(root, listed) if row.is_module and found}


def is_aligned(seen: Seen) -> bool:
    """Whether all paths from the sources to a value have the same centre and stride."""
    return all(link.aligned for links in seen.values() for link in links[2:])
