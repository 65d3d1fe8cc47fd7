"""Tensors at run time in PyTorch on a CPU: their memory layouts, and whether a gradient reaches them.

That decides what is shared and what is copied, and what autograd keeps: a `reshape` of a crop is a copy, and a product
keeps a factor only for the gradient of the other one. The rules of memory are those of ATen, which all ops follow:
https://docs.pytorch.org/docs/stable/tensor_view.html, `at::TensorIterator`, `c10::MemoryFormat`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

from archspec.types import TensorType, factored

Strides = tuple[int, ...]
"""Per axis, the distance in memory from one position to the next, in elements."""

CHANNELS_LAST = {4: (1, 3, 2, 0), 5: (1, 4, 3, 2, 0)}
"""The axes of a channels-last image and volume, the fastest first."""


@dataclass(frozen=True, slots=True)
class Held(TensorType):
    """A tensor of known sizes in memory. One that is contiguous and that a gradient reaches is a plain type."""

    strides: Strides | None = None
    """`None`: row by row, without gaps."""
    trained: bool = True
    """Whether it depends on a parameter, so that a gradient reaches it."""


def is_trained(x: TensorType) -> bool:
    """Whether a gradient reaches it."""
    return x.trained if isinstance(x, Held) else True


def strides(x: TensorType) -> Strides:
    """The strides of a tensor of known sizes."""
    if isinstance(x, Held) and x.strides is not None:
        return x.strides
    return _packed(x.shape, range(x.rank)[::-1])


def is_packed(x: TensorType) -> bool:
    """Whether it is contiguous: row by row, without gaps."""
    return not isinstance(x, Held) or x.strides is None


def lying(x: TensorType, found: Strides) -> TensorType:
    """`x` with these strides. Those of axes of size 1 do not tell whether it is contiguous."""
    packed = _packed(x.shape, range(x.rank)[::-1])
    if all(a == b or n == 1 for a, b, n in zip(found, packed, x.shape, strict=True)):
        return TensorType(x.shape)
    return Held(x.shape, found)


def packed(x: TensorType, fastest: Sequence[int]) -> TensorType:
    """`x` without gaps, its axes in this order in memory, the fastest first."""
    return lying(x, _packed(x.shape, fastest))


def _packed(shape: Sequence[int | str], fastest: Iterable[int]) -> Strides:
    found, step = [0] * len(shape), 1
    for axis in fastest:
        found[axis] = step
        step *= _size(shape[axis])
    return tuple(found)


def _size(dim: int | str) -> int:
    return dim if isinstance(dim, int) else factored(dim)[0]


def viewed(x: TensorType, shape: Sequence[int | str]) -> Strides | None:
    """The strides of a view of the elements in their order in another shape; `None` where only a copy can have it."""
    old, steps, new = [*map(_size, x.shape)], strides(x), [*map(_size, shape)]
    if is_packed(x):
        return _packed(new, range(len(new))[::-1])
    found, place = [0] * len(new), len(new) - 1
    base, run, covered = steps[-1], 1, 1
    for axis in reversed(range(len(old))):
        run *= old[axis]
        if axis and (old[axis - 1] == 1 or steps[axis - 1] == run * base):
            continue  # the axis before goes on in the same steps
        while place >= 0 and (covered < run or new[place] == 1):
            found[place] = covered * base
            covered *= new[place]
            place -= 1
        if covered != run:
            return None
        base, run, covered = steps[axis - 1], 1, 1
    return tuple(found) if place < 0 else None


def elementwise(output: TensorType, inputs: Sequence[TensorType]) -> TensorType:
    """The layout of the output of an elementwise op: in the order of its inputs, without gaps."""
    if all(map(is_packed, inputs)):
        return output
    aligned = [_aligned(x, output.shape) for x in inputs]
    if all(x.shape == output.shape for x in inputs) and len(set(aligned)) == 1 and _is_dense(inputs[0]):
        return lying(output, aligned[0])
    sizes = [*map(_size, output.shape)]
    order = [*range(output.rank)][::-1]
    for index in range(1, len(order)):
        for place in reversed(range(index)):
            compared = _compare(order[place], order[place + 1], aligned, sizes)
            if compared > 0:
                order[place], order[place + 1] = order[place + 1], order[place]
            elif compared < 0:
                break
    return packed(output, order)


def _aligned(x: TensorType, shape: Sequence[int | str]) -> Strides:
    """Strides after broadcasting: 0 along what is repeated."""
    new = len(shape) - x.rank
    here = zip(strides(x), x.shape, shape[new:], strict=True)
    return (0,) * new + tuple(step if _size(n) == _size(m) else 0 for step, n, m in here)


def _is_dense(x: TensorType) -> bool:
    """Whether its elements fill a piece of memory, each place once."""
    step = 1
    for stride, size in sorted(zip(strides(x), map(_size, x.shape), strict=True)):
        if size > 1:
            if stride != step:
                return False
            step *= size
    return True


def _compare(first: int, second: int, aligned: Sequence[Strides], sizes: Sequence[int]) -> int:
    """Whether the first axis is slower than the second (1), faster (-1), or no input tells (0)."""
    for found in aligned:
        a, b = found[first], found[second]
        if not a or not b:
            continue
        if a != b:
            return 1 if a > b else -1
        if sizes[first] > sizes[second]:
            return 1
    return 0


def is_channels_last(x: TensorType) -> bool:
    """Whether PyTorch takes an image or volume for a channels-last one."""
    if is_packed(x) or x.rank not in CHANNELS_LAST:
        return False
    steps, least = strides(x), 0
    if not steps[1]:
        return False
    for axis in CHANNELS_LAST[x.rank]:
        if steps[axis] < least or (axis == 0 and least == steps[1]):
            return False
        least = steps[axis] * _size(x.shape[axis])
    return True


def like_images(output: TensorType, inputs: Sequence[TensorType]) -> TensorType:
    """The layout of the output of an op on images: channels-last if all inputs are."""
    return packed(output, CHANNELS_LAST[output.rank]) if all(map(is_channels_last, inputs)) else output


def like_image_or_row(output: TensorType, x: TensorType) -> TensorType:
    """The same, where a sequence is treated as an image of one row."""
    if x.rank != 3 or is_packed(x):
        return like_images(output, (x,))
    steps = strides(x)
    row = Held((*x.shape[:2], 1, x.shape[2]), (*steps[:2], steps[2] * _size(x.shape[2]), steps[2]))
    return packed(output, (1, 2, 0)) if is_channels_last(row) else output


def size_of(x: TensorType) -> int:
    """The number of elements, with a free dimension counted once."""
    return prod(map(_size, x.shape))
