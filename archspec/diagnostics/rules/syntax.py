"""Phase 1: files that cannot be read as TOML or JSON."""

from typing import ClassVar

from archspec.diagnostics.rule import Rule, spec_of

_RELU = spec_of('"relu",')
_JSON = '{{\n  "archspec": 1,\n  "model": {{ "input": ["N", 784], "layers": [{}] }}\n}}\n'


class NotUtf8(Rule):
    """A file that is not UTF-8 text.

    TOML and JSON must be UTF-8. Other encodings come from editor settings, or the file is not text.

    Save the file as UTF-8.
    """

    code: ClassVar[str] = "AS101"
    bad: ClassVar[str | bytes] = 'archspec = 1\n\n[model]\ndoc = "Größe"\n'.encode("latin-1")
    good: ClassVar[str] = _RELU.replace("[model]\n", '[model]\ndoc = "Größe"\n')


class TomlSyntax(Rule):
    """TOML that does not parse.

    The file violates the grammar of TOML 1.1, so nothing in it can be read. The finding points to the word that is
    wrong, or to where something is missing: what is not closed may begin far above.

    Correct the syntax there; https://toml.io/en/v1.1.0 has the grammar.
    """

    code: ClassVar[str] = "AS102"
    bad: ClassVar[str | bytes] = _RELU.replace('"relu",', '{ op = "conv" out = 8 },')
    good: ClassVar[str] = _RELU.replace('"relu",', '{ op = "conv", out = 8, kernel = 3 },')


class JsonSyntax(Rule):
    """JSON that does not parse.

    The file violates the grammar of JSON, so nothing in it can be read: often by a trailing comma or a comment. NaN and
    infinity are not JSON either.

    Correct the syntax, or use TOML, which has comments.
    """

    code: ClassVar[str] = "AS103"
    suffix: ClassVar[str] = ".json"
    bad: ClassVar[str | bytes] = _JSON.format('"relu",')
    good: ClassVar[str] = _JSON.format('"relu"')


class RepeatedKey(Rule):
    """A JSON object with the same key twice.

    JSON parsers keep one of the two and silently drop the other; which one was intended is unknown. In TOML a repeated
    key is a syntax error.

    Delete one of them.
    """

    code: ClassVar[str] = "AS104"
    suffix: ClassVar[str] = ".json"
    bad: ClassVar[str | bytes] = _JSON.format('{ "op": "linear", "out": 10, "out": 100 }')
    good: ClassVar[str] = _JSON.format('{ "op": "linear", "out": 100 }')


class UnreadableFile(Rule):
    """A file or folder that cannot be read, or a folder without specs.

    It does not exist, is not readable, is a broken link, or is a pipe: often it was deleted or renamed, but is still in
    a list of files. Its contents were not checked, so the exit code is 2, even with `--exit-zero`; the other files are
    still reported.

    Correct the path, or remove it from the list.
    """

    code: ClassVar[str] = "AS106"


class FileTooLarge(Rule):
    """A file that is larger, or more deeply nested, than the limits.

    Specs are small: with blocks and repeats, a network of any size takes a few pages. The limits keep a broken or
    hostile file from exhausting memory. They are listed under Limits in the language reference.

    Use `repeat` and blocks instead of repetition.
    """

    code: ClassVar[str] = "AS105"
    bad: ClassVar[str | bytes] = "archspec = 1\n\n[let]\nsizes = " + "[" * 66 + "]" * 66 + "\n"
    good: ClassVar[str] = _RELU.replace("[model]", "[let]\nsizes = [[8, 16], [3, 5]]\n\n[model]").replace(
        '"relu"', '{ op = "conv", out = "sizes[0][0]", kernel = "sizes[1][0]" }'
    )
