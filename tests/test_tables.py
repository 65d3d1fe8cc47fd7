"""Tables at every width: no number and no op is cut, and no line is too long."""

import json
import re
from io import StringIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nets import network, spec
from rich.console import Console

import archspec
from archspec.report import comparison, comparison_table
from archspec.report.layout import CellKind, Column, NameCell, force
from archspec.report.machine import to_json, to_markdown
from archspec.report.table import tree
from archspec.report.wrapping import cells, wrap

UNITS = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}

# --- networks -------------------------------------------------------------------------------------------------

NAMES = st.text("abcdefgh_", min_size=1, max_size=12).map(lambda text: f"m{text}") | st.integers(30, 120).map(
    lambda size: "n" * size
)
LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.just("relu"),
    st.just("batchnorm"),
    st.builds(lambda p: {"op": "dropout", "p": p}, st.floats(0, 1).map(lambda p: round(p, 3))),
    st.builds(
        lambda out, kernel, dilation: {
            "op": "conv",
            "out": out,
            "kernel": kernel,
            "dilation": dilation,
            "padding": "half",
        },
        st.sampled_from([1, 8, 96, 1280]),
        st.sampled_from([1, 3, 5]),
        st.sampled_from([1, 2]),
    ),
    st.builds(
        lambda out, sides: {
            "op": "conv",
            "out": out,
            "kernel": [sides + 13, sides + 101],
            "bias": False,
            "padding": {"top": sides, "bottom": 12, "left": sides, "right": 100},
        },
        st.sampled_from([16, 2048]),
        st.integers(0, 200),
    ),
    st.builds(
        lambda note, sizes: {"op": "unit", "note": note, "sizes": sizes},
        st.text("abcd", max_size=60),
        st.lists(st.integers(0, 10**9), max_size=12),
    ),
)


def chain(nodes: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(nodes, min_size=1, max_size=4)


def inner(nodes: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    groups = st.builds(lambda name, layers: {"name": name, "layers": layers}, NAMES, chain(nodes))
    repeats = st.builds(
        lambda name, layers, count: {"name": name, "repeat": count, "layers": layers},
        NAMES,
        chain(nodes),
        st.sampled_from([1, 2, 11]),
    )
    return groups | repeats


def unique(layers: list[Any]) -> list[Any]:
    """Names that are unlike each other."""
    return [
        {**node, "name": f"{node['name']}{index}", "layers": unique(node["layers"])}
        if isinstance(node, dict) and "layers" in node
        else node
        for index, node in enumerate(layers)
    ]


@st.composite
def networks(draw: st.DrawFn) -> archspec.Model:
    layers = unique(draw(chain(st.recursive(LEAVES, inner, max_leaves=8))))
    parts = draw(st.sampled_from([0, 2, 12]))
    model: dict[str, Any] = {"name": draw(NAMES), "input": ["N", 3, draw(st.sampled_from([8, 512])), 1024]}
    if parts:
        layers += [
            {"op": "conv", "out": 8 * parts, "kernel": 1},
            {"name": "last", "op": "split", "sections": parts},
        ]
        model["outputs"] = [f"last.{index}" for index in range(parts)]
    block = {
        "required": {"note": "str", "sizes": "list"},
        "layers": [{"op": "conv", "out": 8, "kernel": 3, "padding": "half"}, "relu"],
    }
    source = json.dumps({"archspec": 1, "model": {**model, "layers": layers}, "blocks": {"unit": block}})
    return archspec.load("net.json", source=source, batch=draw(st.sampled_from([1, 3])))


# --- reading a table ------------------------------------------------------------------------------------------

LEFT = ("Module", "Op", "Input", "Output")


def read(text: str) -> list[dict[str, str]]:
    """The rows of a table, each by its headings: from where those of text start, to where those of numbers end."""
    lines = text.splitlines()
    rule = next(index for index, line in enumerate(lines) if re.fullmatch("─+|-+", line))
    headings = [
        (match[0], match.start(), match.end()) for match in re.finditer(r"\S+(?: \S+)*", lines[rule - 1])
    ]
    rows: list[dict[str, str]] = []
    for line in lines[rule + 1 :]:
        if not line:
            return rows
        row = {}
        for index, (heading, start, end) in enumerate(headings):
            if heading in LEFT:
                row[heading] = line[start:].split("  ")[0]
                if index + 1 == len(headings) or headings[index + 1][0] in LEFT:
                    row[heading] = line[
                        start : headings[index + 1][1] if index + 1 < len(headings) else None
                    ].rstrip()
            else:
                row[heading] = line[:end].split(" ")[-1] if line[end - 1 : end].strip() else ""
        if row["Op"] in ("", "  "):  # a further line: its text stands two blanks to the right
            start = next(start for heading, start, _ in headings if heading == "Op")
            rows[-1]["Op"] += f" {line[start:].strip()}"
        elif row["Op"].startswith("  "):
            rows[-1]["Op"] += f" {row['Op'].strip()}"
        else:
            rows.append(row)
    return rows


def assert_count(text: str, number: int) -> None:
    """The number itself, or as it is in the unit that is printed."""
    if not number:
        assert text == ""
    elif text[-1] in UNITS:
        digits, unit = text[:-1], UNITS[text[-1]]
        last = unit / 10 ** len(digits.partition(".")[2])
        assert abs(float(digits) * unit - number) <= last / 2 * (1 + 1e-9)
        assert len(digits.replace(".", "")) >= 3
    else:
        assert text == (f"{number:,}" if number >= 1000 else str(number))


def dims(shape: list[Any], batch: int) -> str:
    return "×".join(map(str, shape[1:] if batch == 1 else [batch, *shape[1:]]))


def assert_shapes(text: str, shapes: list[list[Any]], batch: int) -> None:
    """All of the shapes, all equal ones as a product, or the first and how many follow."""
    texts = [dims(shape, batch) for shape in shapes]
    assert text in (
        ", ".join(texts),
        f"{len(texts)} × ({texts[0]})" if len(set(texts)) == 1 else "",
        f"{texts[0]} +{len(texts) - 1}",
    )


def assert_whole(model: archspec.Model, text: str) -> None:
    """Every op and every number of a table is that of the JSON."""
    modules = {module["path"]: module for module in to_json(model)["modules"]}
    printed = read(text)
    listed = tree(model, None)[0]
    assert len(printed) == len(listed)
    for cell, row in zip(printed, listed, strict=True):
        assert cell["Op"].replace(" ", "") == row.text.replace(" ", "")
        module = modules[row.path]
        shapes = module["output"] if isinstance(module["output"][0], list) else [module["output"]]
        if "Output" in cell:
            assert_shapes(cell["Output"], shapes, model.batch)
        if "Params" in cell:
            assert_count(cell["Params"], module["params"] * row.count)
        if "MACs" in cell:
            assert_count(cell["MACs"], module["macs"] * row.count)
        if row.count > 1:
            assert cell["Module"].endswith(f"  × {row.count}")


@settings(max_examples=120, deadline=None)
@given(networks(), st.integers(40, 60) | st.integers(60, 220))
def test_no_number_and_no_op_is_cut(model: archspec.Model, width: int) -> None:
    text = model.summary(width)
    assert max(map(cells, text.splitlines())) <= width
    assert_whole(model, text)
    for number in (model.totals.params, model.totals.macs):
        assert f"  {number:,}" in text


@settings(max_examples=30, deadline=None)
@given(networks(), st.integers(40, 120))
def test_columns_that_were_asked_for_are_there_and_whole(model: archspec.Model, width: int) -> None:
    text = model.summary(width, columns=("op", "input", "output", "params", "buffers", "macs#"))
    assert {"Op", "Input", "Output", "Params", "Buffers", "MACs"} <= read(text)[0].keys()
    assert_whole(model, text)


WORDS = st.text("ab1 ,×_-é漢", max_size=60).map(lambda text: " ".join(text.split()))


@given(WORDS, st.integers(6, 40), st.sampled_from(["", "  "]))
def test_wrapping_keeps_all_of_a_text(text: str, width: int, indent: str) -> None:
    lines = wrap(text, width, indent)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cells(line) <= width for line in lines)
    assert all(line.startswith(indent) for line in lines[1:])


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.text("xyz", min_size=1, max_size=90), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    st.integers(26, 100),
)
def test_names_lose_their_middle_and_nothing_else(rows: list[tuple[int, str, bool]], width: int) -> None:
    names = [NameCell("│ " * depth, name, "  × 1200" if many else "") for depth, name, many in rows]
    column = Column("Module", CellKind.NAME, ["".join(name) for name in names], names=names)
    table = force([column, Column("Op", CellKind.TEXT, ["conv 64, k3"] * len(names))], width)
    assert table.width <= width
    for (_, name, many), shown, (cell, _) in zip(rows, table.names[0], table.rows, strict=True):
        assert cell == ["".join(shown)]
        assert shown.after == ("  × 1200" if many else "")
        first, _, last = shown.name.partition("…")
        assert name == first if not last else name.startswith(first) and name.endswith(last)
        assert first
        assert abs(len(first) - len(last)) <= 1 or not last


def test_shapes_are_shortened_before_names_and_names_before_digits() -> None:
    name = "a_name_of_thirty_characters_xy"
    columns = [
        Column("Module", CellKind.NAME, [name], names=[NameCell("", name)]),
        Column("Output", CellKind.SHAPES, ["128×7×7, 64×7×7"], ["128×7×7 +1"]),
        Column("Params", CellKind.COUNTS, ["25,557,032"], ["25.6M"], right=True),
    ]
    found = {
        width: ["".join(lines) for lines in force(columns, width).rows[0]]
        for width in (59, 58, 54, 53, 48, 47, 32)
    }
    assert found == {
        59: [name, "128×7×7, 64×7×7", "25,557,032"],
        58: [name, "128×7×7 +1", "25,557,032"],
        54: [name, "128×7×7 +1", "25,557,032"],
        53: ["a_name_of_thir…_characters_xy", "128×7×7 +1", "25,557,032"],
        48: ["a_name_of_th…aracters_xy", "128×7×7 +1", "25,557,032"],
        47: ["a_name_of_thi…characters_xy", "128×7×7 +1", "25.6M"],
        32: ["a_name…rs_xy", "128×7×7 +1", "25.6M"],
    }


# --- what a table shows ---------------------------------------------------------------------------------------

BLOCK = """
[blocks.unit]
params = { out = 4 }
layers = [{ name = "conv", op = "conv", out = "out", kernel = 3, padding = 1, bias = false }, "relu"]
"""


def columns_of(text: str) -> list[str]:
    return re.findall(r"\S+(?: \S+)*", text.splitlines()[2])


def test_a_column_is_added_only_while_everything_fits() -> None:
    model = network("resnet", "resnet152")
    shown = {width: columns_of(model.summary(width)) for width in (40, 60, 76, 83, 120, 200)}
    assert shown[40] == ["Module", "Op", "Output"]
    assert shown[60] == shown[76] == ["Module", "Op", "Output", "Params", "MACs"]
    assert shown[83] == [*shown[76], "%"]
    assert (
        shown[120]
        == shown[200]
        == ["Module", "Op", "Input", "Output", "Params", "Params %", "MACs", "MACs %"]
    )
    assert "bottleneck width 256, stride 2  1024×14×14   1,512,448  372.5M" in model.summary(76)
    assert "40.6M" in model.summary(60)
    assert "40,613,888" in model.summary(76)


def test_counts_are_there_where_there_is_no_room_for_shapes() -> None:
    source = 'archspec = 1\n[model]\ninput = ["N", 2048, 16, 1120, 1120]\nlayers = [{ op = "conv", out = 2048, kernel = 3 }]'
    model = archspec.load("net.toml", source=source, batch=64)
    assert columns_of(model.summary(50)) == ["Module", "Op", "Output", "Params"]
    lines = model.summary(40).splitlines()
    assert max(map(len, lines)) <= 40
    assert [line.split() for line in lines if line.startswith(("Module", "0 "))] == [
        ["Module", "Op", "Params", "MACs"],
        ["0", "conv", "2048,", "k3", "113.2M", "126.8P"],
    ]


def test_several_shapes_are_shortened_where_they_have_no_room() -> None:
    model = spec(
        '[{ op = "conv", out = 16, kernel = 1 }, { name = "s", op = "split", sections = [7, 5, 4] }, { op = "relu", from = "s.0" }]'
    )
    assert "7×8×8, 5×8×8, 4×8×8" in model.summary(80)
    assert "7×8×8 +2" in model.summary(50)
    assert "7×8×8, 5×8×8, 4×8×8" in to_markdown(model, ("op", "output"), tree(model, None)[0])


@pytest.mark.parametrize("copies", [1, 3])
def test_a_repeat_of_equal_copies_is_said_once(copies: int) -> None:
    model = spec(f'[{{ name = "stage", op = "unit", repeat = {copies} }}]', BLOCK, '["N", 4, 9, 9]')
    rows = read(model.summary())
    first = "stage.0–2  × 3" if copies == 3 else "stage.0"
    assert [row["Module"] for row in rows] == [first, "├ conv", "└ 1"]
    assert rows[0]["Op"] == "unit"
    assert [row["Params"] for row in rows] == [
        f"{copies * 4 * 4 * 9}",
        "144",
        "",
    ]  # 4 · 4 · 3 · 3, of each copy
    assert "More modules inside" not in model.summary()


def test_a_repeat_of_unequal_copies_has_its_own_row() -> None:
    model = spec(
        '[{ name = "stage", op = "unit", repeat = 3, first = { out = 6 } }]', BLOCK, '["N", 4, 9, 9]'
    )
    assert [row["Module"] for row in read(model.summary(depth=2))] == ["stage", "├ 0", "├ 1", "└ 2"]
    model = spec('[{ name = "stage", op = "unit", repeat = 3, out = 6 }]', BLOCK, '["N", 4, 9, 9]')
    assert [row["Module"] for row in read(model.summary(depth=2))] == ["stage", "├ 0", "└ 1–2  × 2"]
    assert read(model.summary(depth=1))[0]["Op"] == "3 × unit"
    model = spec(
        '[{ name = "acts", op = "{acts[i]}", repeat = 3 }]', '[params]\nacts = ["relu", "tanh", "relu"]'
    )
    assert [row["Op"] for row in read(model.summary())] == ["3 copies", "relu", "tanh", "relu"]


def test_counted_names_end_in_their_number() -> None:
    layers = '[{ name = "stage", layers = [{ name = "unit_{i + 8}", op = "unit", repeat = 4 }, { name = "a", op = "unit" }] }]'
    model = spec(layers, BLOCK, '["N", 4, 9, 9]')
    assert read(model.summary(depth=2))[1]["Module"] == "├ unit_8–11  × 4"
    assert read(model.summary(depth=2, ascii=True))[1]["Module"] == "|- unit_8-11  x 4"


def test_the_field_of_a_repeat_is_that_after_its_last_copy() -> None:
    model = spec(
        '[{ name = "stage", op = "unit", repeat = 3 }, { op = "conv", out = 1, kernel = 3 }]',
        BLOCK,
        '["N", 4, 99, 99]',
    )
    lines = model.summary(columns=("field",)).splitlines()
    fields = [line.split()[-1] for line in lines if "×" in line.split("  ")[-1] and "→" not in line]
    assert fields == ["7×7", "3×3", "3×3", "9×9"]  # three 3×3, what is in the first, and one more behind them


def test_a_long_list_ends_at_a_thousand_rows_and_says_so() -> None:
    model = spec('[{ repeat = 1100, op = "conv", out = "4 + i", kernel = 1 }]')
    text = model.summary(depth=1)
    assert "Only the first 1,000 rows are shown." in text
    assert "\n999 " in text
    assert "\n1000 " not in text


def test_a_table_can_be_ascii_at_any_width() -> None:
    model = network("googlenet")
    for width in (40, 60, 80, 120):
        text = model.summary(width, ascii=True)
        assert text.isascii()
        assert max(map(len, text.splitlines())) <= width
        assert "googlenet   3x224x224 -> 1000" in text
        assert "inception c1 64, c3 [96, 128]," in " ".join(text.split()) or width < 80
        assert "?" not in text


def test_arguments_of_blocks_look_as_in_a_spec() -> None:
    """A list is no shape."""
    text = """archspec = 1
[model]
input = ["N", 3, 8, 8]
layers = [{ op = "head", rates = [6, 12], kernel = [3, 1], pad = { left = 1 }, on = true, words = ["a"] }]
[blocks.head]
params = { rates = [1], kernel = { type = "size", default = 1 }, pad = { type = "padding", default = 0 }, on = false, words = ["b", "c"] }
layers = [{ op = "conv", out = "rates[0] + len(words)", kernel = "kernel", padding = "pad", bias = "on" }]
"""
    table = archspec.load("net.toml", source=text).summary(200)
    assert "  head rates [6, 12], kernel [3, 1], pad {left 1}, on true, words [a]  " in table


# --- comparisons ----------------------------------------------------------------------------------------------


def compared(models: list[archspec.Model], width: int, *, ascii_only: bool = False) -> str:
    stream = StringIO()
    comparison_table.show(models, Console(file=stream, width=width), ascii_only=ascii_only)
    return stream.getvalue()


RESNETS = (
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "wide_resnet50_2",
    "wide_resnet101_2",
)


def test_many_networks_have_a_row_each() -> None:
    models = [network("resnet", name) for name in RESNETS]
    text = compared(models, 200)
    assert "MACs" in text.splitlines()[0]
    rows = {line.split()[0]: line.split() for line in text.splitlines()[2:]}
    assert {"25,557,032", "4,089,184,256", "53,173", "97.5", "183", "53"} <= set(rows["resnet50"])
    assert "60,192,808" in rows["resnet152"]
    side_by_side = compared(models[:6], 200)
    assert side_by_side.splitlines()[0].split() == list(RESNETS[:6])


@pytest.mark.parametrize("width", [40, 50, 60, 80, 100, 120])
@pytest.mark.parametrize("count", [2, 3, 6, 7])
def test_a_comparison_has_every_number_whole(width: int, count: int) -> None:
    models = [network("googlenet"), *(network("resnet", name) for name in RESNETS)][:count]
    text = compared(models, width)
    assert max(map(cells, text.splitlines())) <= width
    for data in comparison.to_json(models)["models"]:
        assert f"{data['params']:,}" in text or width < 50
        assert f"{data['macs']:,}" in text or width < 50
    if "Not shown: " in text:
        left_out = " ".join(text.split("Not shown: ")[1].split()).split(". `--json`")[0].split(", ")
        assert not set(left_out) & set(re.findall(r"\S+(?: \S+)*", text.splitlines()[0]))
    else:
        assert "linear layers" in text


def test_comparisons_as_markdown_and_json_have_everything() -> None:
    models = [network("resnet", name) for name in RESNETS]
    lines = comparison.to_markdown(models).splitlines()
    assert lines[0].startswith("|  | Input | Output | Parameters |")
    assert len(lines) == 2 + len(models)
    assert (
        "| resnet50 | 3×224×224 | 1000 | 25,557,032 | 53,173 | 97.5 MiB | 4,089,184,256 | 8.18G |" in lines[4]
    )
    shape = '["N", 3, 8, 8]\noutputs = ["s.0", "s.1", "s.2"]'
    split = spec('[{ name = "s", op = "split", sections = 3 }]', "", shape)
    data = comparison.to_json([split])["models"][0]
    assert data["outputs"] == [["N", 1, 8, 8]] * 3
    assert data["inputs"] == [{"name": "input", "shape": ["N", 3, 8, 8]}]


# --- numbers ----------------------------------------------------------------------------------------------------

# weights of a linear layer, which are its MACs; what a reader would round them to; their bytes in float32
ROUNDED = [
    (200, "200", "800 B"),
    (999, "999", "3.9 KiB"),
    (1_000, "1.00k", "3.9 KiB"),
    (9_994, "9.99k", "39.0 KiB"),
    (9_996, "10.0k", "39.0 KiB"),
    (99_949, "99.9k", "390.4 KiB"),
    (262_130, "262.1k", "1,023.9 KiB"),
    (262_140, "262.1k", "1.0 MiB"),
    (999_940, "999.9k", "3.8 MiB"),
    (999_960, "1.00M", "3.8 MiB"),
]


@pytest.mark.parametrize(("number", "macs", "size"), ROUNDED)
def test_numbers_go_on_to_the_next_unit_where_they_round_to_it(number: int, macs: str, size: str) -> None:
    text = spec('[{ op = "linear", out = 1, bias = false }]', "", f'["N", {number}]').summary(80)
    assert read(text)[0]["MACs"] == macs
    assert re.search(rf"^Parameters +{number:,}  {re.escape(size)} in float32$", text, re.MULTILINE)


@pytest.mark.parametrize(("features", "shares"), [(1_500, ["99.9%", "0.1%"]), (3_000, ["100.0%", "<0.1%"])])
def test_shares_that_round_to_nothing_say_so(features: int, shares: list[str]) -> None:
    """Of 1,501 MACs one is 0.067 %, of 3,001 it is 0.033 %."""
    layers = '[{ op = "linear", out = 1, bias = false }, { op = "linear", out = 1, bias = false }, "relu"]'
    model = spec(layers, "", f'["N", {features}]')
    assert [row["%"] for row in read(model.summary(columns=("op", "macs%")))] == [*shares, ""]


@pytest.mark.parametrize(("sections", "text"), [(3, "4×8×8, 4×8×8, 4×8×8"), (4, "4 × (3×8×8)")])
def test_many_equal_shapes_are_a_product(sections: int, text: str) -> None:
    model = spec(
        f'[{{ name = "s", op = "split", sections = {sections} }}, {{ op = "relu", from = "s.0" }}]',
        shape='["N", 12, 8, 8]',
    )
    assert read(model.summary(columns=("op", "output")))[0]["Output"] == text


NORMED = '[blocks.normed]\nlayers = [{ op = "conv", out = 4, kernel = 1 }, "batchnorm"]\n'


def test_a_row_for_several_copies_has_the_sum_of_each_count() -> None:
    """Each has 4 · 4 + 4 + 2 · 4 parameters; 4 means, 4 variances and a counter; 4 · 4 · 81 MACs."""
    model = spec('[{ name = "stage", op = "normed", repeat = 3 }]', NORMED, '["N", 4, 9, 9]')
    row = read(model.summary(columns=("op", "params", "buffers", "macs#", "flops")))[0]
    assert (row["Params"], row["Buffers"], row["MACs"], row["FLOPs"]) == ("84", "27", "3,888", "7.78k")


def test_csv_has_shares_of_what_they_are_shares_of() -> None:
    """3 weights and 192 MACs, then 2 weights and none."""
    model = spec('[{ op = "conv", out = 1, kernel = 1, bias = false }, "batchnorm"]')
    lines = model.summary(format="csv", columns="params%,macs%").splitlines()
    assert lines[1:] == ["0,0.600000,1.000000", "1,0.400000,0.000000"]


def test_json_counts_further_calls_at_the_batch_size() -> None:
    """3 · 3 · 64 MACs a sample and a call."""
    source = """archspec = 1
[model]
input = ["N", 3, 8, 8]
layers = [{ name = "c", op = "conv", out = 3, kernel = 1, bias = false }, { op = "reuse", of = "c" }]
"""
    (module,) = to_json(archspec.load("net.toml", source=source, batch=3))["modules"]
    assert (module["macs"], module["count"], module["params"]) == (2 * 3 * 576, 2, 9)


def test_markdown_tells_copies_and_keeps_bars_out_of_its_columns() -> None:
    more = '[blocks.unit]\nrequired = { note = "str" }\nlayers = [{ op = "conv", out = 3, kernel = 1 }]\n'
    layers = '[{ name = "u{i}", op = "unit", note = "a|b", repeat = 2 }, { name = "r", op = "relu" }]'
    lines = spec(layers, more).summary(format="markdown", columns="op").splitlines()
    assert "| `u0` … `u1` × 2 | unit note a\\|b |" in lines
    assert "| `r` | relu |" in lines


def test_what_a_depth_hides_is_said() -> None:
    model = spec('[{ name = "a", layers = [{ name = "b", layers = ["relu"] }] }]')
    assert ["More modules inside" in model.summary(depth=depth) for depth in (1, 2, 3)] == [True, True, False]


@pytest.mark.parametrize(
    ("axis", "batch", "per"), [('"N"', 1, "per sample"), ('"N"', 5, "at batch 5"), ("2", 1, "at batch 2")]
)
def test_totals_say_for_how_many_samples_they_are(axis: str, batch: int, per: str) -> None:
    source = (
        f'archspec = 1\n[model]\ninput = [{axis}, 3]\nlayers = [{{ op = "linear", out = 2, bias = false }}]'
    )
    model = archspec.load("net.toml", source=source, batch=batch)
    number = {"per sample": 6, "at batch 5": 30, "at batch 2": 12}[per]
    assert re.search(rf"^MACs +{number}  {2 * number} FLOPs {per}$", model.summary(), re.MULTILINE)


def test_what_only_training_has_is_counted_apart() -> None:
    """torchvision's GoogLeNet has 13,004,888 parameters, and without its auxiliary heads 6,624,904."""
    googlenet = network("googlenet")
    assert "13,004,888  parameters, 6,379,984 of them only there" in googlenet.summary()
    lines = comparison.to_markdown([googlenet, network("resnet", "resnet18")]).splitlines()
    assert "| float32 size | 25.3 MiB | 44.6 MiB |" in lines  # 4 · 6,624,904 and 4 · 11,689,512 bytes


def test_what_only_training_computes_goes_with_all_that_takes_it() -> None:
    """A `split` of which training takes a part and nobody the other, and a layer that nobody takes."""
    layers = """[
        { name = "a", op = "conv", out = 4, kernel = 1 },
        { name = "s", op = "conv", out = 8, kernel = 1, from = "a" },
        { as = "parts", op = "split", sections = 2 },
        { name = "aux", op = "conv", out = 2, kernel = 1, from = "parts.0" },
        { name = "late", op = "conv", out = 2, kernel = 1, from = "s" },
        { name = "y", op = "conv", out = 3, kernel = 1, from = "a" },
    ]"""
    outputs = 'outputs = ["y"]\ntrain_outputs = ["aux"]\n'
    source = f'archspec = 1\n[model]\ninput = ["N", 4, 8, 8]\n{outputs}layers = {layers}\n'
    model = archspec.load("net.toml", source=source)
    assert {row.path: row.training for row in model.modules()} == {
        "a": False,
        "s": True,
        "2": True,
        "aux": True,
        "late": True,
        "y": False,
    }
    assert model.totals.params == (4 * 4 + 4) + (4 * 3 + 3)


def test_networks_of_one_name_are_told_by_their_files() -> None:
    source = 'archspec = 1\n[model]\ninput = ["N", 3]\nlayers = []'
    models = [archspec.load(file, source=source) for file in ("a/net.toml", "b/net.toml", "c/other.toml")]
    head = comparison.to_markdown(models).splitlines()[0]
    assert head == "|  | net (a/net.toml) | net (b/net.toml) | other |"


@pytest.mark.parametrize(
    ("optimizer", "state"), [("sgd", ""), ("momentum", "momentum 24 B, "), ("adam", "adam 48 B, ")]
)
def test_memory_lists_what_there_is(optimizer: Any, state: str) -> None:
    """Six numbers of 4 bytes, their gradients, and what is kept: the input of the second layer, 2 numbers."""
    layers = (
        '[{ op = "linear", out = 2, bias = false }, { op = "linear", out = 1, bias = false }]'  # 2 · 2 + 2
    )
    text = spec(layers, "", '["N", 2]').summary(160, memory=True, optimizer=optimizer)
    assert f"weights 24 B, gradients 24 B, {state}saved activations 8 B" in text


# --- explanations -------------------------------------------------------------------------------------------------


def test_an_explanation_counts_at_the_batch_size() -> None:
    source = 'archspec = 1\n[model]\ninput = ["N", 3]\nlayers = [{ op = "linear", out = 2, bias = false }]'
    text = archspec.load("net.toml", source=source, batch=100).summary(explain="0")
    assert "  input       100×3\n" in text
    assert "  MACs        2 outputs * 3 inputs = 6, 600 at batch 100 (1.20k FLOPs at batch 100)\n" in text


def test_an_explanation_says_how_many_weights_it_leaves_out() -> None:
    """Six norms with five weights each, 3 + 3 of them trained numbers."""
    text = spec('[{ name = "g", layers = [["batchnorm"], { op = "batchnorm", repeat = 5 }] }]').summary(
        explain="g"
    )
    assert text.count(".running_mean") == 5
    assert "  … and 6 more\n" in text
    assert "  parameters  36\n" in text


@pytest.mark.parametrize(("kernel", "says"), [(4, True), (3, False)])
def test_an_explanation_says_that_ways_look_at_different_places(kernel: int, *, says: bool) -> None:
    layers = f'[{{ name = "r", op = "residual", layers = [{{ op = "conv", out = 3, kernel = {kernel}, padding = "same" }}] }}]'
    assert spec(layers).summary(explain="r").count("; misaligned branches") == says
