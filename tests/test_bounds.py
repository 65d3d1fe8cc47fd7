"""A verdict on hostile files, within the memory that it may take. `bounds.py` measures the time as well, with more cases."""

import json
import subprocess
import sys
from pathlib import Path

import bounds
import pytest

import archspec
from archspec.diagnostics import Problem
from archspec.language import limits, prescan

RUN = """
import contextlib, io, json, re, resource, sys, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import bounds
from archspec.cli.app import app
from archspec.cli.errors import guarded

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
codes = {}
for name in json.loads(sys.argv[2]):
    files = bounds.CASES[name]()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for file, text in files.items():
            Path(file).write_bytes(text.encode() if isinstance(text, str) else text)
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
            try:
                code = guarded(lambda: app(["validate", next(iter(files)), "--output-format", "concise"]))
            except SystemExit as stop:
                code = stop.code or 0
        codes[name] = [code, out.getvalue().partition("\\n")[0]]
peak = re.search(r"VmHWM:\\s*([0-9]+) kB", Path("/proc/self/status").read_text())
print(json.dumps([codes, int(peak[1])]))
"""

VERDICTS = {
    # the code of the first finding; empty where nothing is wrong
    "blanks in an initialiser": "AS203",
    "blanks between arguments": "AS203",
    "digits in an initialiser": "AS203",
    "blanks in an expectation": "AS203",
    "long names that are alike": "AS204",
    "megabytes of blanks": "AS204",
    "comments of dots": "AS204",
    "a comment of dots": "AS204",
    "a text of dots": "AS204",
    "a file above 16 megabytes": "AS105",
    "a dotted key": "AS105",
    "a dotted header": "AS105",
    "a dotted key with quotes and blanks": "AS105",
    "lists in lists": "AS105",
    "tables in tables": "AS105",
    "lists in lists of json": "AS105",
    "objects in objects": "AS105",
    "a million numbers as layers": "AS105",
    "a million numbers as layers of json": "AS105",
    "a million numbers as a param": "AS105",
    "fifty thousand empty blocks": "AS105",
    "a thousand joins of a thousand values": "AS105",
    "blocks that call many": "AS105",
    "many variants of a large network": "AS306",
    "doubling blocks": "AS306",
    "doubling blocks of nothing": "AS306",
    "doubling blocks with long lists": "AS306",
    "doubling blocks that are equal": "",
    "copies that all differ": "AS306",
    "copies of 64 bits": "AS306",
    "copies of copies": "AS306",
    "joins of joins": "",
    "libraries that double": "",
}


def test_verdicts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(Path(__file__).parent), json.dumps([*VERDICTS])],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    codes, peak = json.loads(done.stdout)
    assert {
        name: (code, wanted if f"[{wanted}]" in text else text)
        for (name, (code, text)), wanted in zip(codes.items(), VERDICTS.values(), strict=True)
        if wanted
    } == {name: (1, wanted) for name, wanted in VERDICTS.items() if wanted}
    assert [code for name, (code, _) in codes.items() if not VERDICTS[name]] == [0, 0, 0]
    assert peak <= 1000 * bounds.MEGABYTES


def test_what_is_beyond_the_bounds() -> None:
    good = bounds.Cost(90_000, 1, 1.9, 299, "")
    assert good.kept
    for other in ({"seconds": 2.1}, {"megabytes": 301}, {"code": 2}, {"code": -1}):
        assert not good._replace(**other).kept
    assert good._replace(bytes=3_000_000, seconds=5.9).kept
    assert not good._replace(bytes=3_000_000, seconds=6.1).kept


# --- before parsing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".b" * 14 + " = 1",
        'a = "' + "a." * 1000 + '"',
        "# " + "a." * 1000,
        "a = '" + "[" * 1000 + "'",
        "#" + "[" * 1000,
        'a = """' + "[" * 1000 + '\n"" ' + "{" * 1000 + '\\""""',
        "a = '''" + "[" * 1000 + "\n'' " + "{" * 1000 + "''''",
        '{"a": "' + "[" * 1000 + '\\"' + "," * limits.VALUES + '"}',
        "[a]\n" * 1000,
        "[[a]]\n" * 1000,
        "a = [[], []]\n" * 1000,
        'a = "\\\\"\nb = "' + "[" * 1000 + '"',
        "a = 1.5\n" * 1000,
        'a = "' + "," * limits.VALUES + '"',
    ],
)
def test_what_is_quoted_does_not_count(text: str) -> None:
    prescan.check(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a" + ".b" * 16 + " = 1", "parts"),
        ("[a" + " . 'b.c'" * 16 + "]", "parts"),
        ("x = { " + '"a".' * 16 + "b = 1 }", "parts"),
        ("a = " + "[" * 200, "nested"),
        ('{"a":' * 200, "nested"),
        ("a = '' # \na = " + "[{x=" * 100, "nested"),
        ('a = """\n""" # "\nb = ' + "[" * 200, "nested"),
        ("a = [" + "1," * limits.VALUES + "]", "values"),
        ("[a]\n" * (limits.VALUES + 1), "values"),
        ('{"a": [' + '{"b": 1},' * (limits.VALUES // 2), "values"),
    ],
)
def test_what_is_refused_before_it_is_parsed(text: str, message: str) -> None:
    with pytest.raises(Problem, match=message) as caught:
        prescan.check(text)
    assert caught.value.code == "AS105"


def refusal(text: str) -> tuple[str, str, str]:
    with pytest.raises(archspec.SpecError) as caught:
        archspec.load("net.toml", source=text)
    (found,) = caught.value.diagnostics
    return found.code, found.location, found.message


def test_limits_of_a_file_say_where() -> None:
    keys = bounds.many("k# = 1", limits.KEYS + 1, "\n")
    assert refusal(bounds.net("[]", "", f"[params]\n{keys}")) == (
        "AS105",
        "params",
        "a table has more than 10,000 keys",
    )
    nodes = bounds.many('"relu"', limits.WRITTEN)
    inside = bounds.net(f'[{{ op = "residual", layers = [{nodes}] }}]')
    assert refusal(inside) == ("AS105", "model.layers[0].layers", "the file has more than 10,000 nodes")


def test_networks_that_are_large_are_still_made() -> None:
    """As large as no network that is known: a thousand residual blocks that all differ, written out."""
    block = '{{ op = "residual", layers = [{{ op = "conv", out = {0}, kernel = 1 }}, "batchnorm", "relu"], shortcut = [{{ op = "conv", out = {0}, kernel = 1 }}] }}'
    model = archspec.load(
        "net.toml", source=bounds.net(f"[{', '.join(block.format(i) for i in range(1, 1001))}]")
    )
    assert model.totals.modules >= 4000


def test_as_many_variants_as_a_family_has(tmp_path: Path) -> None:
    variants = bounds.many("v# = { n = # }", 100, "\n")
    layers = '[{ op = "conv", out = "i + n + 1", kernel = 1, repeat = 100 }, "relu"]'
    file = tmp_path / "net.toml"
    file.write_text(bounds.net(layers, "", f"[params]\nn = 1\n[variants]\n{variants}"))
    assert archspec.validate(str(file)) == []
    file.write_text(
        bounds.net(layers.replace("100 }", "1_000 }"), "", f"[params]\nn = 1\n[variants]\n{variants}")
    )
    (finding,) = archspec.validate(str(file))
    assert finding.diagnostic.code == "AS306"
    assert finding.diagnostic.location == "variants.v15"
