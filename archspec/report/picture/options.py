"""What a picture shows, and how."""

from collections.abc import Sequence
from dataclasses import dataclass

from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown

DIRECTIONS = ("down", "right")
STYLES = ("screen", "paper")
COLORS = ("cost", "kind", "none")
SHOW = ("params", "macs", "memory", "field", "weights")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a picture; the defaults are those of the command."""

    open: tuple[str, ...] = ()
    """Names of blocks or paths of modules to draw open where they stand; `all` for everything."""
    depth: int | None = None
    """The levels to draw open; by default as many as make a page."""
    direction: str = "down"
    style: str = "screen"
    show: tuple[str, ...] = ("params", "macs")
    color: str = "cost"


def options(
    *,
    open_: str | Sequence[str] = (),
    depth: int | None = None,
    direction: str = "down",
    style: str = "screen",
    show: str | Sequence[str] = ("params", "macs"),
    color: str = "cost",
) -> Options:
    """The options as given by people: lists, or text separated by commas. Raises `UsageError` for unknown ones."""
    for what, given, known in (
        ("direction", (direction,), DIRECTIONS),
        ("style", (style,), STYLES),
        ("color", (color,), COLORS),
        ("show", _words(show), SHOW),
    ):
        for word in given:
            if word not in known:
                raise UsageError(f"`{what}` cannot be `{shown(word)}`: there are {', '.join(known)}")
    if depth is not None and depth < 1:
        raise UsageError(f"`depth` must be at least 1, not {depth}")
    return Options(_words(open_), depth, direction, style, _words(show), color)


def _words(given: str | Sequence[str]) -> tuple[str, ...]:
    texts = [given] if isinstance(given, str) else given
    return tuple([word for text in texts for part in text.split(",") if (word := part.strip())])
