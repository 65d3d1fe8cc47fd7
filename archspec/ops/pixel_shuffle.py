"""Pixel shuffle: channels to positions."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import KeepsChannelsLast, NoMacs, Op, SavesNothing
from archspec.ops.core.checks import channels
from archspec.ops.core.constraints import Constraint, Ranks
from archspec.ops.core.data import Example, Inputs, Layout
from archspec.ops.core.fields import Positive
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, in_place, repeating, whole
from archspec.ops.core.symbol import scaled
from archspec.ops.core.torch_code import TorchCode, positional
from archspec.types import TensorType


class PixelShuffle(NoMacs, SavesNothing, KeepsChannelsLast, Op):
    """Lays groups of `scale` * `scale` channels out as blocks of pixels: sub-pixel convolution.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
    """

    name: ClassVar[str] = "pixel_shuffle"
    rearranges: ClassVar[bool] = True
    group: ClassVar[str] = "Shape"
    layout: ClassVar[Layout] = "image"
    constraints: ClassVar[tuple[Constraint, ...]] = (Ranks(4, 4, "a pixel shuffle"),)

    scale: Positive
    """The factor by which height and width grow; PyTorch's `upscale_factor`."""

    def check(self, inputs: Inputs) -> None:
        """The square of the scale divides the channels."""
        count, block = channels(inputs[0]), self.scale**2
        if count % block:
            raise Problem(
                "AS404",
                f"`scale` {self.scale} needs a multiple of {block} channels, not {count}",
                at=("scale",),
                notes=(
                    f"{self.scale} * {self.scale} = {block}",
                    f"{count} = {count // block} * {block} + {count % block}",
                ),
            )

    def output(self, inputs: Inputs) -> TensorType:
        """Fewer channels, more pixels."""
        batch, _, height, width = inputs[0].shape
        grown = (scaled(dim, self.scale) for dim in (height, width))
        return TensorType((batch, channels(inputs[0]) // self.scale**2, *grown))

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """Each pixel sees the one that its block comes from; channels become positions."""
        reach = repeating(self.scale, 1, lambda _: (0, 0))
        spatial = [reach or whole(dim) for dim in inputs[0].spatial]
        return (in_place(inputs[0], spatial, mixed=True),)

    def explain(self, inputs: Inputs) -> Iterator[str]:
        """The new sizes."""
        _, out, height, width = self.output(inputs).shape
        yield f"channels: {inputs[0].channels} / ({self.scale} * {self.scale}) = {out}"
        yield f"height: {inputs[0].shape[2]} * {self.scale} = {height}"
        yield f"width: {inputs[0].shape[3]} * {self.scale} = {width}"

    def brief(self) -> str:
        """`pixel_shuffle ×2`."""
        return f"pixel_shuffle ×{self.scale}"

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.PixelShuffle`."""
        return TorchCode(
            "nn.PixelShuffle",
            (positional(self.scale, "scale"),),
            "F.pixel_shuffle",
            sizes={1: "x.channels // scale ** 2"},
        )

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`DepthToSpace` in the order of PyTorch, which is not the default."""
        return e.node("DepthToSpace", e.x, to=self.output(inputs).shape, blocksize=self.scale, mode="CRD")

    examples: ClassVar[tuple[Example, ...]] = (
        Example({"scale": 2}, (("N", 12, 5, 7),), "nn.PixelShuffle(2)"),
        Example({"scale": 3}, (("N", 45, 7, 2),), "nn.PixelShuffle(3)"),
        Example({"scale": 1}, (("N", 5, 7, 3),), "nn.PixelShuffle(1)", doc="Nothing changes."),
        Example({"scale": 2}, (("N", 6, 5, 7),), error="AS404"),
        Example({"scale": 2}, (("N", 12, 5),), error="AS402", doc="Of images only."),
        Example({"scale": 2}, (("N", 12, "H", 7),), error="AS407"),
        Example({"scale": 0}, (("N", 12, 5, 7),), error="AS203"),
    )
