"""Channel shuffle."""

from typing import ClassVar

from archspec.ops.core.base import KeepsChannelsLast, NoMacs, Op, SavesNothing
from archspec.ops.core.constraints import Constraint, Divides, Ranks, in_channels
from archspec.ops.core.data import Example, Inputs, Layout
from archspec.ops.core.fields import Positive
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, in_place
from archspec.ops.core.torch_code import TorchCode, positional
from archspec.types import TensorType


class ChannelShuffle(NoMacs, SavesNothing, KeepsChannelsLast, Op):
    """Interleaves the channels of `groups` groups, so that grouped convolutions in a row mix: ShuffleNet.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
    """

    name: ClassVar[str] = "channel_shuffle"
    rearranges: ClassVar[bool] = True
    group: ClassVar[str] = "Shape"
    layout: ClassVar[Layout] = "image"
    constraints: ClassVar[tuple[Constraint, ...]] = (
        Ranks(3),
        Divides("groups", in_channels, "the number of channels"),
    )

    groups: Positive
    """Number of groups."""

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """All channels."""
        return (in_place(inputs[0], [], mixed=True),)

    def brief(self) -> str:
        """`channel_shuffle 2`."""
        return f"channel_shuffle {self.groups}"

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.ChannelShuffle`."""
        return TorchCode("nn.ChannelShuffle", (positional(self.groups, "groups"),), "F.channel_shuffle")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """The groups as an axis, which changes places with that of their channels: a `Gather` confuses runtimes."""
        return e.interleaved(e.x, self.groups)

    examples: ClassVar[tuple[Example, ...]] = (
        Example({"groups": 2}, (("N", 6, 5, 7),), "nn.ChannelShuffle(2)"),
        Example({"groups": 5}, (("N", 15, 7),), "nn.ChannelShuffle(5)", doc="One spatial axis."),
        Example({"groups": 3}, (("N", 6, 2, 5, 7),), "nn.ChannelShuffle(3)"),
        Example({"groups": 1}, (("N", 5, "H", "W"),), "nn.ChannelShuffle(1)", doc="Nothing changes."),
        Example({"groups": 4}, (("N", 6, 5, 7),), error="AS404"),
        Example({"groups": 2}, (("N", 6),), error="AS402", doc="As in PyTorch: not of features."),
        Example({"groups": 0}, (("N", 6, 5, 7),), error="AS203"),
    )
