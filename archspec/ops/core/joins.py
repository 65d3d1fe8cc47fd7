"""What the joins share."""

from math import prod
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ir import Dim, TensorType
from archspec.ops.core.base import Inputs, Op, Saved, sizes
from archspec.ops.core.onnx_code import Emitter

MANY = 10_000


class Elementwise(Op):
    """A join element by element. Shapes are broadcast as in torch: aligned at the last axis, 1 fits anything."""

    group: ClassVar[str] = "Joins"
    arity: ClassVar[tuple[int, int]] = (1, MANY)
    is_module: ClassVar[bool] = False

    def output(self, inputs: Inputs) -> TensorType:
        """The broadcast shape."""
        result = inputs[0]
        for index, other in enumerate(inputs[1:], start=2):
            result = broadcast(result, other, self.name, index)
        return result

    def view(self, inputs: Inputs, *, training: bool) -> bool:  # noqa: ARG002
        """A single input is what comes out."""
        return len(inputs) == 1


def factors_of(op: str, inputs: Inputs) -> Saved:
    """All inputs, and what has been joined before each input from the third on: what products and maxima keep."""
    if len(inputs) == 1:
        return Saved()
    elements, joined = 0, inputs[0]
    for index, other in enumerate(inputs[1:-1], start=2):
        joined = broadcast(joined, other, op, index)
        elements += prod(sizes(joined.shape))
    return Saved(inputs=tuple(range(len(inputs))), elements=elements)


def broadcast(a: TensorType, b: TensorType, op: str, index: int) -> TensorType:
    """The common shape of `a` and `b`. https://docs.pytorch.org/docs/stable/notes/broadcasting.html"""
    if a == b:
        return a
    rank = max(a.rank, b.rank)
    left = (1,) * (rank - a.rank) + a.shape
    right = (1,) * (rank - b.rank) + b.shape
    shape: list[Dim] = []
    for axis, (m, n) in enumerate(zip(left, right, strict=True)):
        if m != n and 1 not in (m, n):
            notes = [f"axis {axis} of input {index}: {n} is not {m}, and neither is 1"]
            if a.rank != b.rank:
                aligned = f"{TensorType(left)} and {TensorType(right)}"
                notes.insert(0, f"shapes are aligned at the last axis: {aligned}")
            raise Problem("AS401", f"`{op}` cannot join {a} and {b}", notes=notes)
        shape.append(n if m == 1 else m)
    return TensorType(tuple(shape))


def onnx_join(e: Emitter, op: str) -> str:
    """The inputs joined by an operator of ONNX, two at a time from the left."""
    value = e.x
    for index, other in enumerate(e.inputs[1:], start=2):
        value = e.node(op, value, other, to=broadcast(e.type(value), e.type(other), op, index).shape)
    return value
