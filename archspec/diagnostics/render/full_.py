"""The format for people: source lines with underlines, notes, and suggested edits."""

from collections.abc import Iterator, Sequence
from unicodedata import category, east_asian_width

from archspec.diagnostics.diagnostic import shown, shown_file
from archspec.diagnostics.locate import Finding, Spot
from archspec.diagnostics.render import ValidationRun, closing

WIDTH = 100
"""The most columns of a source line that are shown; a longer line is cut around the underline."""
BEFORE = 40
"""The most columns before the underline if a line is cut."""


def render(findings: Sequence[Finding], run: ValidationRun) -> str:
    """The findings, separated by blank lines, and a summary line."""
    return "".join(f"{one(finding)}\n\n" for finding in findings) + f"{closing(findings, run)}\n"


def one(finding: Finding) -> str:
    """A finding as lines, without a trailing newline."""
    diagnostic = finding.diagnostic
    gutter = " " * max(len(str(spot.line)) for spot in _spots(finding))
    lines = [f"{diagnostic.severity}[{diagnostic.code}]: {shown(diagnostic.message, limit=1000)}"]
    lines.append(f"{gutter}--> {place(finding.spot)}" + _unplaced(finding))
    if finding.spot.known:
        lines += [f"{gutter} |", *_lines(finding, len(gutter))]
    told = len(lines)
    lines += [f"{gutter} = note: {shown(note, limit=1000)}" for note in diagnostic.notes]
    lines += _calls(finding, gutter)
    if diagnostic.help:
        lines.append(f"{gutter} = help: {shown(diagnostic.help, limit=1000)}")
    if finding.spot.known and len(lines) > told:
        lines.insert(told, f"{gutter} |")
    if finding.corrected and finding.edit is not None:
        start = finding.spot.column - finding.spot.skipped
        text, _ = _window(finding.spot, finding.corrected, start, start + len(finding.edit.text))
        lines += [f"{gutter} |", f"{finding.spot.line:>{len(gutter)}} | {text}"]
    return "\n".join(line.rstrip() for line in lines)


def place(spot: Spot) -> str:
    """`specs/net.toml:12:5`."""
    return shown_file(spot.file) + (f":{spot.line}:{spot.column}" if spot.known else "")


def _unplaced(finding: Finding) -> str:
    location = finding.diagnostic.location
    return f": {location}" if location and not finding.spot.known else ""


def _calls(finding: Finding, gutter: str) -> Iterator[str]:
    for spot, (_, path) in zip(finding.calls, finding.diagnostic.calls, strict=False):
        yield f"{gutter} = note: called from {place(spot)}"
        if not path:
            break


def _spots(finding: Finding) -> Iterator[Spot]:
    yield finding.spot
    yield from (spot for spot, _ in finding.labels)


def _lines(finding: Finding, width: int) -> Iterator[str]:
    """The source lines with underlines: those of the finding's file in order, then those of other files."""
    marked = [
        (finding.spot, "^", ""),
        *((spot, "-", f" {text}") for spot, text in finding.labels if spot.known),
    ]
    marked.sort(
        key=lambda item: (item[0].file != finding.spot.file, item[0].file, item[0].line, item[1] == "-")
    )
    file, line, shown_ = finding.spot.file, 0, ""
    for spot, sign, label in marked:
        if spot.file != file:
            yield f"{' ' * width}::: {place(spot)}"
            yield f"{' ' * width} |"
        elif 0 < line < spot.line - 1:
            yield f"{' ' * width} ..."
        text, (begin, end) = _window(spot, spot.text, *_columns_of(spot))
        source = f"{spot.line:>{width}} | {text}"
        if (spot.file, spot.line, source) != (file, line, shown_):
            yield source
        yield f"{' ' * width} | {' ' * begin}{sign * max(end - begin, 1)}{shown(label, limit=1000)}"
        file, line, shown_ = spot.file, spot.line, source


def _columns_of(spot: Spot) -> tuple[int, int]:
    """The start and end of a spot in its line, from 1."""
    start = spot.column - spot.skipped
    stop = start + spot.end_column - spot.column if spot.end_line == spot.line else len(spot.text) + 1
    return start, max(stop, start + 1)


def _window(spot: Spot, text: str, start: int, stop: int) -> tuple[str, tuple[int, int]]:
    """The visible part of a line, and the columns (from 0) of the characters `start` to `stop` (from 1)."""
    pieces = [_character(c) for c in text]
    widths = [sum(map(_columns, piece)) for piece in pieces]
    first = 0
    if sum(widths) > WIDTH and sum(widths[: start - 1]) > BEFORE:
        first, kept = start - 1, 0
        while first > 0 and kept + widths[first - 1] <= BEFORE:
            first -= 1
            kept += widths[first]
    last, used = first, 0
    while last < len(pieces) and used + widths[last] <= WIDTH:
        used += widths[last]
        last += 1
    begin = "…" if first or spot.skipped else ""
    end = "…" if last < len(pieces) or spot.cut else ""
    left = len(begin) + sum(widths[first : start - 1])
    right = len(begin) + sum(widths[first : min(stop - 1, last)])
    return begin + "".join(pieces[first:last]) + end, (left, max(right, left + 1))


def _character(c: str) -> str:
    return " " if c == "\t" else shown(c)


def _columns(c: str) -> int:
    return 0 if category(c) in ("Mn", "Me") else 2 if east_asian_width(c) in "WF" else 1
