"""Basic types: sizes, shapes, element types, and the values of expressions. The lowest layer of the package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from os import PathLike

Dim = int | str
"""A size, the name of a free dimension such as `"N"`, or a multiple of one, `"64 * N"`."""

StrPath = str | PathLike[str]
"""The name of a file: text, or such as `pathlib.Path`."""

Scalar = int | float | bool | str
Value = Scalar | tuple["Value", ...]
"""A value of an expression or a block argument."""


class Table(tuple[tuple[str, Value], ...]):
    """A table as a value: hashable, its keys in order."""

    __slots__ = ()


def factored(dim: str) -> tuple[int, str]:
    """The factor and the name in a multiple of a free dimension: `(64, "N")` for `"64 * N"`."""
    factor, star, name = dim.partition(" * ")
    return (int(factor), name) if star and type(dim) is str else (1, dim)


def multiple(factor: int, name: str) -> str:
    """A multiple of a free dimension."""
    return name if factor == 1 else f"{factor} * {name}"


def settled(dim: Dim, known: Mapping[str, Dim]) -> Dim:
    """A dimension for known values of free dimensions."""
    if isinstance(dim, int):
        return dim
    factor, name = factored(dim)
    value = known.get(name, name)
    return factor * value if isinstance(value, int) else multiple(factor, value)


def shape_text(shape: Sequence[Dim]) -> str:
    """A shape as `64×112×112`, with multiples of free dimensions in brackets."""
    return "×".join([f"({dim})" if isinstance(dim, str) and " * " in dim else str(dim) for dim in shape])


@dataclass(frozen=True, slots=True)
class TensorType:
    """The type of a tensor: its shape, batch axis first; a `str` is a free dimension."""

    shape: tuple[Dim, ...]

    def __str__(self) -> str:
        return shape_text(self.shape) or "scalar"

    @property
    def rank(self) -> int:
        """The number of axes, the batch axis included."""
        return len(self.shape)

    @property
    def channels(self) -> Dim:
        """The size of axis 1. Undefined below rank 2: callers check the rank first."""
        return self.shape[1]

    @property
    def spatial(self) -> tuple[Dim, ...]:
        """The sizes of the axes after batch and channels."""
        return self.shape[2:]


TensorTypes = tuple[TensorType, ...]


@dataclass(frozen=True, slots=True)
class DType:
    """An element type: its name here and in PyTorch, and its names in other formats."""

    name: str
    bytes: int
    numpy: str
    """The NumPy type of its little-endian bytes. NumPy lacks bfloat16, which is read as raw bits."""
    onnx: str
    """The name in `TensorProto.DataType`."""
    safetensors: str

    @property
    def is_floating(self) -> bool:
        """Whether its values are floating-point numbers."""
        return "float" in self.name


DTYPES = {
    dtype.name: dtype
    for dtype in (
        DType("float64", 8, "<f8", "DOUBLE", "F64"),
        DType("float32", 4, "<f4", "FLOAT", "F32"),
        DType("float16", 2, "<f2", "FLOAT16", "F16"),
        DType("bfloat16", 2, "<u2", "BFLOAT16", "BF16"),
        DType("int64", 8, "<i8", "INT64", "I64"),
        DType("int32", 4, "<i4", "INT32", "I32"),
        DType("int16", 2, "<i2", "INT16", "I16"),
        DType("int8", 1, "i1", "INT8", "I8"),
        DType("uint8", 1, "u1", "UINT8", "U8"),
        DType("bool", 1, "?", "BOOL", "BOOL"),
    )
}
"""The element types of tensors and of files, by their names."""


class Floating(StrEnum):
    """The element types in which a network can be computed."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"
