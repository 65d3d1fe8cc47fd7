"""Positions: every value of a file is found, where it stands, in any spelling of TOML and JSON."""

import json
import math
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nets import MORE, SPECS

from archspec.diagnostics.locate import Locator
from archspec.diagnostics.positions import PositionIndex, index

thorough = settings(
    max_examples=400, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if path:
        yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


def same(left: Any, right: Any) -> bool:
    return left == right or (
        isinstance(left, float) and isinstance(right, float) and math.isnan(left) and math.isnan(right)
    )


def check(found: PositionIndex, data: Any, *, is_json: bool) -> None:
    """Every path is found; the text of each value is that value; the text of each key is that key."""
    text = found.text
    wanted = dict(paths(data))
    assert set(found.places) - {()} == set(wanted)
    for path, value in wanted.items():
        place = found.places[path]
        written = text[place.value.start : place.value.stop]
        if place.key is not None and isinstance(path[-1], str):
            key = text[place.key.start : place.key.stop]
            assert (json.loads(key) if is_json else tomli.loads(f"{key} = 1")) in (path[-1], {path[-1]: 1})
        if place.is_header:
            assert isinstance(value, dict | list)
        elif is_json:
            assert same(json.loads(written), value)
        else:
            assert repr(tomli.loads(f"key = {written}")["key"]) == repr(value)


# --- JSON ----------------------------------------------------------------------------------------------------

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=25,
)


@thorough
@given(
    st.dictionaries(st.text(), documents, max_size=5),
    st.booleans(),
    st.sampled_from([None, 0, 3, "\t"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_json(data: Any, escaped: bool, indent: Any, end: str) -> None:
    text = json.dumps(data, ensure_ascii=escaped, indent=indent).replace("\n", end)
    check(index(text, json=True), json.loads(text), is_json=True)


def test_keys_that_stand_twice() -> None:
    found = index('{"a": 1, "b": {"a": 2, "a": 3}, "a": 4}', json=True)
    assert [found.text[span.start :][:6] for span in found.repeated] == ['"a": 3', '"a": 4']


# --- TOML ----------------------------------------------------------------------------------------------------

bare = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=6)
printable = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
BLANKS = st.sampled_from(["", " ", "\t", "  "])


def basic(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@st.composite
def strings(draw: st.DrawFn) -> str:
    text = draw(printable)
    kinds = [basic(text), '"' + "".join(f"\\U{ord(c):08x}" for c in text) + '"']
    if "'" not in text:
        kinds += [f"'{text}'", f"'''\n{text}\n# no comment\n{text}'''", f"''''|{text}'''''"]
    kinds += [
        '"""' + basic(text)[1:-1] + "\\\n   \"two\" ''' ]}, x" + '"""',
        '"""a""""',
        '""',
        "''",
        '""""""',
        "''''''",
        '"""\\""""',
    ]
    return draw(st.sampled_from(kinds))


plain = st.sampled_from(
    [
        "true",
        "false",
        "1_000",
        "-7",
        "+0",
        "0xDEAD_beef",
        "0o17",
        "0b101",
        "3.14",
        "-2.5e-10",
        "1e5",
        "inf",
        "-inf",
        "nan",
        "1979-05-27",
        "07:32:00",
        "1979-05-27T07:32:00Z",
        "1979-05-27 07:32:00.999-07:00",
    ]
)
COMMENTS = st.sampled_from(["", " # a comment", " # [x] = {", ' # "'])


@st.composite
def gaps(draw: st.DrawFn) -> str:
    """What may stand between the elements of an array, and between the pairs of an inline table."""
    return draw(st.sampled_from(["", " ", "\n", " # comment ]\n", "\n\t\n  "]))


@st.composite
def names(draw: st.DrawFn, taken: set[str]) -> tuple[str, str]:
    """A key that is new, and how it is written."""
    text = draw(bare | printable)
    name = text
    while name in taken:
        name += "x"
    taken.add(name)
    kinds = [basic(name)]
    if name.isascii() and name and set(name) <= set(string.ascii_letters + string.digits + "_-"):
        kinds.append(name)
    if "'" not in name:
        kinds.append(f"'{name}'")
    return name, draw(st.sampled_from(kinds))


@st.composite
def values(draw: st.DrawFn, depth: int = 3) -> str:
    kind = draw(st.integers(0, 5 if depth else 3))
    if kind < 2:
        return draw(plain)
    if kind < 4:
        return draw(strings())
    if kind == 4:
        items = draw(st.lists(values(depth=depth - 1), max_size=4))
        text = "".join(f"{draw(gaps())}{item}{draw(gaps())}," for item in items)
        return f"[{text if draw(st.booleans()) else text[:-1]}{draw(gaps())}]"
    taken: set[str] = set()
    pairs = [draw(pair(taken, depth - 1)) for _ in range(draw(st.integers(0, 3)))]
    text = "".join(f"{draw(gaps())}{item}{draw(gaps())}," for item in pairs)
    return f"{{{text if draw(st.booleans()) else text[:-1]}{draw(gaps())}}}"


@st.composite
def pair(draw: st.DrawFn, taken: set[str], depth: int) -> str:
    _, key = draw(names(taken))
    more: set[str] = set()
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        key += f"{draw(BLANKS)}.{draw(BLANKS)}{draw(names(more))[1]}"
    return f"{key}{draw(BLANKS)}={draw(BLANKS)}{draw(values(depth=depth))}"


@st.composite
def tables(draw: st.DrawFn, header: str, end: str, depth: int = 2) -> Iterator[str]:
    """The lines of a table, then those of tables in it."""
    taken: set[str] = set()
    lines = [draw(pair(taken, 3)) + draw(COMMENTS) for _ in range(draw(st.integers(0, 3)))]
    if draw(st.booleans()):
        lines.insert(0, "# a comment = [")
    for _ in range(draw(st.integers(0, 2)) if depth else 0):
        _, key = draw(names(taken))
        inner = f"{header}.{key}" if header else key
        if draw(st.booleans()):
            lines += [f"[ {inner}\t]", *draw(tables(inner, end, depth - 1))]
        else:
            for _ in range(draw(st.integers(1, 3))):
                lines += [f"[[{inner} ]]{draw(COMMENTS)}", *draw(tables(inner, end, depth - 1))]
    return lines  # type: ignore[return-value]


@thorough
@given(st.data(), st.sampled_from(["\n", "\r\n"]))
def test_toml(data: st.DataObject, end: str) -> None:
    text = end.join(data.draw(tables("", end))) + data.draw(st.sampled_from(["", end]))
    check(index(text, json=False), tomli.loads(text), is_json=False)


@pytest.mark.parametrize(
    "file", sorted([*SPECS.rglob("*.toml"), *MORE.glob("*.toml")]), ids=lambda file: file.stem
)
def test_specs(file: Path) -> None:
    text = file.read_text()
    check(index(text, json=False), tomli.loads(text), is_json=False)


def test_lines_and_columns() -> None:
    """Lines end with a line feed; columns are characters."""
    text = "a\r\nbcd\n\nä𝄞x"
    locator = Locator(lambda _: text)
    assert [locator.position("f", text, text.index(c)) for c in "abdx"] == [(1, 1), (2, 1), (2, 3), (4, 3)]
    assert locator.position("f", text, len(text)) == (4, 4)


def test_nearest_place() -> None:
    found = index("[model]\nlayers = [{ op = 1 }]\n", json=False)
    assert found.find(("model", "layers", 0, "kernel")) == (
        ("model", "layers", 0),
        found.places["model", "layers", 0],
    )
    assert found.find(("model", "layers", 7)) == (("model", "layers"), found.places["model", "layers"])
    assert found.find(("nothing",)) is None
