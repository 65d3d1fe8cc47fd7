"""Transposed convolution."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import Op
from archspec.ops.core.checks import channels
from archspec.ops.core.constraints import Constraint
from archspec.ops.core.convolution import convolution, convolved, product_formula, products, weight_and_bias
from archspec.ops.core.data import INPUT, Example, Inputs, Layout, Saved, Weight
from archspec.ops.core.fields import NO_INIT, Flag, Initialisers, NaturalSize, Positive, Size, per_axis
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import MAX_PERIOD, Interval, Links, Reach, at_most, in_place, repeating
from archspec.ops.core.symbol import number, scaled, shifted
from archspec.ops.core.torch_code import TorchCode, keywords, positional
from archspec.ops.core.window import AXIS_NAMES, brief
from archspec.types import Dim, TensorType


@dataclass(frozen=True, slots=True)
class Spread:
    """What a transposed convolution does along one axis. `padding` is that of each side."""

    n: Dim
    kernel: int
    stride: int
    padding: int
    output_padding: int
    dilation: int

    @property
    def extent(self) -> int:
        """The effective kernel: what a dilated kernel spans."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def count(self) -> Dim:
        """The output size."""
        more = self.extent - 2 * self.padding + self.output_padding
        return shifted(scaled(shifted(self.n, -1), self.stride), more)

    @property
    def reach(self) -> Reach:
        """Output i has input j through element t of the kernel if j * stride = i + padding - t * dilation.

        So an output takes every `turn`-th element. Of a kernel smaller than the stride, some take none.
        """
        turn = self.stride // gcd(self.stride, self.dilation)
        first = {}
        for t in range(min(self.kernel, turn, MAX_PERIOD)):
            first[(t * self.dilation - self.padding) % self.stride] = t

        def sees(index: int) -> Interval | None:
            if index not in first:
                return None
            t = first[index]
            last = t + (self.kernel - 1 - t) // turn * turn
            ends = (index + self.padding - element * self.dilation for element in (last, t))
            low, high = (end // self.stride for end in ends)
            return low, high

        step = self.dilation // gcd(self.stride, self.dilation)
        return repeating(self.stride, 1, sees, step) or at_most(self.n)

    @property
    def formula(self) -> str:
        """The arithmetic with the numbers filled in: `(7 - 1) * 2 - 2 + 4 + 0 = 14`."""
        return (
            f"({self.n} - 1) * {self.stride} - {2 * self.padding} + {self.extent} + {self.output_padding} "
            f"= {self.count}"
        )


class ConvTranspose(Op):
    """Transposed convolution over 1, 2 or 3 spatial axes: the gradient of `conv`, which makes inputs larger.

    Per axis, the output has (n - 1) * s - p + k + output_padding positions, with p the padding of both sides.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
    """

    name: ClassVar[str] = "conv_transpose"
    group: ClassVar[str] = "Weights"
    layout: ClassVar[Layout] = "image"
    no_keyword: ClassVar[str | None] = "leave `padding` out, and take off what is too much with `slice`"
    constraints: ClassVar[tuple[Constraint, ...]] = convolution("a transposed convolution")

    out: Positive
    """Number of output channels."""
    kernel: Size
    """Size of the kernel."""
    stride: Size = 1
    """Distance between the kernel's places in the output: the factor by which the input grows."""
    padding: NaturalSize = 0
    """What is cut off each side of the output."""
    output_padding: NaturalSize = 0
    """Added to the end of the output, to choose among the sizes that `conv` would bring to this input's."""
    dilation: Size = 1
    """Distance between the kernel's elements."""
    groups: Positive = 1
    """Number of groups that input and output channels are split into."""
    bias: Flag = True
    """Whether a bias is added."""
    init: Initialisers = NO_INIT
    """Initialisers of `weight` and `bias`; default: uniform in ±1/√(out / groups * kernel), as in PyTorch."""

    def spreads(self, inputs: Inputs) -> tuple[Spread, ...]:
        """The arithmetic of each spatial axis."""
        spatial = [number(dim) for dim in inputs[0].spatial]
        fields = ("kernel", "stride", "padding", "output_padding", "dilation")
        columns = [per_axis(getattr(self, field), len(spatial), field) for field in fields]
        return tuple(Spread(*row) for row in zip(spatial, *columns, strict=True))

    def check(self, inputs: Inputs) -> None:
        """Output padding is less than stride or dilation."""
        for spread in self.spreads(inputs):
            if spread.output_padding >= max(spread.stride, spread.dilation):
                raise Problem(
                    "AS408",
                    f"`output_padding` {spread.output_padding} is neither less than `stride` {spread.stride} "
                    f"nor less than `dilation` {spread.dilation}",
                    at=("output_padding",),
                )

    def output(self, inputs: Inputs) -> TensorType:
        """`out` channels; per axis the size of the spread input."""
        spreads = self.spreads(inputs)
        for name, spread in zip(AXIS_NAMES[len(spreads)], spreads, strict=True):
            if isinstance(spread.count, int) and spread.count < 1:
                raise Problem(
                    "AS403",
                    f"`padding` {spread.padding} on both sides leaves nothing of the {name}",
                    at=("padding",),
                    notes=(f"{name}: {spread.formula}",),
                    help="in a transposed convolution, padding is cut off the output: use less",
                )
        return TensorType((inputs[0].shape[0], self.out, *(spread.count for spread in spreads)))

    def weights(self, inputs: Inputs) -> tuple[Weight, ...]:
        """`weight` (in, out / groups, *kernel) and `bias` (out)."""
        shape = (channels(inputs[0]), self.out // self.groups, *self.kernels(inputs))
        return weight_and_bias(shape, self.out, self.init, bias=self.bias)

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """Channels-last if the input is."""
        return (convolved(outputs[0], inputs[0], self.kernels(inputs), self.groups),)

    def shifts_channels(self, inputs: Inputs) -> bool:
        """With a bias."""
        return self.bias

    def macs(self, inputs: Inputs, outputs: Inputs) -> int:
        """Input elements times (out / groups) times kernel elements."""
        return products(inputs[0], self.out // self.groups, self.kernels(inputs))

    def macs_formula(self, inputs: Inputs, outputs: Inputs) -> str:
        """`(64 * 7 * 7) inputs * 32 channels * (4 * 4) kernel`."""
        between, kernel = self.out // self.groups, self.kernels(inputs)
        return product_formula(inputs[0].shape, "inputs", between, kernel, self.groups)

    def kernels(self, inputs: Inputs) -> tuple[int, ...]:
        """The size of the kernel along each axis."""
        return per_axis(self.kernel, inputs[0].rank - 2, "kernel")

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """Per axis, the inputs that the kernel spreads to a position; all channels."""
        return (in_place(inputs[0], [spread.reach for spread in self.spreads(inputs)], mixed=True),)

    def explain(self, inputs: Inputs) -> Iterator[str]:
        """The size of each axis."""
        spreads = self.spreads(inputs)
        for name, spread in zip(AXIS_NAMES[len(spreads)], spreads, strict=True):
            yield f"{name}: {spread.formula}"

    def brief(self) -> str:
        """`conv_transpose 64, k4 s2 p1`."""
        text = f"conv_transpose {self.out}, {brief(self.kernel, self.stride, self.padding, self.dilation)}"
        return text if self.groups == 1 else f"{text} g{self.groups}"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input."""
        return INPUT

    def settled(self, inputs: Inputs) -> Op:
        """A single position of the input has no stride."""
        axes = inputs[0].rank - 2
        steps = zip(inputs[0].spatial, per_axis(self.stride, axes, "stride"), strict=True)
        return self.model_copy(update={"stride": tuple([1 if n == 1 else step for n, step in steps])})

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.ConvTranspose2d`."""
        arguments = (
            positional(channels(inputs[0]), "x.channels"),
            positional(self.out, "out"),
            positional(self.kernel, "kernel"),
            *keywords(self, "stride", "padding", "output_padding", "groups", "bias", "dilation"),
        )
        return TorchCode(f"nn.ConvTranspose{inputs[0].rank - 2}d", arguments, sizes={1: "out"}, fresh=True)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`ConvTranspose` with explicit padding and output padding.

        Runtimes want an output padding below the stride. A larger one is first taken off what is cut from the end;
        what is left of it has the bias only.
        """
        spreads, shape = self.spreads(inputs), self.output(inputs).shape
        ends = [(spread.padding, spread.output_padding) for spread in spreads]
        if any(spread.output_padding >= spread.stride for spread in spreads):
            ends = [(max(cut - more, 0), max(more - cut, 0)) for cut, more in ends]
        beyond = [
            0 if more < spread.stride else more for (_, more), spread in zip(ends, spreads, strict=True)
        ]
        inner = [shifted(dim, -more) for dim, more in zip(shape[2:], beyond, strict=True)]
        late = e.optional("bias") if any(beyond) else ""
        value = e.node(
            "ConvTranspose",
            e.x,
            e.weight(),
            "" if late else e.optional("bias"),
            to=(*shape[:2], *inner),
            group=self.groups,
            dilations=tuple([spread.dilation for spread in spreads]),
            kernel_shape=tuple([spread.kernel for spread in spreads]),
            strides=tuple([spread.stride for spread in spreads]),
            pads=(*(spread.padding for spread in spreads), *(cut for cut, _ in ends)),
            output_padding=tuple(
                [more if more < spread.stride else 0 for (_, more), spread in zip(ends, spreads, strict=True)]
            ),
        )
        if any(beyond):
            sides = e.ints([0] * (2 + len(spreads)) + [0, 0, *beyond])
            value = e.node("Pad", value, sides, e.number(0.0), to=shape)
        return e.node("Add", value, e.per_channel("bias", len(shape))) if late else value

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"out": 5, "kernel": 2, "stride": 2},
            (("N", 7, 11, 13),),
            "nn.ConvTranspose2d(7, 5, 2, stride=2)",
            doc="U-Net's up-convolution doubles height and width.",
        ),
        Example(
            {"out": 5, "kernel": 4, "stride": 2, "padding": 1, "bias": False},
            (("N", 3, 7, 5),),
            "nn.ConvTranspose2d(3, 5, 4, stride=2, padding=1, bias=False)",
            doc="DCGAN's, which doubles as well.",
        ),
        Example(
            {"out": 5, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1},
            (("N", 3, 7),),
            "nn.ConvTranspose1d(3, 5, 3, stride=2, padding=1, output_padding=1)",
        ),
        Example(
            {
                "out": 4,
                "kernel": [3, 1, 2],
                "stride": [2, 1, 3],
                "padding": [1, 0, 0],
                "output_padding": [0, 0, 2],
                "dilation": [1, 1, 2],
            },
            (("N", 6, 2, 7, 5),),
            "nn.ConvTranspose3d(6, 4, (3, 1, 2), (2, 1, 3), (1, 0, 0), (0, 0, 2), dilation=(1, 1, 2))",
            doc="Three spatial axes, one value per axis.",
        ),
        Example(
            {"out": 10, "kernel": 3, "groups": 2, "dilation": 3, "output_padding": 2},
            (("N", 6, 5, 7),),
            "nn.ConvTranspose2d(6, 10, 3, groups=2, dilation=3, output_padding=2)",
            doc="Grouped and dilated.",
        ),
        Example(
            {"out": 4, "kernel": 2, "padding": [1, 0], "dilation": 5, "output_padding": [4, 3]},
            (("N", 3, 5, 7),),
            "nn.ConvTranspose2d(3, 4, 2, padding=(1, 0), dilation=5, output_padding=(4, 3))",
            doc="An output padding above the stride: the last rows have the bias only.",
        ),
        Example(
            {"out": 5, "kernel": 2, "init": {"weight": "kaiming_normal", "bias": 0.0}},
            (("N", 3, 7, 5),),
            "nn.ConvTranspose2d(3, 5, 2)",
        ),
        Example(
            {"out": 5, "kernel": 3, "stride": 2, "output_padding": 2},
            (("N", 3, 7, 5),),
            error="AS408",
            doc="There is no such size to choose.",
        ),
        Example({"out": 5, "kernel": 2, "padding": 1}, (("N", 3, 1, 5),), error="AS403"),
        Example({"out": 5, "kernel": 3, "groups": 3}, (("N", 6, 5, 7),), error="AS404"),
        Example({"out": 6, "kernel": 3, "groups": 3}, (("N", 5, 5, 7),), error="AS404"),
        Example({"out": 6, "kernel": 3, "padding": [1, 1]}, (("N", 5, 7),), error="AS408"),
        Example({"out": 6, "kernel": 3, "padding": -1}, (("N", 5, 7),), error="AS203"),
        Example({"out": 6, "kernel": 3}, (("N", 5),), error="AS402"),
    )
