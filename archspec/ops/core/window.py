"""Windows that slide over spatial axes: the arithmetic that convolutions and pools share.

Per axis, with input size n, effective kernel k = dilation * (kernel - 1) + 1, total padding p and stride s, there are
floor((n - k + p + s) / s) windows. This is the formula of `torch.nn.Conv2d` and `torch.nn.MaxPool2d`:
https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
"""

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from archspec.diagnostics import Problem
from archspec.ops.core.checks import size, sizes
from archspec.ops.core.data import INPUT, Saved
from archspec.ops.core.fields import PaddingKeyword, Sides, per_axis
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Reach, sliding
from archspec.ops.core.symbol import Symbol, divided, number, shifted
from archspec.types import Dim, TensorType

AXIS_NAMES = {1: ("width",), 2: ("height", "width"), 3: ("depth", "height", "width")}


@dataclass(frozen=True, slots=True)
class Window:
    """A window along one axis: `before` and `after` are the padding of its two sides."""

    n: Dim
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    ceil: bool = False

    @property
    def extent(self) -> int:
        """The effective kernel: what a dilated kernel spans."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def count(self) -> Dim:
        """The output size. With `ceil`, a last window that would start in the far padding is dropped."""
        if isinstance(self.n, str):
            return self._free_count()
        span = self.n - self.extent + self.before + self.after
        if not self.ceil:
            return span // self.stride + 1
        out = -(-span // self.stride) + 1
        return out - 1 if (out - 1) * self.stride >= self.n + self.before else out

    def _free_count(self) -> Dim:
        if self.ceil and self.stride > 1:
            return Symbol(f"windows({self.n}, {self.extent}, {self.stride}, {self.before}, {self.after})")
        span = shifted(self.n, self.before + self.after - self.extent)
        return shifted(divided(span, self.stride), 1)

    @property
    def reaching(self) -> int:
        """How far the last window reaches beyond the far end of the input; below 0 if it ends before."""
        return (size(self.count) - 1) * self.stride + self.extent - self.before - size(self.n)

    @property
    def reach(self) -> Reach:
        """What the windows see."""
        step = self.dilation if self.kernel > 1 else 1
        return sliding(self.extent, self.stride, self.before, step)

    @property
    def formula(self) -> str:
        """The arithmetic with the numbers filled in: `floor((224 - 7 + 6 + 2) / 2) = 112`."""
        rounding = "ceil" if self.ceil else "floor"
        padding = self.before + self.after
        text = f"{rounding}(({self.n} - {self.extent} + {padding} + {self.stride}) / {self.stride})"
        span = size(self.n) - self.extent + padding
        if self.ceil and -(-span // self.stride) + 1 != self.count:
            return f"{text} - 1 = {self.count}, as the last window would start in the padding"
        return f"{text} = {self.count}"


Extents = int | tuple[int, ...]
"""One number for all spatial axes, or one for each."""
Pads = tuple[tuple[int, int], ...]
PaddingValue = Extents | PaddingKeyword | Sides
WindowGeometry = tuple[Extents, Extents, PaddingValue, Extents]
"""Kernel, stride, padding and dilation."""


def resolve_padding(
    padding: PaddingValue,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    spatial: tuple[Dim, ...],
) -> Pads:
    """The padding of each axis as (before, after), from any of the forms that a spec may use."""
    axes = len(spatial)
    if isinstance(padding, Sides):
        return _named_sides(padding, axes)
    if not isinstance(padding, str):
        sides = isinstance(padding, tuple) and len(padding) == 2 * axes
        advice = "one number pads both sides of an axis; sides have names, such as `{ left = 1 }`"
        return tuple((p, p) for p in per_axis(padding, axes, "padding", advice if sides else None))
    if padding == "valid":
        return ((0, 0),) * axes
    if padding == "half":
        return tuple((_half(k, d),) * 2 for k, d in zip(kernel, dilation, strict=True))
    if padding == "same" and any(s != 1 for s in stride):
        raise Problem(
            "AS408",
            '`padding` "same" needs stride 1, as in PyTorch',
            at=("padding",),
            help='`"half"` keeps `n / stride`; `"same_upper"` is TensorFlow\'s rule',
        )
    totals = [
        d * (k - 1) if s == 1 else max((-(-size(n) // s) - 1) * s + d * (k - 1) + 1 - size(n), 0)
        for n, k, s, d in zip(spatial, kernel, stride, dilation, strict=True)
    ]
    if padding == "same_lower":
        return tuple((total - total // 2, total // 2) for total in totals)
    return tuple((total // 2, total - total // 2) for total in totals)


def _half(kernel: int, dilation: int) -> int:
    """The padding of each side that keeps `n / stride`, rounded down for kernels of even size."""
    return dilation * (kernel - 1) // 2


def _named_sides(sides: Sides, axes: int) -> Pads:
    pads = ((sides.front, sides.back), (sides.top, sides.bottom), (sides.left, sides.right))
    for axis, (names, pad) in enumerate(zip((("front", "back"), ("top", "bottom")), pads, strict=False)):
        if axis < 3 - axes and any(pad):
            side = names[0] if pad[0] else names[1]
            raise Problem(
                "AS408",
                f"the input has {axes} spatial axes: there is no `{side}`",
                at=("padding", side),
                subject=side,
            )
    return pads[3 - axes :]


def only_looks(axes: tuple[Window, ...]) -> bool:
    """Whether each position is a window of its own, and all are there."""
    return all(axis.kernel == 1 and axis.count == axis.n and axis.before == 0 for axis in axes)


def sees_all_once(axes: tuple[Window, ...]) -> bool:
    """Whether there is a single window, which is the input."""
    return all(axis.kernel == axis.n and axis.count == 1 and axis.before == axis.after == 0 for axis in axes)


def windows(
    x: TensorType,
    kernel: Extents,
    stride: Extents,
    padding: PaddingValue,
    dilation: Extents = 1,
    *,
    ceil: bool = False,
) -> tuple[Window, ...]:
    """The window of each spatial axis of `x`."""
    return _windows(tuple([number(dim) for dim in x.spatial]), kernel, stride, padding, dilation, ceil)


@lru_cache(maxsize=4096)
def _windows(
    spatial: tuple[Dim, ...],
    kernel: Extents,
    stride: Extents,
    padding: PaddingValue,
    dilation: Extents,
    ceil: bool,
) -> tuple[Window, ...]:
    axes = len(spatial)
    kernels = per_axis(kernel, axes, "kernel")
    strides = per_axis(stride, axes, "stride")
    dilations = per_axis(dilation, axes, "dilation")
    pads = resolve_padding(padding, kernels, strides, dilations, spatial)
    return tuple(
        Window(n, k, s, d, before, after, ceil)
        for n, k, s, d, (before, after) in zip(spatial, kernels, strides, dilations, pads, strict=True)
    )


@lru_cache(maxsize=4096)
def counted(axes: tuple[Window, ...]) -> tuple[Dim, ...]:
    """The output sizes; a size below 1 is a `Problem` that shows the arithmetic."""
    for axis, window in enumerate(axes):
        if isinstance(window.count, int) and window.count < 1:
            name = AXIS_NAMES[len(axes)][axis]
            kernel = f"a kernel of {window.kernel}"
            if window.dilation > 1:
                kernel += f" with dilation {window.dilation} spans {window.extent} and"
            raise Problem(
                "AS403",
                f"{kernel} does not fit into a {name} of {window.n}",
                at=("kernel",),
                notes=(f"{name}: {window.formula}",),
                help="use a smaller kernel, more padding, or less downsampling before this node",
            )
    return tuple(window.count for window in axes)


def kept(x: TensorType, axes: tuple[Window, ...], *, cut: bool = False) -> Saved:
    """What autograd keeps of the input: its storage, or that of the padded copy that uneven sides need.

    Where the copy is `cut`, it ends with the last window.
    """
    if all(window.before == window.after for window in axes):
        return INPUT
    ends = [max(window.reaching, 0) if cut else window.after for window in axes]
    padded = [window.before + size(window.n) + end for window, end in zip(axes, ends, strict=True)]
    return Saved(elements=prod(sizes(x.shape[:2])) * prod(padded))


def torch_padding(axes: tuple[Window, ...]) -> tuple[Extents, tuple[int, ...] | None]:
    """The padding as PyTorch's windows take it, the same on both sides, or else the border for `F.pad` before them."""
    if all(window.before == window.after for window in axes):
        pads = tuple(window.before for window in axes)
        return pads[0] if len(set(pads)) == 1 else pads, None
    return 0, torch_border(tuple((window.before, window.after) for window in axes))


def torch_reaching(axes: tuple[Window, ...]) -> tuple[int, ...]:
    """The border for `F.pad` that the last windows end with, so that nothing is left to round up."""
    return torch_border(tuple((window.before, max(window.reaching, 0)) for window in axes))


def torch_border(pads: Pads) -> tuple[int, ...]:
    """The padding of each side as `F.pad` takes it: the last axis first."""
    return tuple(side for pad in reversed(pads) for side in pad)


def padding_formulas(padding: PaddingValue) -> tuple[str, ...]:
    """How the padding of each side follows from the op's fields."""
    if padding == "half":
        return (
            "kernel // 2",
            "(kernel - 1) // 2",
            "dilation * (kernel // 2)",
            "dilation * (kernel - 1) // 2",
        )
    return ("padding",) if isinstance(padding, int | tuple) else ()


def onnx_window(axes: tuple[Window, ...]) -> dict[str, tuple[int, ...]]:
    """The geometry as ONNX's windows take it: all begins of the padding, then all ends."""
    return {
        "kernel_shape": tuple([window.kernel for window in axes]),
        "strides": tuple([window.stride for window in axes]),
        "pads": (*(window.before for window in axes), *(window.after for window in axes)),
        "dilations": tuple([window.dilation for window in axes]),
    }


def onnx_border(e: Emitter, value: str, axes: tuple[Window, ...], filling: float) -> str:
    """The padding as a border of its own."""
    shape = e.type(value).shape
    sides = (0, 0, *(window.before for window in axes), 0, 0, *(window.after for window in axes))
    grown = [shifted(window.n, window.before + window.after) for window in axes]
    return e.node("Pad", value, e.ints(sides), e.number(filling), to=(*shape[:2], *grown))


def explained(axes: tuple[Window, ...]) -> list[str]:
    """One line of arithmetic for each axis."""
    return [f"{name}: {axis.formula}" for name, axis in zip(AXIS_NAMES[len(axes)], axes, strict=True)]


def brief(kernel: Extents, stride: Extents, padding: PaddingValue, dilation: Extents = 1) -> str:
    """The geometry in short: `k7 s2 p3`."""
    text = f"k{short(kernel)}"
    if stride != 1:
        text += f" s{short(stride)}"
    if padding == "half":
        padding = _halves(kernel, dilation)
    if isinstance(padding, Sides):
        text += (
            " p("
            + " ".join(f"{side} {n}" for side, n in padding.model_dump(exclude_defaults=True).items())
            + ")"
        )
    elif isinstance(padding, str):
        text += "" if padding == "valid" else f" {padding}"
    elif padding != 0:
        text += f" p{short(padding)}"
    return text if dilation == 1 else f"{text} d{short(dilation)}"


def _halves(kernel: Extents, dilation: Extents) -> Extents:
    axes = max(len(value) if isinstance(value, tuple) else 1 for value in (kernel, dilation))
    pads = tuple(
        _half(k, d) for k, d in zip(per_axis(kernel, axes, ""), per_axis(dilation, axes, ""), strict=True)
    )
    return pads[0] if len(set(pads)) == 1 else pads


def short(value: Extents) -> str:
    """One value, or one per axis: `3`, `3×5`."""
    return "×".join(map(str, value)) if isinstance(value, tuple) else str(value)
