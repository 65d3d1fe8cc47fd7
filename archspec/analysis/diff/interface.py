"""What differs for those who call a network: its inputs and outputs, by name and place."""

from collections.abc import Iterator
from dataclasses import dataclass

from archspec.elaborate import Network
from archspec.types import TensorType


@dataclass(frozen=True, slots=True)
class Port:
    """An input or an output, before and after; `None` where it is not there."""

    side: str
    """`input` or `output`."""
    old: tuple[str, TensorType] | None
    new: tuple[str, TensorType] | None

    @property
    def name(self) -> str:
        """What it is called, now or before."""
        named = self.new or self.old
        return named[0] if named else ""


def interface(old: Network, new: Network) -> list[Port]:
    """The inputs and outputs that differ."""
    return [*_ports("input", _inputs(old), _inputs(new)), *_ports("output", _outputs(old), _outputs(new))]


def _inputs(network: Network) -> list[tuple[str, TensorType]]:
    return [*zip(network.input_names, network.root.inputs, strict=True)]


def _outputs(network: Network) -> list[tuple[str, TensorType]]:
    """The outputs of inference with their names, which few specs give."""
    types = network.root.outputs[: len(network.root.outputs) - len(network.train_outputs)]
    names = network.outputs or ("",) * len(types)
    return [*zip(names, types, strict=True)]


def _ports(side: str, old: list[tuple[str, TensorType]], new: list[tuple[str, TensorType]]) -> Iterator[Port]:
    """Those of equal names are the same, then those at equal places."""
    names = {name: place for place, (name, _) in enumerate(old) if name}
    partner = {place: names[name] for place, (name, _) in enumerate(new) if name in names}
    left = [place for place in range(len(old)) if place not in {*partner.values()}]
    rest = [place for place in range(len(new)) if place not in partner]
    partner |= dict(zip(rest, left, strict=False))
    for place, port in enumerate(new):
        before = old[partner[place]] if place in partner else None
        if before is None or partner[place] != place or _differ(before, port):
            yield Port(side, before, port)
    for place in left[len(rest) :]:
        yield Port(side, old[place], None)


def _differ(old: tuple[str, TensorType], new: tuple[str, TensorType]) -> bool:
    """Whether shapes differ, or names where both have one."""
    return old[1] != new[1] or (old[0] != new[0] and bool(old[0] and new[0]))
