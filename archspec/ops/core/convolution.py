"""What a convolution and its transpose share."""

from math import prod

from archspec.ops.core.checks import factors, initialised, sizes
from archspec.ops.core.constraints import Constraint, Divides, Ranks, in_channels
from archspec.ops.core.data import Weight
from archspec.ops.core.held import like_images
from archspec.ops.core.init import fan_in_uniform
from archspec.types import Dim, TensorType


def convolution(what: str) -> tuple[Constraint, ...]:
    """Three to five axes; groups divide the channels of input and output."""
    return (
        Ranks(3, 5, what),
        Divides("groups", in_channels, "the number of input channels"),
        Divides("groups", lambda op, _: op.out, "the number of output channels"),
    )


def weight_and_bias(
    shape: tuple[int, ...], out: int, init: dict[str, float | str], *, bias: bool
) -> tuple[Weight, ...]:
    """`weight` of this shape and `bias` (out), uniform in ±1/√fan_in.

    PyTorch takes all axes but the first for the fan in, of a transposed convolution too.
    """
    default = fan_in_uniform(prod(shape[1:]))
    weights = [Weight("weight", shape, default)]
    if bias:
        weights.append(Weight("bias", (out,), default))
    return initialised(tuple(weights), init)


def convolved(output: TensorType, x: TensorType, kernel: tuple[int, ...], groups: int) -> TensorType:
    """The memory layout of a convolution of `x`: channels-last if that is.

    Of volumes only where oneDNN computes it, which a single small one does not get: the rule of ATen's
    `ConvParams::use_mkldnn` in Convolution.cpp, with more than one thread.
    """
    if x.rank == 5:
        counts = sizes(x.shape)
        is_large = counts[0] > 1 or groups > 1 or min(kernel[-2:]) > 3 or prod(counts[:4]) > 20480
        if not is_large:
            return output
    return like_images(output, (x,))


def products(positions: TensorType, between: int, kernel: tuple[int, ...]) -> int:
    """Multiply-accumulates: elements at the windows' places, times channels on the other side, times kernel."""
    return prod(sizes(positions.shape)) * between * prod(kernel)


def product_formula(
    shape: tuple[Dim, ...], what: str, between: int, kernel: tuple[int, ...], groups: int
) -> str:
    """The same with the numbers filled in: `(64 * 112 * 112) outputs * 3 channels * (7 * 7) kernel`."""
    per_group = " per group" if groups > 1 else ""
    return f"{factors(shape)} {what} * {between} channels{per_group} * {factors(kernel)} kernel"
