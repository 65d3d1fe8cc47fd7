"""`archspec validate`: what it finds, where it points, and in which formats it says so."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import tomli
from golden_diagnostics import FOLDER, said, specs
from nets import ROOT, SPECS
from pydantic import ValidationError
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog
from spec_cases import VALID

import archspec
from archspec.cli.validate import run
from archspec.diagnostics.locate import Finding, Locator, reader
from archspec.diagnostics.render import FORMATS
from archspec.diagnostics.render.full_ import one
from archspec.diagnostics.render.github_ import command
from archspec.diagnostics.repository import Repositories
from archspec.elaborate import elaborate, load_document
from archspec.elaborate.unreached import unreached
from archspec.lint.catalogue import catalogue

FILES = pytest.mark.parametrize("path", specs(), ids=lambda path: path.name)


def cli(
    *arguments: str,
    cwd: Path | None = None,
    code: int = 0,
    stdin: str | None = None,
    env: dict[str, str] | None = None,
) -> Any:
    command = [sys.executable, "-m", "archspec", "validate", *arguments]
    result = subprocess.run(
        command, cwd=cwd, input=stdin, capture_output=True, text=True, check=False, env=env
    )
    assert result.returncode == code, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result


# --- the corpus ----------------------------------------------------------------------------------------------


@FILES
def test_what_is_said(path: Path) -> None:
    """Golden texts, which `python docs/generate.py` writes and people have read."""
    assert said(path) == path.with_suffix(path.suffix + ".txt").read_text(encoding="utf-8")


def test_every_code_is_in_the_corpus() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.txt"))
    # AS106 is of no file, AS701 takes a plug-in, AS704 is what `verify` finds, AS8 what `diff` tells, and some are off by
    # default: test_rules.py has those
    codes = [code for code, rule in catalogue().items() if rule.on and not code.startswith("AS8")]
    missing = [code for code in codes if f"[{code}]" not in texts]
    assert missing == ["AS106", "AS701", "AS704"]
    assert len(specs()) >= 80
    assert len(list(FOLDER.glob("*.txt"))) == len(specs())


def findings_of(path: Path) -> list[dict[str, Any]]:
    found = json.loads(said(path, "json"))
    assert isinstance(found, list)
    return found


@FILES
def test_places_are_in_the_text(path: Path) -> None:
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    for found in findings_of(path):
        if found["line"] is None:  # what is missing from the file as a whole
            assert found["path"] == [] or found["code"] == "AS105"
            continue
        assert 1 <= found["line"] <= len(lines)
        assert 1 <= found["column"] <= len(lines[found["line"] - 1]) + 1
        assert (found["end_line"], found["end_column"]) > (found["line"], found["column"])


@FILES
def test_suggested_edits_fix_what_they_are_about(path: Path, tmp_path: Path) -> None:
    """Each alone: the finding is gone. An edit may bring a later one to light, such as a value that does not fit."""
    text = path.read_bytes().decode("utf-8", errors="replace")
    for found in findings_of(path):
        if found["edit"] is None:
            continue
        start, stop, new = (found["edit"][key] for key in ("start", "stop", "text"))
        fixed = tmp_path / path.name
        fixed.write_bytes((text[:start] + new + text[stop:]).encode())
        left = [(other["code"], other["message"]) for other in findings_of(fixed)]
        assert (found["code"], found["message"]) not in left


EDITED = [
    ('op = "conv"', 'op = "cnov"', "AS204"),
    ("kernel = 1", "kernal = 1", "AS201"),
    ("[model]", "[modle]", "AS201"),
    ("depths[0]", "dpeths[0]", "AS301"),
    ('op = "residual"', 'op = "residaul"', "AS204"),
    ("repeat = ", "repeet = ", "AS201"),
    ("stride = 2", "strid = 2", "AS201"),
    ('"global_avgpool"', '"global_avgpol"', "AS204"),
    ("[variants]", "[variant]", "AS201"),
    ('out = "inner"', 'out = "iner"', "AS301"),
]


@pytest.mark.parametrize(("old", "new", "code"), EDITED)
def test_a_newcomer_is_told_what_to_type(tmp_path: Path, old: str, new: str, code: str) -> None:
    """ResNet, broken in one of ten ways: one finding at the place, and its edit brings the spec back."""
    text = (SPECS / "resnet.toml").read_text()
    assert old in text
    broken = tmp_path / "resnet.toml"
    broken.write_text(text.replace(old, new, 1))
    first, *others = [found for found in findings_of(broken) if found["code"] == code]
    at = text.index(old)
    assert first["line"] == text.count("\n", 0, at) + 1
    assert not others
    edit = first["edit"]
    assert edit is not None, said(broken)
    fixed = broken.read_text()
    broken.write_text(fixed[: edit["start"]] + edit["text"] + fixed[edit["stop"] :])
    assert broken.read_text() == text
    assert findings_of(broken) == []


@pytest.mark.parametrize(
    "text", [case.text for case in VALID.values()] + [path.read_text() for path in SPECS.rglob("*.toml")]
)
def test_blocks_that_no_network_has_are_not_wronged(text: str) -> None:
    """What is said of references without a network is true of all blocks that do have one."""
    try:
        document = load_document("net.toml", text)
        network = elaborate(document, next(iter(document.variants), None))
    except (
        archspec.SpecError,
        archspec.UsageError,
    ):  # a library that is not there; parameters that must be given
        return
    network.plans.reached.clear()
    assert unreached(document, network.plans) == []


@pytest.mark.parametrize(
    "block",
    [
        'layers = [{ op = "conv", out = 4, kernel = 3 }, "relu", { op = "add", from = ["x", "1"] }]',
        'outputs = ["0"]\nlayers = ["relu", "tanh"]',
        'layers = [{ op = "conv", out = 4, kernel = 3 }, { op = "reuse", of = "0" }]',
        'params = { n = 0 }\nlayers = [{ name = "a", repeat = "n", op = "relu" }, { name = "a", repeat = "1 - n", op = "tanh" }]',
        'inputs = ["p", "q"]\nlayers = [{ op = "add", from = ["x", "q"] }, { name = "g", layers = [{ name = "q", op = "relu" }] }]',
        'layers = [{ when = false, layers = [{ op = "add", from = ["x", "nope"] }] }]',
        'layers = [{ op = "residual", skip = false, layers = ["relu"], shortcut = [{ op = "add", from = ["x", "nope"] }] }]',
        'layers = [{ name = "c{i}", op = "relu", repeat = 2 }, { op = "add", from = ["c0", "c1"] }]',
    ],
)
def test_a_library_is_not_wronged(tmp_path: Path, block: str) -> None:
    path = tmp_path / "library.toml"
    path.write_text(f"archspec = 1\n[blocks.b]\n{block}\n")
    assert findings_of(path) == []


def test_an_output_of_a_library_that_nothing_makes(tmp_path: Path) -> None:
    path = tmp_path / "library.toml"
    outputs = '["x", { name = "c", of = "gone" }, { of = "perhaps", when = "deep" }]'
    path.write_text(
        f'archspec = 1\n[blocks.b]\nparams = {{ deep = true }}\noutputs = {outputs}\nlayers = ["relu"]\n'
    )
    assert [(found["code"], found["path"]) for found in findings_of(path)] == [
        ("AS301", ["blocks", "b", "outputs", 1, "of"])
    ]


def test_blocks_behind_an_error_are_not_wronged(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_text(
        'archspec = 1\n[model]\ninput = ["N", 3, 8, 8]\nlayers = [{ op = "conv", out = 4, kernel = 9 }, "b"]\n'
        '[blocks.b]\nlayers = [{ name = "a", op = "relu", when = "true" }, { op = "add", from = ["x", "gone"] }]\n'
    )
    assert [found["code"] for found in findings_of(path)] == ["AS403"]


@pytest.mark.parametrize(
    ("line", "help_"),
    [
        ('layers = [{ op = "conv" out = 4 }]', "separated by commas"),
        ("layers = [{ out = 2 * width }]", "expressions need quotes"),
        ("layers = [{ “op” = 3 }]", "straight quotes"),
        ('layers = [{ op = "a", op = "b" }]', "a value in the same table"),
        ("[]", None),
        ("my key = 3", None),
        ('x = "a" y = 3', None),
        ("[params]\nwidth = 3\n[params.width]\nx = 1", "a value further up"),
        ('layers = [{ op = "a",\n  , out = 3 }]', "one may follow the last"),
        ('layers = [{\n  op = "a"\n  out = 3\n}]', "separated by commas"),
        ('layers = [{ op = "a",\n[model]\nx = 1', "above this header is not closed"),
        ("x: 3", "separated by `=`"),
        ("x = None", "leave the key out"),
        ("x = [1\n[model]\n", "ends with `]`"),
    ],
)
def test_help_for_toml_that_does_not_parse(tmp_path: Path, line: str, help_: str | None) -> None:
    path = tmp_path / "net.toml"
    path.write_text(f"archspec = 1\n{line}\n")
    (found,) = findings_of(path)
    assert found["code"] == "AS102"
    assert found["line"] >= 2
    assert (help_ in found["help"]) if help_ else found["help"] is None, found


# --- formats -------------------------------------------------------------------------------------------------

BROKEN = 'archspec = 1\n[model]\ninput = ["N", 3, 8, 8]\nlayers = [\n  { op = "conv", out = 4, kernal = 3 },\n  "rellu",\n]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "broken.toml").write_text(BROKEN)
    (tmp_path / "nets" / "good.toml").write_text((SPECS / "lenet.toml").read_text())
    (tmp_path / "nets" / "library.json").write_text('{"archspec": 1, "blocks": {"b": {"layers": ["tnah"]}}}')
    (tmp_path / "nets" / "other.toml").write_text("[tool]\nx = 1\n")
    return tmp_path


def test_concise(folder: Path) -> None:
    assert cli("nets", "--output-format", "concise", cwd=folder, code=1).stdout.splitlines() == [
        "nets/broken.toml:5:27: error[AS201] `conv` has no `kernal` (did you mean `kernel`?)",
        "nets/broken.toml:6:4: error[AS204] there is no op `rellu` (did you mean `relu`?)",
        "nets/library.json:1:46: error[AS204] there is no op `tnah` (did you mean `tanh`?)",
        "3 errors in 3 files, 2 networks",
    ]


def test_json_is_a_contract(folder: Path) -> None:
    first = json.loads(cli("nets/broken.toml", "--output-format", "json", cwd=folder, code=1).stdout)[0]
    assert first == {
        "code": "AS201",
        "name": "unknown-key",
        "severity": "error",
        "message": "`conv` has no `kernal`",
        "path": ["model", "layers", 0, "kernal"],
        "file": "nets/broken.toml",
        "line": 5,
        "column": 27,
        "end_line": 5,
        "end_column": 33,
        "notes": [],
        "help": "did you mean `kernel`?",
        "calls": [],
        "labels": [],
        "edit": {"start": BROKEN.index("kernal"), "stop": BROKEN.index("kernal") + 6, "text": "kernel"},
    }
    assert json.loads(cli("nets/good.toml", "--output-format", "json", cwd=folder).stdout) == []


def test_github(folder: Path) -> None:
    """Commands on stdout, the text for people on stderr. Hostile names do not break out of a command."""
    result = cli("nets/broken.toml", "--output-format", "github", cwd=folder, code=1)
    assert result.stdout.splitlines()[0] == (
        "::error title=archspec (AS201),file=nets/broken.toml,line=5,col=27,endLine=5,endColumn=33::"
        "AS201: `conv` has no `kernal`%0Ahelp: did you mean `kernel`?"
    )
    assert "5 |   { op = " in result.stderr
    name = "a,b%:c.toml"
    (folder / name).write_text('archspec = 1\n[model]\ninput = [1, 2]\nlayers = ["a\\n::error::b"]\n')
    (line,) = cli(name, "--output-format", "github", cwd=folder, code=1).stdout.splitlines()
    assert line.startswith("::error title=archspec (AS204),file=a%2Cb%25%3Ac.toml,line=4,")


def test_gitlab(folder: Path) -> None:
    issues = json.loads(cli("nets", "--output-format", "gitlab", cwd=folder, code=1).stdout)
    assert [(issue["check_name"], issue["severity"], issue["location"]) for issue in issues[:2]] == [
        ("AS201", "major", {"path": "nets/broken.toml", "lines": {"begin": 5}}),
        ("AS204", "major", {"path": "nets/broken.toml", "lines": {"begin": 6}}),
    ]
    assert len({issue["fingerprint"] for issue in issues}) == 3
    (folder / "nets" / "broken.toml").write_text("\n\n" + BROKEN)  # lines move, fingerprints stay
    moved = json.loads(cli("nets", "--output-format", "gitlab", cwd=folder, code=1).stdout)
    assert [issue["fingerprint"] for issue in moved] == [issue["fingerprint"] for issue in issues]


@FILES
def test_sarif_is_what_its_schema_says(path: Path) -> None:
    """The oracle is made from the schema of SARIF 2.1.0, and refuses what that does not have."""
    text = said(path, "sarif")
    log = SarifLog.model_validate_json(text)
    assert len(log.runs[0].results) == text.count('"ruleId"')
    for part in ("ruleId", "level", "startLine"):
        if f'"{part}"' in text:
            with pytest.raises(ValidationError):
                SarifLog.model_validate_json(text.replace(f'"{part}"', f'"{part}s"'))


def test_sarif(folder: Path) -> None:
    """The properties that SARIF 2.1.0 requires, and those that GitHub reads."""
    log = json.loads(cli("nets", "--output-format", "sarif", cwd=folder, code=1).stdout)
    assert log["version"] == "2.1.0"
    (one,) = log["runs"]
    driver = one["tool"]["driver"]
    assert driver["name"] == "archspec"
    assert len(one["results"]) == 3
    for result in one["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        place = result["locations"][0]["physicalLocation"]
        assert not place["artifactLocation"]["uri"].startswith("/")
        assert place["region"]["startLine"] >= 1
        assert place["region"]["endColumn"] > place["region"]["startColumn"] >= 1
    nested = FOLDER / "error_in_a_block_of_a_block.toml"
    (result,) = json.loads(said(nested, "sarif"))["runs"][0]["results"]
    lines = [place["physicalLocation"]["region"]["startLine"] for place in result["relatedLocations"]]
    assert lines == [14, 6]


def test_junit(folder: Path) -> None:
    root = ET.fromstring(cli("nets", "--output-format", "junit", cwd=folder, code=1).stdout)  # noqa: S314 — ours
    assert (root.get("tests"), root.get("failures")) == ("4", "3")
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {"nets/broken.toml", "nets/good.toml", "nets/library.json"}
    assert [case.get("name") for case in suites["nets/good.toml"]] == ["valid"]
    case = suites["nets/broken.toml"][0]
    assert (case.get("name"), case.get("line")) == ("AS201 model.layers[0].kernal", "5")
    assert case[0].get("message") == "`conv` has no `kernal`"


# --- the command ---------------------------------------------------------------------------------------------


def test_all_specs_are_valid() -> None:
    files = [tomli.loads(path.read_text(encoding="utf-8")) for path in SPECS.rglob("*.toml")]
    networks = sum(len(file.get("variants", [None])) for file in files if "model" in file)
    result = cli(str(SPECS))
    assert result.stdout == f"no findings in {len(files)} files, {networks} networks\n"
    assert not result.stderr


def test_a_file_is_looked_at_once_under_one_name(folder: Path) -> None:
    (folder / "net.toml").write_text(
        'archspec = 1\n[use]\nl = "nets/library.json"\n[model]\ninput = ["N", 3]\nlayers = ["relu"]\n'
    )
    wanted = cli(".", "--output-format", "concise", cwd=folder, code=1).stdout
    assert wanted.count("nets/library.json:1:46") == 1
    assert wanted.endswith("3 errors in 4 files, 3 networks\n")
    for paths in (
        ["./nets", "net.toml"],
        [str(folder)],
        ["net.toml", "nets/../nets", "./net.toml", str(folder / "net.toml")],
    ):
        found = cli(*paths, "--output-format", "concise", cwd=folder, code=1).stdout
        assert sorted(found.splitlines()) == sorted(wanted.splitlines())


def test_a_single_variant(tmp_path: Path) -> None:
    assert cli("specs/resnet.toml@resnet50", cwd=ROOT).stdout == "no findings in 1 file, 1 network\n"
    assert (
        cli("specs/resnet.toml@resnet50", "specs/resnet.toml@resnet18", cwd=ROOT).stdout
        == "no findings in 1 file, 2 networks\n"
    )
    (tmp_path / "library.toml").write_text('archspec = 1\n[blocks.b]\nlayers = ["relu"]\n')
    assert "has no variant `a`: it has none" in cli("library.toml@a", cwd=tmp_path, code=2).stderr
    assert "has no variant `resnet51`" in cli("specs/resnet.toml@resnet51", cwd=ROOT, code=2).stderr


def test_sizes_and_parameters_from_outside(tmp_path: Path) -> None:
    net = tmp_path / "net.toml"
    net.write_text(
        'archspec = 1\n[params]\nwidth = 4\n[model]\ninput = ["N", 3, "H", "W"]\nlayers = [{ op = "conv", out = "width", kernel = 3 }]\n'
        "[expect]\nparams = 112\nmacs = 97_200\n"
    )
    assert "AS407" in cli(str(net), code=1).stdout
    cli(str(net), "--input", "N,3,32,32")
    cli(str(net), "--input", "N,3,32,32", "--set", "width=8")  # `[expect]` is about another network
    assert "AS403" in cli(str(net), "--input", "N,3,2,2", code=1).stdout
    assert "no parameter `widht`" in cli(str(net), "--set", "widht=8", code=2).stderr


def test_findings_say_which_variants_they_are_in(tmp_path: Path) -> None:
    net = tmp_path / "net.toml"
    net.write_text(
        'archspec = 1\n[params]\nk = 3\n[variants]\na = {}\nb = { k = 9 }\nc = { k = 11 }\n[model]\ninput = ["N", 3, 8, 8]\n'
        'layers = [{ op = "conv", out = 4, kernel = "k" }]\n'
    )
    (found,) = findings_of(net)
    assert (found["code"], found["notes"][-1]) == ("AS403", "in `b`")
    net.write_text(net.read_text().replace("k = 3", "k = 9"))
    (found,) = findings_of(net)
    assert "in `a`, `b`" in found["notes"]
    net.write_text(net.read_text().replace("k = 11", "k = 9"))
    (found,) = findings_of(net)
    assert not any(note.startswith("in `") for note in found["notes"])


def test_edits_count_the_byte_order_mark(tmp_path: Path) -> None:
    net = tmp_path / "net.toml"
    net.write_text("\ufeff" + BROKEN, encoding="utf-8")
    text = net.read_text(encoding="utf-8")
    for found in findings_of(net):
        start, stop, new = (found["edit"][key] for key in ("start", "stop", "text"))
        assert text[start:stop] in found["message"]
        assert text[start:stop] != new


def test_the_log_beside_annotations_is_readable(folder: Path) -> None:
    net = folder / "net.toml"
    net.write_text(
        'archspec = 1\n[model]\ninput = ["N", 3, 8, 8]\nlayers = [{ op = "residual", layers = [{ op = "conv", out = 4, kernel = 1 }] }]\n'
    )
    env = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    assert "N×4×8×8" in cli("net.toml", "--output-format", "github", cwd=folder, code=1, env=env).stderr
    env["PYTHONIOENCODING"] = "ascii"
    assert "N?4?8?8" in cli("net.toml", "--output-format", "github", cwd=folder, code=1, env=env).stderr


@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_whose_name_is_not_utf_8(tmp_path: Path, format_: str) -> None:
    (tmp_path / "nets").mkdir()
    with open(os.fsencode(tmp_path / "nets") + b"/\xff.toml", "w") as file:
        file.write(BROKEN)
    cli("nets", "--output-format", format_, cwd=tmp_path, code=1)
    cli("nets", "--output-format", format_, "--output-file", "out", cwd=tmp_path, code=1)
    assert (tmp_path / "out").stat().st_size


def test_streams_that_are_not_there(folder: Path) -> None:
    def shell(line: str, code: int) -> str:
        command = f"{sys.executable} -m archspec validate {line}"
        result = subprocess.run(
            ["/bin/sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False
        )
        assert result.returncode == code, result.stderr
        assert "Traceback" not in result.stderr
        return result.stdout + result.stderr

    assert "No space left" in shell("nets/good.toml > /dev/full", 2)
    shell("nets/good.toml >&-", 0)
    shell("nets >&- 2>&-", 1)
    assert "there is no standard input" in shell("- <&-", 2)


def test_what_is_no_file_in_a_folder_is_passed_over(folder: Path) -> None:
    (folder / "nets" / "gone.toml").symlink_to("nowhere")
    (folder / "nets" / "folder.toml").mkdir()
    os.mkfifo(folder / "nets" / "pipe.toml")
    assert "3 files" in cli("nets", cwd=folder, code=1).stdout


def test_files_that_are_no_specs_take_no_time(tmp_path: Path) -> None:
    (tmp_path / "net.toml").write_text((SPECS / "lenet.toml").read_text())
    (tmp_path / "other.toml").write_text("\n" * 200_000 + "!")
    assert "1 file" in cli(".", cwd=tmp_path).stdout


def test_standard_input_is_read_once(folder: Path) -> None:
    result = cli("-", "-", "--output-format", "concise", cwd=folder, code=1, stdin=BROKEN)
    assert result.stdout.endswith("2 errors in 1 file, 1 network\n")


def test_at_most_500_findings_in_a_file(tmp_path: Path) -> None:
    names = "".join(f"A{index} = 1\n" for index in range(5000))
    (tmp_path / "net.toml").write_text(
        f'archspec = 1\n[params]\n{names}[model]\ninput = ["N", 3]\nlayers = ["relu"]\n'
    )
    assert "500 errors" in cli("net.toml", "--output-format", "concise", cwd=tmp_path, code=1).stdout


def test_equal_variants_are_looked_at_once(tmp_path: Path) -> None:
    names = "".join(f"v{index} = {{ k = 3 }}\n" for index in range(300))
    net = tmp_path / "net.toml"
    net.write_text(
        f'archspec = 1\n[params]\nk = 1\n[variants]\n{names}[model]\ninput = ["N", 3, 8, 8]\nlayers = [{{ op = "conv", out = 3, '
        'kernel = "k", padding = "half", repeat = 20_000 }]\n[expect.v299]\nparams = 1\n'
    )
    (found,) = findings_of(net)
    assert (found["code"], found["path"]) == ("AS501", ["expect", "v299", "params"])


def test_exit_codes(folder: Path) -> None:
    cli("nets/good.toml", cwd=folder)
    cli("nets", cwd=folder, code=1)
    cli("nets", "--exit-zero", cwd=folder)
    assert "No such file" in cli("absent.toml", cwd=folder, code=2).stdout
    (folder / "empty").mkdir()
    assert "there are no specs" in cli("empty", cwd=folder, code=2).stdout
    cli("nets", "--output-format", "yaml", cwd=folder, code=2)
    assert "cannot write" in cli("nets", "--output-file", "absent/x.json", cwd=folder, code=2).stderr


def test_files_that_are_no_specs(folder: Path) -> None:
    """As hooks name them: all files of a kind."""
    cli("nets/other.toml", cwd=folder, code=1)
    result = cli("--skip-others", "nets/other.toml", "nets/good.toml", cwd=folder)
    assert result.stdout == "no findings in 1 file, 1 network\n"
    cli("--skip-others", "nets/other.toml", "nets/broken.toml", cwd=folder, code=1)


def test_the_problem_matcher_reads_the_concise_format(folder: Path) -> None:
    (matcher,) = json.loads((ROOT / ".github" / "archspec-matcher.json").read_text())["problemMatcher"]
    (pattern,) = matcher["pattern"]
    line = cli("nets/broken.toml", "--output-format", "concise", cwd=folder, code=1).stdout.splitlines()[0]
    match = re.match(pattern["regexp"], line)
    assert match is not None
    read = {key: match[pattern[key]] for key in ("file", "line", "column", "severity", "code", "message")}
    assert read == {
        "file": "nets/broken.toml",
        "line": "5",
        "column": "27",
        "severity": "error",
        "code": "AS201",
        "message": "`conv` has no `kernal` (did you mean `kernel`?)",
    }


def test_standard_input(folder: Path) -> None:
    result = cli("-", "--stdin-filename", "nets/editor.toml", cwd=folder, stdin=BROKEN, code=1)
    assert " --> nets/editor.toml:5:27\n" in result.stdout
    assert "5 |   { op = " in result.stdout
    text = '{"archspec": 1, "model": {"input": ["N", 3], "layers": ["rellu"]}}'
    assert " --> <stdin>:1:58\n" in cli("-", stdin=text, code=1).stdout


def test_output_file_and_environment(folder: Path) -> None:
    import os

    env = {**os.environ, "ARCHSPEC_OUTPUT_FORMAT": "gitlab"}
    result = cli("nets", "--output-file", "report.json", cwd=folder, code=1, env=env)
    assert not result.stdout
    assert "3 errors" in result.stderr  # people read the log
    assert len(json.loads((folder / "report.json").read_text())) == 3


def test_variants_report_a_shared_fault_once(tmp_path: Path) -> None:
    text = (SPECS / "resnet.toml").read_text().replace("kernel = 7", "kernel = 700, padding = 0")
    (tmp_path / "r.toml").write_text(text)
    (found,) = findings_of(tmp_path / "r.toml")
    assert found["code"] == "AS403"


def test_a_network_for_one_backend() -> None:
    path = FOLDER / "window_in_the_padding_alone.toml"
    cli(str(path), code=1)
    cli(str(path), "--only", "torch")


def test_a_good_file_is_not_scanned(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("archspec.diagnostics.locate.index", never)
    assert (
        run([str(SPECS / "lenet.toml")], "full", None, "-", None, exit_zero=False, allow_outside=False) == 0
    )


def test_validate_needs_neither_torch_nor_onnx() -> None:
    script = (
        "import sys\nfrom archspec.cli import main\nsys.argv = ['archspec', 'validate', sys.argv[1]]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "assert not {'torch', 'onnx', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script, str(SPECS)], check=True, capture_output=True)


def test_a_file_that_cannot_be_scanned_has_no_lines() -> None:
    from archspec.diagnostics import Diagnostic

    locator = Locator(reader({"a.toml": "model = ["}))
    (finding,) = locator.findings([Diagnostic("AS203", "`x` is wrong", "a.toml", ("model", 3))])
    assert isinstance(finding, Finding)
    assert (finding.spot.line, str(finding.spot)) == (0, "a.toml")


# --- places, one by one ------------------------------------------------------------------------------------------


def finding_of(text: str, file: str = "net.toml") -> Finding:
    (found,) = archspec.validate(file, source=text)
    return found


def test_lines_may_end_with_a_carriage_return() -> None:
    """What is shown of a line, and of the line that a suggestion makes, is the same."""
    text = 'archspec = 1\n[model]\ninput = ["N", 3, 8, 8]\nlayers = [\n  { op = "conv", out = 4, kernal = 3 },\n]\n'
    shown = [one(finding_of(text.replace("\n", end))) for end in ("\n", "\r\n")]
    assert shown[0] == shown[1]
    assert shown[0].splitlines()[-1] == '5 |   { op = "conv", out = 4, kernel = 3 },'


@pytest.mark.parametrize(("out", "marked"), [("m + 1", "m"), ("m + m", '"m + m"'), ("m1 + m", "m")])
def test_a_word_is_marked_where_it_stands_once(out: str, marked: str) -> None:
    head = "archspec = 1\n[params]\nm1 = 1\n"
    line = f'layers = [{{ op = "conv", out = "{out}", kernel = 1 }}]'
    spot = finding_of(f'{head}[model]\ninput = ["N", 3, 8, 8]\n{line}\n').spot
    assert line[spot.column - 1 : spot.end_column - 1] == marked


def test_nothing_is_renamed_to_a_key_that_is_there() -> None:
    head = 'archspec = 1\n[model]\ninput = ["N", 3, 8, 8]\n'
    found = finding_of(f'{head}layers = [{{ op = "conv", out = 4, kernel = 3, kernal = 1 }}]\n')
    assert (found.edit, found.corrected) == (None, "")


def test_columns_of_several_lines_are_not_told_to_github() -> None:
    """They "cannot be sent when `startLine` and `endLine` are different values":
    https://github.com/actions/toolkit/blob/main/packages/core/src/core.ts"""
    text = """{"archspec": 1, "model": {"input": ["N", 3, 8, 8], "layers": [
  {"op": "residual",
   "layers": [{"op": "conv", "out": 4, "kernel": 1}]}
]}}"""
    found = finding_of(text, "net.json")
    assert (found.spot.line, found.spot.end_line) == (2, 3)
    start = "::error title=archspec (AS401),file=net.json,line=2::AS401: "
    assert command(found, Repositories()).startswith(start)
