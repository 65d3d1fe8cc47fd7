"""From findings, which have paths, to lines and columns, which people and editors want."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from archspec.diagnostics.diagnostic import Diagnostic, Path
from archspec.diagnostics.positions import Index, Place, Span, index, is_json

Read = Callable[[str], str | None]
"""The text of a file, or `None` where it cannot be had."""

REPEATED = "AS104"
"""The finding that an object of JSON has a key twice: of two alike, a path tells nothing."""
BOM = "\ufeff"
DECLARING = frozenset({"params", "required", "let"})
"""The tables whose keys are names."""
AROUND = 400
"""The characters of a line that are kept on each side of a place."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file: lines and columns from 1, columns in characters, the end exclusive. A line of 0: unknown."""

    file: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    text: str = ""
    """The line, without its end; of a long one, what is around the place."""
    skipped: int = 0
    """How many characters of the line stand in front of `text`."""
    cut: bool = False
    """Whether the line goes on behind `text`."""

    @property
    def known(self) -> bool:
        """Whether there is a line."""
        return self.line > 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.known else self.file


@dataclass(frozen=True, slots=True)
class Edit:
    """The text that should stand from `start` to `stop` in the file of the finding."""

    start: int
    stop: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding with its place, those of the calls that lead to it, and the edit that its help suggests."""

    diagnostic: Diagnostic
    spot: Spot
    calls: tuple[Spot, ...] = ()
    labels: tuple[tuple[Spot, str], ...] = ()
    """Other places that it is about, and what is there."""
    edit: Edit | None = None
    corrected: str = ""
    """The line as the edit makes it."""


class Locator:
    """Finds places; each file is read and scanned once, and only if something in it is reported."""

    def __init__(self, read: Read) -> None:
        self.read = read
        self.texts: dict[str, str | None] = {}
        self.indices: dict[str, Index | None] = {}
        self.before: dict[str, int] = {}
        """How many characters stand in front of the text of a file: the byte order mark, if there is one."""
        self.starts: dict[str, list[int]] = {}
        """Where the lines of a file start."""
        self.written: dict[tuple[str, Path], Path] = {}
        """Where in a file stands what is read as something else: by the path of what was meant."""

    def findings(self, diagnostics: Iterable[Diagnostic]) -> list[Finding]:
        """The findings in the order of files and lines, each once for its code and place."""
        diagnostics = list(diagnostics)
        for diagnostic in diagnostics:
            if diagnostic.about_key and diagnostic.replacement is not None and diagnostic.path:
                # Reading has gone on as if the replacement stood there.
                right = (*diagnostic.path[:-1], diagnostic.replacement)
                places = self.index(diagnostic.file)
                if places is None or right not in places.places:
                    self.written[diagnostic.file, right] = diagnostic.path
        found: dict[tuple[str, Spot], Finding] = {}
        for diagnostic in diagnostics:
            finding = self.finding(diagnostic)
            found.setdefault((diagnostic.code, finding.spot), finding)
        return sorted(found.values(), key=lambda item: (item.spot.file, item.spot.line, item.spot.column))

    def finding(self, diagnostic: Diagnostic) -> Finding:
        """One finding."""
        calls = tuple([self.spot(file, path) for file, path in diagnostic.calls])
        if diagnostic.line or diagnostic.code == REPEATED:
            return Finding(diagnostic, self.syntax(diagnostic), calls)
        labels = tuple(
            [(self.named(file or diagnostic.file, path), text) for text, path, file in diagnostic.labels]
        )
        if not diagnostic.path:  # of the file as a whole, which may be none that can be read
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
        """The place of a path."""
        return self.at(file, self.span(file, path, None))

    def named(self, file: str, path: Path) -> Spot:
        """The place of a path; of a parameter or a `let`, its name."""
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

    def index(self, file: str) -> Index | None:
        """The places of a file; `None` where it cannot be read or scanned."""
        if file not in self.indices:
            text = self.text(file)
            self.indices[file] = None
            if text is not None:
                try:
                    self.indices[file] = index(text, json=is_json(file, text))
                except (LookupError, ValueError, RecursionError):  # a text that is not valid after all
                    self.indices[file] = None
        return self.indices[file]

    # --- spans -----------------------------------------------------------------------------------------

    def span(self, file: str, path: Path, diagnostic: Diagnostic | None) -> Span | None:
        """What of the text a path means: a key if the finding is about it, else a value, or a word of it."""
        found = self.index(file)
        for end in range(1, len(path) + 1) if self.written else ():
            path = self.written.get((file, path[:end]), path[:end]) + path[end:]
        place = found.find(path) if found is not None else None
        if found is None or place is None:
            return None
        near, at = place
        if diagnostic is not None and diagnostic.about_key and near == path and at.key is not None:
            return at.key
        word = self.word(found, at, diagnostic) if diagnostic is not None else None
        if word is not None:
            return word
        if (
            near != path and at.key is not None
        ):  # something is missing, or stands elsewhere: point at its table
            return at.key
        return at.value

    def word(self, found: Index, at: Place, diagnostic: Diagnostic) -> Span | None:
        """The subject of a finding, if it stands once in a value of one line."""
        text, word = found.text[at.value.start : at.value.stop], diagnostic.subject
        if not word or at.is_header or "\n" in text or text[:1] not in "\"'":
            return None
        places = [hit.start() for hit in re.finditer(rf"(?<![\w.]){re.escape(word)}(?![\w])", text)]
        if len(places) != 1:
            return None
        start = at.value.start + places[0]
        return Span(start, start + len(word))

    def at(self, file: str, span: Span | None) -> Spot:
        """The lines and columns of a span; of one over several lines, the part on the first."""
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
        """Line and column of a character."""
        if file not in self.starts:
            self.starts[file] = [0, *(match.end() for match in re.finditer("\n", text))]
        line = bisect_right(self.starts[file], offset)
        return line, offset - self.starts[file][line - 1] + 1

    # --- special ones ----------------------------------------------------------------------------------

    def edit(self, diagnostic: Diagnostic, span: Span | None) -> Edit | None:
        """The edit that puts the replacement in place of the subject, where that is at hand."""
        right, word = diagnostic.replacement, diagnostic.subject
        text = self.text(diagnostic.file)
        found = self.index(diagnostic.file)
        if right is None or span is None or text is None or found is None:
            return None
        if diagnostic.about_key and (*diagnostic.path[:-1], right) in found.places:
            return None  # it is there already
        written = text[span.start : span.stop]
        if written == word:
            return Edit(span.start, span.stop, right)
        if written in (f'"{word}"', f"'{word}'"):
            return Edit(span.start + 1, span.stop - 1, right)
        return None

    def syntax(self, diagnostic: Diagnostic) -> Spot:
        """The place of a finding in a text that does not parse."""
        text = self.text(diagnostic.file)
        if text is None:
            return Spot(diagnostic.file)
        if diagnostic.code == REPEATED:
            found = self.index(diagnostic.file)
            spans = found.repeated if found is not None else []
            alike = [one for one in spans if text[one.start : one.stop].strip('"') == diagnostic.subject]
            return self.at(diagnostic.file, next(iter(alike or spans), None))
        lines = text.split("\n")[: diagnostic.line]
        start = min(sum(len(line) + 1 for line in lines[:-1]) + diagnostic.column - 1, len(text))
        spot = self.at(diagnostic.file, Span(start, start))
        return replace(spot, end_column=spot.column + 1)


def reader(texts: Mapping[str, str]) -> Read:
    """Texts that are at hand, such as that of standard input; else what is in the file."""

    def read(file: str) -> str | None:
        if file in texts:
            return texts[file]
        try:
            with open(file, encoding="utf-8", errors="replace", newline="") as stream:
                return stream.read()
        except (OSError, ValueError):
            return None

    return read
