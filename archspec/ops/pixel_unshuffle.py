"""Pixel unshuffle: positions to channels."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.ops.core.base import KeepsChannelsLast, NoMacs, Op, SavesNothing
from archspec.ops.core.checks import channels, divides, size
from archspec.ops.core.constraints import Constraint, Ranks
from archspec.ops.core.data import Example, Inputs, Layout
from archspec.ops.core.fields import Positive
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, in_place, sliding
from archspec.ops.core.symbol import Symbol, divided
from archspec.ops.core.torch_code import TorchCode, positional
from archspec.types import TensorType


class PixelUnshuffle(NoMacs, SavesNothing, KeepsChannelsLast, Op):
    """Stacks blocks of `scale` * `scale` pixels as channels: the inverse of `pixel_shuffle`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
    """

    name: ClassVar[str] = "pixel_unshuffle"
    rearranges: ClassVar[bool] = True
    group: ClassVar[str] = "Shape"
    layout: ClassVar[Layout] = "image"
    constraints: ClassVar[tuple[Constraint, ...]] = (Ranks(4, 4, "a pixel unshuffle"),)

    scale: Positive
    """The factor by which height and width shrink; PyTorch's `downscale_factor`."""

    def check(self, inputs: Inputs) -> None:
        """The scale divides height and width."""
        for name, dim in zip(("height", "width"), inputs[0].spatial, strict=True):
            if not isinstance(dim, Symbol):
                divides(size(dim, f"the {name} of the input"), self.scale, f"the {name}", "scale")

    def output(self, inputs: Inputs) -> TensorType:
        """More channels, fewer pixels."""
        batch, _, height, width = inputs[0].shape
        shrunk = (divided(dim, self.scale) for dim in (height, width))
        return TensorType((batch, channels(inputs[0]) * self.scale**2, *shrunk))

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """Each pixel sees a block."""
        return (in_place(inputs[0], [sliding(self.scale, self.scale, 0)] * 2, mixed=True),)

    def explain(self, inputs: Inputs) -> Iterator[str]:
        """The new sizes."""
        _, out, height, width = self.output(inputs).shape
        yield f"channels: {inputs[0].channels} * {self.scale} * {self.scale} = {out}"
        yield f"height: {inputs[0].shape[2]} / {self.scale} = {height}"
        yield f"width: {inputs[0].shape[3]} / {self.scale} = {width}"

    def brief(self) -> str:
        """`pixel_unshuffle 2`."""
        return f"pixel_unshuffle {self.scale}"

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.PixelUnshuffle`."""
        return TorchCode(
            "nn.PixelUnshuffle",
            (positional(self.scale, "scale"),),
            "F.pixel_unshuffle",
            sizes={1: "x.channels * scale ** 2"},
        )

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """The places in a block as axes, moved after the channels.

        Of free sizes `SpaceToDepth`, whose channels come in another order, block by block.
        """
        new, count, block = self.output(inputs).shape, channels(inputs[0]), self.scale
        batch, _, height, width = new
        if isinstance(height, str) or isinstance(width, str):
            return e.interleaved(e.node("SpaceToDepth", e.x, to=new, blocksize=block), block**2)
        if block == 1:
            return e.x
        places = e.reshape(e.x, (batch, count, height, block, width, block))
        return e.reshape(e.transpose(places, (0, 1, 3, 5, 2, 4)), new)

    examples: ClassVar[tuple[Example, ...]] = (
        Example({"scale": 2}, (("N", 3, 10, 14),), "nn.PixelUnshuffle(2)", doc="YOLO's focus layer."),
        Example({"scale": 5}, (("N", 7, 15, 10),), "nn.PixelUnshuffle(5)"),
        Example({"scale": 1}, (("N", 5, 7, 3),), "nn.PixelUnshuffle(1)", doc="Nothing changes."),
        Example({"scale": 2}, (("N", 3, 10, 7),), error="AS404"),
        Example({"scale": 3}, (("N", 9, 10, 6),), error="AS404"),
        Example({"scale": 2}, (("N", 10, 14),), error="AS402", doc="Of images only."),
        Example({"scale": 2}, (("N", 3, 10, "W"),), error="AS407"),
        Example({"scale": 0}, (("N", 3, 10, 14),), error="AS203"),
    )
