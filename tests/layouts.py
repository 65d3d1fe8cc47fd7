"""Specs laid out at will: the same data with other line breaks, comments, commas, quotes and headers.

The writer notes where it puts each key and each value, so that places that are found need no second reader.
"""

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

Path = tuple[str | int, ...]
Token = tuple[Path, str, int, int]
"""A part of a spec whatever its layout: the path, `key` or `value`, and of a text the characters that are meant."""
Choose = Callable[[str, Sequence[str]], str]
"""What is written, of several that mean the same, by what it is called."""

BARE = re.compile("[A-Za-z0-9_-]+")
GAPS = ("", " ", "\n", "\n\t", "\n  ", ' # ä ] } 𝄞 """ \'\n', "\n# x = {\n\n\t", "\t#\n")
"""What stands between the items of lists and inline tables."""
ENDS = ("\n", "\n\n", " # a = [\n", "\t#'\n\n")
"""What stands behind a key and its value."""


class Writer:
    """A spec in TOML."""

    gaps: Sequence[str] = GAPS
    blanks = ("", " ", "\t")
    equals = "="

    def __init__(self, choose: Choose, *, turn: int = 0, newline: str = "\n", before: str = "") -> None:
        self.choose, self.turn, self.newline = choose, turn, newline
        self.text = before
        self.places: dict[tuple[Path, str], tuple[int, int]] = {}
        """The offsets of each key and value."""
        self.texts: set[Path] = set()
        """The paths of values that are texts in quotes."""

    def put(self, what: str, options: Sequence[str]) -> None:
        self.text += self.choose(what, options).replace("\n", self.newline)

    def items(self, table: dict[str, Any]) -> list[tuple[str, Any]]:
        """Each item of a table is the first, one in the middle and the last for some turn."""
        items = list(table.items())
        turn = self.turn % max(len(items), 1)
        return items[turn:] + items[:turn]

    def key(self, path: Path) -> None:
        name, start = str(path[-1]), len(self.text)
        self.put("key", [*([name] if BARE.fullmatch(name) else []), *self.quoted(name)])
        self.places[path, "key"] = start, len(self.text)

    def pair(self, path: Path, value: Any) -> None:
        self.key(path)
        self.put("blank", self.blanks)
        self.text += self.equals
        self.put("blank", self.blanks)
        self.value(path, value)

    def value(self, path: Path, value: Any) -> None:
        start = len(self.text)
        if isinstance(value, dict):
            self.sequence("{}", [partial(self.pair, (*path, key), item) for key, item in self.items(value)])
        elif isinstance(value, list):
            self.sequence("[]", [partial(self.value, (*path, at), item) for at, item in enumerate(value)])
        elif isinstance(value, str):
            self.put("text", self.quoted(value))
            self.texts.add(path)
        else:
            self.text += self.scalar(value)
        self.places[path, "value"] = start, len(self.text)

    def sequence(self, brackets: str, items: Sequence[Callable[[], None]]) -> None:
        self.text += brackets[0]
        self.put("gap", self.gaps)
        for number, item in enumerate(items, 1):
            item()
            self.put("gap", self.gaps)
            if number < len(items) or self.comma():
                self.text += ","
                self.put("gap", self.gaps)
        self.text += brackets[1]

    def comma(self) -> bool:
        """Whether there is one behind the last item."""
        return self.choose("comma", ("", ",")) == ","

    def scalar(self, value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        return repr(value) if isinstance(value, int | float) else str(value.isoformat())

    def quoted(self, text: str) -> list[str]:
        """A text in quotes, in all ways that leave its characters as they are."""
        basic = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
        if "'" in text or not text.isprintable():
            return [basic]
        return [f"'{text}'"] if "\\" in basic else [basic, f"'{text}'"]

    def document(self, data: dict[str, Any]) -> str:
        """The whole spec."""
        self.table((), data)
        return self.text

    def table(self, path: Path, table: dict[str, Any]) -> None:
        """A table with a header, or the document."""
        kinds = {
            key: self.choose("table", ("inline", "header") if isinstance(item, dict) else ("inline",))
            for key, item in table.items()
        }
        own = {key for key, kind in kinds.items() if kind == "header"}
        for key, item in self.items(table):
            if key not in own:
                self.pair((*path, key), item)
                self.put("end", ENDS)
        for key, item in self.items(table):
            if key in own:
                self.header((*path, key))
                self.put("end", ENDS)
                self.table((*path, key), item)

    def header(self, path: Path) -> None:
        start = len(self.text)
        self.text += "["
        for number in range(1, len(path) + 1):
            known = self.places.get((path[:number], "key"))
            self.put("blank", self.blanks)
            self.key(path[:number])
            if known is not None and number < len(path):
                self.places[path[:number], "key"] = known
            self.put("blank", self.blanks)
            self.text += "." if number < len(path) else "]"
        self.places[path, "value"] = start, len(self.text)

    def tokens(self, start: int, stop: int) -> set[Token]:
        """What stands at these offsets: one token, or a table and its key where a header is both."""
        exact: set[Token] = {(*of, 0, 0) for of, span in self.places.items() if span == (start, stop)}
        within: set[Token] = {
            (path, kind, start - first - 1, stop - first - 1)
            for (path, kind), (first, last) in self.places.items()
            if (path in self.texts or kind == "key") and first < start <= stop < last
        }
        return exact or within


class JsonWriter(Writer):
    """A spec in JSON."""

    gaps = ("", " ", "\n", "\n\t", "\n  ", "\r\n  ")
    equals = ":"

    def comma(self) -> bool:
        return False

    def scalar(self, value: Any) -> str:
        return json.dumps(value)

    def quoted(self, text: str) -> list[str]:
        return [json.dumps(text, ensure_ascii=False)]

    def key(self, path: Path) -> None:
        start = len(self.text)
        self.put("key", self.quoted(str(path[-1])))
        self.places[path, "key"] = start, len(self.text)

    def document(self, data: dict[str, Any]) -> str:
        self.value((), data)
        return self.text


def fixed(**wanted: str) -> Choose:
    """The same choice everywhere; the first one where none is named."""

    def choose(what: str, options: Sequence[str]) -> str:
        return wanted[what] if wanted.get(what) in options else options[0]

    return choose
