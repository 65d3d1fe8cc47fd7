"""How PyTorch and ONNX's runtimes find the elements that a resampled axis is made of."""

from array import array
from collections.abc import Iterator, Sequence
from math import floor, prod
from operator import eq
from struct import pack, unpack

from archspec.ops.core.checks import size
from archspec.ops.core.onnx_code import MAX_CONSTANT, Emitter, too_large
from archspec.types import Dim

WeightedSum = dict[int, float]
"""The elements that an element of the output is a weighted sum of, and their weights."""
SLACK = 2e-6
"""What runtimes add to a scale before they round a size down."""
CUBIC = -0.75
"""The coefficient of PyTorch's cubic interpolation."""


def single(value: float) -> float:
    """`value` in single precision."""
    return float(unpack("f", pack("f", value))[0])


def safe_scale(n: int, out: int, scale: float) -> float | None:
    """A scale in single precision that brings `n` to `out` in every runtime; `None` if there is none."""
    bits = unpack("I", pack("f", scale))[0]
    for near in (bits, bits + 1, bits - 1):
        rounded = float(unpack("f", pack("I", near))[0])
        # the onnx package multiplies in double precision, ONNX Runtime in single, OpenVINO rounds generously
        if all(floor(found) == out for found in (rounded * n, single(rounded * n), (rounded + SLACK) * n)):
            return rounded
    return None


def nearest(n: int, out: int, scale: float | None, *, exact: bool, images: bool) -> Iterator[int]:
    """The elements that PyTorch takes, in its single precision."""
    if out > MAX_CONSTANT:
        raise too_large(out)
    step = single(single(n) / single(out)) if scale is None else single(1 / scale)
    if images and not exact and out in (n, 2 * n):
        return (i * n // out for i in range(out))  # it ignores the scale of images then
    shift = 0.5 if exact else 0.0
    return (min(floor(single((i + shift) * step)), n - 1) for i in range(out))


def nearest_of_runtimes(out: int, scale: float, *, exact: bool) -> Iterator[int]:
    """The elements that `Resize` takes by its definition, in single precision."""
    if exact:
        return (floor(single(single((i + 0.5) / scale) - 0.5) + 0.5) for i in range(out))
    return (floor(single(i / scale)) for i in range(out))


def same(one: Iterator[int], other: Iterator[int]) -> bool:
    """Whether two rows of elements, equally many, are equal."""
    return all(map(eq, one, other))


def interpolated(n: int, out: int, scale: float, *, cubic: bool) -> list[WeightedSum]:
    """The weighted sum that PyTorch computes for each element, where the corners are not aligned."""
    if n * out > MAX_CONSTANT:
        raise too_large(n * out)
    step, rows = single(1 / scale), []
    for index in range(out):
        at = single(single(step * (index + 0.5)) - 0.5)
        if not cubic:
            at = max(at, 0.0)
        row: WeightedSum = {}
        for place, factor in (_cubic if cubic else _linear)(at - floor(at)).items():
            element = min(max(floor(at) + place, 0), n - 1)
            row[element] = row.get(element, 0.0) + factor
        rows.append(row)
    return rows


def _linear(t: float) -> WeightedSum:
    return {0: 1 - t, 1: t}


def _cubic(t: float) -> WeightedSum:
    """Keys' convolution: one polynomial up to a distance of 1, another up to 2."""
    return {
        place: _near(abs(t - place)) if place in (0, 1) else _far(abs(t - place)) for place in range(-1, 3)
    }


def _near(x: float) -> float:
    return ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1


def _far(x: float) -> float:
    return ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC


def sums(e: Emitter, value: str, axis: int, rows: Sequence[WeightedSum], name: str) -> str:
    """Weighted sums along one axis of known size, as a product with the matrix of their weights."""
    shape = e.type(value).shape
    n, out = size(shape[axis]), len(rows)
    new = (*shape[:axis], out, *shape[axis + 1 :])
    last = axis == len(shape) - 1
    factors = array("d", bytes(8 * n * out))
    for index, row in enumerate(rows):
        for element, factor in row.items():
            factors[element * out + index if last else index * n + element] = factor
    matrix = e.numbers(f"{name}{axis}", (n, out) if last else (out, n), factors)
    if last:
        return e.node("MatMul", value, matrix, to=new)
    if axis == len(shape) - 2:
        return e.node("MatMul", matrix, value, to=new)
    before, plane = shape[:axis], prod(size(dim, "an axis after it") for dim in shape[axis + 1 :])
    rowed = e.reshape(value, (*before, n, plane))
    return e.reshape(e.node("MatMul", matrix, rowed, to=(*before, out, plane)), new)


def gathered(e: Emitter, value: str, axis: int, elements: Sequence[int]) -> str:
    """These elements along an axis."""
    shape: Sequence[Dim] = e.type(value).shape
    to = (*shape[:axis], len(elements), *shape[axis + 1 :])
    return e.node("Gather", value, e.ints(elements), to=to, axis=axis)
