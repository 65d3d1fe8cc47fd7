"""Places and edits in any layout: inline tables over several lines, with comments, commas, tabs and other quotes."""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

import pytest
import tomli
from golden_diagnostics import specs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layouts import JsonWriter, Token, Writer, fixed
from spec_cases import INVALID

import archspec
from archspec.diagnostics.locate import Spot

NET = 'archspec = 1\n[model]\ninput = ["N", 4, 8, 8]\nlayers = ["relu"]\n'


def net(layers: str, more: str = "") -> str:
    return f'archspec = 1\nmodel.input = ["N", 4, 8, 8]\nmodel.layers = {layers}\n{more}'


def block(text: str, node: str = '{ op = "b" }') -> str:
    return net(f'[{node}, "relu"]', f"[blocks.b]\n{text}\n")


WITH_EDITS = {
    # keys of nodes
    "field of an op": net('[{ op = "conv", out = 4, kernal = 3 }]'),
    "field of another library": net('[{ op = "conv", out_channels = 4, kernel = 3, bias = false }]'),
    "field of `first`": net(
        '[{ op = "conv", out = 4, kernel = 3, repeat = 2, first = { strid = 1, bias = false } }]'
    ),
    "key of every node": net('[{ op = "relu", nmae = "a" }]'),
    "key of a residual": net('[{ op = "residual", layers = ["relu"], shortcutt = ["tanh"] }]'),
    "key of a group": net('[{ name = "a", layers = ["relu"], whenn = true }]'),
    "argument of a block": block(
        'params = { width = 4 }\nlayers = [{ op = "linear", out = "width" }]', '{ op = "b", widht = 3 }'
    ),
    "field in a shortcut": net(
        '[{ op = "residual", layers = ["relu"], shortcut = [{ op = "conv", out = 4, kernal = 1 }] }]'
    ),
    # ops
    "op": net('[{ name = "a", op = "rellu", when = true }]'),
    "op as text": net('["tanh", "rellu", "relu"]'),
    "op of another library": net('[{ op = "nn.Conv2d", out = 4, kernel = 3 }]'),
    "op in other letters": net('[{ op = "ReLU" }]'),
    "op in a branch": net('[{ op = "concat", branches = [["relu"], [{ op = "tahn" }]] }]'),
    "block": block('layers = ["relu"]', '{ op = "blok" }').replace("[blocks.b]", "[blocks.block]"),
    "name of a library": net('["relu"]', '[use]\nstd = "archspec:bloks"\n'),
    "block of a library": net('[{ op = "std.conv_nrom", out = 4 }]', '[use]\nstd = "archspec:blocks"\n'),
    # words in texts
    "name in an expression": net(
        '[{ op = "conv", out = "2 * widht + 1", kernel = 1 }]', "[params]\nwidth = 3\n"
    ),
    "name in a list": net('[{ op = "reshape", shape = ["N", "x.channels * siez", 8] }]', "[let]\nsize = 8\n"),
    "padding": net('[{ op = "conv", out = 4, kernel = 3, padding = "sam" }]'),
    "true": net('[{ op = "relu", when = "True" }]'),
    "reference": net('[{ name = "stem", op = "relu" }, { op = "add", from = ["x", "stm"] }]'),
    "reference into a group": net(
        '[{ name = "g", layers = [{ name = "c", op = "relu" }, "tanh"] }, { op = "add", from = ["x", "c"] }]'
    ),
    "output": net('[{ name = "stem", op = "relu" }]', 'model.outputs = ["stm"]\n'),
    "key of an output": net('["relu"]', 'model.outputs = [{ nam = "c", of = "input" }]\n'),
    "shape of the input": net('["relu"]', "[params]\nsize = 8\n").replace("8, 8]", '"siz", 8]'),
    # sections
    "section": NET.replace("[model]", "[params]\nn = 1\n[modle]"),
    "section of tables": NET + '[block.a]\nlayers = ["relu"]\n[block.b]\nlayers = ["relu"]\n',
    "section with a table": NET.replace("[model]", "[modle]") + "[modle.let]\na = 1\n",
    "key of the model": NET.replace("layers", "layrs"),
    "key of a block": block('layers = ["relu"]\nrequird = { n = "int" }', '{ op = "b", n = 1 }'),
    "key of `about`": NET + '[about]\npapr = "A"\nyear = 2015\n',
    "key of a paper": NET
    + '[about]\npapers = [{ paper = "A", varaints = ["a"], year = 2015 }]\n[variants]\na = {}\n',
    "key of an input": NET.replace('input = ["N", 4, 8, 8]', 'inputs = [{ name = "a", shpae = ["N", 4] }]'),
    "one input": NET.replace("input =", "inputs ="),
    "several inputs": NET.replace('["N", 4, 8, 8]', '[{ name = "a", shape = ["N", 4] }]'),
    "key of a parameter": NET + '[params]\nn = { type = "int", defualt = 1 }\n',
    "choice": NET
    + '[params]\nn = { type = "str", default = "relu", choices = ["relu", "silu"] }\n[variants]\na = { n = "sillu" }\n',
    "parameter of a variant": NET + "[params]\ndepth = 1\n[variants]\na = { dept = 2 }\n",
    "expected number": NET + "[expect]\nparms = 0\nmacs = 0\n",
    "expected number of a variant": NET + "[variants]\na = {}\nb = {}\n[expect.a]\nparms = 0\n",
    "variant": NET + "[variants]\nsmall = {}\nlarge = {}\n[expect.smal]\nmacs = 0\n",
    "variant in a paper": NET
    + '[variants]\nsmall = {}\n[about]\npapers = [{ paper = "A", variants = ["smal"] }]\n',
    "default of a field": NET + "[defaults]\nconv = { kernel = 1, biass = false }\n",
    "default of an op": NET + "[defaults]\nconvv = { kernel = 1 }\n",
    "rule": NET + '[lint]\nignore = ["bias-before-nrom"]\n',
    "key of `lint`": NET + '[lint]\nignor = ["bias-before-norm"]\n',
    "default of a block of a library": NET
    + '[use]\nstd = "archspec:blocks"\n[defaults]\nstdconv_norm = {}\n',
    "choice with an apostrophe": NET
    + """[params]\nn = { type = "str", default = "it's", choices = ["it's", 'a "b"'] }\n[variants]\na = { n = "its" }\n""",
    "choice with quotes": NET
    + """[params]\nn = { type = "str", default = "it's", choices = ["it's", 'a "b\\c"'] }\n[variants]\na = { n = 'a "bc"' }\n""",
}

SEVERAL = {
    "two with the same correction": (net('[{ op = "conv", out = 4, kernal = 3, kernl = 3 }]'), 1),
    "two in a node": (net('[{ op = "linaer", out = 4, nmae = "a" }]'), 1),
    "a word below a key": (NET.replace("model", "modle").replace("relu", "rellu"), 2),
    "a key below a key": (
        net('[{ op = "conv", out = 4, kernel = 3, repeat = 2, frist = { strid = 1 } }]'),
        1,
    ),
    "a key below a table": (
        NET.replace("model", "modle").replace('"relu"', '{ op = "linear", ot = 4, outt = 4 }'),
        2,
    ),
}
"""The edits of several findings at once, whose number is given: none of them gives the same key as another."""

# --- what is found, whatever the layout ---------------------------------------------------------------------------


def offset(text: str, line: int, column: int) -> int:
    """The offset of a place; a byte order mark is not counted."""
    lines = text.removeprefix("\ufeff").split("\n")
    return (
        len(text)
        - len(text.removeprefix("\ufeff"))
        + sum(len(one) + 1 for one in lines[: line - 1])
        + column
        - 1
    )


def tokens(writer: Writer, spot: Spot, file: str) -> frozenset[Token] | str:
    """What is underlined; in another file, where."""
    if spot.file != file or not spot.known:
        return str(spot)
    text = writer.text
    found = writer.tokens(offset(text, spot.line, spot.column), offset(text, spot.end_line, spot.end_column))
    assert found, f"{spot}: {spot.text}"
    return frozenset(found)


# --- edits --------------------------------------------------------------------------------------------------------

COMMENT = ' # ä ] } 𝄞 """ \'\n'
LAYOUTS: dict[str, dict[str, Any]] = {
    "in a line": {},
    "in a line, with commas": {"comma": ",", "gap": " "},
    "over lines": {"gap": "\n  "},
    "over lines, with commas": {"gap": "\n  ", "comma": ","},
    "comments": {"gap": COMMENT, "end": " # a = [\n"},
    "comments and commas": {"gap": COMMENT, "comma": ","},
    "comments before": {"gap": "\n# x = {\n\n\t"},
    "tabs": {"gap": "\n\t", "blank": "\t"},
    "headers": {"table": "header", "gap": COMMENT},
    "CR and LF": {"newline": "\r\n", "gap": COMMENT, "comma": ","},
    "byte order mark": {"before": "\ufeff", "gap": "\n  "},
    "other quotes": {"quotes": True, "gap": "\n  "},
}


def writer(layout: str, turn: int, kind: type[Writer] = Writer) -> Writer:
    options = dict(LAYOUTS[layout])
    newline, before, quotes = (
        options.pop(key, default) for key, default in (("newline", "\n"), ("before", ""), ("quotes", False))
    )
    choose = fixed(**options)
    chosen = (lambda what, of: of[-1] if what in ("key", "text") else choose(what, of)) if quotes else choose
    return kind(chosen, turn=turn, newline=newline, before=before)


def repr_of(data: Any) -> str:
    """Data to compare, where the order of keys is none, and nan equals itself."""
    return json.dumps(data, sort_keys=True, default=str)


def edited(data: Any, token: Token, replacement: str) -> Any:
    """The data as it is wanted."""
    path, kind, start, stop = token
    data = deepcopy(data)
    table = data
    for part in path[:-1]:
        table = table[part]
    last = path[-1]
    if kind == "key":
        table[replacement] = table.pop(last)
    else:
        table[last] = table[last][:start] + replacement + table[last][stop:]
    return data


def check_edits(data: Any, one: Writer, file: str, *, alone: bool) -> int:
    """Each edit, by itself, gives what is wanted and mends what was found, which may be all. The number of edits."""
    text = one.document(data)
    read = json.loads if file.endswith("json") else tomli.loads
    assert repr_of(read(text.removeprefix("\ufeff"))) == repr_of(data)
    findings = archspec.validate(file, source=text)
    number = 0
    for finding in findings:
        edit, found = finding.edit, finding.diagnostic
        if edit is None:
            continue
        number += 1
        [token] = one.tokens(edit.start, edit.stop) & {
            (path, kind, *rest)
            for path, kind, *rest in one.tokens(edit.start, edit.stop)
            if kind == "key" or rest != [0, 0]
        }
        assert text[edit.start : edit.stop] == found.subject
        assert token[1] == ("key" if found.about_key else "value")
        after = text[: edit.start] + edit.text + text[edit.stop :]
        wanted = edited(data, token, str(found.replacement))
        assert repr_of(read(after.removeprefix("\ufeff"))) == repr_of(wanted)
        assert finding.corrected == after.split("\n")[finding.spot.line - 1].removeprefix(
            "\ufeff"
        ).removesuffix("\r")
        left = archspec.validate(file, source=after)
        assert (found.code, found.subject, found.location) not in {
            (one.diagnostic.code, one.diagnostic.subject, one.diagnostic.location) for one in left
        }
        if alone and len(findings) == 1:
            assert [one.diagnostic for one in left if one.diagnostic.severity == "error"] == []
    return number


def has_edit(name: str, layout: str) -> bool:
    """Whether one edit is enough, and can be written without other quotes."""
    if name in ("section of tables", "section with a table"):
        return layout != "headers"
    return (name, layout) != ("choice with an apostrophe", "other quotes")


@pytest.mark.parametrize("name", WITH_EDITS)
def test_edits(name: str) -> None:
    data = tomli.loads(WITH_EDITS[name])
    for layout in LAYOUTS:
        for turn in range(3):
            number = check_edits(data, writer(layout, turn), "net.toml", alone=True)
            assert number == has_edit(name, layout), (layout, turn)
    for layout in ("in a line", "over lines", "tabs"):
        for turn in range(3):
            number = check_edits(data, writer(layout, turn, JsonWriter), "net.json", alone=True)
            assert number == (name != "choice with quotes"), (layout, turn)  # the word has escape sequences


@pytest.mark.parametrize("name", SEVERAL)
def test_several_edits(name: str) -> None:
    """They are independent: all of them at once can be read, and what is found of them is gone."""
    text, number = SEVERAL[name]
    data = tomli.loads(text)
    for layout in LAYOUTS:
        for turn in range(3):
            one = writer(layout, turn)
            assert check_edits(data, one, "net.toml", alone=False) == number
            after = one.text
            findings = archspec.validate("net.toml", source=after)
            for finding in reversed(findings):
                edit = finding.edit
                after = after if edit is None else after[: edit.start] + edit.text + after[edit.stop :]
            tomli.loads(after.removeprefix("\ufeff"))
            words = {finding.diagnostic.subject for finding in findings if finding.edit is not None}
            left = {finding.diagnostic.subject for finding in archspec.validate("net.toml", source=after)}
            assert not words & left


def same(left: Any, right: Any) -> bool:
    """Whether two places are one: a header is both a table and its key."""
    return left == right if isinstance(left, str) or isinstance(right, str) else bool(left & right)


def read_cases() -> Iterator[tuple[str, tuple[dict[str, Any], str]]]:
    """The data of every wrong spec of the tests that is valid TOML or JSON, and its file."""
    texts: dict[str, tuple[str, str]] = {
        **{name: (text, "net.toml") for name, text in WITH_EDITS.items()},
        **{name: (case.text, "net.toml") for name, case in INVALID.items()},
    }
    for path in specs():
        texts[path.name] = path.read_bytes().decode("utf-8", "replace"), str(path.with_suffix(".toml"))
    for name, (text, file) in texts.items():
        try:
            data = json.loads(text) if text[:1] == "{" else tomli.loads(text.removeprefix("\ufeff"))
        except ValueError:
            continue
        if len(text) < 3000 and isinstance(data, dict) and "$schema" not in data:
            yield name, (data, file)


CASES = dict(read_cases())
Found = list[tuple[str, str, list[Any]]]


def found_in(one: Writer, file: str) -> Found:
    """What is found, with all that it points at."""
    findings = archspec.validate(file, source=one.text)
    return [
        (
            finding.diagnostic.code,
            finding.diagnostic.message,
            [
                tokens(one, spot, file)
                for spot in (finding.spot, *finding.calls, *(spot for spot, _ in finding.labels))
            ],
        )
        for finding in findings
    ]


@cache
def found_in_a_line(name: str) -> Found:
    one = writer("in a line", 0)
    one.document(CASES[name][0])
    return found_in(one, CASES[name][1])


@settings(
    max_examples=200, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(st.sampled_from(sorted(CASES)), st.randoms(use_true_random=False), st.sampled_from(["\n", "\r\n"]))
def test_places(name: str, random: Random, newline: str) -> None:
    """The same is found at the same keys, values and words in any layout as in a line, and edits mend it."""
    data, file = CASES[name]
    one = Writer(lambda _, options: random.choice(options), newline=newline)
    check_edits(data, one, file, alone=False)
    found = found_in(one, file)
    left = list(found_in_a_line(name))
    for code, message, places in found:
        like = [item for item in left if item[:2] == (code, message) and all(map(same, item[2], places))]
        assert like, f"{code} {message} {places}\n{left}\n{one.text}"
        left.remove(like[0])
    assert not left, one.text
