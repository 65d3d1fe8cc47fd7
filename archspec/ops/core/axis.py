"""What the ops that work along one axis share."""

from archspec.ops.core.base import Op
from archspec.ops.core.data import Inputs
from archspec.ops.core.fields import Integer
from archspec.ops.core.reach import Links, changed, same_axes, whole
from archspec.types import TensorType


class OneAxis(Op):
    """An op along one axis, of which each position sees all."""

    axis: Integer

    def place(self, inputs: Inputs) -> int:
        """The axis, counted from the front."""
        return self.axis % inputs[0].rank

    def brief(self) -> str:
        """`softmax`, with the axis if it is not the default."""
        is_default = self.axis == type(self).model_fields["axis"].default
        return self.name if is_default else f"{self.name} axis {self.axis}"

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """All of the axis."""
        axis = self.place(inputs)
        return (changed(same_axes(inputs[0]), {axis: whole(output.shape[axis])}),)
