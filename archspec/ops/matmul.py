"""Matrix product of two activations."""

from math import prod
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import Op
from archspec.ops.core.checks import factors, size, sizes
from archspec.ops.core.constraints import Constraint, Ranks
from archspec.ops.core.data import Example, Inputs, Saved
from archspec.ops.core.held import Held, is_trained, lying, size_of, strides, viewed
from archspec.ops.core.joins import broadcast
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Link, Links, at_most, everywhere, pointwise
from archspec.ops.core.torch_code import TorchCode
from archspec.types import Dim, TensorType


class MatMul(Op):
    """The product of two stacks of matrices, which are the last two axes: scores and sums of attention by hand.

    The axes in front of them are broadcast as in torch, and the batch is one of them. A matrix without a batch, such
    as a `param`, has two axes. https://docs.pytorch.org/docs/stable/generated/torch.matmul.html
    """

    name: ClassVar[str] = "matmul"
    group: ClassVar[str] = "Joins"
    arity: ClassVar[tuple[int, int]] = (2, 2)
    is_module: ClassVar[bool] = False
    constraints: ClassVar[tuple[Constraint, ...]] = (Ranks(2),)

    def check(self, inputs: Inputs) -> None:
        """The rows of the first are as long as the columns of the second, and the batch stays where it is."""
        a, b = inputs
        if a.shape[-1] != b.shape[-2]:
            raise Problem(
                "AS401",
                f"`matmul` cannot multiply {a} and {b}",
                notes=[f"rows of {a.shape[-1]} meet columns of {b.shape[-2]}"],
                help="the last axis of the first must be as long as the last but one of the second",
                subject=self.name,
            )
        for dim, what in ((a.shape[-1], "the sum of a product"), (b.shape[-1], "the last axis of a product")):
            if type(dim) is str:
                size(dim, what)

    def output(self, inputs: Inputs) -> TensorType:
        """The broadcast axes in front, the rows of the first, the columns of the second."""
        a, b = inputs
        return TensorType((*self._front(inputs), a.shape[-2], b.shape[-1]))

    def _front(self, inputs: Inputs) -> tuple[Dim, ...]:
        a, b = (TensorType((*x.shape[:-2], 1)) for x in inputs)
        return broadcast(a, b, self.name, 2).shape[:-1]

    def macs(self, inputs: Inputs, outputs: Inputs) -> int:
        """A product of numbers for each element of the output and each summand."""
        return size_of(outputs[0]) * sizes(inputs[0].shape)[-1]

    def macs_formula(self, inputs: Inputs, outputs: Inputs) -> str:
        """`(4 * 49 * 49) outputs * 32`."""
        return f"{factors(outputs[0].shape)} outputs * {inputs[0].shape[-1]}"

    def _folded(self, inputs: Inputs) -> int | None:
        """The input whose matrices PyTorch puts below each other, where the other one is a single matrix.

        `should_fold` in ATen's LinearAlgebra.cpp: unless that would take a copy for no gradient.
        """
        for index, (stack, other) in enumerate((inputs, inputs[::-1])):
            if stack.rank > 2 and other.rank == 2:
                rows = _turned(stack) if index else stack
                if is_trained(other) or viewed(rows, _rows(rows)) is not None:
                    return index
        return None

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """Each factor for the gradient of the other one, as a stack of matrices: a copy where no view has that form."""
        kept, elements = [], 0
        folded, front = self._folded(inputs), sizes(self._front(inputs))
        for index, x in enumerate(inputs):
            if not is_trained(inputs[1 - index]):
                continue
            if inputs[0].rank == inputs[1].rank == 2 or (folded is not None and folded != index):
                kept.append(index)
                continue
            if folded == index:
                stack = _turned(x) if index else x
                found, count = viewed(stack, _rows(stack)), size_of(x)
            else:
                stack = _expanded(x, front)
                found = viewed(stack, (prod(front), *sizes(x.shape)[-2:]))
                count = size_of(stack)
            if found is None:
                elements += count
            else:
                kept.append(index)
        return Saved(inputs=tuple(kept), elements=elements)

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """At most all rows and columns, since a report may take the rows for channels."""
        a, b = inputs
        rows = (Link(None, at_most(a.shape[-2])), everywhere(a.shape[-1]))
        columns = (everywhere(b.shape[-2]), Link(None, at_most(b.shape[-1])))
        return (*pointwise(a, output)[:-2], *rows), (*pointwise(b, output)[:-2], *columns)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`a @ b`."""
        return TorchCode(function="{0} @ {1}", fresh=True)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`MatMul`."""
        return e.node("MatMul", *e.inputs, to=self.output(inputs).shape)

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {},
            (("N", 3, 5, 7), ("N", 3, 7, 2)),
            "lambda a, b: a @ b",
            doc="Scores and values of three heads.",
        ),
        Example({}, (("N", 5, 7), ("N", 7, 5)), "lambda a, b: a @ b"),
        Example({}, (("N", 3, 5, 7), (7, 2)), "lambda a, b: a @ b", doc="The second is a `param`."),
        Example({}, ((5, 7), ("N", 7, 2)), "lambda a, b: a @ b"),
        Example({}, (("N", 7), (7, 2)), "lambda a, b: a @ b"),
        Example(
            {}, (("N", 3, 5, 7), ("N", 1, 7, 2)), "lambda a, b: a @ b", doc="One head of values for all."
        ),
        Example({}, (("N", 1, 5, 7), (3, 7, 2)), "lambda a, b: a @ b"),
        Example({}, (("N", 5, 7), ("N", 5, 7)), error="AS401"),
        Example({}, (("N", 3, 5, 7), ("N", 2, 7, 5)), error="AS401"),
        Example({}, (("N", 5, 7), (7,)), error="AS402"),
        Example({}, ((5, "N"), ("N", 7)), error="AS407", doc="That would be a sum over the images."),
    )


def _turned(x: TensorType) -> TensorType:
    """With its last two axes swapped, in the same memory."""
    shape, steps = x.shape, strides(x)
    return lying(TensorType((*shape[:-2], shape[-1], shape[-2])), (*steps[:-2], steps[-1], steps[-2]))


def _rows(x: TensorType) -> tuple[int, int]:
    """The shape of its matrices, one below the other."""
    *rows, columns = sizes(x.shape)
    return prod(rows), columns


def _expanded(x: TensorType, front: tuple[int, ...]) -> TensorType:
    """With the axes `front` before its matrices, in the same memory."""
    shape, steps = sizes(x.shape), strides(x)
    new = len(front) + 2 - x.rank
    found = [
        0 if axis < new or (shape[axis - new] == 1 and dim != 1) else steps[axis - new]
        for axis, dim in enumerate(front)
    ]
    return Held((*front, *shape[-2:]), (*found, *steps[-2:]))
