"""Fully connected layer."""

from math import prod
from typing import ClassVar

from archspec.ops.core.base import Op
from archspec.ops.core.checks import factors, initialised, size, sizes
from archspec.ops.core.constraints import Constraint, Ranks
from archspec.ops.core.data import INPUT, Example, Inputs, Layout, Saved, Weight
from archspec.ops.core.fields import NO_INIT, Flag, Initialisers, Positive
from archspec.ops.core.held import size_of, viewed
from archspec.ops.core.init import fan_in_uniform
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, everywhere, same_axes
from archspec.ops.core.torch_code import TorchCode, keywords, positional
from archspec.types import TensorType


class Linear(Op):
    """Fully connected layer over the last axis.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
    """

    name: ClassVar[str] = "linear"
    group: ClassVar[str] = "Weights"
    layout: ClassVar[Layout] = "free"
    constraints: ClassVar[tuple[Constraint, ...]] = (Ranks(2),)

    out: Positive
    """Number of output features."""
    bias: Flag = True
    """Whether a bias is added."""
    init: Initialisers = NO_INIT
    """Initialisers of `weight` and `bias`; default: uniform in ±1/√in, as in PyTorch."""

    def output(self, inputs: Inputs) -> TensorType:
        """The last axis becomes `out`."""
        return TensorType((*inputs[0].shape[:-1], self.out))

    def weights(self, inputs: Inputs) -> tuple[Weight, ...]:
        """`weight` (out, in) and `bias` (out)."""
        features = size(inputs[0].shape[-1], "the last axis of the input")
        init = fan_in_uniform(features)
        weights = [Weight("weight", (self.out, features), init)]
        if self.bias:
            weights.append(Weight("bias", (self.out,), init))
        return initialised(tuple(weights), self.init)

    def shifts_channels(self, inputs: Inputs) -> bool:
        """With a bias, which is along the last axis, on rows of features."""
        return self.bias and inputs[0].rank == 2

    def macs(self, inputs: Inputs, outputs: Inputs) -> int:
        """Output elements times in."""
        return size_of(outputs[0]) * size(inputs[0].shape[-1])

    def macs_formula(self, inputs: Inputs, outputs: Inputs) -> str:
        """`1000 outputs * 2048 inputs`."""
        return f"{factors(outputs[0].shape)} outputs * {inputs[0].shape[-1]} inputs"

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """Rows see themselves, outputs all inputs."""
        return ((*same_axes(inputs[0])[:-1], everywhere(inputs[0].shape[-1])),)

    def brief(self) -> str:
        """`linear 1000`."""
        return f"linear {self.out}"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, or a copy of it where its vectors cannot be seen as the rows of a matrix."""
        x = inputs[0]
        if x.rank == 2 or viewed(x, (prod(sizes(x.shape[:-1])), *x.shape[-1:])) is not None:
            return INPUT
        return Saved(elements=size_of(x))

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.Linear`."""
        arguments = (
            positional(size(inputs[0].shape[-1]), "x.shape[-1]"),
            positional(self.out, "out"),
            *keywords(self, "bias"),
        )
        return TorchCode("nn.Linear", arguments, sizes={inputs[0].rank - 1: "out"}, fresh=True)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Gemm` of vectors; of more axes `MatMul`."""
        return e.dense(e.x, e.weight(), e.optional("bias"))

    examples: ClassVar[tuple[Example, ...]] = (
        Example({"out": 10}, (("N", 84),), "nn.Linear(84, 10)"),
        Example(
            {"out": 7, "bias": False},
            (("N", 5, 3, 11),),
            "nn.Linear(11, 7, bias=False)",
            doc="Leading axes are rows.",
        ),
        Example(
            {"out": 7, "init": {"weight": "normal(0.01)", "bias": 0.0}}, (("N", 11),), "nn.Linear(11, 7)"
        ),
        Example({"out": 0}, (("N", 84),), error="AS203"),
        Example({"out": 10}, ((84,),), error="AS402"),
        Example(
            {"out": 10}, (("N", 5, "W"),), error="AS407", doc="Weights need a size: flatten or pool first."
        ),
    )
