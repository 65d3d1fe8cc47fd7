"""Instance normalisation."""

from math import prod
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.checks import sizes
from archspec.ops.core.constraints import Constraint, Ranks
from archspec.ops.core.data import Example, Inputs, Layout, Saved
from archspec.ops.core.fields import Flag
from archspec.ops.core.held import is_packed, size_of
from archspec.ops.core.norms import RunningNorm, single
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, in_place, whole
from archspec.ops.core.torch_code import TorchCode
from archspec.types import TensorType


class InstanceNorm(RunningNorm):
    """Normalises each channel of each sample over its positions.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
    """

    name: ClassVar[str] = "instancenorm"
    layout: ClassVar[Layout] = "image"
    constraints: ClassVar[tuple[Constraint, ...]] = (Ranks(3, 5, "instance normalisation"),)

    affine: Flag = False
    """Whether a scale and a shift per channel are learnt."""
    track_running_stats: Flag = False
    """Whether running statistics are kept and used in evaluation."""

    def check(self, inputs: Inputs) -> None:
        """Statistics of the sample itself need more than one position."""
        x = inputs[0]
        if not self.track_running_stats and single(x, start=2):
            raise Problem(
                "AS401",
                f"a channel of one position ({x}) cannot be normalised: its variance is 0",
                help="leave the norm out, or put it before the pool",
            )

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """With running statistics, the same position; without them, all positions."""
        x = inputs[0]
        spatial = [] if self.track_running_stats else list(map(whole, x.spatial))
        return (in_place(x, spatial),)

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, mean and variance of each channel; scale and running statistics repeated for each sample.

        An input that is not contiguous is copied.
        """
        vectors = 2 + self.affine + 2 * self.track_running_stats
        elements = vectors * prod(sizes(inputs[0].shape[:2]))
        if is_packed(inputs[0]):
            return Saved(inputs=(0,), elements=elements)
        return Saved(elements=elements + size_of(inputs[0]))

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.InstanceNorm2d`."""
        return self.torch_norm("InstanceNorm", inputs[0].rank - 2, inputs)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`InstanceNormalization`; with running statistics it is a batch normalisation."""
        if self.track_running_stats:
            return self.onnx_norm(e, inputs)
        scale, shift = self.onnx_affine(e, inputs)
        return e.instances(e.x, scale, shift, self.eps)

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 6, 5, 7),), "nn.InstanceNorm2d(6)", doc="Style transfer; nothing is learnt."),
        Example({"affine": True, "eps": 1e-3}, (("N", 6, 7),), "nn.InstanceNorm1d(6, eps=1e-3, affine=True)"),
        Example(
            {"track_running_stats": True, "momentum": 0.01},
            (("N", 2, 3, 5, 7),),
            "nn.InstanceNorm3d(2, momentum=0.01, track_running_stats=True)",
        ),
        Example(
            {"affine": True, "track_running_stats": True, "init": {"weight": "normal(1, 0.02)"}},
            (("N", 6, "H", "W"),),
            "nn.InstanceNorm2d(6, affine=True, track_running_stats=True)",
        ),
        Example(
            {}, (("N", 6, 1, 1),), error="AS401", doc="After a global pool there is nothing to normalise."
        ),
        Example({"init": {"weight": 0.0}}, (("N", 6, 5, 7),), error="AS201", doc="Not without `affine`."),
        Example({}, (("N", 6),), error="AS402"),
        Example({"momentum": 2}, (("N", 6, 5, 7),), error="AS203"),
    )
