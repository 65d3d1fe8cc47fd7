"""What the activations share."""

from dataclasses import replace
from typing import ClassVar

from archspec.ops.core.arithmetic import Function
from archspec.ops.core.axis import OneAxis
from archspec.ops.core.constraints import Axis, Constraint
from archspec.ops.core.data import OUTPUT, Inputs, Saved
from archspec.ops.core.fields import Integer
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import REQUIRED, TorchCode, keyword, keywords


class Activation(Function):
    """A function of each element, or along one axis: the output has the shape of the input."""

    group: ClassVar[str] = "Activations"
    torch_function: ClassVar[str] = ""
    """PyTorch's function; default: that of the op's name in `torch.nn.functional`."""
    torch_inplace: ClassVar[bool] = False
    """Whether PyTorch's function can work in place without keeping a copy for its gradient."""

    def torch(self, inputs: Inputs) -> TorchCode:
        """The class is called as PyTorch's, the fields as its arguments."""
        arguments = keywords(self, *[name for name in type(self).model_fields if name != "init"])
        function = self.torch_function or f"F.{self.name}"
        return TorchCode(
            f"nn.{type(self).__name__}", arguments, function, inplace=self.torch_inplace, typed=True
        )

    def brief(self) -> str:
        """The name, then what is not the default: `leaky_relu 0.2`, `softplus beta 2`."""
        fields = [name for name in type(self).model_fields if name != "init"]
        words = [self.name]
        for name in fields:
            value = getattr(self, name)
            if value != type(self).model_fields[name].default:
                words += [name] * (len(fields) > 1) + [
                    f"{value:g}" if isinstance(value, float) else str(value)
                ]
        return " ".join(words)


class AlongAxis(OneAxis, Activation):
    """An activation that normalises along one axis."""

    saves: ClassVar[Saved] = OUTPUT
    constraints: ClassVar[tuple[Constraint, ...]] = (Axis(),)

    axis: Integer = 1
    """The axis whose elements compete; 1 is the channels, which are the classes of a classifier."""

    def is_pointwise(self) -> bool:
        """Elements compete."""
        return False

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """The operator of the same meaning."""
        return e.node(self.onnx_node, e.x, axis=self.axis)

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """Row by row."""
        return outputs

    def torch(self, inputs: Inputs) -> TorchCode:
        """The axis is PyTorch's `dim`, which has no default."""
        return replace(super().torch(inputs), arguments=(keyword("dim", self.axis, REQUIRED, "axis"),))
