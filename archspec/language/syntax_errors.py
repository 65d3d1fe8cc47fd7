"""What the parsers of TOML and JSON say of a text that is none, as findings with a place.

`tomli` tells its reasons in words only: they are read here, and nowhere else.
"""

import re
from json import JSONDecodeError

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import shown

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_KEYS = r"(('[^']*'(, )?)+,?)"
_TWICE = re.compile(rf"\({_KEYS}\) twice")
_CLOSED = re.compile(rf"mutate immutable namespace \({_KEYS}\)")
_QUOTED = re.compile("'([^']*)'")


def toml_problem(text: str, error: ValueError) -> Problem:
    """The finding that `tomli` refuses a text: its own error, or that of an integer of thousands of digits."""
    found = _PLACE.search(str(error))
    said = _lower(str(error)[: found.start()] if found else str(error))
    place, help_ = (0, 0), next((help_ for words, help_ in _ANYWHERE if words in said), None)
    if found is not None:
        lines = text.split("\n")
        place = (int(found[1]), int(found[2])) if found[1] else (len(lines), len(lines[-1]) + 1)
        if found[1] and help_ is None:
            help_ = _toml_help(said, lines[place[0] - 1].rstrip("\r"), place[1] - 1)
    said = _TWICE.sub(lambda match: f"{_dotted(match)} twice", said)
    said = _CLOSED.sub(lambda match: f"add to {_dotted(match)}, which has its value already", said)
    return Problem("AS102", f"invalid TOML: {said}", help=help_, place=place)


def _dotted(match: re.Match[str]) -> str:
    """A key as it is written."""
    return f"`{'.'.join(_QUOTED.findall(match[1]))}`"


def _toml_help(said: str, line: str, column: int) -> str | None:
    """What to type instead, as far as the place where `tomli` gave up tells."""
    rest = line[column:]
    if "unclosed inline table" in said or "key part" in said:
        if re.match("[“”„‘’«]", rest):
            return _QUOTES
        if rest.startswith(","):
            return "one comma stands between two keys of an inline table, and one may stand behind the last"
        if re.fullmatch(_HEADER, line):
            return "an inline table above this header is not closed: its `}` is missing"
        if "unclosed inline table" in said:
            return _INLINE
        return None
    if re.fullmatch(_HEADER, line) and "invalid value" in said:
        return "a list above this header is not closed: its `]` is missing"
    for kind, pattern, help_ in _SLIPS:
        if kind in said and re.match(pattern, rest):
            return help_
    return None


_HEADER = re.compile(r"\s*\[+[\w.\-\"' ]+\]+\s*(#.*)?")
"""A line that begins a table."""
_INLINE = (
    "the keys of an inline table are separated by commas, it ends with `}`, and expressions stand in quotes"
)
_ANYWHERE = (
    (" twice", "put all its keys under one header"),
    (
        "immutable namespace",
        "what is inside of a list or a table stands in its `[ … ]` or `{ … }`, or all of it has keys of its own",
    ),
    ("overwrite a value", "a key stands once: it has a value further up"),
    ("unclosed array", "the items of a list are separated by commas, and the list ends with `]`"),
)
"""What the parser says, and what to type instead, whatever the text looks like."""
_QUOTES = 'text stands in straight quotes, as in "conv"'
_SLIPS = (
    ("value", "[“”„‘’«]", _QUOTES),
    ("value", r"(True|False)\b", "true and false are written in lower case"),
    ("value", r"(None|null)\b", "there is no such value: leave the key out"),
    ("value", r"\(", "a list stands in square brackets, as in [1, 2]"),
    ("expected '='", r":", "a key and its value are separated by `=`"),
    ("invalid value", r"[^\W\d]", 'text and expressions stand in quotes, as in "depths[0]"'),
)
"""What the parser says, what the text looks like where it gave up, and what to type instead."""


def json_problem(text: str, error: ValueError) -> Problem:
    """The finding that `json` refuses a text: its own error, or that of a value that JSON does not have."""
    if not isinstance(error, JSONDecodeError):
        return Problem("AS103", f"invalid JSON: {_lower(str(error))}")
    return Problem(
        "AS103",
        f"invalid JSON: {_lower(error.msg)}",
        help=_json_help(text, error.pos),
        place=(error.lineno, error.colno),
    )


def _json_help(text: str, place: int) -> str | None:
    """What to type instead: the one slip that everybody makes is a comma behind the last item."""
    start = max(place - _NEAR, 0)
    comma = re.search(r",\s*([\]}])", text[start : place + _NEAR])
    if comma is None or not comma.start() <= place - start <= comma.end():
        return None
    return f"JSON has no comma behind the last item: take away the one before `{comma[1]}`"


_NEAR = 100
"""The characters on each side of a place that are looked at."""


def _lower(said: str) -> str:
    said = shown(said.partition(" for integer string conversion")[0], limit=1000)
    return said[:1].lower() + said[1:]
