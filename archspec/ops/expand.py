"""Expand axes of size 1."""

from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import IsView, NoMacs, Op, SeesItsPlace
from archspec.ops.core.data import Example, Inputs
from archspec.ops.core.held import lying, strides
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.shape import Shape, listed
from archspec.ops.core.torch_code import TorchCode, size_code
from archspec.types import Dim, TensorType


class Expand(NoMacs, IsView, SeesItsPlace, Op):
    """Repeats axes of size 1 without copying; further axes can be put in front.

    A class token, a `param` of shape [1, 1, D], gets its batch by `shape = ["N", -1, -1]`.
    https://docs.pytorch.org/docs/stable/generated/torch.Tensor.expand.html
    """

    name: ClassVar[str] = "expand"
    rearranges: ClassVar[bool] = True
    group: ClassVar[str] = "Shape"
    asks_for_sizes: ClassVar[bool] = True

    shape: Shape
    """The new shape: sizes, names of free dimensions, and -1 where an axis stays as it is."""

    def check(self, inputs: Inputs) -> None:
        """Only axes of size 1 change."""
        self.output(inputs)

    def output(self, inputs: Inputs) -> TensorType:
        """The new shape, with each -1 filled in. Axes are aligned at the last one."""
        x = inputs[0]
        new = len(self.shape) - x.rank
        if new < 0:
            raise Problem(
                "AS408",
                f"`shape` {listed(self.shape)} has fewer axes than the input, {x}",
                at=("shape",),
                help="-1 keeps an axis as it is",
            )
        if -1 in self.shape[:new]:
            raise Problem(
                "AS408",
                f"axis {self.shape.index(-1)} is new: -1 means nothing there",
                at=("shape",),
                notes=(f"`shape` has {len(self.shape)} axes, the input {x.rank} ({x})",),
            )
        kept = (self._expand(axis, old, x) for axis, old in enumerate(x.shape, start=new))
        return TensorType((*self.shape[:new], *kept))

    def _expand(self, axis: int, old: Dim, x: TensorType) -> Dim:
        asked = self.shape[axis]
        if asked in (-1, old):
            return old
        if old == 1:
            return asked
        # A free dimension may turn out to be anything; only itself and -1 surely fit.
        raise Problem(
            "AS407" if isinstance(old, str) else "AS401",
            f"{x} cannot be expanded to {listed(self.shape)}",
            at=("shape",),
            notes=(f"axis {axis}: {old} is not {asked}, and is not 1",),
            help="-1 keeps an axis as it is",
        )

    def brief(self) -> str:
        """`expand [N, -1, -1]`."""
        return f"expand {listed(self.shape)}"

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """What is repeated has stride 0."""
        (y,), x = outputs, inputs[0]
        new = y.rank - x.rank
        steps = zip(strides(x), x.shape, y.shape[new:], strict=True)
        return (lying(y, (0,) * new + tuple(step if old == dim else 0 for step, old, dim in steps)),)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`x.expand`."""
        new, old = len(self.shape) - inputs[0].rank, inputs[0].shape
        kept = [
            "-1" if axis >= new and dim == old[axis - new] else size_code(dim)
            for axis, dim in enumerate(self.shape)
        ]
        return TorchCode(function=f"{{0}}.expand({', '.join(kept)})")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Expand`; axes that stay are 1 there, whatever their size."""
        new, x = self.output(inputs).shape, inputs[0]
        if new == x.shape:
            return e.x
        old = (None,) * (len(new) - x.rank) + x.shape
        asked = [1 if dim == was else dim for dim, was in zip(new, old, strict=True)]
        return e.node("Expand", e.x, e.sizes(asked), to=new)

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"shape": ["N", -1, -1]},
            ((1, 1, 7),),
            "lambda x: x.expand(N, -1, -1)",
            doc="A class token for each image of the batch.",
        ),
        Example({"shape": [-1, 5, 7, 3]}, (("N", 5, 1, 1),), "lambda x: x.expand(-1, 5, 7, 3)"),
        Example({"shape": ["N", 5, 3]}, (("N", 1, 3),), "lambda x: x.expand(N, 5, 3)"),
        Example({"shape": ["N", 1, -1]}, ((1, 5),), "lambda x: x.expand(N, 1, 5)", doc="A new axis."),
        Example({"shape": [-1, 5]}, (("N", 5),), "lambda x: x.expand(-1, 5)", doc="Nothing changes."),
        Example({"shape": ["N", 5, 3]}, (("N", 2, 3),), error="AS401", doc="Only 1 expands."),
        Example({"shape": [4, 5]}, (("N", 5),), error="AS407"),
        Example({"shape": ["N", 5]}, ((2, 5),), error="AS401"),
        Example({"shape": [-1, 1, 5]}, ((1, 5),), error="AS408"),
        Example({"shape": [5]}, ((1, 5),), error="AS408"),
        Example({"shape": ["N", 0]}, (("N", 1),), error="AS203"),
        Example({"shape": [1, 1, 1, 1, 1, 1, 1, 1, 5]}, ((1, 5),), error="AS203", doc="Too many axes."),
    )
