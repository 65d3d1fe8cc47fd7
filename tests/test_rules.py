"""The catalogue: every rule is explained once, and its examples are cases."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from nets import ROOT

import archspec
from archspec.diagnostics.rule import SPEC, Rule
from archspec.lint.catalogue import catalogue

RULES = list(catalogue().values())
SHOWN = [rule for rule in RULES if rule.bad]
EACH = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
EXAMPLES = pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.code)


def findings(rule: type[Rule], text: str | bytes, folder: Path) -> list[str]:
    """The codes of what is found, with this rule as well as those that are on."""
    for name, other in rule.files.items():
        (folder / name).write_text(other)
    path = folder / Path(SPEC).with_suffix(rule.suffix)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    extra = [] if rule.on else [rule.code]
    return [finding.diagnostic.code for finding in archspec.validate(str(path), extend_select=extra)]


@EXAMPLES
def test_nothing_but_this_is_wrong_with_the_bad_example(rule: type[Rule], tmp_path: Path) -> None:
    assert findings(rule, rule.bad, tmp_path) == [rule.code]


@EXAMPLES
def test_nothing_is_wrong_with_the_good_example(rule: type[Rule], tmp_path: Path) -> None:
    assert findings(rule, rule.good, tmp_path) == []


def test_only_what_no_spec_can_show_has_no_example() -> None:
    alone = [rule.code for rule in RULES if not rule.bad and not rule.code.startswith("AS8")]
    assert alone == ["AS106", "AS701", "AS704"]


@EACH
def test_each_rule_is_explained(rule: type[Rule]) -> None:
    assert re.fullmatch(r"AS[1-8]\d\d", rule.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    what, why, do = rule.paragraphs()
    assert all(text.endswith((".", ">")) for text in (what, why, do))
    assert len(what) < 90
    assert rule.severity == ("warning" if rule.code.startswith("AS6") else "error")


def test_names_are_unique() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


# --- the command ------------------------------------------------------------------------------------------------


def cli(*arguments: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "archspec", "rule", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == code, result.stderr
    assert not result.stderr if code == 0 else not result.stdout
    return result.stdout + result.stderr


def test_the_list_has_every_rule() -> None:
    text = cli()
    for rule in RULES:
        assert f"  {rule.code}  {rule.name} " in text


@pytest.mark.parametrize("word", ["AS305", "as305", "library-cycle"])
def test_an_explanation(word: str) -> None:
    text = cli(word)
    for part in (
        "AS305 library-cycle   Names and nodes: error",
        "Wrong",
        "Right",
        'common = "spec.toml"',
        "with common.toml",
    ):
        assert part in text


def test_explanations_fit_on_the_screen() -> None:
    for rule in RULES:
        lines = cli(rule.code).splitlines() if rule.code in ("AS105", "AS611") else []
        assert all(len(line) <= 100 for line in lines if not line.startswith("    "))


def test_rules_that_are_off_say_so() -> None:
    assert "AS611 uncovered-input   Lint: warning, off by default" in cli("AS611")


def test_json() -> None:
    data = json.loads(cli("--json"))
    assert data["format_version"] == "1.0"
    assert [rule["code"] for rule in data["rules"]] == [rule.code for rule in RULES]
    (one,) = json.loads(cli("unused-let", "--json"))["rules"]
    assert set(one) == {
        "code",
        "name",
        "phase",
        "severity",
        "default",
        "what",
        "why",
        "instead",
        "bad",
        "good",
        "files",
    }
    assert (one["code"], one["phase"], one["severity"], one["default"]) == ("AS603", "Lint", "warning", True)


def test_a_rule_that_does_not_exist() -> None:
    assert (
        cli("unused-blok", code=2) == "error: there is no rule `unused-blok`: did you mean `unused-block`?\n"
    )
    assert "`archspec rule` lists all" in cli("\x1b[31m", code=2)


def test_pages_of_rules_that_are_gone_are_gone() -> None:
    pages = {path.stem for path in (ROOT / "docs" / "rules").iterdir()}
    assert pages == {rule.code for rule in RULES} | {"README"}
