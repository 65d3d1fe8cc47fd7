"""What the joins share."""

from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import NoMacs, Op, SeesItsPlace
from archspec.ops.core.data import Inputs, Saved
from archspec.ops.core.held import elementwise, is_trained, size_of
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode
from archspec.types import Dim, TensorType

MANY = 10_000


class Elementwise(NoMacs, SeesItsPlace, Op):
    """A join element by element. Shapes are broadcast as in torch: aligned at the last axis, 1 fits anything."""

    group: ClassVar[str] = "Joins"
    arity: ClassVar[tuple[int, int]] = (1, MANY)
    is_module: ClassVar[bool] = False
    torch_operator: ClassVar[str] = ""
    """Python's operator of the same meaning."""
    onnx_node: ClassVar[str]
    """ONNX's operator."""

    def sides(self, left: bool, right: bool) -> tuple[bool, bool]:
        """Which sides of a join are kept, where gradients reach these of them. Default: none."""
        return False, False

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
        """A single input is the output."""
        return len(inputs) == 1

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The sides of each join that are kept: what has been joined so far, and the next input."""
        kept, elements, joined, trained = set[int](), 0, inputs[0], is_trained(inputs[0])
        for index, other in enumerate(inputs[1:], start=1):
            left, right = self.sides(trained, is_trained(other))
            if left and index == 1:
                kept.add(0)
            elif left:
                elements += size_of(joined)
            if right:
                kept.add(index)
            joined = broadcast(joined, other, self.name, index + 1)
            trained = trained or is_trained(other)
        return Saved(inputs=tuple(sorted(kept)), elements=elements)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`a + b`, or with another operator."""
        values = [f"{{{index}}}" for index in range(len(inputs))]
        return TorchCode(function=f" {self.torch_operator} ".join(values), fresh=len(inputs) > 1)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """The operator of the same meaning, of two at a time from the left."""
        value = e.x
        for index, other in enumerate(e.inputs[1:], start=2):
            to = broadcast(e.type(value), e.type(other), self.name, index).shape
            value = e.node(self.onnx_node, value, other, to=to)
        return value


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
