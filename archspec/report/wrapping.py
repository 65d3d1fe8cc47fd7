"""Text in a width: in several lines, or without its middle. Nothing here needs rich for text that is ASCII."""

import re


def cells(text: str) -> int:
    """The columns of a terminal that a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def middle(text: str, width: int, ellipsis: str = "…") -> str:
    """A name without its middle, `layer…conv1`, where it is wider than `width`; its ends stay."""
    if cells(text) <= width:
        return text
    for kept in range(len(text) - 1, 1, -1):
        shorter = text[: (kept + 1) // 2] + ellipsis + text[len(text) - kept // 2 :]
        if cells(shorter) <= width:
            return shorter
    return text[:1] + ellipsis + text[-1:] if len(text) > 2 else text


ITEMS = (r"(?<=, )", r"(?<= )(?!\d)", r"(?<= )", r"(?<=[×_/-])|(?<=\dx)(?=\d)")
"""Where lines of a list end: after commas, else at blanks, those before a number (`width 64`) last, else in words."""
WORDS = ITEMS[2:]
"""Where lines of a sentence end."""


def wrap(text: str, width: int, indent: str = "", ends: tuple[str, ...] = ITEMS) -> list[str]:
    """The lines of a text, all of it. Those after the first start with `indent`."""
    lines, line = [], ""
    for piece in _pieces(text, width - len(indent), ends):
        if line.strip() and cells(line) + cells(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = indent
        line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str, width: int, ends: tuple[str, ...]) -> list[str]:
    """What a line may end behind, blanks included: as much as has room in a line."""
    result = re.split(ends[0], text)
    for pattern in ends[1:]:
        result = [
            part
            for piece in result
            for part in (re.split(pattern, piece) if cells(piece.rstrip()) > width else [piece])
        ]
    return [part for piece in result for part in _chopped(piece, width)]


def _chopped(piece: str, width: int) -> list[str]:
    """A piece in parts that have room in a line, for the want of a better place to break it."""
    parts, part = [], ""
    for character in piece:
        if part and character != " " and cells(part + character) > width:
            parts.append(part)
            part = ""
        part += character
    return [*parts, part]
