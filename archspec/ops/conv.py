"""Convolution."""

from collections.abc import Iterator
from typing import ClassVar

from archspec.ops.core.base import Op
from archspec.ops.core.checks import channels, size
from archspec.ops.core.constraints import Constraint
from archspec.ops.core.convolution import convolution, convolved, product_formula, products, weight_and_bias
from archspec.ops.core.data import Example, Inputs, Layout, Saved, Weight
from archspec.ops.core.fields import NO_INIT, Flag, Initialisers, Padding, Positive, Size, per_axis
from archspec.ops.core.held import like_images
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, in_place
from archspec.ops.core.torch_code import TorchCode, keyword, keywords, positional
from archspec.ops.core.window import (
    Window,
    brief,
    counted,
    explained,
    kept,
    onnx_window,
    padding_formulas,
    torch_padding,
    windows,
)
from archspec.types import TensorType


class Conv(Op):
    """Convolution over 1, 2 or 3 spatial axes, by the rank of the input.

    The output has `out` channels and, per axis, floor((n - k + p + s) / s) positions.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """

    name: ClassVar[str] = "conv"
    group: ClassVar[str] = "Weights"
    layout: ClassVar[Layout] = "image"
    constraints: ClassVar[tuple[Constraint, ...]] = convolution("a convolution")

    out: Positive
    """Number of output channels."""
    kernel: Size
    """Size of the kernel."""
    stride: Size = 1
    """Step of the kernel."""
    padding: Padding = 0
    """Zeros around the input: per side, or a keyword."""
    dilation: Size = 1
    """Distance between the kernel's elements."""
    groups: Positive = 1
    """Number of groups that input and output channels are split into; `"x.channels"` makes it depthwise."""
    bias: Flag = True
    """Whether a bias is added."""
    init: Initialisers = NO_INIT
    """Initialisers of `weight` and `bias`; default: uniform in ±1/√fan_in, as in PyTorch."""

    def windows(self, inputs: Inputs) -> tuple[Window, ...]:
        """The window of each spatial axis."""
        return windows(inputs[0], self.kernel, self.stride, self.padding, self.dilation)

    def output(self, inputs: Inputs) -> TensorType:
        """`out` channels; per axis the number of windows."""
        return TensorType((inputs[0].shape[0], self.out, *counted(self.windows(inputs))))

    def weights(self, inputs: Inputs) -> tuple[Weight, ...]:
        """`weight` (out, in / groups, *kernel) and `bias` (out)."""
        shape = (self.out, self.group_size(inputs), *self.kernels(inputs))
        return weight_and_bias(shape, self.out, self.init, bias=self.bias)

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """Channels-last if the input is, or its padded copy where the two sides of an axis differ."""
        x, axes = inputs[0], self.windows(inputs)
        if x.rank == 5 and any(window.before != window.after for window in axes):
            padded = [size(window.n) + window.before + window.after for window in axes]
            x = like_images(TensorType((*x.shape[:2], *padded)), inputs)
        return (convolved(outputs[0], x, self.kernels(inputs), self.groups),)

    def shifts_channels(self, inputs: Inputs) -> bool:
        """With a bias."""
        return self.bias

    def macs(self, inputs: Inputs, outputs: Inputs) -> int:
        """Output elements times (in / groups) times kernel elements."""
        return products(outputs[0], self.group_size(inputs), self.kernels(inputs))

    def macs_formula(self, inputs: Inputs, outputs: Inputs) -> str:
        """`(64 * 112 * 112) outputs * 3 channels * (7 * 7) kernel`."""
        kernel = self.kernels(inputs)
        return product_formula(outputs[0].shape, "outputs", self.group_size(inputs), kernel, self.groups)

    def kernels(self, inputs: Inputs) -> tuple[int, ...]:
        """The size of the kernel along each axis."""
        return per_axis(self.kernel, inputs[0].rank - 2, "kernel")

    def group_size(self, inputs: Inputs) -> int:
        """The input channels of a group."""
        return channels(inputs[0]) // self.groups

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """What the windows see; all channels."""
        return (in_place(inputs[0], [window.reach for window in self.windows(inputs)], mixed=True),)

    def explain(self, inputs: Inputs) -> Iterator[str]:
        """The windows of each axis."""
        yield from explained(self.windows(inputs))

    def brief(self) -> str:
        """`conv 64, k7 s2 p3`."""
        text = f"conv {self.out}, {brief(self.kernel, self.stride, self.padding, self.dilation)}"
        return text if self.groups == 1 else f"{text} g{self.groups}"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, or a copy with its zeros where the sides of an axis differ."""
        return kept(inputs[0], self.windows(inputs))

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.Conv2d`, after `F.pad` where the two sides of an axis differ."""
        windows = self.windows(inputs)
        padding, border = torch_padding(windows)
        arguments = (
            positional(channels(inputs[0]), "x.channels"),
            positional(self.out, "out"),
            positional(self.kernel, "kernel"),
            *keywords(self, "stride"),
            keyword("padding", padding, 0, *padding_formulas(self.padding)),
            *keywords(self, "dilation", "groups", "bias"),
        )
        call = f"{{m}}(F.pad({{0}}, {border}))" if border else "{m}({0})"
        return TorchCode(f"nn.Conv{len(windows)}d", arguments, call=call, sizes={1: "out"}, fresh=True)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Conv`, always with explicit padding."""
        return e.node(
            "Conv",
            e.x,
            e.weight(),
            e.optional("bias"),
            to=self.output(inputs).shape,
            group=self.groups,
            **onnx_window(self.windows(inputs)),
        )

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"out": 64, "kernel": 7, "stride": 2, "padding": 3, "bias": False},
            (("N", 3, 224, 224),),
            "nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)",
            doc="The stem of a ResNet.",
        ),
        Example({"out": 10, "kernel": 5}, (("N", 6, 17),), "nn.Conv1d(6, 10, 5)", doc="One spatial axis."),
        Example(
            {"out": 6, "kernel": [3, 1, 2], "stride": [2, 1, 1], "padding": [1, 0, 2]},
            (("N", 4, 11, 7, 13),),
            "nn.Conv3d(4, 6, (3, 1, 2), stride=(2, 1, 1), padding=(1, 0, 2))",
            doc="Three spatial axes, one value per axis.",
        ),
        Example(
            {"out": 12, "kernel": 3, "padding": "half", "dilation": 2, "groups": 6, "stride": 2},
            (("N", 6, 23, 19),),
            "nn.Conv2d(6, 12, 3, stride=2, padding=2, dilation=2, groups=6)",
            doc="Depthwise and dilated; `half` padding is dilation * (kernel - 1) // 2 on each side.",
        ),
        Example(
            {"out": 5, "kernel": [4, 3], "padding": "same"},
            (("N", 3, 13, 17),),
            "nn.Sequential(nn.ZeroPad2d((1, 1, 1, 2)), nn.Conv2d(3, 5, (4, 3)))",
            doc="`same` keeps the size; an odd total puts the extra zero at the end.",
        ),
        Example(
            {"out": 5, "kernel": 3, "stride": 2, "padding": "same_lower"},
            (("N", 3, 14, 17),),
            "nn.Sequential(nn.ZeroPad2d((1, 1, 1, 0)), nn.Conv2d(3, 5, 3, stride=2))",
            doc="ONNX's SAME_LOWER: ceil(n / stride) positions, the extra zero in front.",
        ),
        Example(
            {"out": 5, "kernel": 2, "padding": {"top": 1, "right": 2}},
            (("N", 3, 7, 11),),
            "nn.Sequential(nn.ZeroPad2d((0, 2, 1, 0)), nn.Conv2d(3, 5, 2))",
            doc="Padding by side.",
        ),
        Example(
            {"out": 5, "kernel": 3, "init": {"weight": "kaiming_normal(fan_out)", "bias": 0.0}},
            (("N", 3, 7, 11),),
            "nn.Conv2d(3, 5, 3)",
            doc="Initialised as in torchvision's ResNet.",
        ),
        Example({"out": 8, "kernel": 7}, (("N", 3, 5, 9),), error="AS403", doc="The kernel does not fit."),
        Example({"out": 8, "kernel": 3, "groups": 3}, (("N", 4, 9, 9),), error="AS404"),
        Example({"out": 8, "kernel": 3, "padding": "same", "stride": 2}, (("N", 4, 9, 9),), error="AS408"),
        Example({"out": 8, "kernel": 3}, (("N", 4),), error="AS402", doc="A matrix has no spatial axes."),
        Example({"out": 8, "kernel": 0}, (("N", 4, 9, 9),), error="AS203"),
    )
