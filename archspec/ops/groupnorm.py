"""Group normalisation."""

from math import prod
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import KeepsChannelsLast, NoMacs, Op
from archspec.ops.core.checks import channels, initialised, sizes
from archspec.ops.core.constraints import Constraint, Divides, in_channels
from archspec.ops.core.data import Example, Inputs, Layout, Saved, Weight
from archspec.ops.core.fields import NO_INIT, Flag, Initialisers, Positive, PositiveNumber
from archspec.ops.core.norms import scale_and_shift, single
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, in_place, whole
from archspec.ops.core.torch_code import TorchCode, keywords, positional
from archspec.types import TensorType


class GroupNorm(NoMacs, KeepsChannelsLast, Op):
    """Normalises groups of channels of each sample over their positions.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
    """

    name: ClassVar[str] = "groupnorm"
    group: ClassVar[str] = "Norms"
    layout: ClassVar[Layout] = "image"
    constraints: ClassVar[tuple[Constraint, ...]] = (
        Divides("groups", in_channels, "the number of channels"),
    )

    groups: Positive
    """Number of groups that the channels are split into; 1 normalises the whole sample."""
    eps: PositiveNumber = 1e-5
    """Added to the variance."""
    affine: Flag = True
    """Whether a scale and a shift per channel are learnt."""
    init: Initialisers = NO_INIT
    """Initialisers of `weight` and `bias`; default: 1 and 0."""

    def check(self, inputs: Inputs) -> None:
        """Groups have more than one value."""
        x = inputs[0]
        # PyTorch complains only at batch 1, but the result is 0 at any batch size.
        if channels(x) == self.groups and single(x, start=2):
            raise Problem(
                "AS408",
                f"`groups` {self.groups} leaves one value in each group of {x}, which cannot be normalised",
                at=("groups",),
                help="use fewer groups, or put the norm before the pool",
            )

    def weights(self, inputs: Inputs) -> tuple[Weight, ...]:
        """`weight` and `bias`, one element per channel."""
        return initialised(scale_and_shift((channels(inputs[0]),)) if self.affine else (), self.init)

    def brief(self) -> str:
        """`groupnorm 32 groups`."""
        return f"groupnorm {self.groups} group{'s' * (self.groups != 1)}"

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """All positions; all channels."""
        return (in_place(inputs[0], list(map(whole, inputs[0].spatial)), mixed=True),)

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, mean and variance of each group."""
        return Saved(inputs=(0,), elements=2 * prod(sizes(inputs[0].shape[:1])) * self.groups)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.GroupNorm`."""
        arguments = (
            positional(self.groups, "groups"),
            positional(channels(inputs[0]), "x.channels"),
            *keywords(self, "eps", "affine"),
        )
        return TorchCode("nn.GroupNorm", arguments, fresh=True)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`InstanceNormalization` of each group as one image: `GroupNormalization` means something else by opset.

        As a sequence, which is as long, not every runtime reads it.
        """
        x, count = inputs[0], channels(inputs[0])
        grouped = e.merged(e.x, (x.shape[0], self.groups, count // self.groups), x.spatial)
        one, zero = e.filled(1.0, self.groups), e.filled(0.0, self.groups)
        normal = e.instances(grouped, one, zero, self.eps)
        return e.scaled_and_shifted(e.restored(normal, e.x))

    examples: ClassVar[tuple[Example, ...]] = (
        Example({"groups": 3}, (("N", 6, 5, 7),), "nn.GroupNorm(3, 6)"),
        Example(
            {"groups": 1, "eps": 1e-6}, (("N", 5, 7),), "nn.GroupNorm(1, 5, eps=1e-6)", doc="PoolFormer."
        ),
        Example(
            {"groups": 2, "affine": False},
            (("N", 2, 3, 5, 7),),
            "nn.GroupNorm(2, 2, affine=False)",
            doc="One channel a group is instance normalisation.",
        ),
        Example({"groups": 2, "init": {"bias": 0.1}}, (("N", 6),), "nn.GroupNorm(2, 6)", doc="Of features."),
        Example({"groups": 4}, (("N", 6, 5, 7),), error="AS404"),
        Example({"groups": 6}, (("N", 6, 1, 1),), error="AS408", doc="Groups of one value."),
        Example({"groups": 0}, (("N", 6, 5, 7),), error="AS203"),
        Example({"groups": 2}, ((6,),), error="AS402"),
    )
