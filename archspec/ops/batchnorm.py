"""Batch normalisation."""

from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import KeepsChannelsLast
from archspec.ops.core.checks import channels
from archspec.ops.core.constraints import Constraint, Ranks
from archspec.ops.core.data import Example, Inputs, Layout, Saved
from archspec.ops.core.norms import RunningNorm, single
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, changed, same_axes, whole
from archspec.ops.core.torch_code import TorchCode
from archspec.types import TensorType


class BatchNorm(KeepsChannelsLast, RunningNorm):
    """Normalises each channel over the batch and all positions; in evaluation with the running statistics.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
    """

    name: ClassVar[str] = "batchnorm"
    layout: ClassVar[Layout] = "image"
    constraints: ClassVar[tuple[Constraint, ...]] = (Ranks(2, 5, "batch normalisation"),)

    def check(self, inputs: Inputs) -> None:
        """Statistics of the input itself need more than one value."""
        x = inputs[0]
        if not self.track_running_stats and single(x, start=0):
            raise Problem(
                "AS408",
                f"without running statistics, an input of one value per channel ({x}) cannot be normalised",
                at=("track_running_stats",),
            )

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """With running statistics, the same position; without them, all positions and samples, in evaluation too."""
        x = inputs[0]
        if self.track_running_stats:
            return (same_axes(x),)
        return (changed(same_axes(x), {axis: whole(dim) for axis, dim in enumerate(x.shape) if axis != 1}),)

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, mean and variance of each channel."""
        return Saved(inputs=(0,), elements=2 * channels(inputs[0]))

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.BatchNorm2d`; `nn.BatchNorm1d` without spatial axes too."""
        return self.torch_norm("BatchNorm", max(inputs[0].rank - 2, 1), inputs)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`BatchNormalization`; without running statistics, what it is made of, over the batch at hand."""
        if self.track_running_stats:
            return self.onnx_norm(e, inputs)
        axes = [axis for axis in range(inputs[0].rank) if axis != 1]
        return e.scaled_and_shifted(e.standardised(e.x, axes, self.eps))

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 6, 5, 7),), "nn.BatchNorm2d(6)"),
        Example({"eps": 1e-3, "affine": False}, (("N", 6, 7),), "nn.BatchNorm1d(6, eps=1e-3, affine=False)"),
        Example({"momentum": 0.01}, (("N", 6),), "nn.BatchNorm1d(6, momentum=0.01)", doc="Of features."),
        Example(
            {"momentum": None},
            (("N", 6, "H", "W"),),
            "nn.BatchNorm2d(6, momentum=None)",
            doc="Without `momentum`, the running statistics are the average of all batches.",
        ),
        Example(
            {"track_running_stats": False},
            (("N", 2, 3, 5, 7),),
            "nn.BatchNorm3d(2, track_running_stats=False)",
        ),
        Example(
            {"init": {"weight": 0.0}},
            (("N", 6, 5, 7),),
            "nn.BatchNorm2d(6)",
            doc="A last batch-norm that starts at zero makes a residual block start as the identity.",
        ),
        Example({"init": {"gamma": 0.0}}, (("N", 6, 5, 7),), error="AS201"),
        Example({"init": {"running_mean": 0.0}}, (("N", 6, 5, 7),), error="AS201", doc="A buffer."),
        Example({"eps": 0}, (("N", 6, 5, 7),), error="AS203"),
        Example({"track_running_stats": False}, ((1, 6, 1, 1),), error="AS408"),
        Example({}, (("N", "C", 5, 7),), error="AS407"),
        Example({}, (("N", 2, 3, 5, 7, 11),), error="AS402"),
    )
