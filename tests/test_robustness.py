"""Nothing but `SpecError` and `UsageError` escapes, soon, whatever the spec says."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fuzz as fuzz_script
import pytest
from mutants import mutant
from spec_cases import net

import archspec
from archspec import Model, SpecError, UsageError
from archspec.analysis.expand import expand
from archspec.analysis.spec_text import to_text
from archspec.diagnostics.locate import Locator, reader
from archspec.diagnostics.render import FORMATS, ValidationRun, render
from archspec.lint.catalogue import catalogue
from archspec.report.machine import to_json

SPECS = Path(__file__).parent.parent / "specs"
HANG = 60
"""Seconds after which a test hangs. A guard, not a measure: speed is measured in `benchmarks/`."""
MUTANTS = 600


@pytest.fixture(autouse=True)
def _deadline() -> Iterator[None]:
    """A hang fails one test, not the run."""

    def late(*_: object) -> None:
        raise TimeoutError("hangs")

    previous = signal.signal(signal.SIGALRM, late)
    signal.alarm(HANG)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


def attempt(text: str | bytes, path: str = "net.toml", **options: Any) -> Model | SpecError | UsageError:
    """What comes of a spec, in time and without any other exception."""
    try:
        return archspec.load(path, source=text, **options)
    except SpecError as error:
        str(error)
        show(error, text, path)
        return error
    except UsageError as error:
        return error


def show(error: SpecError, text: str | bytes, path: str) -> None:
    """The findings with their places, which are in the text, in all formats."""
    source = text if isinstance(text, str) else text.decode("utf-8", "replace")
    findings = Locator(reader({path: source})).findings(error.diagnostics)
    lines = source.split("\n")
    for finding in findings:
        spot = finding.spot
        if spot.known and spot.file == path:
            assert 1 <= spot.line <= len(lines)
            assert 1 <= spot.column <= len(lines[spot.line - 1]) + 2
    for format_ in FORMATS:
        render(format_, findings, ValidationRun((path,), 0, catalogue))


def codes(text: str | bytes, path: str = "net.toml", **options: Any) -> list[tuple[str, str]]:
    error = attempt(text, path, **options)
    assert isinstance(error, SpecError), error
    return [(item.code, item.location) for item in error.diagnostics]


def use_it(model: Model) -> None:
    """Ask a model for all that it can tell."""
    model.totals, model.training_totals, model.summary(), model.inputs, model.outputs, repr(model)
    for answer in (
        model.weights,
        lambda: list(model.modules()),
        lambda: to_json(model),
        lambda: expanded(model),
    ):
        try:
            answer()
        except UsageError as error:
            assert "more than the 1,000,000 that can be listed" in str(error) or "no expansion" in str(error)


def expanded(model: Model) -> str:
    from archspec.analysis.modules import listing

    listing(model.root, model.costs)
    return to_text(
        expand(
            model.root, name=model.name, doc="", inputs=model.inputs, train=len(model.network.train_outputs)
        )
    )


# --- mutants ---------------------------------------------------------------------------------------------


def fuzz(seed: int, count: int) -> dict[str, int]:
    """How many mutants ended how. Anything else than a model or a diagnosis is an error."""
    ends = {"Model": 0, "SpecError": 0, "UsageError": 0}
    for number in range(count):
        text, path = mutant(seed, number)
        try:
            result = attempt(text, path)
            if isinstance(result, Model):
                use_it(result)
        except BaseException as error:
            raise AssertionError(f"{path}: {text!r}") from error
        ends[type(result).__name__] += 1
    return ends


FUZZ = """
import json, re, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
sys.path.insert(0, sys.argv[1])
import test_robustness
print(json.dumps(test_robustness.fuzz(int(sys.argv[2]), int(sys.argv[3]))))
# not `ru_maxrss`, which begins with what the parent had
print(re.search(r"VmHWM:\\s*([0-9]+) kB", open("/proc/self/status").read())[1])
"""


@pytest.mark.parametrize("seed", range(4))
def test_mutants(seed: int) -> None:
    signal.alarm(60)
    run = subprocess.run(
        [sys.executable, "-c", FUZZ, str(Path(__file__).parent), str(seed), str(MUTANTS // 4)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    ends, peak = run.stdout.splitlines()
    counts = json.loads(ends)
    assert counts["Model"] >= 5  # or it would only test the parser
    assert counts["SpecError"] >= 50
    assert int(peak) < 1_000_000  # KiB


def test_validating_mutants() -> None:
    """A smaller run of the script, with another seed."""
    script = Path(__file__).parent / "fuzz.py"
    command = [sys.executable, str(script), "--mutants", "1000", "--seed", "1", "--jobs", "1"]
    signal.alarm(0)
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    counts = re.findall(r"([\d,]+) with exit code", run.stdout)
    assert int(counts[0]) >= 100  # or it would only test what is wrong
    assert int(counts[1]) >= 100


def test_the_script_sees_what_it_is_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> None:
        raise RuntimeError("broken")

    def hangs(_: object) -> None:
        while True:
            pass

    monkeypatch.chdir(tmp_path)
    assert fuzz_script.validate(b"archspec = 1", "net.toml", 0) == "0"
    assert fuzz_script.validate(b"archspec = 2", "net.toml", 0) == "1"
    monkeypatch.setattr(fuzz_script, "guarded", fails)
    assert fuzz_script.validate(b"", "net.toml", 0) == "RuntimeError: broken"
    monkeypatch.setattr(fuzz_script, "guarded", lambda _: sys.exit(3))
    assert fuzz_script.validate(b"", "net.toml", 0) == "exit code 3"
    monkeypatch.setattr(fuzz_script, "guarded", hangs)
    monkeypatch.setattr(fuzz_script, "SECONDS", 0.05)
    previous = signal.signal(signal.SIGVTALRM, fuzz_script.late)
    assert fuzz_script.validate(b"", "net.toml", 0) == "more than 0.05 s"
    signal.signal(signal.SIGVTALRM, previous)


# --- attacks ---------------------------------------------------------------------------------------------


def nested(before: str, inner: str, after: str, levels: int) -> str:
    return before * levels + inner + after * levels


LIMITS: dict[str, tuple[str | bytes, str, str | None]] = {
    # what stops it, and where
    "arrays": (net(nested("[", '"relu"', "]", 1000)), "AS105", ""),
    "arrays of arrays": (net(nested("[", '"relu"', "]", 70)), "AS105", "model.layers[0][0][0][0][0][0]"),
    "groups": (net(nested("[{ layers = ", '["relu"]', " }]", 40)), "AS105", None),
    "JSON arrays": ("[" * 100_000, "AS105", ""),
    "JSON objects": ('{"a":' * 100_000, "AS105", ""),
    "dotted key": (".".join("a" * 30_000) + " = 1", "AS105", ""),
    "dotted table": (f"[{'.'.join('a' * 30_000)}]", "AS105", ""),
    "copies": (net('[{ op = "relu", repeat = 1_000_000 }]'), "AS306", "model.layers[0].repeat"),
    "copies without a name": (
        net(nested("[{ repeat = 1000, layers = ", '["relu"]', " }]", 3)),
        "AS306",
        "model",
    ),
    "copies of copies that grow": (
        net(
            '[{ name = "a", repeat = 1000, layers = [{ name = "b", repeat = 1000, op = "conv", out = "x.channels + 1" }] }]'
        ),
        "AS306",
        "model",
    ),
    "dense copies": (
        net('[{ op = "dense", repeat = 1_000_000, layers = ["relu"] }]'),
        "AS306",
        "model.layers[0].repeat",
    ),
    "dense in dense": (
        net(
            '[{ op = "dense", repeat = 1000, layers = [{ op = "dense", repeat = 1000, layers = ["relu"] }] }]'
        ),
        "AS306",
        None,
    ),
    "nothing, often": (net(nested("[{ repeat = 1000, layers = ", "[]", " }]", 3)), "AS306", "model"),
    "removed, often": (
        net('[{ repeat = 1000, layers = [{ repeat = 1000, op = "relu", when = "i > 1000" }] }]'),
        "AS306",
        "model",
    ),
    "split": (
        net('[{ op = "split", sections = 1_000_000 }]', shape='["N", 1_000_000]'),
        "AS306",
        "model.layers[0].sections",
    ),
    "flattened": (
        net('["flatten"]', shape='["N", 1_000_000_000_000_000_000, 1000]'),
        "AS306",
        "model.layers[0]",
    ),
    "huge input": (net("[]", shape='["N", 9223372036854775808]'), "AS203", "model.input[1]"),
    "huge kernel": (
        net('[{ op = "conv", out = 4, kernel = 9223372036854775807 }]'),
        "AS403",
        "model.layers[0].kernel",
    ),
    "huge padding": (
        net('[{ op = "conv", out = 4, padding = 9223372036854775807 }]'),
        "AS306",
        "model.layers[0]",
    ),
    "recursion": (
        net('["a"]', '[blocks.a]\nlayers = ["b"]\n[blocks.b]\nlayers = ["a"]'),
        "AS304",
        "blocks.b.layers[0]",
    ),
    "recursion with other arguments": (
        net(
            '[{ op = "a", n = 1 }]',
            '[blocks.a]\nrequired = { n = "int" }\nlayers = [{ op = "a", n = "n + 1" }]',
        ),
        "AS304",
        "blocks.a.layers[0]",
    ),
    "recursion by an argument": (
        net(
            '[{ op = "a", f = "a" }]',
            '[blocks.a]\nrequired = { f = "op" }\nlayers = [{ op = "{f}", f = "a" }]',
        ),
        "AS304",
        "blocks.a.layers[0]",
    ),
    "blocks in blocks": (
        net(
            '["b0"]',
            "".join(f'[blocks.b{i}]\nlayers = ["b{i + 1}"]\n' for i in range(200))
            + "[blocks.b200]\nlayers = []",
        ),
        "AS306",
        None,
    ),
    "long expression": (
        net(f'[{{ op = "conv", out = "{"1+" * 10_000}1" }}]'),
        "AS205",
        "model.layers[0].out",
    ),
    "long name": (net(f'[{{ name = "{"a" * 10_000}", op = "relu" }}]'), "AS206", "model.layers[0].name"),
    "long list": (
        net('[{ op = "relu", from = [' + "'x', " * 20_000 + "] }]"),
        "AS105",
        "model.layers[0].from",
    ),
    "large file": (b"#" * 17_000_000, "AS105", ""),
    "empty file": ("", "AS202", ""),
    "not UTF-8": (b"archspec = 1 # \xff", "AS101", ""),
    "UTF-16": ("archspec = 1".encode("utf-16"), "AS101", ""),
    "null": (b"archspec = 1\0", "AS102", ""),
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits(name: str) -> None:
    text, code, place = LIMITS[name]
    found = codes(text, "net.json" if "JSON" in name else "net.toml")
    assert [item for item, _ in found] == [code]
    assert place is None or found[0][1] == place


def test_many_findings_are_bounded_in_time() -> None:
    for nodes in (
        ['"rellu"'] * 100_000,
        ['{ op = "conv", ot = 4 }'] * 50_000,
        ['{ op = "relu", from = "z" }'] * 50_000,
        [f'{{ name = "nnnnnn{i}", op = "relu", from = "nnnnnnx{i}" }}' for i in range(3000)],
    ):
        found = codes(net(f"[{', '.join(nodes)}]"))
        assert 1 <= len(found) <= 1000


def test_json_with_many_keys() -> None:
    keys = ", ".join(f'"k{i}": 1' for i in range(9_900))
    assert codes(f'{{{keys}, "k9899": 2}}', "net.json") == [("AS104", "")]
    found = codes(f"{{{keys}}}", "net.json")
    assert {code for code, _ in found} == {"AS201", "AS202"}


def doubling(leaf: str, levels: int = 60) -> str:
    blocks = "".join(f'[blocks.b{i}]\nlayers = ["b{i + 1}", "b{i + 1}"]\n' for i in range(levels))
    return f"{blocks}[blocks.b{levels}]\nlayers = [{leaf}]\n"


CONV = '{ op = "conv", out = 3 }'


def refuses(answer: Callable[[], object]) -> None:
    with pytest.raises(UsageError, match="more than the 1,000,000 that can be listed"):
        answer()


def test_doubling_blocks() -> None:
    """2**60 convolutions cost no more than 60 blocks."""
    model = attempt(net('["b0"]', doubling(CONV)))
    assert isinstance(model, Model)
    assert model.totals.params == 9 * 2**60
    assert model.totals.macs == 9 * 64 * 2**60
    assert "2 × " in model.summary() or "b0" in model.summary()
    refuses(model.weights)
    refuses(lambda: list(model.modules()))
    refuses(lambda: expanded(model))
    to_json_or_refuse(model)


def to_json_or_refuse(model: Model) -> None:
    try:
        json.dumps(to_json(model))
    except UsageError as error:
        assert "that can be listed" in str(error)


@pytest.mark.parametrize("depth", [1, 30, 61, 1000])
def test_doubling_blocks_to_a_depth(depth: int) -> None:
    model = attempt(net('["b0"]', doubling(CONV)))
    assert isinstance(model, Model)
    try:
        model.summary(depth=depth)
    except UsageError as error:
        assert "1,000,000" in str(error)


def test_doubling_blocks_used_again() -> None:
    layers = '[{ name = "a", op = "b0" }, { op = "maxpool", kernel = 2 }, { op = "reuse", of = "a" }]'
    model = attempt(net(layers.replace("{{", "{").replace("}}", "}"), doubling(CONV)))
    assert isinstance(model, Model)
    assert (model.totals.params, model.totals.macs) == (9 * 2**60, 9 * (64 + 16) * 2**60)


def test_doubling_blocks_for_training() -> None:
    blocks = "".join(
        f'[blocks.b{i}]\noutputs = ["aux"]\nlayers = [{{ name = "p", op = "b{i + 1}" }}, {{ name = "q", op = "b{i + 1}" }}, '
        '{ op = "add", from = ["p.aux", "q.aux"], as = "aux" }, { from = "q", layers = [] }]\n'
        for i in range(40)
    )
    leaf = (
        '[blocks.b40]\noutputs = ["aux"]\nlayers = [{ name = "c", op = "conv", out = 3 }, '
        '{ name = "aux", op = "conv", out = 3 }, { op = "relu", from = "c" }]'
    )
    model = attempt(net('[{ name = "a", op = "b0" }]', f'train_outputs = ["a.aux"]\n{blocks}{leaf}'))
    assert isinstance(model, Model)
    assert (model.totals.params, model.training_totals.params) == (9 * 2**40, 18 * 2**40)


@pytest.mark.parametrize(
    ("layers", "blocks"),
    [
        (
            '[{ op = "a", repeat = 1000 }]',
            (
                '[blocks.a]\nlayers = [{ op = "b", repeat = 1000 }]\n'
                f'[blocks.b]\nlayers = [{{ name = "c", repeat = 1000, {CONV[2:]}]'
            ),
        ),
        (
            (
                f'[{{ name = "a", repeat = 1000, layers = [{{ name = "b", repeat = 1000, layers = [{{ name = "c", repeat = 1000, '
                f"{CONV[2:]}] }}] }}]"
            ),
            "",
        ),
    ],
)
def test_a_thousand_thousand_thousand_copies(layers: str, blocks: str) -> None:
    model = attempt(net(layers, blocks))
    assert isinstance(model, Model)
    assert model.totals.params == 9 * 10**9
    assert "9,000,000,000" in model.summary()
    refuses(model.weights)


def test_references_into_a_long_container_are_quick() -> None:
    nodes = ", ".join(f'{{ op = "relu", from = "a.{7 * i}" }}' for i in range(2000))
    model = attempt(net(f'[{{ name = "a", op = "relu", repeat = 20_000 }}, {nodes}]'))
    assert isinstance(model, Model)
    assert model.totals.modules == 22_001


def test_many_captures_are_quick() -> None:
    names = ", ".join(f'{{ name = "n{i}", op = "relu" }}' for i in range(4000))
    uses = ", ".join(f'{{ op = "add", from = ["x", "n{i}"] }}' for i in range(4000))
    assert isinstance(attempt(net(f'[{names}, {{ name = "g", layers = [{uses}] }}]')), Model)


def test_long_chain_of_definitions() -> None:
    lets = "\n".join(f'a{i} = "a{i - 1} + 1"' for i in range(1, 900))
    text = net('[{ op = "conv", out = "a899 - 896" }]', top=f"[let]\na0 = 1\n{lets}")
    result = attempt(text)
    if isinstance(result, SpecError):  # too deep is an answer, if it says what
        assert [item.code for item in result.diagnostics] == ["AS306"]
        assert "let" in str(result)
    else:
        assert isinstance(result, Model)
        assert result.totals.params == 12


def test_huge_sizes() -> None:
    side = 10**6
    model = attempt(
        net(
            f'[{{ op = "conv", out = {side} }}, "global_avgpool", "flatten", {{ op = "linear", out = {side} }}]',
            shape=f'["N", {side}, {side}, {side}]',
        )
    )
    assert isinstance(model, Model)
    assert model.totals.macs == 10**24 + 10**12
    assert model.totals.params == 10**12 + 10**12 + 10**6
    use_it(model)


# --- names and texts -------------------------------------------------------------------------------------

EVIL = "\x1b[31m\x07\u202e[red]\x9b\u2066\u200f"


def clean(text: str) -> bool:
    return all(c.isprintable() or c == "\n" for c in text)


@pytest.mark.parametrize(
    "spec",
    [
        {"archspec": 1, EVIL: 1},
        {"archspec": 1, "params": {EVIL: 1}},
        {"archspec": 1, "let": {EVIL: 1}},
        {"archspec": 1, "blocks": {EVIL: {"layers": []}}},
        {"archspec": 1, "blocks": {f"con{EVIL[:1]}v": {"layers": []}, "b": {"layers": ["conx"]}}},
        {"archspec": 1, "blocks": {"b": {"layers": [], EVIL: 1}}},
        {"archspec": 1, "use": {EVIL: EVIL}},
        {"archspec": 1, "use": {"a": EVIL}},
        {"archspec": 1, "use": {"a": "/" + EVIL}},
        {"archspec": 1, "defaults": {EVIL: {}}},
        {"archspec": 1, "defaults": {"conv": {EVIL: 1}}},
        {"archspec": 1, "variants": {EVIL: {EVIL: 1}}},
        {"archspec": 1, "model": {"input": [EVIL], "layers": []}},
        {"archspec": 1, "model": {"name": EVIL, "input": ["N", 3], "layers": ["relu"]}},
        {"archspec": 1, "model": {"inputs": [{"name": EVIL, "shape": [1]}], "layers": []}},
        {"archspec": 1, "model": {"input": [1], "layers": [], "outputs": [EVIL]}},
        *(
            {"archspec": 1, "model": {"input": ["N", 3], "layers": [node]}}
            for node in (
                EVIL,
                {"op": EVIL},
                {"op": "relu", EVIL: 1},
                {"op": "relu", "name": EVIL},
                {"op": "relu", "as": EVIL},
                {"op": "relu", "from": EVIL},
                {"op": "relu", "from": "a." + EVIL},
                {"op": "relu", "when": EVIL},
                {EVIL: 1},
                {"op": "relu", "when": f"'{EVIL}'"},
                {"op": "relu", "when": f"{EVIL[1:]}"},
                {"op": "linear", "out": f"'{EVIL}'"},
                {"op": "relu", "name": "{'" + EVIL + "'}"},
                {"op": "{'" + EVIL + "'}"},
                {"op": "relu", "repeat": 1, "index": EVIL},
                {"op": "reuse", "of": EVIL},
                {"op": "linear", "out": 3, "init": {EVIL: 1}},
                {"op": "linear", "out": 3, "init": EVIL},
                {"op": "linear", "out": 3, "init": {"weight": EVIL}},
                {"op": "linear", "out": {EVIL: EVIL}},
                {"op": "linear", "out": [EVIL]},
                {"op": "relu", "shape": EVIL},
                {"op": "relu", "shape": [EVIL]},
            )
        ),
    ],
)
def test_messages_are_printable(spec: dict[str, Any]) -> None:
    for ascii_ in (True, False):
        error = attempt(json.dumps(spec, ensure_ascii=ascii_), "net.json")
        assert isinstance(error, SpecError)
        assert clean(str(error))
        assert all(len(item.message) < 600 for item in error.diagnostics)


def test_names_of_variants_are_printable() -> None:
    error = attempt(
        json.dumps({"archspec": 1, "variants": {EVIL: {}}, "model": {"input": [1], "layers": []}}),
        "net.json",
        variant="a",
    )
    assert isinstance(error, SpecError)
    assert [item.code for item in error.diagnostics] == ["AS206"]
    assert clean(str(error))


@pytest.mark.parametrize(
    "spec",
    [
        {
            "archspec": 1,
            "model": {"input": ["N", 3], "layers": [{"op": "b", "tag": EVIL}]},
            "blocks": {"b": {"required": {"tag": "str"}, "layers": ["relu"]}},
        },
        {
            "archspec": 1,
            "model": {"input": ["N", 3], "layers": [{"op": "b", "tag": [EVIL]}]},
            "blocks": {"b": {"params": {"tag": ["a"]}, "layers": ["relu"]}},
        },
    ],
)
def test_tables_are_printable(spec: dict[str, Any]) -> None:
    model = attempt(json.dumps(spec), "net.json")
    assert isinstance(model, Model)
    assert clean(model.summary())
    assert clean(repr(model))


@pytest.mark.parametrize(
    "spec",
    [
        {"archspec": 1, "\ud800": 1},
        {"archspec": 1, "blocks": {"\ud800": {"layers": []}}},
        {"archspec": 1, "use": {"a": "\ud800.toml"}},
        {"archspec": 1, "model": {"name": "\ud800", "input": ["N", 3], "layers": ["relu"]}},
        {"archspec": 1, "model": {"doc": "\ud800", "input": ["N", 3], "layers": ["relu"]}},
        {"archspec": 1, "model": {"input": ["N", 3], "layers": [{"op": "relu", "\udfff": 1}]}},
    ],
)
def test_half_characters(spec: dict[str, Any]) -> None:
    """A lone surrogate is no text: no file could hold what is made of it."""
    found = attempt(json.dumps(spec), "net.json")
    if isinstance(found, Model):
        found.summary().encode()
        expanded(found).encode()
    else:
        str(found).encode()


# --- files -----------------------------------------------------------------------------------------------


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "archspec", *arguments], input=stdin, capture_output=True, timeout=30
    )


SMALL = b'archspec = 1\n[model]\ninput = ["N", 3]\nlayers = [{ op = "linear", out = 4 }]\n'


@pytest.mark.parametrize(
    "data",
    [
        SMALL,
        b"\xef\xbb\xbf" + SMALL,
        SMALL.replace(b"\n", b"\r\n"),
        SMALL.rstrip(),
        b'{"archspec": 1, "model": {"input": ["N", 3], "layers": [{"op": "linear", "out": 4}]}}',
    ],
    ids=["plain", "BOM", "CRLF", "no newline", "JSON"],
)
def test_bytes_and_stdin(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.spec"
    path.write_bytes(data)
    assert archspec.load(str(path)).totals.params == 16
    done = run("summary", "-", "--json", stdin=data)
    assert (done.returncode, json.loads(done.stdout)["totals"]["params"]) == (0, 16)


def test_text_with_a_byte_order_mark() -> None:
    model = attempt("\ufeff" + SMALL.decode())
    assert isinstance(model, Model)


@pytest.mark.parametrize(
    "path", ["", ".", "nope.toml", "a\0b", "/dev/null/x", "a" * 5000, "\ud800.toml", "\x1b[31m"]
)
def test_files_that_cannot_be_read(path: str) -> None:
    with pytest.raises(UsageError) as caught:
        archspec.load(path)
    assert clean(str(caught.value))
    assert len(str(caught.value)) < 300


def test_empty_device() -> None:
    with pytest.raises(SpecError) as caught:
        archspec.load("/dev/null")
    assert [item.code for item in caught.value.diagnostics] == ["AS202"]


def test_endless_device() -> None:
    with pytest.raises(SpecError) as caught:
        archspec.load("/dev/zero")
    assert [item.code for item in caught.value.diagnostics] == ["AS105"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "code"),
    [
        (["summary", "-"], b"", 1),
        (["summary", "-"], b"\xff", 1),
        (["summary", "-"], b"#" * 17_000_000, 1),
        (["summary", "-"], b"[" * 100_000, 1),
        (["summary", "nope.toml"], b"", 2),
        (["summary", "."], b"", 2),
        (["summary", "-@nope"], SMALL, 2),
        (["summary", "-", "--set", "a=1"], SMALL, 2),
        (["summary", "-", "--input", "N,99999999999999999999"], SMALL, 2),
        (["summary", "-", "--input", "\x1b"], SMALL, 2),
        (["summary", "-", "--explain", "\x1b"], SMALL, 2),
        (["expand", "-"], net('["b0"]', doubling(CONV)).encode(), 2),
        (["summary", "-", "--json"], net('["b0"]', doubling(CONV)).encode(), 2),
    ],
)
def test_exit_codes(arguments: list[str], stdin: bytes, code: int) -> None:
    done = run(*arguments, stdin=stdin)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stdout == b""
    assert clean(done.stderr.decode())


def library_chain(folder: Path, length: int) -> str:
    for i in range(length):
        use = f'[use]\nnext = "l{i + 1}.toml"\n' if i + 1 < length else ""
        (folder / f"l{i}.toml").write_text(f'archspec = 1\n{use}[blocks.b]\nlayers = ["relu"]\n')
    return net('["lib.b"]', top='[use]\nlib = "l0.toml"\n')


def test_library_chains(tmp_path: Path) -> None:
    main = str(tmp_path / "main.toml")
    assert isinstance(attempt(library_chain(tmp_path, 10), main), Model)
    result = attempt(library_chain(tmp_path, 600), main)
    if isinstance(result, SpecError):
        assert len(result.diagnostics) == 1
        assert result.diagnostics[0].code in ("AS306", "AS309")
    else:
        assert isinstance(result, Model)


def test_library_diamonds_are_read_once(tmp_path: Path) -> None:
    for i in range(40):
        use = f'[use]\na = "l{i + 1}.toml"\nb = "./l{i + 1}.toml"\n' if i < 39 else ""
        (tmp_path / f"l{i}.toml").write_text(f'archspec = 1\n{use}[blocks.b]\nlayers = ["relu"]\n')
    assert isinstance(
        attempt(net('["lib.b"]', top='[use]\nlib = "l0.toml"\n'), str(tmp_path / "main.toml")), Model
    )


def test_library_diamonds_of_broken_files_are_read_once(tmp_path: Path) -> None:
    for i in range(24):
        use = f'a = "l{i + 1}.toml"\nb = "./l{i + 1}.toml"'
        (tmp_path / f"l{i}.toml").write_text(
            "archspec = 1\nfoo = 1\n" if i == 23 else f"archspec = 1\n[use]\n{use}\n"
        )
    assert codes(net("[]", top='[use]\nlib = "l0.toml"\n'), str(tmp_path / "main.toml")) == [("AS201", "foo")]


@pytest.mark.parametrize(
    "target", ["", ".", "..", "a\\u0000b", "nope.toml", "/dev/zero", "~/x.toml", "\\u001b.toml", "a" * 5000]
)
def test_libraries_that_cannot_be_read(target: str, tmp_path: Path) -> None:
    found = codes(net('["lib.b"]', top=f'[use]\nlib = "{target}"\n'), str(tmp_path / "main.toml"))
    assert found == [("AS309", "use.lib")]
