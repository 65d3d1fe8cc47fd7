"""The documentation is true: its specs load or fail as it says, its commands print what it shows."""

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from test_structure import ORDER

import archspec
from archspec.elaborate.network import load_document
from archspec.language import limits
from archspec.language.arithmetic import show
from archspec.lint.catalogue import catalogue

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")


def _generator() -> Any:
    """`docs/generate.py`, which is a program and not part of a package."""
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate_docs"] = module
    spec.loader.exec_module(module)
    return module


generate = _generator()


def _blocks(*, transcripts: bool) -> list[Any]:
    found = []
    for page in generate.PAGES:
        for block in generate.blocks(page.read_text(encoding="utf-8")):
            if block.is_transcript == transcripts:
                name = block.name or block.commands[0]
                found.append(pytest.param(block, id=f"{page.name}:{block.line}: {name}"))
    return found


def _findings(path: Path) -> list[str]:
    """The codes of all findings in a file, in all its variants."""
    try:
        document = load_document(str(path))
        if document.model is None:
            return []
        models = [archspec.load(str(path), variant) for variant in (None, *document.variants)]
    except archspec.SpecError as error:
        return [finding.code for finding in error.diagnostics]
    return [finding.code for model in models for finding in model.check()]


@pytest.mark.parametrize("block", _blocks(transcripts=False))
def test_spec(block: Any, tmp_path: Path) -> None:
    generate.write_files(block, tmp_path)
    with generate.installed(tmp_path):
        codes = _findings(tmp_path / block.name)
    if block.error == "any":
        assert codes
    else:
        assert codes == ([block.error] if block.error else [])


@pytest.mark.parametrize("block", _blocks(transcripts=True))
def test_transcript(block: Any) -> None:
    shown = "".join(f"{line.rstrip()}\n" for line in block.body.splitlines())
    assert shown == generate.transcript(block), "run `python docs/generate.py`"


def test_ops_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "ops.md").read_text(encoding="utf-8")
    assert page == generate.ops_page(), "run `python docs/generate.py`"


def test_rule_pages_are_up_to_date() -> None:
    for path, text in generate.rule_pages().items():
        assert path.read_text(encoding="utf-8") == text, "run `python docs/generate.py`"


def test_the_gallery_is_up_to_date() -> None:
    for path, text in generate.gallery().items():
        assert path.read_text(encoding="utf-8") == text, "run `python docs/generate.py`"


@pytest.mark.parametrize("page", generate.PAGES, ids=lambda page: page.name)
def test_pages_are_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert generate.refreshed(text) == text, "run `python docs/generate.py`"


@pytest.mark.parametrize(
    "page",
    [
        page
        for page in generate.PAGES
        if page.name in ("pytorch.md", "onnx.md", "validate.md", "diff.md", "draw.md", "README.md")
    ],
    ids=lambda page: page.name,
)
def test_python_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    code = [block for block in blocks if not block.startswith("$ ")]
    assert code
    (tmp_path / "specs").symlink_to(ROOT / "specs")
    monkeypatch.chdir(tmp_path)
    exec(compile("\n".join(code), page.name, "exec"), {})  # noqa: S102 — our own text


def test_check_tells_stale_pages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    monkeypatch.setattr(generate, "outputs", lambda: {page: "new\n"})
    assert generate.main(["--check"]) == 1
    assert not page.exists()
    assert generate.main([]) == 0
    assert page.read_text(encoding="utf-8") == "new\n"
    assert generate.main(["--check"]) == 0


EXPRESSIONS = """\
archspec = 1

[params]
n = 7
ratio = 0.25
wide = true
act = "relu"
depths = [3, 4, 6, 3]
value = {{ type = "list", default = {default} }}

[model]
input = ["N", 1]
layers = [{{ op = "relu", when = "value == value" }}]
"""


@pytest.mark.parametrize(("expression", "value"), generate.expressions(LANGUAGE))
def test_expression(expression: str, value: str) -> None:
    assert '"' not in expression
    source = EXPRESSIONS.format(default=f'"[{expression}]"')
    if value.startswith("AS"):
        with pytest.raises(archspec.SpecError) as caught:
            archspec.load("expression.toml", source=source)
        assert [finding.code for finding in caught.value.diagnostics] == [value]
        return
    result = archspec.load("expression.toml", source=source).params["value"]
    assert isinstance(result, tuple)
    assert show(result[0]) == value or float(value) == result[0]


def test_every_code_is_explained() -> None:
    missing = [code for code in catalogue() if f"| [`{code}`](" not in LANGUAGE]
    assert not missing


def test_every_code_of_the_language_has_an_example() -> None:
    marked = set(re.findall(r"error: (AS\d+)", LANGUAGE)) | {
        code for _, code in generate.expressions(LANGUAGE)
    }
    assert marked >= {
        "AS201",
        "AS203",
        "AS204",
        "AS205",
        "AS206",
        "AS208",
        "AS301",
        "AS302",
        "AS303",
        "AS401",
    }


def test_every_limit_is_stated() -> None:
    table = LANGUAGE.split("## Limits")[1].split("## Codes")[0]
    for name, value in vars(limits).items():
        if name.isupper():
            assert f"| {value:,} |" in table, name


@pytest.mark.parametrize(
    "page", [*sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*.md"))], ids=lambda page: page.name
)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        assert path.exists(), target
        if anchor:
            assert anchor in _anchors(path.read_text(encoding="utf-8")), target


MAP = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_files_that_are_named_are_there(page: str) -> None:
    names = re.findall(
        r"`((?:archspec|docs|tests|specs|schema)/[\w./-]*)`", (ROOT / page).read_text(encoding="utf-8")
    )
    assert names
    assert not [name for name in names if "NAME" not in name and not (ROOT / name).exists()]


def test_files_without_a_folder_are_in_one_that_is_named_beside_them() -> None:
    found = []
    for text in re.split(r"\n\n|\n\d+\. ", MAP):
        named = [ROOT / name for name in re.findall(r"`(archspec/[\w./-]*)`", text)]
        folders = {path if path.is_dir() else path.parent for path in named}
        for name in set(re.findall(r"`(\w+\.py)`", text)) - {"net.py"}:  # which archspec writes
            assert any((folder / name).exists() for folder in folders), name
            found.append(name)
    assert found


def test_the_map_has_the_layers_in_their_order() -> None:
    (listed,) = re.findall(r"<!-- layers of the package -->\n(.*?)\n\n", MAP, re.DOTALL)
    assert tuple(re.findall(r"`(\w+)`", listed)) == ORDER


def _anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    found: set[str] = set()
    for heading in re.findall(
        r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    ):
        anchor = base = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = 0
        while anchor in found:
            count += 1
            anchor = f"{base}-{count}"
        found.add(anchor)
    return found
