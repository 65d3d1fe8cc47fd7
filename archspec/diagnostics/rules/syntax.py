"""1: files that cannot be read as TOML or JSON."""

from typing import ClassVar

from archspec.diagnostics.rule import Rule, spec_of

_RELU = spec_of('"relu",')


class NotUtf8(Rule):
    """A file that is not UTF-8 text.

    TOML and JSON are UTF-8. Other encodings come from editors that are set to one, and from files that are no text.

    Save the file as UTF-8.
    """

    code: ClassVar[str] = "AS101"
    name: ClassVar[str] = "not-utf-8"
    bad: ClassVar[str | bytes] = 'archspec = 1\n\n[model]\ndoc = "Größe"\n'.encode("latin-1")
    good: ClassVar[str] = spec_of('"relu",').replace("[model]\n", '[model]\ndoc = "Größe"\n')


class TomlSyntax(Rule):
    """TOML that does not parse.

    The file breaks the grammar of TOML 1.1, so nothing in it can be read. The finding points at where the parser gave
    up, which may be behind the cause: behind a bracket or quote that is not closed.

    Mend the syntax there or just before; https://toml.io/en/v1.0.0 has the grammar.
    """

    code: ClassVar[str] = "AS102"
    name: ClassVar[str] = "toml-syntax"
    bad: ClassVar[str | bytes] = _RELU.replace('"relu",', '{ op = "conv" out = 8 },')
    good: ClassVar[str] = _RELU.replace('"relu",', '{ op = "conv", out = 8, kernel = 3 },')


class JsonSyntax(Rule):
    """JSON that does not parse.

    The file breaks the grammar of JSON, so nothing in it can be read: often by a comma behind the last item, or by a
    comment. NaN and infinity are no JSON either.

    Mend the syntax, or write TOML, which has comments.
    """

    code: ClassVar[str] = "AS103"
    name: ClassVar[str] = "json-syntax"
    suffix: ClassVar[str] = ".json"
    bad: ClassVar[str | bytes] = (
        '{\n  "archspec": 1,\n  "model": { "input": ["N", 784], "layers": ["relu",] }\n}\n'
    )
    good: ClassVar[str] = '{\n  "archspec": 1,\n  "model": { "input": ["N", 784], "layers": ["relu"] }\n}\n'


class RepeatedKey(Rule):
    """A JSON object with the same key twice.

    JSON's readers keep one of the two and drop the other in silence; which of them was meant is not known. In TOML a
    repeated key is an error of syntax.

    Delete one.
    """

    code: ClassVar[str] = "AS104"
    name: ClassVar[str] = "repeated-key"
    suffix: ClassVar[str] = ".json"
    bad: ClassVar[str | bytes] = """\
{
  "archspec": 1,
  "model": { "input": ["N", 784], "layers": [{ "op": "linear", "out": 10, "out": 100 }] }
}
"""
    good: ClassVar[str] = """\
{
  "archspec": 1,
  "model": { "input": ["N", 784], "layers": [{ "op": "linear", "out": 100 }] }
}
"""


class UnreadableFile(Rule):
    """A file or folder that cannot be read, or a folder without specs.

    It is not there, may not be read, leads nowhere, or is a pipe: often it was deleted or renamed, and a list of files
    still has it. What is in it was not checked, so the exit code is 2, also with `--exit-zero`; the other files are
    reported all the same.

    Correct the path, or take it off the list.
    """

    code: ClassVar[str] = "AS106"
    name: ClassVar[str] = "unreadable-file"


class FileTooLarge(Rule):
    """A file that is larger, or nested deeper, than archspec reads.

    Specs are small: a network of any size is a few pages with blocks and repeats. The bounds keep a broken or hostile
    file from taking a machine's memory. They are listed under Limits in the reference of the language.

    Say with `repeat` and blocks what is written out.
    """

    code: ClassVar[str] = "AS105"
    name: ClassVar[str] = "file-too-large"
    bad: ClassVar[str | bytes] = "archspec = 1\n\n[let]\nsizes = " + "[" * 66 + "]" * 66 + "\n"
    good: ClassVar[str] = (
        spec_of('"relu",')
        .replace("[model]", "[let]\nsizes = [[8, 16], [3, 5]]\n\n[model]")
        .replace('"relu"', '{ op = "conv", out = "sizes[0][0]", kernel = "sizes[1][0]" }')
    )
