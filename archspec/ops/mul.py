"""Product of several tensors."""

from typing import ClassVar

from archspec.ops.core.data import Example, Inputs, Saved
from archspec.ops.core.joins import Elementwise, factors_of, onnx_join
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode


class Mul(Elementwise):
    """The product of its inputs, element by element, broadcast as in torch.

    https://docs.pytorch.org/docs/stable/generated/torch.mul.html
    """

    name: ClassVar[str] = "mul"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """Each factor for the gradient of the other one; from three on, the products on the way are factors."""
        return factors_of(self.name, inputs, crossed=True)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`a * b`."""
        return TorchCode(
            function=" * ".join(f"{{{index}}}" for index in range(len(inputs))), fresh=len(inputs) > 1
        )

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Mul`, of two at a time."""
        return onnx_join(e, "Mul")

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {},
            (("N", 5, 7, 3), ("N", 5, 1, 1)),
            "lambda a, b: a * b",
            doc="Squeeze-and-excitation scales every channel.",
        ),
        Example(
            {},
            ((5, 1, 1), ("N", 5, 7, 3)),
            "lambda a, b: a * b",
            doc="A layer scale: the other factor is a `param`.",
        ),
        Example({}, (("N", 5, 7), ("N", 5, 7), ("N", 1, 7)), "lambda a, b, c: a * b * c"),
        Example({}, (("N", 5, 7, 3), ("N", 5)), error="AS401", doc="Shapes are aligned at the last axis."),
    )
