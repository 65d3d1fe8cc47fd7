"""Format numbers and shapes for people."""

from typing import TYPE_CHECKING

from archspec.types import DTYPES, Dim, TensorType, factored, multiple, shape_text

if TYPE_CHECKING:
    from archspec.model import Model


def human(number: int) -> str:
    """Four significant digits and a decimal suffix: `714.2M`."""
    if number < 1000:
        return str(number)
    value = float(number)
    for suffix in "kMGTPE":
        value /= 1000
        if value < 999.95 or suffix == "E":
            break
    return f"{value:.{2 if value < 9.995 else 1}f}{suffix}"


def mebibytes(elements: int) -> str:
    """The size of that many float32 values, as weights are saved: `233.1 MiB`."""
    return in_bytes(elements * DTYPES["float32"].bytes)


def in_bytes(number: int) -> str:
    """Bytes with a binary unit: `233.1 MiB`."""
    size = float(number)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1023.95 or unit == "GiB":
            return f"{size:,.1f} {unit}" if unit != "B" else f"{int(size)} B"
        size /= 1024
    raise AssertionError


def percent(part: int, whole: int) -> str:
    """A percentage: `12.3%`; empty if the part is zero."""
    if not part or not whole:
        return ""
    share = 100 * part / whole
    return "<0.1%" if share < 0.05 else f"{share:.1f}%"


def dims(shape: tuple[Dim, ...], batch: int | None = None) -> str:
    """A shape as `64×112×112`; its free batch axis is left out unless it has a value."""
    if shape and isinstance(shape[0], str):
        factor, name = factored(shape[0])
        first = multiple(factor, name) if batch is None else factor * batch
        shape = shape[1:] if first == name else (first, *shape[1:])
    return shape_text(shape) or "1"


def shapes(types: tuple[TensorType, ...], batch: int | None = None, *, short: bool = False) -> str:
    """The shapes of one or several values; if `short`, the first one and the number of others: `128×7×7 +3`."""
    if short and len(types) > 1:
        return f"{dims(types[0].shape, batch)} +{len(types) - 1}"
    if len(types) > 3 and len(set(types)) == 1:
        return f"{len(types)} × ({dims(types[0].shape, batch)})"
    return ", ".join(dims(type_.shape, batch) for type_ in types)


def shown_batch(model: "Model") -> int | None:
    """The batch size as shapes show it: `None` for one sample."""
    return model.batch if model.batch != 1 else None
