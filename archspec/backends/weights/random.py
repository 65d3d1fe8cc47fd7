"""Random initial weights: PyTorch's distributions, from counter-based random bits, identical on every machine.

Each tensor has its own stream of Philox-4x64 bits, selected by its key and the seed. Its values therefore do not
depend on what else is drawn, or in which order. Bits are converted to numbers only by operations that IEEE 754 defines
to the last bit (sums, products, quotients, square roots): no logarithm or cosine of a math library is used.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from math import prod, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from archspec.ops.core.data import Weight
from archspec.ops.core.init import Init

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float32]]
    Doubles = np.ndarray[Any, np.dtype[np.float64]]

CHUNK = 1 << 16
"""The size of a chunk: small enough to stay in a processor's cache."""


def initial_values(key: str, weight: Weight, seed: int) -> Iterator["Array"]:
    """The initial values of the weight `key` in single precision, flattened, in chunks."""
    import numpy as np

    if weight.init.name == "values":
        yield np.asarray(weight.init.args, np.float32)
        return
    total, transform = weight.size, _transform(weight.init, weight.shape)
    if transform is None:
        value = weight.init.args[0]
        for start in range(0, total, CHUNK):
            yield np.full(min(CHUNK, total - start), value, np.float32)
        return
    words = np.frombuffer(sha256(f"{seed}:{key}".encode()).digest()[:16], "<u8").astype(np.uint64)
    stream = np.random.Philox(key=words)
    for start in range(0, total, CHUNK):
        count = min(CHUNK, total - start)
        bits = stream.random_raw((count + 1) // 2).astype("<u8", copy=False).view("<u4")[:count]
        yield transform(bits)


def _transform(init: Init, shape: tuple[int, ...]) -> "Callable[[Any], Array] | None":
    """A function from random 32-bit words to values; `None` for a constant."""
    name, args = init.name, init.args
    numbers = [value for value in args if isinstance(value, float | int)]
    if name == "constant":
        return None
    if name == "uniform":
        return _uniform(numbers[0], numbers[1])
    if name == "normal":
        return _normal(numbers[0], numbers[1])
    if name == "trunc_normal":
        return _truncated(numbers[0], numbers[1])
    field = prod(shape[2:])
    fan_in, fan_out = shape[1] * field, shape[0] * field
    if name.startswith("kaiming"):
        deviation = sqrt(2.0) / sqrt(fan_in if args[0] == "fan_in" else fan_out)
    else:
        deviation = numbers[0] * sqrt(2.0 / (fan_in + fan_out))
    if name.endswith("normal"):
        return _normal(0.0, deviation)
    bound = sqrt(3.0) * deviation
    return _uniform(-bound, bound)


def _uniform(low: float, high: float) -> "Callable[[Any], Array]":
    """A uniform distribution over [low, high) with 24 random bits, as PyTorch draws single precision."""
    import numpy as np

    scale, shift = np.float32((high - low) * 2.0**-24), np.float32(low)
    return lambda bits: (bits >> 8).astype(np.float32) * scale + shift


def _normal(mean: float, deviation: float) -> "Callable[[Any], Array]":
    import numpy as np

    return lambda bits: (_quantile((bits + 0.5) * 2.0**-32) * deviation + mean).astype(np.float32)


def _truncated(mean: float, deviation: float) -> "Callable[[Any], Array]":
    """A normal distribution truncated to [-2, 2], as in `torch.nn.init.trunc_normal_`."""
    import numpy as np

    low, high = -2.0, 2.0
    if deviation == 0:
        return lambda bits: np.full(len(bits), min(max(mean, low), high), np.float32)
    below, above = (round(NormalDist(mean, deviation).cdf(end), 12) for end in (low, high))

    def draw(bits: Any) -> "Array":
        chances = np.clip((bits + 0.5) * 2.0**-32 * (above - below) + below, 2.0**-33, 1 - 2.0**-33)
        return np.clip(_quantile(chances) * deviation + mean, low, high).astype(np.float32)

    return draw


# Wichura's AS 241, PPND7, accurate to seven digits: https://doi.org/10.2307/2347330
_CENTRE = (
    (3.3871327179, 50.434271938, 159.29113202, 59.109374720),
    (1.0, 17.895169469, 78.757757664, 67.187563600),
)
_TAIL = (1.4234372777, 2.7568153900, 1.3067284816, 0.17023821103), (1.0, 0.73700164250, 0.12021132975)
_FAR = (6.6579051150, 3.0812263860, 0.42868294337, 0.017337203997), (1.0, 0.24197894225, 0.012258202635)


def _quantile(chance: "Doubles") -> "Doubles":
    """The quantile function of the standard normal distribution."""
    import numpy as np

    centred = chance - 0.5
    result = centred * _ratio(_CENTRE, 0.180625 - centred * centred)
    (outer,) = np.nonzero(np.abs(centred) > 0.425)
    side = centred[outer]
    rest = np.sqrt(-_log(0.5 - np.abs(side)))
    value = _ratio(_TAIL, rest - 1.6)
    (far,) = np.nonzero(rest > 5.0)
    if len(far):
        value[far] = _ratio(_FAR, rest[far] - 5.0)
    result[outer] = np.copysign(value, side)
    return result


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: "Doubles") -> "Doubles":
    above, below = (_polynomial(part, x) for part in coefficients)
    above /= below
    return above


def _polynomial(coefficients: tuple[float, ...], x: "Doubles") -> "Doubles":
    """Evaluate a polynomial with ascending coefficients by Horner's rule."""
    value = x * coefficients[-1]
    for coefficient in coefficients[-2:0:-1]:
        value += coefficient
        value *= x
    value += coefficients[0]
    return value


def _log(x: "Doubles") -> "Doubles":
    """The natural logarithm, from the exponent and a series in the fraction."""
    import numpy as np

    fraction, exponent = np.frexp(x)  # x = fraction * 2**exponent, 0.5 <= fraction < 1
    small = fraction < 0.7071067811865476
    fraction[small] *= 2
    exponent = exponent - small
    ratio = (fraction - 1) / (fraction + 1)
    series = _polynomial((1.0, 1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11, 1 / 13), ratio * ratio)
    result: Doubles = exponent * 0.6931471805599453 + 2 * ratio * series
    return result
