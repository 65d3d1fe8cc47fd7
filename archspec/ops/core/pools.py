"""What the pools share."""

from collections.abc import Iterator
from math import gcd, prod
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import NoMacs, Op
from archspec.ops.core.checks import size
from archspec.ops.core.constraints import Constraint, Ranks
from archspec.ops.core.data import INPUT, Example, Inputs, Layout, Saved
from archspec.ops.core.fields import Flag, Padding, Size, per_axis
from archspec.ops.core.held import like_image_or_row, like_images, size_of
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Interval, Links, Reach, at_most, in_place, repeating, whole
from archspec.ops.core.torch_code import Argument, TorchCode, keyword, positional
from archspec.ops.core.window import (
    AXIS_NAMES,
    Extents,
    Window,
    WindowGeometry,
    brief,
    counted,
    explained,
    onnx_border,
    padding_formulas,
    short,
    windows,
)
from archspec.types import Dim, TensorType


class AnyPool(NoMacs, Op):
    """A pool of any kind, over one to three spatial axes."""

    group: ClassVar[str] = "Pools"
    layout: ClassVar[Layout] = "image"
    keeps_sign: ClassVar[bool] = True
    constraints: ClassVar[tuple[Constraint, ...]] = (Ranks(3, 5, "a pool"),)


class Pool(AnyPool):
    """A pool over sliding windows, without padding."""

    averages: ClassVar[bool] = False
    """Whether PyTorch computes averages, which it does in other ways over three axes."""

    kernel: Size
    """Size of the window."""
    stride: Size | None = None
    """Step of the window; default: its size."""
    ceil: Flag = False
    """Whether a last window that is only partly filled counts."""

    @property
    def step(self) -> Extents:
        """The stride, which is the kernel's size where none is given."""
        return self.kernel if self.stride is None else self.stride

    @property
    def step_formula(self) -> str:
        """How the stride follows from the fields."""
        return "kernel" if self.stride is None else "stride"

    @property
    def rounding(self) -> Argument:
        """`ceil` as PyTorch calls it."""
        return keyword("ceil_mode", self.ceil, False, "ceil")

    @property
    def frame(self) -> WindowGeometry:
        """Kernel, stride, padding and dilation."""
        return self.kernel, self.step, 0, 1

    def windows(self, inputs: Inputs) -> tuple[Window, ...]:
        """The window of each spatial axis."""
        return windows(inputs[0], *self.frame, ceil=self.ceil)

    def check(self, inputs: Inputs) -> None:
        """Padding of at most half the kernel, PyTorch's bound; of averages over three axes, whole kernels."""
        axes = self.windows(inputs)
        check_pool_padding(axes)
        if self.averages:
            check_filled(axes)

    def output(self, inputs: Inputs) -> TensorType:
        """Per axis the number of windows."""
        return TensorType((*inputs[0].shape[:2], *counted(self.windows(inputs))))

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """Channels-last if the input is, but for averages of volumes.

        A sequence is an image of one row, unless a border is put around it first.
        """
        if inputs[0].rank == 5 and self.averages:
            return outputs
        if any(window.before != window.after for window in self.windows(inputs)):
            return (like_images(outputs[0], inputs),)
        return (like_image_or_row(outputs[0], inputs[0]),)

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """What the windows see."""
        return (in_place(inputs[0], [window.reach for window in self.windows(inputs)]),)

    def explain(self, inputs: Inputs) -> Iterator[str]:
        """The windows of each axis."""
        yield from explained(self.windows(inputs))

    def brief(self) -> str:
        """`avgpool k3 s2 p1 ceil`."""
        return f"{self.name} {self.geometry()}" + " ceil" * self.ceil

    def geometry(self) -> str:
        """Kernel, stride, padding and dilation in short: `k3 s2 p1`."""
        return brief(*self.frame)


class PaddedPool(Pool):
    """A pool over sliding windows that may start in the padding."""

    padding: Padding = 0
    """Padding per side, at most half the kernel, or a keyword."""

    @property
    def frame(self) -> WindowGeometry:
        """Kernel, stride, padding and dilation."""
        return self.kernel, self.step, self.padding, 1

    def torch_window(self, padding: Extents) -> tuple[Argument, ...]:
        """The first arguments of the constructors of PyTorch's pools."""
        return (
            positional(self.kernel, "kernel"),
            keyword("stride", self.step, self.kernel, self.step_formula),
            keyword("padding", padding, 0, *padding_formulas(self.padding)),
        )


class GlobalPool(AnyPool):
    """A pool over all positions. The spatial axes stay, with size 1."""

    torch_kind: ClassVar[str]
    """What PyTorch calls it: `Avg` or `Max`."""
    onnx_kind: ClassVar[str]
    """What ONNX calls it: `Average` or `Max`."""

    def output(self, inputs: Inputs) -> TensorType:
        """One position per channel."""
        x = inputs[0]
        return TensorType((*x.shape[:2], *(1,) * (x.rank - 2)))

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """Channels-last if the input is, but for volumes; a sequence is an image of one row."""
        return outputs if inputs[0].rank == 5 else (like_image_or_row(outputs[0], inputs[0]),)

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """All positions."""
        return (in_place(inputs[0], [whole(dim) for dim in inputs[0].spatial]),)

    def passes(self, inputs: Inputs) -> bool:
        """If there is a window for each position."""
        return self.output(inputs) == inputs[0]

    def torch_size(self) -> Argument:
        """The size of the output as PyTorch takes it."""
        return positional(1)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.AdaptiveAvgPool2d` and its like."""
        kind, axes = self.torch_kind, inputs[0].rank - 2
        function = f"F.adaptive_{kind.lower()}_pool{axes}d"
        return TorchCode(f"nn.Adaptive{kind}Pool{axes}d", (self.torch_size(),), function)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`GlobalAveragePool` and its like."""
        return e.node(f"Global{self.onnx_kind}Pool", e.x, to=self.output(inputs).shape)


class AdaptivePool(GlobalPool):
    """A pool whose windows are placed so that the output has a given size."""

    size: Size
    """Size of the output: one for all axes, or one per axis."""

    def output(self, inputs: Inputs) -> TensorType:
        """The spatial axes become `size`, smaller or larger than before."""
        x = inputs[0]
        return TensorType((*x.shape[:2], *per_axis(self.size, x.rank - 2, "size")))

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """Windows of equal size if the output divides the input; else their pattern repeats."""
        return (in_place(inputs[0], list(map(_adaptive, inputs[0].spatial, output.spatial))),)

    def brief(self) -> str:
        """`adaptive_avgpool 7`, or `adaptive_avgpool 7×5`."""
        return f"{self.name} {short(self.size)}"

    def torch_size(self) -> Argument:
        """The size of the output as PyTorch takes it."""
        return positional(self.size, "size")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """A pool of equal windows where there is one; else each axis by itself, see `onnx_axis`."""
        x, out = inputs[0], self.output(inputs).shape
        if x.shape == out:
            return e.x
        if set(out[2:]) == {1}:
            return super().onnx(e, inputs)
        if strides := equal_windows(x, out):
            return e.node(f"{self.onnx_kind}Pool", e.x, to=out, kernel_shape=strides, strides=strides)
        value = e.x
        for axis in range(2, x.rank):
            n, count = size(x.shape[axis], "an axis to pool"), size(out[axis])
            if n != count:
                value = self.onnx_axis(e, value, axis, n, count)
        return value

    def onnx_axis(self, e: Emitter, value: str, axis: int, n: int, count: int) -> str:
        """A pool along one axis of the size n, over as many windows."""
        raise NotImplementedError


class Averages:
    """A pool that averages positions."""

    torch_kind: ClassVar[str] = "Avg"
    onnx_kind: ClassVar[str] = "Average"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input; nothing for an output of one position, which is a mean."""
        return Saved() if set(outputs[0].spatial) == {1} else INPUT


class Maxima:
    """A pool that takes maxima of positions."""

    chooses: ClassVar[bool] = True
    torch_kind: ClassVar[str] = "Max"
    onnx_kind: ClassVar[str] = "Max"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, and where each maximum was."""
        return Saved(inputs=(0,), indices=size_of(outputs[0]))


def adaptive_examples(torch: str) -> tuple[Example, ...]:
    """The examples of an adaptive pool, whose class in PyTorch has this name, but for the number of axes."""
    return (
        Example(
            {"size": 7},
            (("N", 5, 23, 19),),
            f"{torch}2d(7)",
            doc="Makes a classifier independent of the input's size.",
        ),
        Example({"size": 3}, (("N", 5, 13),), f"{torch}1d(3)"),
        Example({"size": [2, 5]}, (("N", 5, 7, 11),), f"{torch}2d((2, 5))"),
        Example(
            {"size": [9, 2, 3]},
            (("N", 2, 7, 11, 5),),
            f"{torch}3d((9, 2, 3))",
            doc="The output may be larger than the input.",
        ),
        Example({"size": [2, 2]}, (("N", 5, 7),), error="AS408"),
        Example({"size": 0}, (("N", 5, 7, 11),), error="AS203"),
        Example({"size": 2}, (("N", 5),), error="AS402"),
    )


def _adaptive(n: Dim, out: Dim) -> Reach:
    """Windows from floor(i * n / out) to ceil((i + 1) * n / out)."""
    if isinstance(n, str) or isinstance(out, str):
        return whole(n)
    parts = out // gcd(n, out)

    def sees(index: int) -> Interval:
        return index * n // out, -(-(index + 1) * n // out) - 1

    return repeating(parts, n * parts // out, sees) or at_most(n)


def check_pool_padding(axes: tuple[Window, ...]) -> None:
    """PyTorch's pools refuse padding above half the kernel, where a window could lie in the padding alone."""
    for window in axes:
        most, padding = window.kernel // 2, max(window.before, window.after)
        if padding > most:
            raise Problem(
                "AS408",
                f"a pool's `padding` is at most half its kernel: {padding} is too much for {window.kernel}",
                at=("padding",),
                notes=(f"{window.kernel} // 2 = {most} is less than {padding}",),
                help=f"use a padding of at most {most}, or a `pad` node before the pool",
            )


def check_filled(axes: tuple[Window, ...]) -> None:
    """PyTorch's 3-D average refuses an input smaller than the kernel, even if padding or `ceil` fill it."""
    for name, window in zip(AXIS_NAMES[len(axes)], axes, strict=True):
        if len(axes) == 3 and isinstance(window.n, int) and window.n < window.kernel:
            raise Problem(
                "AS403",
                f"a kernel of {window.kernel} does not fit into a {name} of {window.n}",
                at=("kernel",),
                notes=(
                    f"{name}: {window.n} is less than {window.kernel}",
                    "as in PyTorch, an average over three axes counts neither `padding` nor `ceil` here",
                ),
                help="use a smaller kernel, or less downsampling before this node",
            )


def bins(n: int, out: int) -> Iterator[tuple[int, int]]:
    """The windows of an adaptive pool along an axis, as (start, stop)."""
    for index in range(out):
        yield index * n // out, -(-(index + 1) * n // out)


def equal_windows(x: TensorType, out: tuple[Dim, ...]) -> tuple[int, ...]:
    """The sizes of the windows of an adaptive pool, which are its strides too; empty if they are not all equal."""
    pairs = list(zip(x.spatial, out[2:], strict=True))
    found = tuple([n // m for n, m in pairs if isinstance(n, int) and isinstance(m, int) and n % m == 0])
    return found if len(found) == len(pairs) else ()


def onnx_average(
    e: Emitter, value: str, axes: tuple[Window, ...], *, counted: bool, divisor: int | None = None
) -> str:
    """`AveragePool` over windows that may start in padding and, with `ceil`, reach beyond it.

    Padding counts if `counted`, or `divisor` is given; what lies beyond never does.
    """
    kernel = tuple([window.kernel for window in axes])
    pads = [(window.before, window.after) for window in axes]
    beyond = [max(window.reaching - window.after, 0) if window.ceil else 0 for window in axes]
    shape = (*e.type(value).shape[:2], *(window.count for window in axes))
    if any(beyond):
        if counted and divisor is None and any(map(any, pads)):
            # PyTorch divides by the part of a window that lies in the padded input
            value = onnx_border(e, value, axes, 0.0)
            pads = [(0, 0) for _ in pads]
        counted = divisor is not None
        pads = [(before, after + more) for (before, after), more in zip(pads, beyond, strict=True)]
    average = e.node(
        "AveragePool",
        value,
        to=shape,
        kernel_shape=kernel,
        strides=tuple([window.stride for window in axes]),
        pads=(*(before for before, _ in pads), *(after for _, after in pads)),
        count_include_pad=int(counted or divisor is not None),
    )
    return average if divisor is None else e.product(average, prod(kernel) / divisor)
