"""Turn an error of `tomli` into a finding at the token that is wrong.

`tomli` gives its reasons in words only: they are read here, and nowhere else. It tells where it stopped, which often is
after the token. The tokens before that place are therefore read again.
"""

import re
import sys
from ast import literal_eval
from dataclasses import dataclass, field

from tomli import TOMLDecodeError

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import shown

_TOKEN = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+"{3,5}'
    r"|'''(?:[^']++|'(?!''))*+'{3,5}"
    r'|"""|\'\'\''
    r'|"(?:[^"\\\n]++|\\[^\n])*+"'
    r"|'[^'\n]*+'"
    r"|\#[^\n]*+"
    r"|\n(?:[ \t\r]*+(?:\#[^\n]*+)?+\n)*+"
    r"|[\[\]{},=\"']"
    r"|[^ \t\r\n\[\]{},=\#\"']++",
    re.DOTALL,
)
"""A string, a comment, line breaks with comments between them, a sign, or anything else up to the next one of these.
A quote by itself begins a string that does not end."""
_UNENDED = frozenset({'"', "'", '"""', "'''"})
_OPEN_ENDED = ("Unterminated", "Expected \"'")
"""What the parser says if the text ends within a string."""
_PART = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\[^\n])*+"|'[^'\n]*+')"""
_KEY = re.compile(rf"{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+")
_BARE = re.compile("[A-Za-z0-9_-]+")
_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{0,2}|u[0-9A-Fa-f]{0,4}|U[0-9A-Fa-f]{0,8}|[^\n]?)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufeff]")
_HEADER = re.compile(r"[ \t]*(\[+)[\w.\-\"' ]+\]+[ \t]*(#.*)?")
"""A line that begins a table."""


@dataclass(slots=True)
class _Before:
    """The tokens before an offset."""

    token: re.Match[str] | None = None
    """The last token that begins before it."""
    item: int = -1
    """The start of the key, value or header that the offset is in or after; -1 between two of them."""
    opened: list[tuple[int, int]] = field(default_factory=list)
    """The brackets that are open, as their offsets and those of the items that they are in."""


def _read(text: str, stop: int) -> _Before:
    """Read the tokens before an offset; the text is valid up to there."""
    before = _Before()
    for token in _TOKEN.finditer(text):
        if token.start() >= stop:
            break
        sign = token[0][0]
        if sign == "#":
            continue
        before.token = token
        if sign in "]}" and before.opened:
            before.item = before.opened.pop()[1]
        elif sign == "," or (sign == "\n" and not before.opened):
            before.item = -1
        elif sign not in "=\n":
            before.item = token.start() if before.item < 0 else before.item
            if sign in "[{":
                before.opened.append((token.start(), before.item))
                before.item = -1
        if token[0] in _UNENDED:
            break
    return before


@dataclass(slots=True)
class _Said:
    """What a finding says: the offset, the token there, the reason, and what to do."""

    at: int
    reason: str
    subject: str = ""
    help: str | None = None
    begins: int = -1
    """The offset where something begins that does not end."""


def toml_problem(text: str, error: ValueError) -> Problem:
    """The finding for an error of `tomli`, or of Python for an integer of thousands of digits."""
    if not isinstance(error, TOMLDecodeError):
        said = _long_number(text, error)
    else:
        text = error.doc  # its lines end with LF
        said = _explain(text, min(error.pos, len(text)), error.msg)
    notes = (
        ["it begins in line {}, column {}".format(*place_of(text, said.begins))] if said.begins >= 0 else []
    )
    return Problem(
        "AS102",
        f"invalid TOML: {shown(said.reason, limit=1000)}",
        notes=notes,
        help=said.help,
        subject=said.subject,
        place=place_of(text, said.at) if said.at >= 0 else (0, 0),
    )


def place_of(text: str, at: int) -> tuple[int, int]:
    """The line and column of an offset."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def is_too_long(word: str) -> bool:
    """Whether a word is an integer of so many digits that Python does not read it."""
    most = sys.get_int_max_str_digits()
    return 0 < most < sum(map(str.isdigit, word)) and re.fullmatch(r"[+-]?[\d_]+", word) is not None


def _long_number(text: str, error: ValueError) -> _Said:
    reason = str(error).partition(" for integer string conversion")[0]
    token = next((token for token in _TOKEN.finditer(text) if is_too_long(token[0])), None)
    return _Said(token.start() if token else -1, _lower(reason), token[0] if token else "")


def _lower(said: str) -> str:
    return said[:1].lower() + said[1:]


def _explain(text: str, at: int, said: str) -> _Said:
    """What is wrong where `tomli` stopped, with these words."""
    if "escape" in said.lower() or "hex value" in said:
        return _bad_escape(text, at, said)
    if at < len(text) and _CONTROL.match(text, at):
        return _bad_character(text, at)
    before = _read(text, at)
    token = before.token
    if token is not None and token[0] in _UNENDED and said.startswith(_OPEN_ENDED):
        return _unended_string(text, token)
    if "'\\n'" in said:  # an illegal character
        return _Said(at, "the string does not end in its line", help="its closing quote is missing")
    for words, reason, help_ in _TAKEN:
        if words in said:
            return _taken(text, before.item, said, reason, help_)
    stopped_within = token is not None and token.start() < at < token.end()
    if token is not None and stopped_within and said.startswith(("Expected newline", "Unclosed")):
        return _bad_value(token)
    return _unexpected(text, at, said, before)


def _bad_escape(text: str, at: int, said: str) -> _Said:
    start = text.rindex("\\", 0, at)
    match = _ESCAPE.match(text, start)
    word = match[0] if match else "\\"
    help_ = _ESCAPES if "Unescaped" in said else _SURROGATES if "scalar" in said else _DIGITS
    return _Said(start, f"`{word}` is not an escape sequence", word, help_)


_ESCAPES = "a backslash is `\\\\` in double quotes, and `\\` in single quotes"
_DIGITS = "two hexadecimal digits follow `\\x`, four `\\u`, eight `\\U`"
_SURROGATES = "surrogates are not characters, and the last character is U+10FFFF"


def _bad_character(text: str, at: int) -> _Said:
    help_ = {
        "\r": "a line ends with LF, or CR and LF",
        "\ufeff": "a byte order mark can only be at the start of a file",
    }
    return _Said(
        at, f"the character U+{ord(text[at]):04X} is not allowed here", text[at], help_.get(text[at])
    )


def _unended_string(text: str, token: re.Match[str]) -> _Said:
    if len(token[0]) == 3:
        reason = f"the string does not end with `{token[0]}`"
        return _Said(len(text), reason, begins=token.start())
    end = text.find("\n", token.end())
    reason = "the string does not end in its line"
    return _Said(len(text) if end < 0 else end, reason, help="its closing quote is missing")


_TAKEN = (
    (" twice", "cannot declare `{}` twice", "put all its keys under one header"),
    (
        "immutable namespace",
        "cannot add to `{}`, which has its value already",
        "write all of a list or table in its `[ … ]` or `{ … }`, or all of it under headers and dotted keys",
    ),
    ("redefine namespace", "cannot add to `{}`, which has a header", "put all its keys under its header"),
    ("overwrite a value", "cannot overwrite a value", "the key has a value further up"),
    ("Duplicate inline", "cannot overwrite a value", "the key has a value in the same table"),
)
"""What the parser says of a key that is taken, what the finding says, and what to type instead."""


def _taken(text: str, start: int, said: str, reason: str, help_: str) -> _Said:
    key = _KEY.match(text, start)
    named = re.search(r"\(.+\)", said, re.DOTALL)
    parts = literal_eval(named[0]) if named else ()
    name = ".".join(part if _BARE.fullmatch(part) else f'"{shown(part)}"' for part in parts)
    return _Said(start, reason.format(name), key[0] if key else "", help_)


def _bad_value(token: re.Match[str]) -> _Said:
    word = token[0]
    help_ = next((help_ for pattern, help_ in _WORDS if re.match(pattern, word)), None)
    return _Said(token.start(), "invalid value", word, help_)


_TEXT = 'text and expressions need quotes, as in "depths[0]"'
_WORDS = (
    (r"[+-]0[xob]", "a hexadecimal, octal or binary number has no sign"),
    (r"0[xob]", "digits of its base follow `0x`, `0o` or `0b`"),
    (r"[+-]?0[\d_]", "a number has no leading zeros"),
    (r"[+-]?[\d_.]*(_(?!\d)|(?<!\d)_)", "an underscore can only be between two digits"),
    (r"[+-]?\d+\.(?!\d)", "a decimal point needs digits on both sides"),
    (r"[^\W\d]|.*[*/%()]|.*[^\W\d_]{2}", _TEXT),
)
"""The pattern of a wrong value of which `tomli` reads the start, and what to type instead."""


def _unexpected(text: str, at: int, said: str, before: _Before) -> _Said:
    """Something else was expected where `tomli` stopped, such as a value, a comma or a bracket."""
    opened = [start for start, _ in before.opened]
    if before.opened and before.opened[0][0] == before.opened[0][1]:
        opened = []  # the brackets of a header
    line = text.rfind("\n", 0, at) + 1
    header = _HEADER.match(text, line)
    outer = next((start for start in reversed(opened) if start < line), -1)
    if header is not None and outer >= 0 and "Unclosed array" not in said:
        what, sign = ("a list", "]") if text[outer] == "[" else ("an inline table", "}")
        help_: str | None = f"{what} above this header is not closed: its `{sign}` is missing"
        return _Said(header.start(1), _UNCLOSED[text[outer]], header[1], help_, outer)
    if opened and at == len(text):
        return _Said(at, _UNCLOSED[text[opened[-1]]], help=_CLOSE[text[opened[-1]]], begins=opened[-1])
    rest = text[at:].partition("\n")[0]
    help_ = next((help_ for kind, pattern, help_ in _SLIPS if kind in said and re.match(pattern, rest)), None)
    reason = _lower(said)
    pattern, missing = _MISSING.get(said, ("(?!)", ""))
    reason = missing if re.match(pattern, rest) else reason
    if "']]'" in said and text.startswith("]", at):  # the second one is missing
        at += 1
    token = _TOKEN.match(text, at)
    word = token[0] if token is not None and "\n" not in token[0] else ""
    return _Said(at, reason, word, help_)


_UNCLOSED = {"[": "unclosed array", "{": "unclosed inline table"}
_CLOSE = {
    "[": "the items of a list are separated by commas, and the list ends with `]`",
    "{": "the keys of an inline table are separated by commas, it ends with `}`, and expressions need quotes",
}
_MISSING = {
    "Invalid value": (r"[,\]}#]|$", "a value is missing"),
    "Invalid statement": (r"[=.]", "a key is missing"),
    "Invalid initial character for a key part": (r"[=.,\]}#]|$", "a key is missing"),
}
_QUOTES = 'text needs straight quotes, as in "conv"'
_CURLY = "[“”„‘’«]"
_OTHER_KEY = "a key with other characters than A to Z, a to z, 0 to 9, `_` and `-` needs quotes"
_SLIPS = (
    ("", _CURLY, _QUOTES),
    (
        "key part",
        ",",
        "the keys of an inline table are separated by single commas, and one may follow the last",
    ),
    ("Invalid value", ",", "the items of a list are separated by single commas, and one may follow the last"),
    ("Unclosed array", "", _CLOSE["["]),
    ("Unclosed inline table", "", _CLOSE["{"]),
    ("Invalid value", r"(True|False)\b", "true and false are written in lower case"),
    ("Invalid value", r"(None|null)\b", "there is no such value: leave the key out"),
    ("Invalid value", r"\(", "a list needs square brackets, as in [1, 2]"),
    ("Invalid value", r"[^\W\d]", _TEXT),
    ("Expected newline", r"[*/%+-]", _TEXT),
    ("Expected '='", r":", "a key and its value are separated by `=`"),
    *(
        (kind, r"[^\s\w\-=.#\[\]{},:\"']|[^\W\d_a-zA-Z]", _OTHER_KEY)
        for kind in ("Expected '='", "Expected ']", "key part", "Invalid statement")
    ),
)
"""What the parser says, the pattern of the text where it stopped, and what to type instead."""
