"""A change of a network, as data: what, where, and what it does to weights."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from archspec.analysis.modules import describe
from archspec.ir import Module, Node, Origin
from archspec.ops.core.data import Weight
from archspec.types import TensorType, Value


class Kind(StrEnum):
    """What has changed."""

    FIELDS = "fields"
    """Fields of an op."""
    OP = "op"
    """A module is of another kind."""
    ARGUMENTS = "arguments"
    """Arguments of a block; the changes that follow inside are listed as well."""
    REPEAT = "repeat"
    """How often a node is repeated."""
    ADDED = "added"
    REMOVED = "removed"
    INPUTS = "inputs"
    """The values that a node takes."""
    ORDER = "order"
    """The order of the values that a node takes."""
    MOVED = "moved"
    """The place of a node in its chain."""
    RESULT = "result"
    """The value that a module returns."""
    SHAPES = "shapes"
    """The shapes of weights of an op whose fields are the same: its input has another number of channels."""


class Effect(StrEnum):
    """What a change does, from the least to the greatest."""

    NOTHING = "nothing"
    """The outputs stay the same."""
    SIZE = "size"
    """Nothing for inputs of this size, but for others."""
    INITIAL = "initial"
    """Weights start with other values."""
    TRAINING = "training"
    """Training only."""
    FUNCTION = "function"
    """Weights load, but something else is computed."""
    SHAPE = "shape"
    """Weights have another shape, and do not load."""
    LOST = "lost"
    """Weights of the old network have no place."""
    NEW = "new"
    """There are new weights."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field with its old and its new value; `None` where there is none."""

    name: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        if self.old is None or self.new is None:
            return f"{self.name} {self.new if self.old is None else f'{self.old} → default'}"
        return f"{self.name} {self.old} → {self.new}"


@dataclass(frozen=True, slots=True)
class Change:
    """A change, in one module or in several copies."""

    kind: Kind
    path: str
    """The path in the new network, in the old one for what was removed; `3–35` are copies."""
    op: str
    """The kind of the module."""
    old: str | None
    new: str | None
    effect: Effect
    origin: Origin
    """Where it is written: in the new spec, in the old one for what was removed."""
    fields: tuple[FieldChange, ...] = ()
    weights: int = 0
    """How many weights it concerns, in one copy."""
    count: int = 1
    """How many copies there are of the module."""

    @property
    def in_old(self) -> bool:
        """Whether path and origin are those of the old network."""
        return self.kind is Kind.REMOVED

    @property
    def text(self) -> str:
        """What has changed, without the path."""
        if self.fields:
            return ", ".join(map(str, self.fields))
        if self.kind is Kind.ADDED:
            return f"+ {self.new}"
        if self.kind is Kind.REMOVED:
            return f"- {self.old}"
        if self.kind in (Kind.INPUTS, Kind.MOVED, Kind.RESULT):
            word = {Kind.INPUTS: "from ", Kind.MOVED: "moved: from ", Kind.RESULT: "returns "}[self.kind]
            return f"{word}{self.old} → {self.new}" if self.old != self.new else f"{word}another value"
        if self.kind is Kind.ORDER:
            return "takes its inputs in another order"
        return f"{self.old} → {self.new}"

    def inside(self, names: str, count: int) -> "Change":
        """The same change seen from around the module, which has these names."""
        path = f"{names}.{self.path}" if self.path and names else names or self.path
        return replace(self, path=path, count=self.count * count)


def span(names: Sequence[str]) -> str:
    """Names of copies in short: `3–35`, `denselayer17–24`; others in braces: `{conv1, bn1}`."""
    if len(names) == 1:
        return names[0]
    stems = {name.rstrip("0123456789") for name in names}
    if len(stems) == 1:
        stem = stems.pop()
        numbers = [name[len(stem) :] for name in names]
        if all(numbers) and [*map(int, numbers)] == [*range(int(numbers[0]), int(numbers[0]) + len(names))]:
            return f"{stem}{numbers[0]}–{numbers[-1]}"
    listed = ", ".join(names) if len(names) <= 3 else f"{names[0]}, {names[1]}, … {names[-1]}"
    return f"{{{listed}}}"


def shown_value(value: object) -> str:
    """A value of a field as a spec writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(shown_value, value))}]"
    if isinstance(value, dict):
        return (
            f"{{ {', '.join(f'{key} = {shown_value(item)}' for key, item in value.items())} }}"
            if value
            else "{}"
        )
    if hasattr(value, "model_dump"):
        return shown_value(value.model_dump(exclude_defaults=True))
    return "none" if value is None else str(value)


def field_changes(old: Module, new: Module) -> tuple[FieldChange, ...]:
    """The fields that differ between two ops of one kind."""
    one, other = old.op, new.op
    assert one is not None and other is not None  # noqa: S101, PT018 — both are ops
    values = [(name, getattr(one, name), getattr(other, name)) for name in type(other).model_fields]
    return tuple(
        [
            FieldChange(name, shown_value(before), shown_value(after))
            for name, before, after in values
            if before != after or isinstance(before, bool) != isinstance(after, bool)
        ]
    )


def argument_changes(old: Module, new: Module) -> tuple[FieldChange, ...]:
    """The arguments that differ between two calls of a block."""
    before, after = dict[str, Value](old.args), dict[str, Value](new.args)
    names = [*after, *(name for name in before if name not in after)]
    return tuple(
        [
            FieldChange(
                name,
                shown_value(before[name]) if name in before else None,
                shown_value(after[name]) if name in after else None,
            )
            for name in names
            if before.get(name) != after.get(name)
        ]
    )


def shape_changes(old: Sequence[Weight], new: Sequence[Weight]) -> tuple[FieldChange, ...]:
    """The weights that have another shape."""
    shapes = {weight.name: weight.shape for weight in old}
    return tuple(
        [
            FieldChange(weight.name or "shape", shape_of(shapes[weight.name]), shape_of(weight.shape))
            for weight in new
            if weight.name in shapes and shapes[weight.name] != weight.shape
        ]
    )


def shape_of(shape: tuple[int, ...]) -> str:
    """The shape of a weight."""
    return str(TensorType(shape))


def described(node: Node, count: int = 1) -> str:
    """A node in a few words, and how often it is there."""
    text = describe(node.module)
    if node.module.op is None and not node.module.is_block:
        inside = [inner.module.kind for inner in node.module.body if not inner.module.is_removed]
        more = ", …" * (len(inside) > 3)
        text = text if node.module.kind == "repeat" else f"group of {', '.join(inside[:3])}{more}"
    return text if count == 1 else f"{count} × {text}"
