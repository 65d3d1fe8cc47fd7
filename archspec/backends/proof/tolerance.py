"""Tolerances for comparing computed values."""

from typing import TYPE_CHECKING

from archspec.backends.torch.importing import import_torch

if TYPE_CHECKING:
    from torch import Tensor

RELATIVE, ABSOLUTE = 1e-4, 1e-5
"""The tolerance in single precision: relative to each value, and to the largest value."""


def difference(theirs: "Tensor", ours: "Tensor", where: str = "in PyTorch", slack: float = 1.0) -> str:
    """How two values differ by more than `slack` tolerances; empty if they do not."""
    if theirs.shape != ours.shape:
        return f"is {_shape(ours)} here, {_shape(theirs)} {where}"
    if _close(theirs.detach(), ours.detach(), slack):
        return ""
    _, error, scale = _errors(theirs, ours)
    return f"differs by {error:.3g} {where}, where the largest value is {scale:.3g}"


def _close(theirs: "Tensor", ours: "Tensor", slack: float) -> bool:
    """Whether two values agree; fast for equal values, the usual case."""
    torch = import_torch()
    if torch.equal(theirs, ours):
        return True
    scale = float(ours.abs().nan_to_num(0.0, 0.0, 0.0).max()) if ours.numel() else 0.0
    return bool(
        torch.allclose(theirs, ours, rtol=slack * RELATIVE, atol=slack * ABSOLUTE * scale, equal_nan=True)
    )


def worst(one: "Tensor", other: "Tensor") -> float:
    """The largest difference of two values of the same shape, in tolerances."""
    return _errors(one, other)[0]


def _errors(theirs: "Tensor", ours: "Tensor") -> tuple[float, float, float]:
    """The largest difference, in tolerances and absolutely, and the largest value; NaN equals NaN."""
    torch = import_torch()
    theirs, ours = theirs.detach().double(), ours.detach().double()
    if not ours.numel():
        return 0.0, 0.0, 0.0
    scale = float(ours.abs().nan_to_num(0.0, 0.0, 0.0).max())
    same = (theirs == ours) | (theirs.isnan() & ours.isnan())
    error = (theirs - ours).abs().masked_fill(same, 0.0).nan_to_num(torch.inf)
    tolerance = (RELATIVE * ours.abs() + ABSOLUTE * scale).nan_to_num(torch.inf).clamp(min=1e-300)
    ratio = (error / tolerance).nan_to_num(torch.inf)
    return float(ratio.max()), float(error.max()), scale


def apart(one: "Tensor", other: "Tensor") -> float:
    """The root mean square difference of two values, in tolerances; unequal shapes are cropped to the common part."""
    kept = tuple(slice(min(pair)) for pair in zip(one.shape, other.shape, strict=True))
    one, other = one[kept].detach().double(), other[kept].detach().double()
    if not one.numel():
        return 0.0
    tolerance = RELATIVE * rms(other) + ABSOLUTE * float(other.abs().max())
    return rms(one - other) / tolerance if tolerance > 0 else 0.0


def rms(values: "Tensor") -> float:
    """The root mean square."""
    return float(values.square().mean().sqrt())


def _shape(value: "Tensor") -> str:
    return "×".join(map(str, value.shape)) or "scalar"
