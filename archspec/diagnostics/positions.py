"""An index from document paths to spans in the text, built only when something is reported.

`tomli` and `json` do not report positions. Therefore the text is scanned again after parsing; the scanner assumes that
it is valid. TOML 1.1: https://toml.io/en/v1.1.0, JSON: RFC 8259.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import ClassVar

from archspec.diagnostics.diagnostic import Path


@dataclass(frozen=True, slots=True)
class Span:
    """A range of characters, from `start` up to `stop`, exclusive."""

    start: int
    stop: int


@dataclass(slots=True)
class ValueSpan:
    """The span of a value, and that of its key if it has one."""

    value: Span
    key: Span | None = None
    is_header: bool = False
    """Whether the value is a TOML table with a header, whose span is `value`."""


@dataclass(slots=True)
class PositionIndex:
    """The spans of all values of a file."""

    text: str
    places: dict[Path, ValueSpan] = field(default_factory=dict)
    repeated: list[Span] = field(default_factory=list)
    """The repeated keys of JSON objects."""
    scattered: set[Path] = field(default_factory=set)
    """The TOML tables whose key is written in several places: in headers, or in dotted keys."""

    def find(self, path: Path) -> tuple[Path, ValueSpan] | None:
        """The spans of a path, or of the nearest enclosing one; `None` for the file as a whole."""
        while path:
            if path in self.places:
                return path, self.places[path]
            path = path[:-1]
        return None


def is_json(file: str, text: str) -> bool:
    """Whether a spec is JSON, by its suffix or, if that does not decide, as for standard input, its first character."""
    return file.endswith(".json") or (not file.endswith(".toml") and text.lstrip()[:1] == "{")


def index(text: str, *, json: bool) -> PositionIndex:
    """Index a valid text."""
    found = PositionIndex(text)
    if json:
        _Json(found).value((), 0)
    else:
        _Toml(found).document()
    return found


class _Scanner(ABC):
    """Scans values within values, which in both notations are separated by commas."""

    gap: ClassVar[re.Pattern[str]]
    """What may stand between two of them."""

    def __init__(self, found: PositionIndex) -> None:
        self.found, self.text = found, found.text

    def match(self, pattern: re.Pattern[str], at: int) -> int:
        found = pattern.match(self.text, at)
        return found.end() if found else at

    def value(self, path: Path, at: int, key: Span | None = None) -> int:
        start = self.match(self.gap, at)
        if self.text[start] == "{":
            stop = self.table(path, start)
        elif self.text[start] == "[":
            stop = self.items(start, "]", lambda number, at: self.value((*path, number), at))
        else:
            stop = self.scalar(start)
        self.found.places[path] = ValueSpan(Span(start, stop), key)
        return stop

    def items(self, at: int, close: str, item: Callable[[int, int], int]) -> int:
        """Scan a list or a table by `item`, which takes a number and a place, and returns where the item ends."""
        at, number = self.match(self.gap, at + 1), 0
        while self.text[at] != close:
            at = self.match(self.gap, item(number, at))
            number += 1
            if self.text[at] == ",":
                at = self.match(self.gap, at + 1)
        return at + 1

    @abstractmethod
    def table(self, path: Path, at: int) -> int: ...

    @abstractmethod
    def scalar(self, start: int) -> int: ...


# --- JSON ----------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[^,\]}\s]+")


class _Json(_Scanner):
    gap = re.compile(r"[ \t\n\r]*")

    def scalar(self, start: int) -> int:
        return scanstring(self.text, start + 1)[1] if self.text[start] == '"' else self.match(_WORD, start)

    def table(self, path: Path, at: int) -> int:
        names = set()

        def pair(_: int, at: int) -> int:
            name, stop = scanstring(self.text, at + 1)
            key = Span(at, stop)
            if name in names:
                self.found.repeated.append(key)
            names.add(name)
            return self.value((*path, name), self.match(self.gap, stop) + 1, key)

        return self.items(at, "}", pair)


# --- TOML ----------------------------------------------------------------------------------------------------

_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LITERAL = re.compile(r"'[^']*'")
_BASIC = re.compile(r'"(?:[^"\\]++|\\.)*+"')
_LONG_LITERAL = re.compile(r"'''.*?'{3,5}", re.DOTALL)
_LONG_BASIC = re.compile(r'"""(?:[^"\\]++|\\.|"(?!""))*+"{3,5}', re.DOTALL)
_PLAIN = re.compile(r"[^,\]}#\r\n]+")


class _Toml(_Scanner):
    gap = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")

    def __init__(self, found: PositionIndex) -> None:
        super().__init__(found)
        self.lengths: dict[Path, int] = {}
        """The current length of each array of tables."""
        self.written: set[Path] = set()
        """The tables whose key has been written, in a header or in a dotted key."""

    def document(self) -> None:
        table: Path = ()
        at = self.match(self.gap, 0)
        while at < len(self.text):
            if self.text[at] == "[":
                table, at = self.header(at)
            else:
                at = self.pair(table, at)
            at = self.match(self.gap, at)

    def header(self, at: int) -> tuple[Path, int]:
        many = self.text.startswith("[[", at)
        keys = list(self.keys(at + 1 + many))
        stop = self.text.index("]", keys[-1][1].stop) + 1 + many
        path: Path = ()
        for name, span in keys[:-1]:
            path = self.inside((*path, name), span)
        name, span = keys[-1]
        path = (*path, name)
        if many:
            self.note(path, span)
            number = self.lengths[path] = self.lengths.get(path, 0) + 1
            path = (*path, number - 1)
        else:
            self.write(path)
        self.found.places[path] = ValueSpan(Span(at, stop), span, is_header=True)
        return path, stop

    def inside(self, path: Path, span: Span) -> Path:
        """The table for a key in a header: the last one of an array of tables."""
        self.note(path, span)
        return (*path, self.lengths[path] - 1) if path in self.lengths else path

    def note(self, path: Path, span: Span) -> None:
        """Record a table that is defined implicitly by its contents."""
        self.write(path)
        self.found.places.setdefault(path, ValueSpan(span, span, is_header=True))

    def write(self, path: Path) -> None:
        """Record that the key of a table is written."""
        if path in self.written:
            self.found.scattered.add(path)
        self.written.add(path)

    def keys(self, at: int) -> Iterator[tuple[str, Span]]:
        """The parts of a dotted key."""
        while True:
            at = self.match(_SPACE, at)
            stop = self.match({'"': _BASIC, "'": _LITERAL}.get(self.text[at], _BARE), at)
            yield self.name(at, stop), Span(at, stop)
            at = self.match(_SPACE, stop)
            if self.text[at : at + 1] != ".":
                return
            at += 1

    def name(self, start: int, stop: int) -> str:
        text = self.text[start:stop]
        if text[0] == '"' and "\\" in text:
            from tomli import loads

            return str(loads(f"key = {text}")["key"])
        return text[1:-1] if text[0] in "\"'" else text

    def pair(self, table: Path, at: int) -> int:
        keys = list(self.keys(at))
        path = table
        for name, span in keys[:-1]:
            path = (*path, name)
            self.note(path, span)
        name, span = keys[-1]
        return self.value((*path, name), self.text.index("=", span.stop) + 1, span)

    def scalar(self, start: int) -> int:
        first = self.text[start]
        if first == '"':
            return self.match(_LONG_BASIC if self.text.startswith('"""', start) else _BASIC, start)
        if first == "'":
            return self.match(_LONG_LITERAL if self.text.startswith("'''", start) else _LITERAL, start)
        stop = self.match(_PLAIN, start)
        return start + len(self.text[start:stop].rstrip())

    def table(self, path: Path, at: int) -> int:
        return self.items(at, "}", lambda _, at: self.pair(path, at))
