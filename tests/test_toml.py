"""What TOML 1.1 forbids is found at the token that is wrong, or where the end was expected; what it allows is read.

https://toml.io/en/v1.1.0; the kinds of wrong texts are those of https://github.com/toml-lang/toml-test.
"""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import archspec
from archspec.cli import main
from archspec.diagnostics.locate import Finding

START, STOP = "▲", "▼"
"""In a text: the start and the end of what is underlined. Without an end, it is one character."""


def marked(text: str) -> tuple[str, tuple[int, int], tuple[int, int]]:
    """The text without marks, and the line and column of each."""
    before, _, after = text.partition(START)
    word, stop, rest = after.partition(STOP)
    places = []
    for part in (before, before + word):
        lines = part.split("\n")
        places.append((len(lines), len(lines[-1]) + 1))
    start, end = places
    return before + word + rest, start, end if stop else (start[0], start[1] + 1)


def found_in(text: str | bytes, file: str = "net.toml") -> Finding:
    """The only finding in a text."""
    [finding] = archspec.validate(file, source=text)
    return finding


def check(text: str, code: str, message: str, file: str = "net.toml") -> None:
    """The only finding is at the marks, also where lines end with CR and LF."""
    plain, start, end = marked(text)
    for source in (plain, plain.encode(), plain.replace("\n", "\r\n")):
        finding = found_in(source, file)
        spot = finding.spot
        assert (finding.diagnostic.code, spot.line, spot.column) == (code, *start), finding.diagnostic.message
        assert (spot.end_line, spot.end_column) == end
        assert message in finding.diagnostic.message


# --- what is forbidden -------------------------------------------------------------------------------------------

VALUE = "a value is missing"
KEY = "a key is missing"
NOT_A_VALUE = "invalid value"
EQUALS = "expected '=' after a key"
LINE = "expected newline or end of document"
TWICE = "cannot overwrite a value"
BRACKET = "expected ']'"
LIST = "unclosed array"
TABLE = "unclosed inline table"
STRING = "the string does not end in its line"
ESCAPE = "is not an escape sequence"

INVALID = {
    # keys
    "key twice": ("x = 1\n▲x▼ = 2", TWICE),
    "key twice, quoted": ("x = 1\n▲'x'▼ = 2", TWICE),
    "key twice, escaped": ('x = 1\n▲"\\u0078"▼ = 2', TWICE),
    "key twice, with blanks": ("a.b = 1\n  ▲a . b▼ = 2", TWICE),
    "key twice, values over lines": ("x = [\n 1,\n]\n▲x▼ = [\n 2,\n]", TWICE),
    "empty key twice": ("'' = 1\n▲\"\"▼ = 2", TWICE),
    "dotted key into a value": ("a = 1\n▲a.b▼ = 2", TWICE),
    "value over dotted keys": ("a.b = 1\n▲a▼ = 2", TWICE),
    "no key": ("▲= 1", KEY),
    "dot without key": ("▲.x▼ = 1", KEY),
    "key ends with a dot": ("x. ▲= 1", KEY),
    "two dots": ("x.▲.y▼ = 1", KEY),
    "no equals sign": ("x▲\ny = 1", EQUALS),
    "key of two words": ("my ▲key▼ = 1", EQUALS),
    "key and a line break": ("x▲\n= 1", EQUALS),
    "colon": ("x▲:▼ 3", EQUALS),
    "key with a character of its own": ("gr▲öße▼ = 1", EQUALS),
    "key that begins with such a one": ("▲ärger▼ = 1", "invalid statement"),
    "key with a sign": ("bare▲!key▼ = 1", EQUALS),
    "key over lines": ('""▲"key"▼""= 1', EQUALS),
    "no value": ("x =▲\ny = 1", VALUE),
    "no value before a comment": ("x = ▲# 1▼", VALUE),
    "no value at the end": ("x = ▲", VALUE),
    "two equals signs": ("x =▲= 1", NOT_A_VALUE),
    "two values": ("x = 1 ▲y▼ = 2", LINE),
    "two keys in a line": ('x = "a"▲y▼ = 2', LINE),
    "a comma behind a value": ("x = 1▲,\n", LINE),
    # tables
    "table twice": ("[a]\n[b]\n[▲a▼]", "cannot declare `a` twice"),
    "table twice, quoted": ("[a.'b c']\n[▲ a . \"b c\"▼ ]".replace("▲ a", " ▲a"), '`a."b c"` twice'),
    "table over a value": ("[a]\nb = 1\n[▲a.b▼]", TWICE),
    "table below a value": ("[a]\nb = 1\n[▲a.b.c.d▼]", TWICE),
    "table over dotted keys": ("[a]\nb.c = 1\n[▲a.b▼]", "cannot declare `a.b` twice"),
    "table over an array of tables": ("[[a]]\n[▲a▼]", "cannot declare `a` twice"),
    "array of tables over a table": ("[a]\n[[▲a▼]]", TWICE),
    "array of tables over an implicit table": ("[a.b]\n[[▲a▼]]", TWICE),
    "array of tables over a static array": ("a = []\n[[▲a▼]]", "cannot add to `a`"),
    "array of tables over an array of inline tables": ("a = [{ b = 1 }]\n[[▲a▼]]", "cannot add to `a`"),
    "table in a static array": ("a = [{ b = 1 }]\n[▲a.c▼]", "cannot declare `a.c` twice"),
    "table over an inline table": ("a = { b = 1 }\n[▲a▼]", "cannot declare `a` twice"),
    "table in an inline table": ("a = { b = 1 }\n[▲a.c▼]", "cannot declare `a.c` twice"),
    "array of tables in an inline table": ("a = {}\n[[▲a.b▼]]", "cannot add to `a.b`"),
    "dotted key into an inline table": ("a = { b = 1 }\n▲a.c▼ = 2", "cannot add to `a`"),
    "dotted key into a nested inline table": ("a = { b = {} }\n▲a.b.c▼ = { d = 1 }", "cannot add to `a.b`"),
    "dotted key into a table": (
        "[a.b.c]\nd = 1\n[a]\n▲b.c.e▼ = 2",
        "cannot add to `a.b.c`, which has a header",
    ),
    "dotted key into an array of tables": (
        "[[a.b]]\n[a]\n▲b.c▼ = 1",
        "cannot add to `a.b`, which has a header",
    ),
    "table is not closed": ("[a▲\nb = 1", BRACKET),
    "table is not closed, at the end": ("[a▲", BRACKET),
    "table over lines": ("[a.▲\nb]", KEY),
    "array of tables is not closed": ("[[a]▲\nb = 1", "expected ']]'"),
    "array of tables with a blank": ("[[a]▲ ]", "expected ']]'"),
    "table without a name": ("[▲]", KEY),
    "table ends with a dot": ("[a.▲]", KEY),
    "table of two words": ("[a ▲b▼]", BRACKET),
    "table with a character of its own": ("[gr▲öße▼]", BRACKET),
    "table and a key": ("[a] ▲b▼ = 1", LINE),
    "two tables in a line": ("[a] ▲[b]", LINE),
    "a bracket too many": ("[a]▲]", LINE),
    # inline tables
    "inline: key twice": ("t = { a = 1, ▲a▼ = 2 }", TWICE),
    "inline: key twice over lines": (
        "t = {\n  a = { b = 1 }, # x = {\n  # ,\n  c = [\n    1, # ]\n  ],\n  ▲'a'▼ = [\n    { d = 1, },\n  ],\n}",
        "cannot add to `a`",
    ),
    "inline: key twice in a nested one": ("t = [{\n u = {\n  a = 1,\n  ▲a▼ = 2,\n },\n}]", TWICE),
    "inline: dotted key twice": ("t = { a.b = 1, ▲a.b▼ = 2 }", TWICE),
    "inline: dotted key into a value": ("t = { a = 1, ▲a.b▼ = 2 }", TWICE),
    "inline: value over dotted keys": ("t = { a.b = 1, ▲a▼ = 2 }", TWICE),
    "inline: dotted key into an inline table": ("t = { a = { b = 1 },\n ▲a.c▼ = 2 }", "cannot add to `a.c`"),
    "inline: dotted key into an array": ("t = { a = [{}], ▲a.b▼ = 2 }", "cannot add to `a.b`"),
    "inline: two commas": ("t = { a = 1,▲, b = 2 }", KEY),
    "inline: two commas over lines": ("t = {\n  a = 1,\n  ▲,\n}", KEY),
    "inline: two commas around a comment": ("t = {\n  a = 1, # ,\n  # ,\n  ▲,\n  b = 2 }", KEY),
    "inline: comma at the start": ("t = {▲, a = 1 }", KEY),
    "inline: comma only": ("t = {\n▲,\n}", KEY),
    "inline: no comma": ("t = { a = 1 ▲b▼ = 2 }", TABLE),
    "inline: no comma over lines": ("t = {\n  a = 1 # ,\n  ▲b▼ = 2\n}", TABLE),
    "inline: no value": ("t = { a = ▲}", VALUE),
    "inline: no value before a comma": ("t = { a =▲, b = 1 }", VALUE),
    "inline: a line break before the value": ("t = { a =▲\n 1 }", VALUE),
    "inline: a line break behind the key": ("t = { a▲\n = 1 }", EQUALS),
    "inline: no equals sign": ("t = { a ▲}", EQUALS),
    "inline: a value without a key": ('t = { "a"▲, }', EQUALS),
    "inline: a list without a key": ("t = { a = 1, ▲[b] }", "invalid initial character for a key part"),
    "inline: wrong bracket": ("t = { a = 1 ▲]", TABLE),
    "inline: not closed": ("t = { a = 1,\n▲", TABLE),
    "inline: not closed before a table": ("t = {\n  a = 1,\n▲[▼b]\nc = 2", TABLE),
    "inline: not closed behind a value": ("t = {\n  a = 1\n▲[▼b]\nc = 2", TABLE),
    # arrays
    "array: two commas": ("x = [1,▲, 2]", VALUE),
    "array: two commas at the end": ("x = [1,\n▲,\n]", VALUE),
    "array: comma at the start": ("x = [▲, 1]", VALUE),
    "array: no comma": ("x = [1 ▲2▼]", LIST),
    "array: no comma between texts": ('x = ["a" # ,\n  ▲"b"▼]', LIST),
    "array: wrong bracket": ("x = [1 ▲}", LIST),
    "array: a key": ("x = [▲a▼ = 1]", NOT_A_VALUE),
    "array: not closed": ("x = [1, 2\n▲", LIST),
    "array: not closed, and nested": ("x = [1, [2, 3],\n▲", LIST),
    "array: not closed before a table": ('x = [\n  "a",\n▲[▼b]\nc = 2', LIST),
    "array: not closed before an array of tables": ('x = [\n  "a",\n▲[[▼b]]\nc = 2', LIST),
    "array: not closed before a key": ('x = [\n  "a",\n▲c▼ = 2', NOT_A_VALUE),
    "array: a bracket too many": ("x = [1]▲]", LINE),
    # strings
    "string: not closed": ('x = "a▲\ny = 1', STRING),
    "string: not closed, at the end": ('x = "a▲', STRING),
    "string: not closed before another": ('x = "a▲\ny = "b"', STRING),
    "string: another quote": ("x = \"a'▲\n", STRING),
    "string: literal, not closed": ("x = 'a▲\ny = 1", STRING),
    "string: literal, not closed before another": ("x = 'a▲\ny = 'b'", STRING),
    "string: literal, not closed behind others": ("x = ['a', '''b\n''', \"c'\", # '\n 'd▲\n]\ny = 1", STRING),
    "string: key is not closed": ('"x = 1▲\n', STRING),
    "string: literal key is not closed": ("'x = 1▲\n", STRING),
    "string: table is not closed": ("['x▲\ny = 1", STRING),
    "string: multi-line, not closed": ('x = """a\nb\n▲', 'does not end with `"""`'),
    "string: multi-line literal, not closed": ("x = '''a\nb'' ''\n▲", "does not end with `'''`"),
    "string: six quotes": ('x = """a"""""▲"', LINE),
    "string: no opening quote": ('x = ▲a▼"', NOT_A_VALUE),
    "string: text behind it": ('x = "a" ▲b▼', LINE),
    "string: curly quotes": ("x = ▲“a”▼", NOT_A_VALUE),
    "escape: unknown": ('x = "a▲\\q▼b"', ESCAPE),
    "escape: \\a": ('x = ["▲\\a▼"]', ESCAPE),
    "escape: a digit": ('x = "▲\\0▼33"', ESCAPE),
    "escape: a space": ('x = "a▲\\ ▼b"', ESCAPE),
    "escape: a line break": ('x = "a▲\\\nb"', ESCAPE),
    "escape: \\x with one digit": ('x = "▲\\x4▼"', ESCAPE),
    "escape: \\x with none": ('x = "a \\\\ ▲\\x▼gg"', ESCAPE),
    "escape: \\u with three digits": ('x = "▲\\u123▼ "', ESCAPE),
    "escape: \\U with seven digits": ('x = "▲\\U0001234▼"', ESCAPE),
    "escape: a surrogate": ('x = "▲\\ud800▼"', ESCAPE),
    "escape: beyond Unicode": ('x = "▲\\U00110000▼"', ESCAPE),
    "escape: in a key": ('"▲\\x4▼" = 1', ESCAPE),
    "escape: in a multi-line string": ('x = """a\n  b ▲\\q▼ """', ESCAPE),
    "escape: text behind a line's end": ('x = """a ▲\\ ▼ b"""', ESCAPE),
    "escape: upper case": ('x = "▲\\N▼"', ESCAPE),
    # numbers, dates and other words
    "integer: leading zero": ("x = ▲01▼", NOT_A_VALUE),
    "integer: signed leading zero": ("x = ▲-01▼", NOT_A_VALUE),
    "integer: leading zero in an array": ("x = [\n  1,\n  ▲02▼,\n]", NOT_A_VALUE),
    "integer: leading zero in an inline table": ("t = { a = ▲00▼, }", NOT_A_VALUE),
    "integer: two underscores": ("x = ▲1__0▼", NOT_A_VALUE),
    "integer: underscore at the end": ("x = [▲1_▼]", NOT_A_VALUE),
    "integer: underscore at the start": ("x = ▲_1▼", NOT_A_VALUE),
    "integer: two signs": ("x = ▲+-1▼", NOT_A_VALUE),
    "integer: sign only": ("x = ▲-▼", NOT_A_VALUE),
    "integer: hexadecimal with a sign": ("x = ▲-0x1f▼", NOT_A_VALUE),
    "integer: hexadecimal without digits": ("x = ▲0x▼", NOT_A_VALUE),
    "integer: binary with a 2": ("x = ▲0b012▼", NOT_A_VALUE),
    "integer: octal with an 8": ("x = ▲0o78▼", NOT_A_VALUE),
    "integer: upper-case prefix": ("x = ▲0X1▼", NOT_A_VALUE),
    "integer: underscore behind a prefix": ("x = ▲0x_1▼", NOT_A_VALUE),
    "integer: other digits": ("x = ▲1٠▼", NOT_A_VALUE),
    "integer: thousands of digits": (f"a = 1\nx = [▲{'7' * 5000}▼]", "exceeds the limit"),
    "float: no digit before the point": ("x = ▲.5▼", NOT_A_VALUE),
    "float: no digit behind the point": ("x = [▲1.▼, 2]", NOT_A_VALUE),
    "float: no digit between": ("x = ▲1.e5▼", NOT_A_VALUE),
    "float: two points": ("x = ▲1.2.3▼", NOT_A_VALUE),
    "float: no exponent": ("x = ▲1e▼", NOT_A_VALUE),
    "float: exponent with a point": ("x = ▲1e1.5▼", NOT_A_VALUE),
    "float: leading zero": ("x = ▲03.14▼", NOT_A_VALUE),
    "float: underscore at the point": ("x = ▲1_.5▼", NOT_A_VALUE),
    "float: Inf": ("x = ▲Inf▼", NOT_A_VALUE),
    "float: NaN": ("x = ▲NaN▼", NOT_A_VALUE),
    "float: infinity": ("x = ▲infinity▼", NOT_A_VALUE),
    "float: nan with a digit": ("x = ▲+nan1▼", NOT_A_VALUE),
    "float: two signs": ("x = ▲--inf▼", NOT_A_VALUE),
    "boolean: True": ("x = ▲True▼", NOT_A_VALUE),
    "boolean: truer": ("x = [▲truer▼, 1]", NOT_A_VALUE),
    "word": ("x = ▲relu▼", NOT_A_VALUE),
    "expression": ("x = ▲x.channels▼ * 2", NOT_A_VALUE),
    "expression that begins with a number": ("t = { a = ▲2*width▼ }", NOT_A_VALUE),
    "date: no such month": ("x = ▲2006-13-01▼", NOT_A_VALUE),
    "date: no such day": ("x = ▲2006-02-30▼", "invalid date"),
    "date: one digit": ("x = [▲2006-1-1▼]", NOT_A_VALUE),
    "date: no such hour": ("x = ▲2006-01-01T24:00▼", NOT_A_VALUE),
    "date: no time": ("x = ▲2006-01-01T▼", NOT_A_VALUE),
    "date: no such hour behind a space": ("x = 2006-01-01 ▲24:00▼", LINE),
    "time: no such minute": ("x = ▲10:60▼", NOT_A_VALUE),
    "time: no minutes": ("x = ▲10:▼", NOT_A_VALUE),
    "time: no fraction": ("x = ▲10:11:12.▼", NOT_A_VALUE),
    # characters
    "CR in a line": ("x = 1▲\ry = 2", "the character U+000D"),
    "CR in a comment": ("x = 1 # a▲\rb", "the character U+000D"),
    "CR in a string": ('x = "a▲\rb"', "the character U+000D"),
    "CR in a multi-line string": ('x = """\na▲\rb"""', "the character U+000D"),
    "CR at the end": ("x = 1▲\r", "the character U+000D"),
    "CR in an array": ("x = [▲\r1]", "the character U+000D"),
    "null": ("x = 1▲\0", "the character U+0000"),
    "null in a comment": ("# a▲\0", "the character U+0000"),
    "control character in a string": ('x = "a▲\x1fb"', "the character U+001F"),
    "control character in a literal string": ("x = 'a▲\x7f'", "the character U+007F"),
    "control character in a multi-line literal string": ("x = '''\n\n a▲\x01'''", "the character U+0001"),
    "control character in a key": ('"a▲\x08" = 1', "the character U+0008"),
    "form feed": ("▲\fx = 1", "the character U+000C"),
    "byte order mark in the middle": ("x = 1\n▲\ufeffy = 2", "the character U+FEFF"),
    "byte order mark in a list": ("x = [▲\ufeff1]", "the character U+FEFF"),
    "no-break space": ("x =▲\u00a01▼", NOT_A_VALUE),
    "behind wide characters": ('x = "𝄞ä" ▲y▼', LINE),
    "behind tabs": ("\tx\t=\t▲01▼", NOT_A_VALUE),
}


@pytest.mark.parametrize("name", INVALID)
def test_what_is_forbidden(name: str) -> None:
    text, message = INVALID[name]
    check(text, "AS102", message)


def test_two_byte_order_marks() -> None:
    finding = found_in(b"\xef\xbb\xbf\xef\xbb\xbfarchspec = 1\n")
    assert (finding.diagnostic.code, finding.spot.line, finding.spot.column) == ("AS102", 1, 1)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"x = 1\r\ny = '\xff'\r\n", (2, 6)),
        ('x = "ä"\ny = "é"'.encode()[:-2] + b'"', (2, 6)),
        ("# 𝄞 ".encode() + b"\xc3(", (1, 5)),
        (b"\xed\xa0\x80", (1, 1)),  # a surrogate
        (b"x = 1 # \xc0\xaf", (1, 9)),  # overlong
        (b"\xf4\x90\x80\x80", (1, 1)),  # beyond U+10FFFF
        ("x = 1".encode("utf-16"), (1, 1)),
    ],
)
def test_what_is_not_utf_8(text: bytes, place: tuple[int, int]) -> None:
    finding = found_in(text)
    assert (finding.diagnostic.code, finding.spot.line, finding.spot.column) == ("AS101", *place)


def test_where_it_begins_what_is_not_closed() -> None:
    for text in (
        "a = 1\nx = [\n 1,\n [2],\n",
        "a = 1\nx = {\n b = 1,\n",
        'a = 1\nx = """\n"',
        "a = 1\nx = [\n 1,\n[b]",
    ):
        assert found_in(text).diagnostic.notes == ("it begins in line 2, column 5",)


@pytest.fixture
def _signals() -> Iterator[None]:
    """The handlers that the command line sets are taken back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize("command", ["validate", "summary"])
def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, command: str) -> None:
    """One finding with its place, and the exit code 1; not a traceback."""
    file = tmp_path / "net.toml"
    monkeypatch.setattr(sys, "argv", ["archspec", command, str(file)])
    for text in [*(text for text, _ in INVALID.values()), "x = 1 # ▲\udcff"]:
        plain, (line, column), _ = marked(text)
        file.write_bytes(plain.encode(errors="surrogateescape"))
        with pytest.raises(SystemExit) as stopped:
            main()
        printed = capsys.readouterr()
        said = printed.out + printed.err
        assert (stopped.value.code, said.count("error["), said.count("Traceback")) == (1, 1, 0), text
        assert f" --> {file}:{line}:{column}\n" in said


# --- what TOML 1.1 allows, and 1.0 did not ---------------------------------------------------------------------

NET = 'archspec = 1\n[model]\ninput = ["N", 3, 8, 8]\n'
NOTHING = "there is no op"
ALLOWED = {
    "line breaks": (NET + 'layers = [{\n  op\t=\t"▲rellu▼"\n}]', "AS204", NOTHING),
    "comments": (
        NET
        + 'layers = [{ # {\n  # "\n  op = "tanh", # ,\n  # }\n}, # ]\n{ # }\n op = "▲rellu▼" # }\n # ,\n} # ]\n]',
        "AS204",
        NOTHING,
    ),
    "a comma at the end": (NET + 'layers = [{ op = "tanh", }, { op = "▲rellu▼", }, ]', "AS204", NOTHING),
    "a comma in a line of its own": (
        NET + 'layers = [{\n  op = "tanh"\n  ,\n}, "▲rellu▼"]',
        "AS204",
        NOTHING,
    ),
    "an empty table over lines": (NET + 'let = {\n  # }\n}\nlayers = ["▲rellu▼"]', "AS204", NOTHING),
    "tables in tables": (
        (
            "archspec = 1\nmodel = {\n  input = [\n    'N', # ]\n    3,\n  ],\n  let = { # a\n  },\n  layers = [\n"
            '    {\n      op = "linear",\n      ▲oot▼ = 3, # }\n    },\n  ],\n}'
        ),
        "AS201",
        "`linear` has no `oot`",
    ),
    "dotted keys over lines": (
        (
            "archspec = 1\nmodel = {\n  input = ['N', 3],\n  let . a = 2, # =\n  let.\"b\"\t=\t'▲c▼', # }\n"
            "  layers = [\n { op = 'linear', out = 'a * b', }, ],\n}"
        ),
        "AS301",
        "`c` is not defined",
    ),
    "\\e and \\xHH": (NET + 'doc = "\\e[1m \\x41 \\xe4 \\" \\\\"\nlayers = ["▲rellu▼"]', "AS204", NOTHING),
    "\\xHH in a key": (NET + '"la\\x79ers" = ["▲rellu▼"]', "AS204", NOTHING),
    "\\xHH in the word": (NET + 'layers = [{\n op = ▲"r\\x65llu"▼,\n}]', "AS204", NOTHING),
    "\\xHH before the word": (NET + 'let = {\n a = "\\x31 + ▲b▼" }\nlayers = ["relu"]', "AS301", "`b`"),
    "an escape that looks like the word": (
        NET + 'let = { a = "1 +\\n▲n▼" }\nlayers = ["relu"]',
        "AS301",
        "`n`",
    ),
    "an escaped line end": (NET + 'doc = """\\\n  # \\e" ""\\"""""\nlayers = ["▲rellu▼"]', "AS204", NOTHING),
    "a time without seconds": (
        NET + 'layers = [{\n op = "linear",\n out = ▲07:32▼, # a\n}]',
        "AS203",
        "07:32:00",
    ),
    "a date and time without seconds": (
        NET + 'layers = [{ op = "linear", out = ▲1979-05-27 07:32Z▼ # a\n}]',
        "AS203",
        "is not a value of the language",
    ),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed(name: str) -> None:
    check(*ALLOWED[name])


# --- the same for JSON -------------------------------------------------------------------------------------------

INVALID_JSON = {
    "comma at the end": '{"x": [1▲,]}',
    "comma at the end of an object": '{"x": 1▲,}',
    "no comma": '{"x": 1\n ▲"y": 2}',
    "no value": '{"x": ▲}',
    "two commas": '{"x": [1,▲,2]}',
    "no colon": '{"x" ▲1}',
    "comment": '{"x": 1 ▲// a\n}',
    "bare key": "{▲x: 1}",
    "single quotes": "{▲'x': 1}",
    "bare word": '{"x": ▲relu}',
    "NaN": '{"NaN": "NaN",\n "x": [▲NaN▼]}',
    "infinity": '{"x": [1, ▲-Infinity▼]}',
    "thousands of digits": f'{{"a": "{"1" * 5000}",\n "x": ▲-{"7" * 5000}▼}}',
    "leading zero": '{"x": 0▲1}',
    "not closed": '{"x": [1, 2▲',
    "text behind it": '{"x": 1}\n▲{}',
    "line break in a string": '{"x": "a▲\nb"}',
    "unknown escape": '{"x": "a▲\\qb"}',
    "half of a pair": '{"x": "\\\\ud800 \\ud834\\udd1e",\n "y": "▲\\udd1e▼"}',
    "half of a pair in a key": '{"▲\\ud834▼\\u0041": 1}',
}
DIFFERENT = {"comma at the end", "comma at the end of an object"}
"""Python 3.13 names the comma, others what is behind it."""


@pytest.mark.parametrize("name", INVALID_JSON)
def test_what_json_forbids(name: str) -> None:
    plain, start, end = marked(INVALID_JSON[name])
    for source in (plain, plain.encode()):
        finding = found_in(source, "net.json")
        spot = finding.spot
        assert finding.diagnostic.code == "AS103"
        if name not in DIFFERENT:
            assert (spot.line, spot.column, spot.end_line, spot.end_column) == (*start, *end)
        else:
            assert (spot.line, spot.column) in (start, (start[0], start[1] + 1))


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": 2,\n ▲"a"▼: 3}',
        '{"b": 1, "x": {"a": 1, ▲"\\u0061"▼: 2}, "b2": {"c": 1}}',
        '{"x": {"a": 1, ▲"\\u0061"▼: 2}, "c": {"d": 1, "d": 1}}',
        '{"d": 1, "d": {"a": 1, ▲"\\u0061"▼: 2}}',
        '{"d": {"e": 1, "f": 2}, "q\\"": [{"\\"": 1,\n ▲"\\""▼: 2}]}',
    ],
)
def test_keys_that_json_repeats(text: str) -> None:
    check(text, "AS104", "appears twice", "net.json")
