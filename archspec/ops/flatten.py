"""Flatten."""

from collections.abc import Iterator
from math import prod
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.constraints import Axis, Constraint
from archspec.ops.core.data import Example, Inputs
from archspec.ops.core.fields import Integer
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.shape import SameOrder, fixed, free, product
from archspec.ops.core.torch_code import TorchCode, keyword
from archspec.types import Dim, TensorType


class Flatten(SameOrder):
    """Merges the axes from `start` to `stop`, both included, into one.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Flatten.html
    """

    name: ClassVar[str] = "flatten"
    constraints: ClassVar[tuple[Constraint, ...]] = (Axis("start"), Axis("stop"))

    start: Integer = 1
    """The first axis to merge, PyTorch's `start_dim`."""
    stop: Integer = -1
    """The last axis to merge, PyTorch's `end_dim`."""

    def merged(self, inputs: Inputs) -> tuple[Dim, ...]:
        """The axes that become one."""
        start, stop = self._range(inputs)
        return inputs[0].shape[start : stop + 1]

    def check(self, inputs: Inputs) -> None:
        """Start comes before stop; a free dimension cannot be merged with others."""
        start, stop = self._range(inputs)
        if start > stop:
            raise Problem("AS408", f"`start` {start} comes after `stop` {stop}", at=("start",))
        merged = self.merged(inputs)
        if len(merged) > 1 and (names := free(merged)):
            raise Problem(
                "AS407",
                f"the free dimension `{names[0]}` cannot be merged with other axes",
                at=("start",) if isinstance(merged[0], str) else ("stop",),
                notes=(f"axes {start} to {stop} of {inputs[0]} are merged",),
                help="leave it out of `start` to `stop`; `reshape` moves axes into the batch on purpose",
                subject=names[0],
            )

    def output(self, inputs: Inputs) -> TensorType:
        """The product of the merged axes."""
        start, stop = self._range(inputs)
        if start == stop:
            return inputs[0]
        shape = inputs[0].shape
        return TensorType((*shape[:start], prod(fixed(self.merged(inputs))), *shape[stop + 1 :]))

    def explain(self, inputs: Inputs) -> Iterator[str]:
        """The product."""
        if len(merged := fixed(self.merged(inputs))) > 1:
            yield f"features: {product(merged)}"

    def brief(self) -> str:
        """`flatten`, with the axes if they are not all but the batch."""
        return "flatten" if (self.start, self.stop) == (1, -1) else f"flatten {self.start} to {self.stop}"

    def _range(self, inputs: Inputs) -> tuple[int, int]:
        rank = inputs[0].rank
        return self.start % rank, self.stop % rank

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.Flatten`, or `torch.flatten`."""
        arguments = (keyword("start_dim", self.start, 1), keyword("end_dim", self.stop, -1))
        stop = "" if self.stop == -1 else f", {self.stop}"
        first, last = self._range(inputs)
        product_ = " * ".join(f"x.shape[{axis}]" for axis in range(first, last + 1))
        text = f"torch.flatten({{0}}, {self.start}{stop})"
        return TorchCode("nn.Flatten", arguments, text, sizes={first: product_}, typed=True)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Flatten` of all but the batch, else `Reshape`."""
        return e.reshape(e.x, self.output(inputs).shape)

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "nn.Flatten()", doc="All but the batch."),
        Example({}, (("N", 11),), "nn.Flatten()", doc="Of one axis: nothing changes."),
        Example(
            {"start": 2},
            (("N", 5, 7, 3),),
            "nn.Flatten(2)",
            doc="Positions become a sequence, channels stay.",
        ),
        Example({"start": -3, "stop": -2}, (("N", 5, 7, 3),), "nn.Flatten(-3, -2)"),
        Example({"start": 0, "stop": 1}, ((2, 5, 7),), "nn.Flatten(0, 1)"),
        Example({"start": 0, "stop": 0}, (("N", 5, 7),), "nn.Flatten(0, 0)"),
        Example({"start": 0}, (("N", 5, 7),), error="AS407", doc="The batch is free."),
        Example({}, (("N", 5, "H", 7),), error="AS407"),
        Example({"start": 3, "stop": 2}, (("N", 5, 7, 3),), error="AS408"),
        Example({"start": 4}, (("N", 5, 7, 3),), error="AS408"),
        Example({"stop": 4}, (("N", 5, 7, 3),), error="AS408"),
        Example({}, ((5,),), error="AS408", doc="A vector has no axis 1."),
    )
