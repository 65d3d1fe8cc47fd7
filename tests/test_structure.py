"""Imports go one way: each layer imports only those below it."""

import ast
import re
from pathlib import Path

import pytest

import archspec
from archspec import ops
from archspec.language.names import OPS, TORCH_ATTRIBUTES

PACKAGE = Path(archspec.__file__).parent
ORDER = (
    "types",
    "_version",
    "diagnostics",
    "files",
    "zoo",
    "ops",
    "language",
    "ir",
    "elaborate",
    "analysis",
    "lint",
    "model",
    "backends",
    "report",
    "validation",
    "api",
    "testing",
    "cli",
)
"""The layers from the bottom up. Each may import those before it."""
APART = {"zoo": {"files"}, "language": {"files", "ops"}, "backends": {"lint"}, "files": {"types"}}
"""What a layer does not import though it is below."""
FILES = sorted(
    path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0].removesuffix(".py") in ORDER
)


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "archspec":
            names = (
                [node.module]
                if node.module != "archspec"
                else [f"archspec.{alias.name}" for alias in node.names]
            )
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith("archspec.")]
        else:
            continue
        found |= {name.split(".")[1] for name in names}
    return found - {"__version__"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_layers_import_downwards(path: Path) -> None:
    layer = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    below = {*ORDER[: ORDER.index(layer) + 1]} - APART.get(layer, set())
    assert imported(path) <= below


MAX_LINES = 400
MAX_FUNCTION_LINES = 50


def too_long(text: str) -> list[str]:
    """What is longer in a file than one takes in at once, with its lines."""
    functions = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lines = [("the file", text.count("\n"))]
    lines += [(node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions]
    return [
        f"{name}: {length}"
        for name, length in lines
        if length > (MAX_LINES if name == "the file" else MAX_FUNCTION_LINES)
    ]


def test_files_and_functions_are_short() -> None:
    found = {module_of(path): too_long(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}
    assert {module: names for module, names in found.items() if names} == {}


def test_what_is_too_long_is_seen() -> None:
    body = "    pass\n"
    assert too_long("def f():\n" + body * 49 + "\n" * 350) == []
    assert too_long("class A:\n    async def f():\n" + f"    {body}" * 50) == ["f: 51"]
    assert too_long("\n" * 401) == ["the file: 401"]


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def graph() -> dict[str, set[str]]:
    """Which modules each module of the package imports, inside functions and for annotations too."""
    paths = {module_of(path): path for path in PACKAGE.rglob("*.py")}
    found: dict[str, set[str]] = {}
    for module, path in paths.items():
        names = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
        targets = {name if name in paths else name.rpartition(".")[0] for name in names}
        found[module] = (targets & paths.keys()) - {module}
    return found


def circle(edges: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle, or none."""
    done: set[str] = set()

    def visit(module: str, way: list[str]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        for other in sorted(edges[module]):
            if found := visit(other, [*way, module]):
                return found
        done.add(module)
        return []

    return next((found for module in sorted(edges) if (found := visit(module, []))), [])


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circle(graph()) == []


def test_a_circle_is_seen() -> None:
    edges = graph()
    edges["archspec.types"] = {"archspec.ops.core.base"}
    assert circle(edges)[0] == circle(edges)[-1] != ""
    assert "archspec.backends.proof.verify" in edges["archspec.cli.verify"]  # inside of a function
    assert "archspec.analysis.field" in edges["archspec.model"]  # for annotations


def test_the_test_sees_imports() -> None:
    assert imported(PACKAGE / "cli" / "expand.py") >= {"analysis", "model"}  # the model for annotations


def test_every_folder_with_code_is_a_package() -> None:
    """`find_packages` passes over others, and they would be missing when archspec is installed."""
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_module_names_that_torch_needs_are_refused() -> None:
    from torch import nn

    for module in (nn.Module(), nn.Sequential(), nn.ModuleDict(), nn.ModuleList()):
        names = {name for name in dir(module) if not name.startswith("__")}
        assert names <= TORCH_ATTRIBUTES


def test_version_1_fixes_the_names_of_ops() -> None:
    assert ops.names() >= OPS


def test_every_exception_from_a_rule_says_why() -> None:
    bare = re.compile(r"# noqa(: [A-Z0-9, ]+)?$", re.MULTILINE)
    assert bare.search("x = 1  # noqa: A001\n")
    found = [path for path in PACKAGE.parent.glob("[at]*/**/*.py") if bare.search(path.read_text("utf-8"))]
    assert found == []
