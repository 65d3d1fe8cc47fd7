"""The catalogue: every rule is explained once, and its examples are cases."""

import re
from pathlib import Path

import pytest

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
    assert [rule.code for rule in RULES if not rule.bad] == ["AS701", "AS704"]


@EACH
def test_each_rule_is_explained(rule: type[Rule]) -> None:
    assert re.fullmatch(r"AS[1-7]\d\d", rule.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    what, why, do = rule.paragraphs()
    assert all(text.endswith((".", ">")) for text in (what, why, do))
    assert len(what) < 90
    assert rule.severity == ("warning" if rule.code.startswith("AS6") else "error")


def test_names_are_unique() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
