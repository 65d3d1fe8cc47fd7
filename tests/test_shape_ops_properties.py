"""The shape ops with random fields and sizes against torch on the meta device: equal, or refused by both."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 — as everyone calls it
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Tensor, nn
from torchvision.transforms.functional import center_crop

from archspec.diagnostics import Problem
from archspec.ops import Op, lookup
from archspec.types import TensorType

BATCH = 2
SIZES = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13])
AXES = st.integers(-5, 5)
RAISED = (
    RuntimeError,
    IndexError,
    ValueError,
    TypeError,
    NotImplementedError,
    AssertionError,
    ArithmeticError,
)

several = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
data = st.data()
Shape = tuple[int, ...]


def shapes(least: int, most: int) -> st.SearchStrategy[Shape]:
    """Shapes with the batch in front."""
    return st.lists(SIZES, min_size=least - 1, max_size=most - 1).map(lambda sizes: (BATCH, *sizes))


def prepared(name: str, fields: dict[str, Any]) -> Op | None:
    op = lookup(name)
    assert op is not None
    try:
        return op(**fields)
    except ValidationError:
        return None


def ours(name: str, fields: dict[str, Any], shape: Sequence[int | str]) -> list[Shape] | None:
    """The shapes of the outputs with the batch filled in; `None` if the op refuses."""
    op, inputs = prepared(name, fields), (TensorType(tuple(shape)),)
    if op is None:
        return None
    try:
        op.fits(inputs)
        found = op.outputs(inputs)
    except Problem:
        return None
    assert all(line.isprintable() for line in op.explain(inputs))
    assert op.brief().startswith(name)
    return [tuple(at(dim, BATCH) for dim in type_.shape) for type_ in found]


def at(dim: int | str, batch: int) -> int:
    """A size for a batch: `"6 * N"` is six times the batch."""
    return dim if isinstance(dim, int) else batch * int(dim.removesuffix("N").removesuffix(" * ") or 1)


def torchs(function: Callable[[Tensor], Any], shape: Sequence[int]) -> list[Shape] | None:
    """The shapes of torch's outputs; `None` where torch raises or an output is empty."""
    try:
        result = function(torch.empty(tuple(shape), device="meta"))
    except RAISED:
        return None
    results = [result] if isinstance(result, Tensor) else list(result)
    return None if any(0 in value.shape for value in results) else [tuple(value.shape) for value in results]


def agree(name: str, fields: dict[str, Any], shape: Shape, function: Callable[[Tensor], Any]) -> None:
    """The same with a batch of fixed size, and with a free one where the op takes it."""
    expected = torchs(function, shape)
    assert ours(name, fields, shape) == expected
    if shape[0] == BATCH:
        assert ours(name, fields, ("N", *shape[1:])) in (expected, None)


def factorisations(total: int) -> st.SearchStrategy[list[int]]:
    return st.lists(SIZES, max_size=3).map(lambda some: _complete(some, total))


def _complete(sizes: list[int], total: int) -> list[int]:
    """`sizes` as far as they divide `total`, then the rest."""
    kept = []
    for size in sizes:
        if total % size == 0:
            kept.append(size)
            total //= size
    return [*kept, total]


@several
@given(shapes(1, 5), data)
def test_reshape(shape: Shape, data: st.DataObject) -> None:
    total = torch.Size(shape).numel()
    new = data.draw(factorisations(total) | st.lists(SIZES, min_size=1, max_size=4))
    for place in data.draw(st.lists(st.integers(0, len(new) - 1), max_size=2)):
        new[place] = -1
    agree("reshape", {"shape": tuple(new)}, shape, lambda x: x.reshape(new))


@several
@given(
    st.sampled_from(["N", "2 * N", "6 * N"]),
    shapes(2, 5),
    st.sampled_from(["N", "2 * N", "3 * N", -1, BATCH]),
    data,
)
def test_reshape_with_free_batch(batch: str, shape: Shape, first: int | str, data: st.DataObject) -> None:
    """A free batch is accepted where torch gives the same shape, but for a multiple of the batch, at any batch size."""
    count = at(batch, 1) * torch.Size(shape[1:]).numel() // (at(first, 1) if isinstance(first, str) else 1)
    new: list[int | str] = [first, *data.draw(factorisations(count))]
    if data.draw(st.booleans()):
        new[data.draw(st.integers(0, len(new) - 1))] = -1

    def reshaped(size: int) -> list[Shape] | None:
        return torchs(lambda x: x.reshape([at(dim, size) for dim in new]), (at(batch, size), *shape[1:]))

    small, large = reshaped(BATCH), reshaped(31)
    general = (
        small is not None
        and large is not None
        and all(n == m or n * 31 == m * BATCH for n, m in zip(small[0], large[0], strict=True))
    )
    assert ours("reshape", {"shape": tuple(new)}, (batch, *shape[1:])) == (small if general else None)


@several
@given(shapes(1, 5), data)
def test_permute(shape: Shape, data: st.DataObject) -> None:
    axes: list[int] = data.draw(st.permutations(range(len(shape))) | st.lists(AXES, max_size=6))
    if data.draw(st.booleans()) and axes:
        axes[0] -= len(shape)
    agree("permute", {"axes": tuple(axes)}, shape, lambda x: x.permute(axes))


@several
@given(shapes(1, 5), AXES, AXES)
def test_flatten(shape: Shape, start: int, stop: int) -> None:
    agree("flatten", {"start": start, "stop": stop}, shape, lambda x: x.flatten(start, stop))


@several
@given(
    shapes(2, 6),
    st.integers(1, 4),
    st.sampled_from(["constant", "reflect", "replicate", "circular"]),
    st.sampled_from([0.0, 1.5]),
    data,
)
def test_pad(shape: Shape, axes: int, mode: str, value: float, data: st.DataObject) -> None:
    widths = data.draw(st.lists(st.integers(0, 9), min_size=axes, max_size=axes))
    ends = [n for width in reversed(widths) for n in (width, width)]

    def padded(x: Tensor) -> Tensor:
        if not 3 <= x.dim() <= 5 or axes != x.dim() - 2:
            raise ValueError("torch pads other axes than the spatial ones too")
        return F.pad(x, ends, mode=mode, value=value)

    agree("pad", {"padding": tuple(widths), "mode": mode, "value": value}, shape, padded)


@several
@given(
    shapes(4, 4),
    st.lists(st.integers(0, 9), min_size=4, max_size=4),
    st.sampled_from(["constant", "reflect", "replicate", "circular"]),
)
def test_pad_by_sides(shape: Shape, ends: list[int], mode: str) -> None:
    sides = dict(zip(("left", "right", "top", "bottom"), ends, strict=True))
    agree("pad", {"padding": sides, "mode": mode}, shape, lambda x: F.pad(x, ends, mode=mode))


@several
@given(shapes(4, 4), SIZES, SIZES)
def test_crop(shape: Shape, height: int, width: int) -> None:
    image = torch.arange(torch.Size(shape).numel()).reshape(shape)
    fields, inputs = {"size": (height, width)}, (TensorType(shape),)
    if height > shape[2] or width > shape[3]:  # torchvision pads there
        assert ours("crop", fields, shape) is None
        return
    agree("crop", fields, shape, lambda x: center_crop(x, [height, width]))
    op: Any = prepared("crop", fields)
    (top, bottom), (left, right) = op.ranges(inputs)
    assert torch.equal(image[:, :, top:bottom, left:right], center_crop(image, [height, width]))


ENDS = st.integers(-15, 15)


@several
@given(shapes(1, 4), st.integers(-4, 4), ENDS, st.none() | ENDS, st.integers(0, 4))
def test_slice(shape: Shape, axis: int, start: int, stop: int | None, stride: int) -> None:
    fields = {"axis": axis, "start": start, "stop": stop, "stride": stride}

    def sliced(x: Tensor) -> Tensor:
        x = x.movedim(axis, -1)
        return x[..., start:stop:stride].movedim(-1, axis)

    agree("slice", fields, shape, sliced)


@several
@given(shapes(1, 4), st.integers(-4, 4), data)
def test_split(shape: Shape, axis: int, data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    if -len(shape) <= axis < len(shape) and data.draw(st.booleans()):
        parts[-1] = shape[axis] - sum(parts[:-1])
    agree("split", {"axis": axis, "sections": tuple(parts)}, shape, lambda x: x.split(parts, axis))


@several
@given(shapes(1, 4), st.integers(-4, 4), st.integers(0, 8))
def test_split_equally(shape: Shape, axis: int, count: int) -> None:
    def chunks(x: Tensor) -> Any:
        if x.shape[axis] % count if count else True:
            raise ValueError("torch makes the parts unequal")
        return x.tensor_split(count, axis)

    agree("split", {"axis": axis, "sections": count}, shape, chunks)


@several
@given(st.lists(st.sampled_from([1, 1, 2, 3, 5]), min_size=1, max_size=4), data)
def test_expand(shape: list[int], data: st.DataObject) -> None:
    kept = [data.draw(st.sampled_from([n, n, -1, -1, 5])) for n in shape]
    new = (
        data.draw(st.lists(st.sampled_from([-1, 1, 3, 7]), max_size=2)) + kept[data.draw(st.integers(0, 1)) :]
    )
    agree("expand", {"shape": tuple(new)}, tuple(shape), lambda x: x.expand(new))


MODES = ["nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear"]
FACTORS = st.integers(1, 4) | st.floats(0.05, 4.0) | st.sampled_from([0.1, 0.29, 1.1, 1 / 3, 2.3, 0.7, 0])


@several
@given(shapes(2, 6), st.sampled_from(MODES), st.booleans(), data)
def test_upsample(shape: Shape, mode: str, align: bool, data: st.DataObject) -> None:
    rank = data.draw(st.sampled_from([max(len(shape) - 2, 1)] * 3 + [2]))
    fields: dict[str, Any] = {"mode": mode, "align_corners": align}
    if data.draw(st.integers(0, 9)):
        numbers = FACTORS if (key := data.draw(st.sampled_from(["scale", "size"]))) == "scale" else SIZES
        fields[key] = data.draw(numbers | st.lists(numbers, min_size=rank, max_size=rank).map(tuple))
        if not data.draw(st.integers(0, 9)):
            fields |= {"scale": 2, "size": 5}
    torch_mode = mode
    if mode == "linear":  # ours is that of any rank
        torch_mode = {4: "bilinear", 5: "trilinear"}.get(len(shape), "linear")

    def resampled(x: Tensor) -> Any:
        corners = {"align_corners": align} if align or not mode.startswith("nearest") else {}
        upsample = nn.Upsample(fields.get("size"), fields.get("scale"), torch_mode, **corners)
        return upsample(x)

    agree("upsample", fields, shape, resampled)


@several
@given(shapes(2, 4), st.integers(0, 4), data)
def test_pixel_shuffles(shape: Shape, scale: int, data: st.DataObject) -> None:
    factor = data.draw(st.sampled_from([1, scale or 1]))
    many = tuple(n if axis != 1 else n * factor**2 for axis, n in enumerate(shape))
    large = tuple(n if axis < 2 else n * factor for axis, n in enumerate(shape))

    def images_only(function: nn.Module) -> Callable[[Tensor], Tensor]:
        def call(x: Tensor) -> Any:
            if x.dim() != 4:
                raise ValueError("torch takes unbatched images too")
            return function(x)

        return call

    agree("pixel_shuffle", {"scale": scale}, many, images_only(nn.PixelShuffle(scale)))
    agree("pixel_unshuffle", {"scale": scale}, large, images_only(nn.PixelUnshuffle(scale)))


@several
@given(shapes(2, 5), st.integers(1, 6))
def test_channel_shuffle(shape: Shape, groups: int) -> None:
    agree("channel_shuffle", {"groups": groups}, shape, lambda x: nn.ChannelShuffle(groups)(x))


@several
@given(shapes(1, 5), st.lists(st.integers(-5, 4), min_size=1, max_size=4) | AXES, st.booleans())
def test_reductions(shape: Shape, axes: list[int] | int, keepdim: bool) -> None:
    named = axes if isinstance(axes, list) else [axes]

    def reduced(method: str) -> Callable[[Tensor], Tensor]:
        def call(x: Tensor) -> Tensor:
            if any(axis in (0, -x.dim()) for axis in named):
                raise ValueError("torch reduces the batch too")
            return getattr(x, method)(named, keepdim=keepdim)

        return call

    fields = {"axes": tuple(axes) if isinstance(axes, list) else axes, "keepdim": keepdim}
    for op, method in (("reduce_mean", "mean"), ("reduce_max", "amax"), ("reduce_sum", "sum")):
        agree(op, fields, shape, reduced(method))
