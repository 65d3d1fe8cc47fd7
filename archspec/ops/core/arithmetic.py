"""What the functions of single numbers share."""

from typing import ClassVar

from archspec.ops.core.base import KeepsOrder, NoMacs, Op, SeesItsPlace
from archspec.ops.core.data import INPUT, Inputs, Saved
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode


class Function(NoMacs, SeesItsPlace, KeepsOrder, Op):
    """A function of each element by itself."""

    saves: ClassVar[Saved] = INPUT
    """What is kept for the backward pass: the input, of which most derivatives are functions, or the output."""
    onnx_node: ClassVar[str] = ""
    """ONNX's operator, where it takes no attributes."""

    def is_pointwise(self) -> bool:
        """Always."""
        return True

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """What the derivative is a function of."""
        return self.saves

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """The operator of the same meaning."""
        return e.node(self.onnx_node, e.x)


class Arithmetic(Function):
    """A function that is a method of tensors in PyTorch."""

    group: ClassVar[str] = "Arithmetic"

    def torch(self, inputs: Inputs) -> TorchCode:
        """A method of the tensor: `x.exp()`."""
        saved = self.saved(inputs, self.outputs(inputs))
        return TorchCode(function=f"{{0}}.{self.name}()", fresh=not saved.outputs)
