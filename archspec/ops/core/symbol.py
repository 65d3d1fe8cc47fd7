"""Sizes that stay free in an exported file, as symbols with which shape rules can compute."""

from math import gcd
from typing import Self

from archspec.ops.core.checks import size
from archspec.types import Dim


class Symbol(str):
    """The size `factor * floor((slope * root + start) / divisor) + offset`, for any size `root`.

    Equal sizes have the same text, however they came about. What has no such form is a root of its own.
    """

    __slots__ = ("divisor", "factor", "offset", "root", "slope", "start")

    root: str
    slope: int
    start: int
    divisor: int
    factor: int
    offset: int

    def __new__(
        cls, root: str, slope: int = 1, start: int = 0, divisor: int = 1, factor: int = 1, offset: int = 0
    ) -> Self:
        """The symbol in its simplest form."""
        common = gcd(slope, divisor)
        slope, start, divisor = slope // common, start // common, divisor // common
        offset += factor * (start // divisor)
        start %= divisor
        if divisor == 1:
            factor, slope = factor * slope, 1
        text = _sum(_product(slope, root), start)
        if divisor > 1:
            text = f"floor({_bracketed(text)} / {divisor})" if " " in text else f"floor({text} / {divisor})"
        made = super().__new__(cls, _sum(_product(factor, text), offset))
        made.root, made.slope, made.start, made.divisor = root, slope, start, divisor
        made.factor, made.offset = factor, offset
        return made

    def plus(self, by: int) -> "Symbol":
        """The size and `by` more."""
        return Symbol(self.root, self.slope, self.start, self.divisor, self.factor, self.offset + by)

    def times(self, by: int) -> "Symbol":
        """The size times `by`, which is positive."""
        return Symbol(self.root, self.slope, self.start, self.divisor, self.factor * by, self.offset * by)

    def over(self, by: int) -> "Symbol":
        """The size divided by `by`, which is positive, and rounded down."""
        if self.factor % by == 0:
            offset = self.offset // by
            return Symbol(self.root, self.slope, self.start, self.divisor, self.factor // by, offset)
        if self.factor == 1:  # floor(floor(x / r) / d) is floor(x / (r * d))
            start = self.start + self.offset * self.divisor
            return Symbol(self.root, self.slope, start, self.divisor * by)
        if self.divisor == 1:
            return Symbol(self.root, self.factor, self.offset, by)
        return Symbol(str(self), divisor=by)


def _product(factor: int, text: str) -> str:
    return text if factor == 1 else f"{factor} * {_bracketed(text)}"


def _sum(text: str, offset: int) -> str:
    return text if offset == 0 else f"{text} {'+' if offset > 0 else '-'} {abs(offset)}"


def _bracketed(text: str) -> str:
    return f"({text})" if " " in text and not text.startswith("floor(") else text


def number(dim: Dim) -> Dim:
    """A size that rules can compute with: an integer or a symbol. Any other free dimension is a `Problem`."""
    return dim if isinstance(dim, Symbol) else size(dim)


def shifted(dim: Dim, by: int) -> Dim:
    """`dim` and `by` more."""
    return dim.plus(by) if isinstance(dim, Symbol) else size(dim) + by


def scaled(dim: Dim, by: int) -> Dim:
    """`dim` times a positive integer."""
    return dim.times(by) if isinstance(dim, Symbol) else size(dim) * by


def divided(dim: Dim, by: int) -> Dim:
    """`dim` divided by a positive integer and rounded down."""
    return dim.over(by) if isinstance(dim, Symbol) else size(dim) // by
