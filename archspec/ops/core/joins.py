"""What the joins share."""

from math import prod
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import NoMacs, Op, SeesItsPlace
from archspec.ops.core.checks import sizes
from archspec.ops.core.data import Inputs, Saved
from archspec.ops.core.held import elementwise, is_trained
from archspec.ops.core.onnx_code import Emitter
from archspec.types import Dim, TensorType

MANY = 10_000


class Elementwise(NoMacs, SeesItsPlace, Op):
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

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """In the order of the inputs, joined two at a time."""
        result = inputs[0]
        for index, other in enumerate(inputs[1:], start=2):
            result = elementwise(broadcast(result, other, self.name, index), (result, other))
        return (result,)

    def view(self, inputs: Inputs, *, training: bool) -> bool:
        """A single input is what comes out."""
        return len(inputs) == 1


def factors_of(op: str, inputs: Inputs, *, crossed: bool) -> Saved:
    """The two sides of each join, which are what has been joined so far and the next input.

    Where they are `crossed`, each side is kept for the gradient of the other one; else both for the gradient of any.
    """
    kept, elements, joined, trained = set[int](), 0, inputs[0], is_trained(inputs[0])
    for index, other in enumerate(inputs[1:], start=1):
        needed = is_trained(other), trained
        left, right = needed if crossed else (any(needed),) * 2
        if left and index == 1:
            kept.add(0)
        elif left:
            elements += prod(sizes(joined.shape))
        if right:
            kept.add(index)
        joined, trained = broadcast(joined, other, op, index + 1), any(needed)
    return Saved(inputs=tuple(sorted(kept)), elements=elements)


def quotients_of(op: str, inputs: Inputs) -> Saved:
    """The two sides of each division: the divisor for any gradient, what is divided for that of the divisor."""
    kept, elements, joined, trained = set[int](), 0, inputs[0], is_trained(inputs[0])
    for index, other in enumerate(inputs[1:], start=1):
        if is_trained(other) and index == 1:
            kept.add(0)
        elif is_trained(other):
            elements += prod(sizes(joined.shape))
        if trained or is_trained(other):
            kept.add(index)
        joined, trained = broadcast(joined, other, op, index + 1), trained or is_trained(other)
    return Saved(inputs=tuple(sorted(kept)), elements=elements)


def broadcast(a: TensorType, b: TensorType, op: str, index: int) -> TensorType:
    """The common shape of `a` and `b`. https://docs.pytorch.org/docs/stable/notes/broadcasting.html"""
    if a.shape == b.shape:
        return TensorType(a.shape)
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
            raise Problem("AS401", f"`{op}` cannot join {a} and {b}", notes=notes, subject=op)
        shape.append(n if m == 1 else m)
    return TensorType(tuple(shape))


def onnx_join(e: Emitter, op: str) -> str:
    """The inputs joined by an operator of ONNX, two at a time from the left."""
    value = e.x
    for index, other in enumerate(e.inputs[1:], start=2):
        value = e.node(op, value, other, to=broadcast(e.type(value), e.type(other), op, index).shape)
    return value
