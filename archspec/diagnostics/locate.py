"""Map the document paths of findings to lines and columns."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from json import dumps, loads

from archspec.diagnostics.diagnostic import Diagnostic, Path
from archspec.diagnostics.positions import PositionIndex, Span, ValueSpan, index, is_json

Read = Callable[[str], str | None]
"""A function to the text of a file; `None` if it cannot be read."""

REPEATED = "AS104"
"""The rule about a repeated key of a JSON object, where a path is ambiguous."""
BOM = "\ufeff"
_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
"""An escape sequence of TOML or JSON."""
_BARE = re.compile("[A-Za-z0-9_-]+")
"""A key that needs no quotes in TOML."""
DECLARING = frozenset({"params", "required", "let"})
"""The tables whose keys are user-defined names."""
AROUND = 400
"""The characters of a line that are kept on each side of a location."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A location in a file: lines and columns from 1, columns in characters, the end exclusive. Line 0: unknown."""

    file: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    text: str = ""
    """The line without its newline; a long line is cut around the location."""
    skipped: int = 0
    """The number of characters of the line before `text`."""
    cut: bool = False
    """Whether the line continues after `text`."""

    @property
    def known(self) -> bool:
        """Whether the line is known."""
        return self.line > 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.known else self.file


@dataclass(frozen=True, slots=True)
class Edit:
    """A suggested edit: the replacement of the text from `start` to `stop` in the file of the finding."""

    start: int
    stop: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding with its location, those of its chain of calls, and the suggested edit."""

    diagnostic: Diagnostic
    spot: Spot
    calls: tuple[Spot, ...] = ()
    labels: tuple[tuple[Spot, str], ...] = ()
    """The secondary locations, with remarks."""
    edit: Edit | None = None
    corrected: str = ""
    """The line after the edit."""


class Locator:
    """Finds locations; each file is read and scanned once, and only if something in it is reported."""

    def __init__(self, read: Read) -> None:
        self.read = read
        self.texts: dict[str, str | None] = {}
        self.indices: dict[str, PositionIndex | None] = {}
        self.before: dict[str, int] = {}
        """The number of characters before the text of a file: 1 if it has a byte order mark."""
        self.starts: dict[str, list[int]] = {}
        """The offsets of the lines of each file."""
        self.written: dict[tuple[str, Path], Path] = {}
        """The paths at which values were found in place of suggested keys, by the suggested path."""

    def findings(self, diagnostics: Iterable[Diagnostic]) -> list[Finding]:
        """The findings in the order of files and lines, each code and location once."""
        diagnostics = list(diagnostics)
        for diagnostic in diagnostics:
            if diagnostic.about_key and diagnostic.replacement is not None and diagnostic.path:
                # Reading continued as if the suggested replacement had been written.
                right = (*diagnostic.path[:-1], diagnostic.replacement)
                places = self.index(diagnostic.file)
                if places is None or right not in places.places:
                    self.written[diagnostic.file, right] = diagnostic.path
        found: dict[tuple[str, Spot], Finding] = {}
        for diagnostic in diagnostics:
            finding = self.finding(diagnostic)
            found.setdefault((diagnostic.code, finding.spot), finding)
        listed = sorted(found.values(), key=lambda item: (item.spot.file, item.spot.line, item.spot.column))
        keys: set[tuple[str, Path]] = set()
        for number, finding in enumerate(listed):
            one = finding.diagnostic
            if finding.edit is not None and one.about_key and one.replacement is not None:
                key = (one.file, (*one.path[:-1], one.replacement))
                if key in keys:  # both edits would give the same key twice
                    listed[number] = replace(finding, edit=None, corrected="")
                keys.add(key)
        return listed

    def finding(self, diagnostic: Diagnostic) -> Finding:
        """One finding."""
        calls = tuple([self.spot(file, path) for file, path in diagnostic.calls])
        if diagnostic.line or diagnostic.code == REPEATED:
            return Finding(diagnostic, self.syntax(diagnostic), calls)
        labels = tuple(
            [(self.named(file or diagnostic.file, path), text) for text, path, file in diagnostic.labels]
        )
        if not diagnostic.path:  # about the file as a whole, which may be unreadable
            return Finding(diagnostic, Spot(diagnostic.file), calls, labels)
        span = self.span(diagnostic.file, diagnostic.path, diagnostic)
        spot = self.at(diagnostic.file, span)
        edit = self.edit(diagnostic, span)
        corrected = ""
        if edit is not None and span is not None:
            at = spot.column - 1 - spot.skipped + edit.start - span.start
            corrected = spot.text[:at] + edit.text + spot.text[at + edit.stop - edit.start :]
            mark = self.before[diagnostic.file]
            edit = Edit(edit.start + mark, edit.stop + mark, edit.text)
        return Finding(diagnostic, spot, calls, labels, edit, corrected)

    def spot(self, file: str, path: Path) -> Spot:
        """The location of a path."""
        return self.at(file, self.span(file, path, None))

    def named(self, file: str, path: Path) -> Spot:
        """The location of a path; for a parameter or a `let`, of its name."""
        found = self.index(file)
        at = found.places.get(path) if found is not None and path[-2:-1] and path[-2] in DECLARING else None
        return self.spot(file, path) if at is None else self.at(file, at.key)

    # --- texts -----------------------------------------------------------------------------------------

    def text(self, file: str) -> str | None:
        """The text of a file."""
        if file not in self.texts:
            text = self.read(file)
            self.texts[file] = None if text is None else text.removeprefix(BOM)
            self.before[file] = int(text is not None and text.startswith(BOM))
        return self.texts[file]

    def index(self, file: str) -> PositionIndex | None:
        """The index of a file; `None` if it cannot be read or scanned."""
        if file not in self.indices:
            text = self.text(file)
            self.indices[file] = None
            if text is not None:
                with suppress(LookupError, ValueError, RecursionError):  # the text is not valid after all
                    self.indices[file] = index(text, json=is_json(file, text))
        return self.indices[file]

    # --- spans -----------------------------------------------------------------------------------------

    def span(self, file: str, path: Path, diagnostic: Diagnostic | None) -> Span | None:
        """The span of a path: the key if the finding is about it, else the value, or a word in it."""
        found = self.index(file)
        path = self.as_written(file, path)
        place = found.find(path) if found is not None else None
        if found is None or place is None:
            return None
        near, at = place
        if diagnostic is not None and diagnostic.about_key and near == path and at.key is not None:
            return at.key
        word = self.word(found, at, diagnostic) if diagnostic is not None else None
        if word is not None:
            return word
        if near != path and at.key is not None:  # the value is missing or elsewhere: point at its table
            return at.key
        return at.value

    def as_written(self, file: str, path: Path) -> Path:
        """The path with the keys that stand in the file, where it has those that were meant."""
        for end in range(1, len(path) + 1) if self.written else ():
            path = self.written.get((file, path[:end]), path[:end]) + path[end:]
        return path

    def word(self, found: PositionIndex, at: ValueSpan, diagnostic: Diagnostic) -> Span | None:
        """The span of a finding's subject, if it occurs once in a value on one line."""
        text, word = found.text[at.value.start : at.value.stop], diagnostic.subject
        if not word or at.is_header or "\n" in text or text[:1] not in "\"'":
            return None
        if text[0] == '"':  # an escape sequence is no word, and no part of one
            text = _ESCAPE.sub(lambda escape: " " * len(escape[0]), text)
        places = [hit.start() for hit in re.finditer(rf"(?<![\w.]){re.escape(word)}(?![\w])", text)]
        if len(places) != 1:
            return None
        start = at.value.start + places[0]
        return Span(start, start + len(word))

    def at(self, file: str, span: Span | None) -> Spot:
        """The location of a span; if it covers several lines, of its part on the first one."""
        text = self.text(file)
        if span is None or text is None:
            return Spot(file)
        line, column = self.position(file, text, span.start)
        end_line, end_column = self.position(file, text, span.stop)
        begin = span.start - column + 1
        end = text.find("\n", span.start)
        end = len(text) if end < 0 else end
        first, last = max(begin, span.start - AROUND), min(end, span.start + AROUND)
        part = text[first:last].removesuffix("\r") if last == end else text[first:last]
        return Spot(file, line, column, end_line, end_column, part, first - begin, last < end)

    def position(self, file: str, text: str, offset: int) -> tuple[int, int]:
        """The line and column of an offset."""
        if file not in self.starts:
            self.starts[file] = [0, *(match.end() for match in re.finditer("\n", text))]
        line = bisect_right(self.starts[file], offset)
        return line, offset - self.starts[file][line - 1] + 1

    # --- special ones ----------------------------------------------------------------------------------

    def edit(self, diagnostic: Diagnostic, span: Span | None) -> Edit | None:
        """The edit that replaces the subject, if its span is known."""
        right, word = diagnostic.replacement, diagnostic.subject
        text = self.text(diagnostic.file)
        found = self.index(diagnostic.file)
        if right is None or span is None or text is None or found is None:
            return None
        path = self.as_written(diagnostic.file, diagnostic.path)
        if diagnostic.about_key and (*path[:-1], right) in found.places:
            return None  # the key exists already
        if diagnostic.about_key and path in found.scattered:
            return None  # one edit would leave the others
        start, stop, place = span.start, span.stop, found.find(path)
        quote = text[start if diagnostic.about_key or place is None else place[1].value.start]
        if text[start:stop] in (f'"{word}"', f"'{word}'"):
            start, stop = start + 1, stop - 1
        if text[start:stop] != word:
            return None
        if quote == "'":
            return None if quote in right else Edit(start, stop, right)
        escaped = dumps(right, ensure_ascii=False)[1:-1]
        return Edit(start, stop, escaped if quote == '"' or _BARE.fullmatch(right) else f'"{escaped}"')

    def syntax(self, diagnostic: Diagnostic) -> Spot:
        """The location of a syntax error."""
        text = self.text(diagnostic.file)
        if text is None:
            return Spot(diagnostic.file)
        if diagnostic.code == REPEATED:
            found = self.index(diagnostic.file)
            spans = found.repeated if found is not None else []
            alike = [one for one in spans if loads(text[one.start : one.stop]) == diagnostic.subject]
            return self.at(diagnostic.file, next(iter(alike or spans), None))
        lines = text.split("\n")[: diagnostic.line]
        start = min(sum(len(line) + 1 for line in lines[:-1]) + diagnostic.column - 1, len(text))
        word = diagnostic.subject
        if word and text.startswith(word, start):
            return self.at(diagnostic.file, Span(start, start + len(word)))
        spot = self.at(diagnostic.file, Span(start, start))
        return replace(spot, end_column=spot.column + 1)


def reader(texts: Mapping[str, str]) -> Read:
    """A reader that prefers the given texts, such as that of standard input, to the files."""

    def read(file: str) -> str | None:
        if file in texts:
            return texts[file]
        try:
            with open(file, encoding="utf-8", errors="replace", newline="") as stream:
                return stream.read()
        except (OSError, ValueError):
            return None

    return read
