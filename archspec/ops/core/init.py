"""Initialisers: how a weight gets its first values."""

import re
from dataclasses import dataclass
from math import sqrt

from archspec.diagnostics.diagnostic import shown

NAMES = (
    "constant",
    "normal",
    "uniform",
    "trunc_normal",
    "kaiming_uniform",
    "kaiming_normal",
    "xavier_uniform",
    "xavier_normal",
)
_CALL = re.compile(r"\s*+([a-z_]++)\s*+(?:\(([^()]*+)\)\s*+)?")
_NUMBER = re.compile(r"[-+]?(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++)?")


@dataclass(frozen=True, slots=True)
class Init:
    """An initialiser: its name in `torch.nn.init` and its arguments, in that function's order.

    - `constant(value)`; `values(…)`, each element's own, which no spec can ask for in `init`
    - `normal(mean, std)`, `trunc_normal(mean, std)` cut at -2 and 2, `uniform(low, high)`
    - `kaiming_uniform(mode)`, `kaiming_normal(mode)`: `fan_in` or `fan_out`, with the gain of a ReLU
    - `xavier_uniform(gain)`, `xavier_normal(gain)`

    https://docs.pytorch.org/docs/stable/nn.init.html
    """

    name: str
    args: tuple[float | str, ...]

    @staticmethod
    def parse(text: float | str) -> "Init":
        """Parse an initialiser as a spec's `init` has it. Raises `ValueError`, whose message a finding quotes."""
        if isinstance(text, int | float):
            return Init("constant", (float(text),))
        match = _CALL.fullmatch(text)
        if not match or match[1] not in NAMES:
            raise ValueError(f"`{shown(text)}` is not an initialiser; there are {', '.join(NAMES)}")
        name, inside = match[1], (match[2] or "").strip()
        words = [word.strip() for word in inside.split(",")] if inside else []
        if name.startswith("kaiming"):
            if len(words) > 1 or not set(words) <= {"fan_in", "fan_out"}:
                raise ValueError(f"`{name}` takes `fan_in` or `fan_out`")
            return Init(name, tuple(words) or ("fan_in",))
        if not all(map(_NUMBER.fullmatch, words)):
            raise ValueError(f"the arguments of `{name}` are not numbers")
        return Init(name, _arguments(name, [float(word) for word in words]))


def _arguments(name: str, numbers: list[float]) -> tuple[float, ...]:
    """Complete the arguments to those of `torch.nn.init`."""
    if name == "constant" and len(numbers) == 1:
        return (numbers[0],)
    if name in ("normal", "trunc_normal") and len(numbers) <= 2:
        mean, std = (0.0, *(numbers or [1.0])) if len(numbers) < 2 else numbers
        if std >= 0:
            return (mean, std)
    if name == "uniform" and len(numbers) <= 2:
        low, high = (-numbers[0], numbers[0]) if len(numbers) == 1 else (numbers or [0.0, 1.0])
        if low <= high:
            return (low, high)
    if name.startswith("xavier") and len(numbers) <= 1:
        return tuple(numbers) or (1.0,)
    raise ValueError(f"`{name}` does not take these {len(numbers)} arguments")


ZEROS = Init("constant", (0.0,))
ONES = Init("constant", (1.0,))


def fan_in_uniform(fan_in: int) -> Init:
    """PyTorch's default for the weight and the bias of conv and linear: uniform in ±1/√fan_in."""
    bound = 1 / sqrt(fan_in) if fan_in else 0.0
    return Init("uniform", (-bound, bound))
