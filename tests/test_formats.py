"""The formats of findings, beside their own documentation: golden files, which `docs/generate.py` writes."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin

import pytest
from golden_formats import FOLDER, GOLDEN, ODD, ROOT, golden, printed, repository
from nets import ROOT as PROJECT

from archspec.diagnostics.render import FORMATS


@pytest.fixture
def nets(tmp_path: Path) -> Path:
    return repository(tmp_path.resolve())


@pytest.mark.parametrize("format_", FORMATS)
def test_what_is_printed(nets: Path, format_: str) -> None:
    assert golden(nets, format_) == (FOLDER / GOLDEN[format_]).read_text(encoding="utf-8")


def test_the_golden_files_are_of_many_specs() -> None:
    text = (FOLDER / GOLDEN["concise"]).read_text(encoding="utf-8")
    assert len({line.partition(":")[0] for line in text.splitlines()[:-1]}) >= 20
    assert {"error", "warning"} <= set(re.findall(r" (\w+)\[AS", text))


FINDINGS: list[dict[str, Any]] = json.loads((FOLDER / GOLDEN["json"]).read_text(encoding="utf-8"))


def lines_of(file: str) -> list[str]:
    text = (
        (FOLDER / "nets" / ("odd_name.toml" if file == ODD else file)).read_bytes().decode("utf-8", "replace")
    )
    return text.removeprefix("\ufeff").split("\n")


# --- SARIF 2.1.0 -----------------------------------------------------------------------------------------------


def sarif() -> dict[str, Any]:
    (run,) = json.loads((FOLDER / GOLDEN["sarif"]).read_text(encoding="utf-8"))["runs"]
    assert isinstance(run, dict)
    return run


def test_rules_are_explained(nets: Path) -> None:
    """With their pages in short, which GitHub shows beside a finding (3.49)."""
    (run,) = json.loads(printed(nets, "sarif", ".", code=1))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({result["ruleId"] for result in run["results"]})
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    (rule,) = [rule for rule in rules if rule["id"] == "AS104"]
    assert rule["name"] == "repeated-key"
    assert rule["shortDescription"]["text"] == "A JSON object with the same key twice."
    assert rule["fullDescription"]["text"].startswith("JSON parsers keep one of the two")
    assert rule["help"]["markdown"].endswith("Delete one of them.")


def region_text(region: dict[str, int], lines: list[str], kind: str) -> str:
    """What a region means: `endColumn` is one beyond its last character (3.30.8), and `columnKind` says what a column
    is (3.14.17)."""
    line = lines[region["startLine"] - 1]
    start, stop = region["startColumn"] - 1, region["endColumn"] - 1
    if kind == "unicodeCodePoints":
        return line[start:stop]
    assert kind == "utf16CodeUnits"
    return line.encode("utf-16-le")[2 * start : 2 * stop].decode("utf-16-le")


def test_regions_are_what_the_findings_are_about() -> None:
    run = sarif()
    marked = {}
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        file = unquote(place["artifactLocation"]["uri"]).removeprefix("nets/")
        region = place.get("region")
        if region is not None and region["startLine"] == region["endLine"]:
            text = region_text(region, lines_of(file), run["columnKind"])
            marked[file, result["ruleId"], region["startLine"]] = text
    assert marked[ODD, "AS204", 7] == "rellu"  # behind a character of two UTF-16 units
    assert marked["wide_characters.toml", "AS201", 6] == "kernal"
    assert marked["comments_and_tabs.toml", "AS201", 6] == "kernal"
    assert marked["json_unknown_field.json", "AS201", 6] == '"kernal"'
    assert marked["kernel_too_large.toml", "AS403", 7] == "9"
    assert marked["expected_params.toml", "AS501", 12] == '["N", 8, 32, 32]'
    assert marked["bad_index.toml", "AS307", 8] == '"w[3]"'


def test_addresses_lead_to_the_files() -> None:
    """A relative address is below what its `uriBaseId` stands for, which ends with `/` (3.4.4, 3.14.14)."""
    run = sarif()
    bases = {name: base["uri"] for name, base in run["originalUriBaseIds"].items()}
    assert list(bases.values()) == [ROOT]
    named = set()
    for result in run["results"]:
        for place in [*result["locations"], *result.get("relatedLocations", ())]:
            artifact = place["physicalLocation"]["artifactLocation"]
            assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", artifact["uri"])  # RFC 3986
            named.add(unquote(urljoin(bases[artifact["uriBaseId"]], artifact["uri"])))
    specs = {
        f"{ROOT}nets/{path.relative_to(FOLDER / 'nets').as_posix()}"
        for path in (FOLDER / "nets").rglob("*.*")
    }
    assert named - specs == {f"{ROOT}nets/{name}" for name in ("gone.toml", ODD)}
    assert specs - named == {f"{ROOT}nets/odd_name.toml"}


# --- GitLab: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format -------------------------


def test_what_gitlab_shows() -> None:
    """`description` is for people, `check_name` is the rule, `path` is below the root, and fingerprints are unique."""
    issues = json.loads((FOLDER / GOLDEN["gitlab"]).read_text(encoding="utf-8"))
    assert [issue["description"] for issue in issues] == [found["message"] for found in FINDINGS]
    assert [issue["check_name"] for issue in issues] == [found["code"] for found in FINDINGS]
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    for issue, found in zip(issues, FINDINGS, strict=True):
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["location"] == {"path": f"nets/{found['file']}", "lines": {"begin": found["line"] or 1}}
    by_rule = {issue["check_name"]: issue["description"] for issue in issues}
    assert by_rule["AS403"] == "a kernel of 9 does not fit into a height of 8"
    assert by_rule["AS106"] == "cannot read `gone.toml`: No such file or directory"


# --- GitHub: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts ----------------------------


def test_what_github_reads() -> None:
    lines = (FOLDER / GOLDEN["github"]).read_text(encoding="utf-8").splitlines()
    for line, found in zip(lines, FINDINGS, strict=True):
        match = re.fullmatch(r"::(error|warning) (.*?)::(.*)", line)
        assert match is not None
        fields = dict(field.split("=", 1) for field in match[2].split(","))
        file = fields["file"].replace("%2C", ",").replace("%3A", ":").replace("%25", "%")
        message = match[3].replace("%0A", "\n").replace("%25", "%")
        assert (match[1], file) == (found["severity"], f"nets/{found['file']}")
        assert message.split("\n")[0] == f"{found['code']}: {found['message']}"
        if found["line"] is not None:
            assert (fields["line"], fields["col"]) == (str(found["line"]), str(found["column"]))
            assert fields["endColumn"] == str(found["end_column"])


# --- JUnit -------------------------------------------------------------------------------------------------------


def test_what_junit_counts() -> None:
    root = ET.fromstring((FOLDER / GOLDEN["junit"]).read_text(encoding="utf-8"))  # noqa: S314 — ours
    assert int(root.get("failures", 0)) == len(FINDINGS) == len(root.findall(".//failure"))
    assert int(root.get("tests", 0)) == len(root.findall(".//testcase"))
    for suite in root:
        assert int(suite.get("tests", 0)) == len(suite)
        assert int(suite.get("failures", 0)) == len(suite.findall("testcase/failure"))
    assert {suite.get("name") for suite in root} >= {f"nets/{found['file']}" for found in FINDINGS}
    assert [suite.get("name") for suite in root if not suite.findall("testcase/failure")] == [
        "nets/variants.toml"
    ]


def test_the_matcher_reads_every_line() -> None:
    (matcher,) = json.loads((PROJECT / ".github" / "archspec-matcher.json").read_text())["problemMatcher"]
    lines = (FOLDER / GOLDEN["concise"]).read_text(encoding="utf-8").splitlines()
    read = [re.match(matcher["pattern"][0]["regexp"], line) for line in lines[:-1]]
    assert [match and match[matcher["pattern"][0]["code"]] for match in read] == [
        item["code"] for item in FINDINGS
    ]


# --- where nothing is found ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        ("full", "no findings in 1 file, 1 network\n"),
        ("concise", "no findings in 1 file, 1 network\n"),
        ("json", "[]\n"),
        ("gitlab", "[]\n"),
        ("github", ""),
    ],
)
def test_nothing_found(tmp_path: Path, format_: str, text: str) -> None:
    (tmp_path / "net.toml").write_text('archspec = 1\n[model]\ninput = ["N", 3]\nlayers = ["relu"]\n')
    assert printed(tmp_path, format_, "net.toml", code=0) == text
