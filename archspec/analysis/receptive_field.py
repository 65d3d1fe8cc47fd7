"""Receptive fields: which part of the network's first input a position of a value depends on.

Per spatial axis of that input, a field has a size, a stride from one position to the next, and a centre. A join sees
what any of its inputs sees; it is misaligned where they look at different places, by their strides or centres. Sizes
are theoretical: the arithmetic goes on into the padding. Norms count as acting on each position alone, which in
evaluation is true of batch normalisation only. An op that leaves no positions behind, such as `flatten` of an image,
sees the whole image, and so does a gate with its mean, such as squeeze-and-excitation, with all that comes after it.

What a module sees of its inputs is computed once per distinct module, so a thousand copies cost a thousand
compositions, however much is in each.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from archspec.analysis.cost import Costs
from archspec.analysis.modules import Row, rows
from archspec.ir import Module, Node, TensorType
from archspec.ops.core.base import sizes
from archspec.ops.core.reach import SAME, Interval, Link, Links, Reach, same_axes

DEFINITIONS = {
    "size": "input positions that an output position depends on, the padding included; the most if it varies",
    "stride": "input positions from one output position to the next; 0 if all see the same",
    "start": "the first input position that output position 0 sees; negative in the padding",
    "centre": "where output position 0 looks at: output position i looks at centre + i * stride",
    "aligned": "all ways from the input lead to the same centre at the same stride",
}


Exact = int | Fraction
"""A number without rounding."""


@dataclass(frozen=True, slots=True)
class AxisField:
    """What the positions of a value see along an axis of the network's input.

    Without upsampling, position i sees `start + i * stride` and on, `size` positions; else `at(i)` tells.
    """

    reach: Reach
    length: int
    """The size of the input's axis."""
    positions: int
    """How many positions see different parts: the size of the value's axis, or 1 if all see the same."""
    aligned: bool

    @property
    def size(self) -> int:
        """The positions seen, the padding included; the most where it varies."""
        return self.reach.size

    @property
    def stride(self) -> Exact:
        """From one position to the next, on average; 0 if all see the same."""
        return _exact(self.reach.stride)

    @property
    def start(self) -> int:
        """The first position that position 0 sees; negative in the padding. 0 if it sees nothing."""
        seen = self.at(0)
        return seen[0] if seen else 0

    @property
    def centre(self) -> Exact:
        """Where position 0 looks at."""
        return _exact(self.reach.centre)

    @property
    def exceeds(self) -> bool:
        """Whether the theoretical size is more than the input has."""
        return self.size > self.length

    @property
    def everything(self) -> bool:
        """Whether every position sees the whole axis."""
        turn = min(self.reach.period, self.positions)
        ends = (range(turn), range(self.positions - turn, self.positions))
        seen = [self.at(index) for indices in ends for index in indices]
        return all(interval and interval[0] <= 0 and interval[1] >= self.length - 1 for interval in seen)

    def at(self, index: int) -> Interval | None:
        """The first and the last position that position `index` sees; `None` if it sees nothing."""
        return self.reach.at(index)


@dataclass(frozen=True, slots=True)
class Field:
    """What the positions of a value see: for each spatial axis of the network's first input."""

    axes: tuple[AxisField, ...]

    @property
    def aligned(self) -> bool:
        """Whether all joins on the way look at the same place with all their inputs."""
        return all(axis.aligned for axis in self.axes)

    @property
    def size(self) -> tuple[int, ...]:
        """Per axis, the positions seen, the padding included."""
        return tuple(axis.size for axis in self.axes)

    @property
    def stride(self) -> tuple[Exact, ...]:
        """Per axis, how far on the next position looks."""
        return tuple(axis.stride for axis in self.axes)

    @property
    def start(self) -> tuple[int, ...]:
        """Per axis, the first position that position 0 sees."""
        return tuple(axis.start for axis in self.axes)

    @property
    def centre(self) -> tuple[Exact, ...]:
        """Per axis, where position 0 looks at."""
        return tuple(axis.centre for axis in self.axes)

    @property
    def exceeds(self) -> bool:
        """Whether the theoretical size is more than the input has, along any axis."""
        return any(axis.exceeds for axis in self.axes)

    @property
    def everything(self) -> bool:
        """Whether every position sees the whole input."""
        return all(axis.everything for axis in self.axes)


def _exact(value: Fraction) -> Exact:
    return value.numerator if value.denominator == 1 else value


Seen = dict[int, Links]
"""How a value sees the inputs of the scope that it is in; those that it does not depend on are left out."""


@dataclass(slots=True, eq=False, repr=False)
class Transfers:
    """How the outputs of modules see their inputs, remembered for each distinct module."""

    known: dict[Module, tuple[Seen, ...]] = field(default_factory=dict)

    def of(self, module: Module) -> tuple[Seen, ...]:
        """For each output, how it sees the module's inputs."""
        found = self.known.get(module)
        if found is None:
            found = self.known[module] = self._leaf(module) if module.op else self._composite(module)
        return found

    def _leaf(self, module: Module) -> tuple[Seen, ...]:
        assert module.op is not None  # noqa: S101
        reaches = module.op.reaches(module.inputs, module.outputs)
        return tuple([dict(enumerate(links)) for links in reaches])

    def _composite(self, module: Module) -> tuple[Seen, ...]:
        values = inputs(module)
        for _, _, made in self.walk(module, values):
            values += made
        return tuple([values[result] for result in module.results])

    def walk(self, module: Module, given: list[Seen]) -> Iterator[tuple[Node, list[Seen], list[Seen]]]:
        """Each node of a body, how its inputs see the sources that `given` is about, and how its outputs do."""
        values = list(given)
        for node in module.body:
            taken = [values[value] for value in node.inputs]
            made = self.call(node.module, taken)
            values += made
            yield node, taken, made

    def call(self, module: Module, given: list[Seen]) -> list[Seen]:
        """How the outputs of a call see the sources that its inputs see as `given`."""
        made: list[Seen] = []
        for output, transfer in zip(module.outputs, self.of(module), strict=True):
            seen: Seen = {}
            for index, links in transfer.items():
                for source, before in given[index].items():
                    found = _follow(links, before, output)
                    known = seen.get(source)
                    seen[source] = found if known is None else _join(known, found, output)
            made.append(seen)
        return made


def inputs(module: Module) -> list[Seen]:
    """How the inputs of a module see themselves."""
    return [{index: same_axes(type_)} for index, type_ in enumerate(module.inputs)]


def _follow(links: Links, before: Links, output: TensorType) -> Links:
    """How an output sees a source, if it sees a value as `links` says, which sees the source as `before` says."""
    result = []
    for seen in before:
        if seen.axis is None:
            result.append(seen)
            continue
        link = links[seen.axis]
        reach = link.reach
        if reach is SAME:
            reach = seen.reach
        elif seen.reach is not SAME:
            reach = reach.through(seen.reach, _count(link.axis, output))
        result.append(Link(link.axis if reach.shift else None, reach, seen.aligned and link.aligned))
    return tuple(result)


def _join(left: Links, right: Links, output: TensorType) -> Links:
    """How an output sees a source in two ways."""
    result = []
    for a, b in zip(left, right, strict=True):
        counts = [_count(link.axis, output) for link in (a, b)]
        if None in (a.axis, b.axis) or a.axis == b.axis:
            reach, aligned = a.reach.union(b.reach, max(counts))
        else:  # an image and its transpose: all positions see what they see together
            reach = a.reach.constant(counts[0]).union(b.reach.constant(counts[1]), 1)[0]
            aligned = 1 in counts
        axis = a.axis if b.axis is None else b.axis
        result.append(Link(axis if reach.shift else None, reach, a.aligned and b.aligned and aligned))
    return tuple(result)


def _count(axis: int | None, output: TensorType) -> int:
    """How many positions an axis has; there is one where all are the same."""
    return 1 if axis is None else sizes(output.shape)[axis]


def _field(seen: Seen, value: TensorType, source: TensorType) -> Field | None:
    """The field of a value, or `None` if it does not depend on the source."""
    if 0 not in seen:
        return None
    axes = list(zip(seen[0], sizes(source.shape), strict=True))[2:]
    return Field(
        tuple(AxisField(link.reach, length, _count(link.axis, value), link.aligned) for link, length in axes)
    )


def output_fields(root: Module) -> tuple[Field | None, ...]:
    """The field of each output of a network; `None` for what does not depend on its first input."""
    seen = Transfers().of(root)
    return tuple(_field(one, type_, root.inputs[0]) for one, type_ in zip(seen, root.outputs, strict=True))


def along(root: Module, listed: Iterable[Row]) -> Iterator[tuple[Row, Field | None]]:
    """Rows of a network as `rows` yields them, to any depth, each with the field of its first output.

    A row that stands for several copies has the field after the last; what is inside is that of the first.
    """
    transfers = Transfers()
    given = [seen if index == 0 else {} for index, seen in enumerate(inputs(root))]
    scopes = [transfers.walk(root, given)]
    for row in listed:
        del scopes[row.depth + 1 :]
        calls = (call for call in scopes[-1] if call[0].module.kind != "removed")
        node, taken, made = next(calls)
        for _ in range(0 if row.folded else row.count - 1):
            _, _, made = next(calls)
        yield row, _field(made[0], node.module.outputs[0], root.inputs[0])
        if row.folded:  # what is inside is inside the first copy
            node, taken, _ = next(
                call for call in transfers.walk(node.module, taken) if call[0].module.kind != "removed"
            )
        if row.has_children:
            scopes.append(transfers.walk(node.module, taken))


def with_fields(root: Module, listed: Iterable[Row]) -> Iterator[Row]:
    """Rows of a network with their fields in them."""
    return (replace(row, field=found) for row, found in along(root, listed))


def fields(root: Module, depth: int | None = None, *, grouped: bool = False) -> dict[str, Field]:
    """The fields of the named modules by path, down to `depth`. For the table's rows see `along`."""
    listed = rows(root, Costs(), depth=depth, grouped=grouped)
    return {row.path: found for row, found in along(root, listed) if row.is_module and found}


def misaligned(root: Module) -> Iterator[tuple[str, Node]]:
    """The joins whose inputs look at different places: each with the path of the module that it is in.

    What only passes a misalignment on is left out, so equal copies in a chain are named once.
    """
    transfers = Transfers()

    def inside(module: Module, given: list[Seen], path: str) -> Iterator[tuple[str, Node]]:
        for node, taken, made in transfers.walk(module, given):
            if all(map(is_aligned, made)) or not all(map(is_aligned, taken)):
                continue
            if node.module.op is not None:
                yield path, node
            else:
                yield from inside(node.module, taken, ".".join(filter(None, (path, node.name))))

    yield from inside(root, [seen if index == 0 else {} for index, seen in enumerate(inputs(root))], "")


def is_aligned(seen: Seen) -> bool:
    """Whether all ways from the sources to a value look at the same places."""
    return all(link.aligned for links in seen.values() for link in links[2:])
