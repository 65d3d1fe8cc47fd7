"""Resampling to another size."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from archspec.diagnostics import Problem
from archspec.diagnostics.problems import meaningless_key
from archspec.ops.core.base import KeepsChannelsLast, NoMacs, Op, SavesNothing
from archspec.ops.core.checks import size
from archspec.ops.core.constraints import Constraint, Ranks
from archspec.ops.core.data import Example, Inputs, Layout
from archspec.ops.core.fields import MAX, Flag, PositiveNumber, Size, as_tuple, per_axis
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.onnx_graph import Attribute
from archspec.ops.core.reach import (
    MAX_PERIOD,
    Interval,
    Link,
    Links,
    Reach,
    at_most,
    in_place,
    repeating,
    same_for_all,
    whole,
)
from archspec.ops.core.resampling import (
    CUBIC,
    gathered,
    interpolated,
    nearest,
    nearest_of_runtimes,
    safe_scale,
    same,
    single,
    sums,
)
from archspec.ops.core.symbol import Symbol, divided, shifted
from archspec.ops.core.torch_code import TorchCode, keyword, keywords
from archspec.ops.core.window import AXIS_NAMES, short
from archspec.types import Dim, TensorType

ScaleFactor = Annotated[
    PositiveNumber | Annotated[tuple[PositiveNumber, ...], Field(min_length=1)],
    Field(description="a number above 0, or a list with one per spatial axis"),
]
LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}
AXES = {"bilinear": 2, "bicubic": 2, "trilinear": 3}


class Upsample(NoMacs, SavesNothing, KeepsChannelsLast, Op):
    """Resamples the spatial axes to `size`, or to floor(n * scale) for a size of n.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html
    """

    name: ClassVar[str] = "upsample"
    group: ClassVar[str] = "Shape"
    layout: ClassVar[Layout] = "image"
    constraints: ClassVar[tuple[Constraint, ...]] = (Ranks(3, 5, "an upsampling"),)
    free_sizes: ClassVar[tuple[str, ...]] = ("size",)

    size: Size | None = None
    """The size of the output. Either this or `scale` is given."""
    scale: ScaleFactor | None = None
    """The factor by which the axes grow, or shrink if below 1; PyTorch's `scale_factor`."""
    mode: Literal["nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear"] = "nearest"
    """How values are found; `linear` is the linear mode of any rank: linear, bilinear or trilinear."""
    align_corners: Flag = False
    """Whether the centres of the corner pixels are kept, in the modes that interpolate."""

    def torch_mode(self, inputs: Inputs) -> str:
        """The mode as PyTorch calls it at this rank."""
        return LINEAR[inputs[0].rank - 2] if self.mode == "linear" else self.mode

    def check(self, inputs: Inputs) -> None:
        """A rank that the mode knows; either `size` or `scale`."""
        axes = len(inputs[0].spatial)
        if self.size is None and self.scale is None:
            raise Problem(
                "AS202", "`upsample` needs `size` or `scale`", help="such as `scale = 2`", subject=self.name
            )
        if self.size is not None and self.scale is not None:
            raise meaningless_key("scale", "`upsample` takes `size` or `scale`, not both")
        if (needed := AXES.get(self.mode, axes)) != axes:
            raise Problem(
                "AS402",
                f"`{self.mode}` needs {needed} spatial axes, but the input has {axes} ({inputs[0]})",
                at=("mode",),
                help="`linear` and `nearest` work at every rank",
                subject=self.mode,
            )
        if self.align_corners and self.mode.startswith("nearest"):
            raise meaningless_key(
                "align_corners",
                f"`align_corners` has no effect in mode `{self.mode}`",
                "use a mode that interpolates, such as `linear`",
            )

    def output(self, inputs: Inputs) -> TensorType:
        """`size`, or floor(n * scale) for each spatial axis."""
        return TensorType((*inputs[0].shape[:2], *self._sizes(inputs)))

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """Per axis, the elements that a value is interpolated from."""
        x, images = inputs[0], inputs[0].rank == 4
        scales = per_axis(self.scale or 0.0, x.rank - 2, "scale")
        axes = list(zip(x.spatial, output.spatial, scales, strict=True))
        links = [*in_place(x, [self._resampled(*axis, images=images) for axis in axes])]
        for axis, (n, out, scale) in enumerate(axes, start=2):
            if not self.mode.startswith("nearest") or links[axis].axis is None:
                continue
            if isinstance(n, int) and isinstance(out, int) and out <= MAX_PERIOD:
                links[axis] = self._rounded(links[axis], n, out, scale, images=images)
        return (tuple(links),)

    def _rounded(self, link: Link, n: int, out: int, scale: float, *, images: bool) -> Link:
        """With the elements that rounding in single precision selects."""
        taken = nearest(n, out, scale or None, exact=self.mode == "nearest-exact", images=images)
        borders: dict[int, Interval | None] = {
            index: (at, at) for index, at in enumerate(taken) if link.at(index, n) != (at, at)
        }
        return replace(link, borders=borders)

    def _resampled(self, n: Dim, out: Dim, scale: float, *, images: bool) -> Reach:
        """One axis. As in PyTorch, `scale` counts even where it does not bring `n` to `out` exactly."""
        if isinstance(n, str) or isinstance(out, str):
            return whole(n)
        unscaled = not self.mode.startswith("nearest") and self.mode != "bicubic" and out == n
        if self.align_corners:
            if 1 in (n, out):
                return same_for_all((0, 0))
            step = Fraction(n - 1, out - 1)
        elif not scale or unscaled or (images and self.mode == "nearest" and out in (n, 2 * n)):
            step = Fraction(n, out)
        else:
            factor = Fraction(scale).limit_denominator(10**6)
            if float(factor) != scale:
                return at_most(n)
            step = 1 / factor

        def sees(index: int) -> Interval:
            if self.mode == "nearest":
                return (floor(index * step),) * 2
            if self.mode == "nearest-exact":
                return (floor((index + Fraction(1, 2)) * step),) * 2
            at = index * step if self.align_corners else (index + Fraction(1, 2)) * step - Fraction(1, 2)
            around = self.mode == "bicubic" and at != floor(at)
            return floor(at) - around, ceil(at) + around

        return repeating(step.denominator, step.numerator, sees) or at_most(n)

    def explain(self, inputs: Inputs) -> Iterator[str]:
        """The product of each axis."""
        if self.scale is not None:
            axes = AXIS_NAMES[inputs[0].rank - 2]
            scales = per_axis(self.scale, len(axes), "scale")
            for name, n, scale, out in zip(axes, inputs[0].spatial, scales, self._sizes(inputs), strict=True):
                yield f"{name}: floor({n} * {scale:g}) = {out}"

    def brief(self) -> str:
        """`upsample ×2 bilinear`."""
        if self.scale is not None:
            text = "".join(f"×{factor:g}" for factor in as_tuple(self.scale))
        else:
            text = f"to {short(self.size or ())}"
        return f"upsample {text}" + (f" {self.mode}" if self.mode != "nearest" else "")

    def _sizes(self, inputs: Inputs) -> tuple[Dim, ...]:
        axes = AXIS_NAMES[inputs[0].rank - 2]
        if self.size is not None:
            return per_axis(self.size, len(axes), "size")
        scales = per_axis(self.scale or 1.0, len(axes), "scale")
        return tuple(map(_scaled, axes, inputs[0].spatial, scales))

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.Upsample`, or `F.interpolate`. A whole factor stays a `float`, which TorchScript asks for."""
        arguments = (
            *keywords(self, "size"),
            keyword("scale_factor", self.scale, None, "scale"),
            keyword("mode", self.torch_mode(inputs), "nearest"),
            keyword("align_corners", self.align_corners or None, None),
        )
        return TorchCode("nn.Upsample", arguments, "F.interpolate")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Resize`; where runtimes would take other elements than PyTorch, `Gather` or a product with a matrix."""
        x, shape = inputs[0], self.output(inputs).shape
        if shape == x.shape and set(per_axis(self.scale or 1.0, x.rank - 2, "scale")) == {1.0}:
            return e.x
        scales, others = self._plan(x, shape)
        value = e.x
        if any(ratio != 1 for ratio in scales):
            value = self._resized(e, x, shape, scales, [*others])
        for axis, elements in others.items():
            if isinstance(elements[0], int):
                value = gathered(e, value, axis, [*elements])
            else:
                value = sums(e, value, axis, elements, "factors")
        return value

    def _resized(
        self, e: Emitter, x: TensorType, shape: tuple[Dim, ...], scales: list[float], without: list[int]
    ) -> str:
        """`Resize` of all axes but some: by scales of all axes, which more runtimes read than sizes of some."""
        to = [x.shape[axis] if axis in without else dim for axis, dim in enumerate(shape)]
        is_free = any(isinstance(dim, str) for dim in to[2:]) and self.scale is not None
        if not self._by_size or is_free or (not self.align_corners and _exact(x.spatial, to[2:])):
            return e.node("Resize", e.x, "", e.float32([1.0, 1.0, *scales]), to=to, **self._attributes())
        if not all(map(self._agrees, x.spatial, to[2:])):
            message = f"with free sizes, `{self.mode}` takes other elements in runtimes than in PyTorch at some sizes"
            raise Problem(
                "AS705", message, at=("mode",), help="`linear` takes the same, and so does `scale = 2`"
            )
        axes = tuple(range(2, x.rank))
        sizes = e.sizes(to[2:])
        return e.node("Resize", e.x, "", "", sizes, to=to, axes=axes, **self._attributes())

    def _agrees(self, n: Dim, out: Dim) -> bool:
        """Whether runtimes take the elements that PyTorch takes, whatever the free sizes of an axis are.

        The nearest element is the same where the axis had been halved: computed for up to 4188 elements.
        """
        is_alike = isinstance(out, int) or not self.mode.startswith("nearest") or n == out
        return is_alike or (self.mode == "nearest" and n == divided(shifted(out, 1), 2))

    @property
    def _by_size(self) -> bool:
        """Whether only the sizes say where the elements of the output lie."""
        return self.scale is None or self.align_corners

    def _plan(self, x: TensorType, shape: tuple[Dim, ...]) -> tuple[list[float], dict[int, Any]]:
        """The scale of each axis, 1 where `Resize` leaves it alone; what the elements of others are made of."""
        factors = per_axis(self.scale or 0.0, x.rank - 2, "scale")
        scales, others = [], dict[int, Any]()
        for axis, (n, out, factor) in enumerate(zip(x.spatial, shape[2:], factors, strict=True), start=2):
            if not isinstance(n, int) or not isinstance(out, int):
                scales.append(factor or 2.0)
                continue
            scale, elements = self._axis(n, out, factor or None, images=x.rank == 4)
            scales.append(scale)
            if elements is not None:
                others[axis] = elements
        return scales, others

    def _axis(self, n: int, out: int, factor: float | None, *, images: bool) -> tuple[float, Any]:
        """The same of one axis. Runtimes leave an axis that keeps its size as it is."""
        if self.mode.startswith("nearest"):
            exact = self.mode == "nearest-exact"
            if n == out and same(nearest(n, out, factor, exact=exact, images=images), iter(range(n))):
                return 1.0, None
            scale = single(out / n) if factor is None else safe_scale(n, out, factor)
            wanted = nearest(n, out, factor, exact=exact, images=images)
            if n != out and scale and same(wanted, nearest_of_runtimes(out, scale, exact=exact)):
                return scale, None
            return 1.0, [*nearest(n, out, factor, exact=exact, images=images)]
        cubic = self.mode == "bicubic"
        if n == out and not cubic:
            return 1.0, None  # PyTorch ignores the scale then, too
        if self._by_size or factor is None:
            return out / n, None
        scale = 1.0 if factor == 1 else None if n == out else safe_scale(n, out, factor)
        if scale:
            return scale, None
        return 1.0, interpolated(n, out, factor, cubic=cubic)

    def _attributes(self) -> dict[str, Attribute]:
        """`Resize` with PyTorch's conventions, which are not its defaults."""
        if self.mode == "nearest":
            return {
                "mode": "nearest",
                "coordinate_transformation_mode": "asymmetric",
                "nearest_mode": "floor",
            }
        if self.mode == "nearest-exact":
            return {
                "mode": "nearest",
                "coordinate_transformation_mode": "half_pixel",
                "nearest_mode": "round_prefer_ceil",
            }
        corners = "align_corners" if self.align_corners else "half_pixel"
        mode: dict[str, Attribute] = {"mode": "linear"}
        if self.mode == "bicubic":
            mode = {"mode": "cubic", "cubic_coeff_a": CUBIC}
        return {**mode, "coordinate_transformation_mode": corners}

    examples: ClassVar[tuple[Example, ...]] = (
        Example({"scale": 2}, (("N", 3, 5, 7),), "nn.Upsample(scale_factor=2)", doc="Each pixel four times."),
        Example(
            {"scale": 2, "mode": "linear"},
            (("N", 3, 5, 7),),
            'nn.Upsample(scale_factor=2, mode="bilinear")',
            doc="`linear` is bilinear on images.",
        ),
        Example(
            {"scale": 2, "mode": "bilinear", "align_corners": True},
            (("N", 3, 5, 7),),
            'nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)',
        ),
        Example({"size": [13, 4]}, (("N", 3, 5, 7),), "nn.Upsample(size=(13, 4))", doc="To a given size."),
        Example({"size": 9}, (("N", 3, "H", "W"),), "nn.Upsample(size=9)", doc="From any size."),
        Example(
            {"scale": 2.3, "mode": "bicubic"},
            (("N", 3, 5, 7),),
            'nn.Upsample(scale_factor=2.3, mode="bicubic")',
            doc="Sizes are rounded down: 11.5 to 11, 16.1 to 16.",
        ),
        Example(
            {"scale": 0.29},
            (("N", 3, 100, 7),),
            "nn.Upsample(scale_factor=0.29)",
            doc="28: in floating point 100 * 0.29 is just below 29, in PyTorch too.",
        ),
        Example(
            {"scale": [2, 1.5], "mode": "nearest-exact"},
            (("N", 3, 5, 7),),
            'nn.Upsample(scale_factor=(2, 1.5), mode="nearest-exact")',
        ),
        Example({"scale": 3, "mode": "linear"}, (("N", 3, 5),), 'nn.Upsample(scale_factor=3, mode="linear")'),
        Example(
            {"scale": [1, 2, 3], "mode": "trilinear"},
            (("N", 2, 3, 5, 7),),
            'nn.Upsample(scale_factor=(1, 2, 3), mode="trilinear")',
        ),
        Example(
            {"size": [2, 3, 5], "mode": "linear", "align_corners": True},
            (("N", 2, 3, 5, 7),),
            'nn.Upsample(size=(2, 3, 5), mode="trilinear", align_corners=True)',
        ),
        Example(
            {"scale": 1.3333},
            (("N", 2, 2),),
            "nn.Upsample(scale_factor=1.3333)",
            doc="2 * 1.3333 is 2, yet the first element comes twice.",
        ),
        Example({"scale": 1.1}, (("N", 2, 5, 3, 7),), "nn.Upsample(scale_factor=1.1)"),
        Example(
            {"scale": 1.05, "mode": "bicubic"},
            (("N", 3, 5, 23),),
            'nn.Upsample(scale_factor=1.05, mode="bicubic")',
            doc="The height stays 5, of other elements.",
        ),
        Example(
            {"scale": [1.24, 1, 2.3], "mode": "linear"},
            (("N", 2, 4, 2, 9),),
            'nn.Upsample(scale_factor=(1.24, 1, 2.3), mode="trilinear")',
        ),
        Example(
            {"scale": 0.29, "mode": "linear"},
            (("N", 2, 100, 7),),
            'nn.Upsample(scale_factor=0.29, mode="bilinear")',
        ),
        Example({}, (("N", 3, 5, 7),), error="AS202"),
        Example({"size": 9, "scale": 2}, (("N", 3, 5, 7),), error="AS208"),
        Example({"scale": 2, "align_corners": True}, (("N", 3, 5, 7),), error="AS208"),
        Example({"scale": 2, "mode": "bilinear"}, (("N", 3, 5),), error="AS402"),
        Example({"scale": 2, "mode": "bicubic"}, (("N", 2, 3, 5, 7),), error="AS402"),
        Example({"scale": 2}, (("N", 3),), error="AS402"),
        Example({"scale": 0.1}, (("N", 3, 5, 17),), error="AS403", doc="No row is left."),
        Example({"scale": 2}, (("N", 3, "H", 7),), error="AS407"),
        Example({"size": [2, 3, 5]}, (("N", 3, 5, 7),), error="AS408"),
        Example({"scale": [2, 3, 5]}, (("N", 3, 5, 7),), error="AS408"),
        Example({"scale": 1e30}, (("N", 3, 5, 7),), error="AS306"),
        Example({"scale": 0}, (("N", 3, 5, 7),), error="AS203"),
        Example({"size": 4.5}, (("N", 3, 5, 7),), error="AS203"),
        Example({"scale": 2, "mode": "cubic"}, (("N", 3, 5, 7),), error="AS203"),
    )


def _scaled(name: str, dim: Dim, scale: float) -> Dim:
    """floor(dim * scale) in floating point, as PyTorch computes it."""
    if isinstance(dim, Symbol) and scale.is_integer():
        return dim.times(int(scale))
    exact = size(dim, f"the {name} of the input") * scale
    if exact > MAX:
        raise Problem("AS306", f"a {name} of {dim} times {scale:g} is out of range", at=("scale",))
    if exact < 1:
        raise Problem(
            "AS403",
            f"a {name} of {dim} is too small for `scale` {scale:g}",
            at=("scale",),
            notes=(f"{name}: floor({dim} * {scale:g}) = 0",),
        )
    return floor(exact)


def _exact(before: Sequence[Dim], after: Sequence[Dim]) -> bool:
    """Whether the scales between sizes lead to these sizes in every runtime."""
    return all(
        isinstance(n, int) and isinstance(out, int) and safe_scale(n, out, out / n) == single(out / n)
        for n, out in zip(before, after, strict=True)
    )
