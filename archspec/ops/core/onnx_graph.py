"""A graph of ONNX as plain data: what the lowerings of ops record, and the backend writes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from archspec.ops.core.data import Weight
from archspec.types import TensorType

Attribute = int | float | str | tuple[int, ...]


Kind = Literal["float", "float32", "int64"]


@dataclass(slots=True)
class OnnxStep:
    """A node of an ONNX graph, or a call of a function of the model."""

    op: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Attribute]
    name: str = ""
    function: bool = False


@dataclass(frozen=True, slots=True)
class OnnxConstant:
    """A tensor that is not a weight. `float` is the model's floating type."""

    kind: Kind
    shape: tuple[int, ...]
    values: Sequence[float]


@dataclass(slots=True, eq=False)
class Graph:
    """A graph, or the body of a function. Names of values and of constants never meet those of weights."""

    opset: int
    half: bool = False
    """Whether the model's floating type has 16 bits."""
    inputs: dict[str, TensorType] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    steps: list[OnnxStep] = field(default_factory=list)
    types: dict[str, TensorType] = field(default_factory=dict)
    """The type of every value of the floating type: inputs, weights, what steps make."""
    weights: dict[str, Weight] = field(default_factory=dict)
    """By their keys: the initialisers."""
    constants: dict[str, OnnxConstant] = field(default_factory=dict)
    others: dict[str, tuple[Literal["int64", "bool", "float32"], TensorType]] = field(default_factory=dict)
    """The types of the values that are not of the model's floating type."""
    names: dict[str, int] = field(default_factory=dict)
    """How often each name has been asked for."""

    def unique(self, name: str) -> str:
        """`name`, with a number after it if it is taken. A `/` keeps it apart from keys and paths."""
        while (count := self.names.get(name, 0)) > 0:
            self.names[name] = count + 1
            name = f"{name}/{count + 1}"
        self.names[name] = 1
        return name

    def constant(self, constant: OnnxConstant, name: str) -> str:
        """The name of a constant: of equal ones with the same name, the first."""
        known = self.constants.get(name)
        if known is not None and known != constant:
            name = self.unique(name)
            known = None
        if known is None:
            self.names.setdefault(name, 1)
            self.constants[name] = constant
        return name
