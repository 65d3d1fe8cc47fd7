"""What the functions of single numbers share."""

from typing import ClassVar

from archspec.ops.core.base import NoMacs, Op, SeesItsPlace
from archspec.ops.core.data import Inputs
from archspec.ops.core.held import elementwise
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode


class Arithmetic(NoMacs, SeesItsPlace, Op):
    """A function of each element by itself, which is a method of tensors in PyTorch."""

    group: ClassVar[str] = "Arithmetic"
    onnx_node: ClassVar[str] = ""
    """ONNX's operator."""

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """As the input does."""
        return (elementwise(outputs[0], inputs),)

    def torch(self, inputs: Inputs) -> TorchCode:
        """A method of the tensor: `x.exp()`."""
        saved = self.saved(inputs, self.outputs(inputs))
        return TorchCode(function=f"{{0}}.{self.name}()", fresh=not saved.outputs)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """The operator of the same meaning."""
        return e.node(self.onnx_node, e.x)
