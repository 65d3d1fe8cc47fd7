"""The widths of text, from the metrics of Helvetica, to which Arial and Liberation Sans are equal by design.

The widths are those of Adobe's `Helvetica.afm` and `Helvetica-Bold.afm`, in thousandths of the size. A picture states
the width of each text as `textLength`, so that it is right whatever font a machine has.
"""

from functools import lru_cache
from unicodedata import combining, east_asian_width

FAMILY = "Helvetica, Arial, 'Liberation Sans', sans-serif"

_REGULAR = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 "
    "556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 "
    "667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 "
    "556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_BOLD = (
    "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 "
    "556 556 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 "
    "667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 "
    "611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584"
)
_OTHERS = {"×": 584, "·": 278, "–": 556, "—": 1000, "…": 1000, "→": 1000, "±": 584}


def _table(text: str) -> dict[str, int]:
    return {chr(32 + index): int(width) for index, width in enumerate(text.split())} | _OTHERS


_WIDTHS = {False: _table(_REGULAR), True: _table(_BOLD)}


def _width(character: str, *, bold: bool) -> int:
    known = _WIDTHS[bold].get(character)
    if known is not None:
        return known
    if combining(character):
        return 0
    # no letter of the Latin, Greek and Cyrillic alphabets is wider than 1.1 of the size, and wide ones are square
    return 1000 if east_asian_width(character) in "FWA" else 1100


@lru_cache(maxsize=65536)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a line of text in units of `size`, rounded to tenths."""
    return round(sum(_width(character, bold=bold) for character in text) * size / 1000, 1)


def lines(text: str, size: float, limit: float, most: int = 3, *, bold: bool = False) -> list[str]:
    """The text in lines of at most `limit`, broken at spaces, else anywhere; after `most` lines it ends in `…`."""
    found: list[str] = []
    line = ""
    for word in text.split():
        for piece in _pieces(word, size, limit, bold=bold):
            longer = f"{line} {piece}" if line else piece
            if width(longer, size, bold=bold) <= limit:
                line = longer
                continue
            found.append(line)
            line = piece
    found.append(line)
    if len(found) > most:
        found = [*found[: most - 1], _cut(found[most - 1], size, limit, bold=bold)]
    return [line for line in found if line]


def _pieces(word: str, size: float, limit: float, *, bold: bool) -> list[str]:
    pieces = [""]
    total = 0.0
    for character in word:
        wide = _width(character, bold=bold) * size / 1000
        if total + wide > limit and pieces[-1]:
            pieces.append("")
            total = 0.0
        pieces[-1] += character
        total += wide
    return pieces


def _cut(line: str, size: float, limit: float, *, bold: bool) -> str:
    while line and width(f"{line}…", size, bold=bold) > limit:
        line = line[:-1]
    return f"{line.rstrip()}…"
