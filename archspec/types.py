"""What a value is: sizes, shapes, and the values of expressions. Below everything else."""

from dataclasses import dataclass

Dim = int | str
"""A size, or the name of a free dimension such as `"N"`."""

Scalar = int | float | bool | str
Value = Scalar | tuple["Value", ...]
"""What an expression or a block argument can be."""


class Table(tuple[tuple[str, Value], ...]):
    """A table as a value: hashable, its keys in order."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class TensorType:
    """The type of a tensor: its shape, batch axis first. A `str` is a free dimension."""

    shape: tuple[Dim, ...]

    def __str__(self) -> str:
        return "×".join(map(str, self.shape)) or "scalar"

    @property
    def rank(self) -> int:
        """The number of axes, the batch axis included."""
        return len(self.shape)

    @property
    def channels(self) -> Dim:
        """The size of axis 1. Meaningless below rank 2: callers check the rank first."""
        return self.shape[1]

    @property
    def spatial(self) -> tuple[Dim, ...]:
        """The axes after batch and channels."""
        return self.shape[2:]
