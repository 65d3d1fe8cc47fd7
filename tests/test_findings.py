"""Findings are data: no program logic reads the English that they are said in."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from golden_diagnostics import specs
from spec_cases import INVALID

import archspec
from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import Replacement
from archspec.lint.lint import Lint

PACKAGE = Path(archspec.__file__).parent
TEXTS = {"message", "help"}
SAYING = {
    "diagnostics/diagnostic.py",
    *(f"diagnostics/render/{path.name}" for path in (PACKAGE / "diagnostics/render").iterdir()),
}
"""The files that write findings for people."""
GIBBERISH = "`layers` has no `op`: did you mean `name`? (at line 1, column 1)"


# --- what the code does with texts ---------------------------------------------------------------------------


def misuses(code: str) -> Iterator[int]:
    """The lines where the text of a finding is more than passed on: put into a text, or asked whether it is there."""
    tree = ast.parse(code)
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in TEXTS and isinstance(node.ctx, ast.Load):
            match above[node]:
                case ast.FormattedValue() | ast.UnaryOp(op=ast.Not()):
                    continue
                case ast.IfExp() | ast.If() as choice if choice.test is node:
                    continue
                case ast.Compare(ops=[ast.Is() | ast.IsNot()]):
                    continue
                case ast.Call(func=ast.Name("UsageError")) | ast.keyword(arg="help"):
                    continue
                case ast.GeneratorExp() as parts if isinstance(above[parts], ast.Call):
                    called = above[parts].func  # type: ignore[attr-defined]
                    if isinstance(called, ast.Attribute) and called.attr == "join":
                        continue
            yield node.lineno


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).as_posix() not in SAYING],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_texts_are_passed_on_and_not_read(path: Path) -> None:
    assert list(misuses(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "if 'twice' in problem.message: pass",
        "problem.message.startswith('`')",
        "problem.help.split('`')[1]",
        "re.search('`(.*)`', problem.message)",
        "_WORD.search(finding.diagnostic.help or '')",
        "problem.message[0]",
        "text = problem.message",
        "if problem.help == 'x': pass",
        "any('x' in text for text in (p.help for p in found))",
    ],
)
def test_the_test_sees_readers(line: str) -> None:
    assert list(misuses(line)) == [1]


# --- what comes of it ----------------------------------------------------------------------------------------


def found(source: str | bytes, path: str) -> set[Any]:
    """The findings without what is said of them."""
    return {
        (item.diagnostic.code, item.diagnostic.path, item.spot, item.calls, item.edit, item.corrected)
        for item in archspec.validate(path, source=source)
    }


CASES: dict[str, tuple[str | bytes, str]] = {
    **{path.name: (path.read_bytes(), str(path)) for path in specs()},
    **{name: (case.text, "net.toml") for name, case in INVALID.items()},
    "misspelt": ('archspec = 1\n[model]\ninput = ["N", 8]\nlayrs = ["relu"]\n', "net.toml"),
}


@pytest.fixture
def gibberish(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is found, people are told the same."""
    made, lint = Problem.__init__, Lint.found

    def init(self: Problem, code: str, message: str, **options: Any) -> None:
        made(self, code, message, **options)
        self.message, self.help = GIBBERISH, None if self.help is None else GIBBERISH

    def lint_found(self: Lint, message: str, *args: Any, **options: Any) -> Any:
        return replace(lint(self, message, *args, **options), message=GIBBERISH)

    def said(replacement: Replacement) -> str:
        assert replacement.word
        return GIBBERISH

    monkeypatch.setattr(Problem, "__init__", init)
    monkeypatch.setattr(Lint, "found", lint_found)
    monkeypatch.setattr(Replacement, "__str__", said)


@pytest.fixture(scope="module")
def plain() -> dict[str, set[Any]]:
    return {name: found(*case) for name, case in CASES.items()}


def test_cases_have_edits(plain: dict[str, set[Any]]) -> None:
    assert sum(any(item[4] is not None for item in items) for items in plain.values()) > 30


@pytest.mark.usefixtures("gibberish")
def test_places_and_edits_are_those_of_any_text(plain: dict[str, set[Any]]) -> None:
    different = [name for name, case in CASES.items() if found(*case) != plain[name]]
    assert different == []


def test_a_byte_that_is_no_character_behind_a_byte_order_mark() -> None:
    [finding] = archspec.validate("net.toml", source=b'\xef\xbb\xbf# \xc3\xa4\n"\xc3\xa4\xff"\n')
    assert "byte 11 (line 2) is 0xff" in finding.diagnostic.message
    assert (finding.spot.line, finding.spot.column) == (2, 3)


def test_a_variant_is_not_renamed_to_one_that_is_there() -> None:
    text = (
        "archspec = 1\n[params]\nn = 1\n[variants]\nsmall = {}\nlarge = { n = 2 }\n[expect.smal]\nmacs = 0\n"
        '[model]\ninput = ["N", 8]\nlayers = [{ op = "linear", out = "n" }]\n'
    )
    assert [item.edit is None for item in archspec.validate("net.toml", source=text)] == [False]
    both = archspec.validate(
        "net.toml", source=text.replace("[model]", "[expect.small]\nparams = 9\n[model]")
    )
    assert [item.edit for item in both if item.diagnostic.code == "AS208"] == [None]
