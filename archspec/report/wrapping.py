"""Fit text into a width, by wrapping or by eliding its middle. ASCII text is handled without rich."""

import re


def cells(text: str) -> int:
    """The number of terminal columns of a text."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def middle(text: str, width: int, ellipsis: str = "…") -> str:
    """Elide the middle of a name that is wider than `width`: `layer…conv1`."""
    if cells(text) <= width:
        return text
    for kept in range(len(text) - 1, 1, -1):
        shorter = text[: (kept + 1) // 2] + ellipsis + text[len(text) - kept // 2 :]
        if cells(shorter) <= width:
            return shorter
    return text[:1] + ellipsis + text[-1:] if len(text) > 2 else text


ITEMS = (r"(?<=, )", r"(?<= )(?!\d)", r"(?<= )", r"(?<=[×_/-])|(?<=\dx)(?=\d)")
"""The break points of lists, in order of preference: commas, spaces, spaces before numbers (`width 64`), symbols."""
WORDS = ITEMS[2:]
"""The break points of sentences."""


def wrap(text: str, width: int, indent: str = "", ends: tuple[str, ...] = ITEMS) -> list[str]:
    """Wrap a text without loss. Lines after the first start with `indent`."""
    lines, line = [], ""
    for piece in _pieces(text, width - len(indent), ends):
        if line.strip() and cells(line) + cells(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = indent
        line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str, width: int, ends: tuple[str, ...]) -> list[str]:
    """Split a text at its break points into pieces, spaces included, each of which fits into a line."""
    result = re.split(ends[0], text)
    for pattern in ends[1:]:
        result = [
            part
            for piece in result
            for part in (re.split(pattern, piece) if cells(piece.rstrip()) > width else [piece])
        ]
    return [part for piece in result for part in _chopped(piece, width)]


def _chopped(piece: str, width: int) -> list[str]:
    """Split a piece without break points into parts that fit into a line."""
    parts, part = [], ""
    for character in piece:
        if part and character != " " and cells(part + character) > width:
            parts.append(part)
            part = ""
        part += character
    return [*parts, part]
