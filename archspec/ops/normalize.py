"""L2 normalisation."""

from math import prod
from typing import ClassVar

from archspec.ops.core.axis import OneAxis
from archspec.ops.core.base import NoMacs
from archspec.ops.core.checks import sizes
from archspec.ops.core.constraints import Axis, Constraint
from archspec.ops.core.data import Example, Inputs, Saved
from archspec.ops.core.fields import Integer, PositiveNumber
from archspec.ops.core.held import elementwise
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode, keyword, keywords
from archspec.types import TensorType


class Normalize(NoMacs, OneAxis):
    """Divides each vector along an axis by its length, the root of the sum of its squares.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
    """

    name: ClassVar[str] = "normalize"
    group: ClassVar[str] = "Norms"
    constraints: ClassVar[tuple[Constraint, ...]] = (Axis(batch=False),)

    axis: Integer = 1
    """The axis that the vectors lie along, PyTorch's `dim`; 1 is the channels."""
    eps: PositiveNumber = 1e-12
    """The least length to divide by."""

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, and the length of each vector before and after it is bounded."""
        shape = sizes(self._lengths(inputs[0]).shape)
        return Saved(inputs=(0,), elements=2 * prod(shape))

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """In the order of the input."""
        x = inputs[0]
        return (elementwise(outputs[0], (x, self._lengths(x))),)

    def _lengths(self, x: TensorType) -> TensorType:
        axis = self.axis % x.rank
        return TensorType((*x.shape[:axis], 1, *x.shape[axis + 1 :]))

    def torch(self, inputs: Inputs) -> TorchCode:
        """`F.normalize`."""
        arguments = (keyword("dim", self.axis, 1, "axis"), *keywords(self, "eps"))
        return TorchCode(arguments=arguments, function="F.normalize")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`ReduceL2`, `Max` and `Div`: `LpNormalization` has no bound."""
        axis = self.place(inputs)
        lengths = e.node("ReduceL2", e.x, e.ints([axis]), to=self._lengths(inputs[0]).shape)
        return e.node("Div", e.x, e.node("Max", lengths, e.number(self.eps)))

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {}, (("N", 5, 7, 3),), "F.normalize", doc="The channels of each position, as SSD and NetVLAD do."
        ),
        Example({}, (("N", 11),), "F.normalize", doc="An embedding, to be compared by its direction."),
        Example({"axis": -1, "eps": 0.5}, (("N", 5, 7),), "lambda x: F.normalize(x, dim=-1, eps=0.5)"),
        Example({"axis": 2}, (("N", 5, 7, 3),), "lambda x: F.normalize(x, dim=2)"),
        Example({}, (("N", 1, 7, 3),), "F.normalize", doc="With one channel, only the sign is left."),
        Example({}, (("N", 5, "H", "W"),), "F.normalize", doc="Of images of any size."),
        Example({"axis": -1}, (("N", 5, "H", "W"),), "lambda x: F.normalize(x, dim=-1)"),
        Example({"axis": 0}, (("N", 5),), error="AS408", doc="The batch is not a vector."),
        Example({"axis": -4}, (("N", 5, 7, 3),), error="AS408"),
        Example({"axis": 4}, (("N", 5, 7, 3),), error="AS408"),
        Example({"eps": 0.0}, (("N", 5),), error="AS203"),
    )
