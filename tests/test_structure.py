"""Imports go one way: each layer imports only those below it."""

import ast
from pathlib import Path

import pytest

import archspec
from archspec import ops
from archspec.language.names import OPS, TORCH_ATTRIBUTES

PACKAGE = Path(archspec.__file__).parent
BELOW = {
    "ir": {"ops"},  # for annotations only
    "diagnostics": {"_version"},
    "language": {"ir", "diagnostics"},
    "ops": {"ir", "diagnostics"},
    "elaborate": {"ir", "diagnostics", "language", "ops"},
    "analysis": {"ir", "diagnostics", "language", "ops", "elaborate"},
    "files": {"diagnostics"},
    "backends": {
        "ir", "diagnostics", "files", "language", "ops", "elaborate", "analysis", "_version",
        "api",  # for annotations only
    },
    "lint": {"ir", "diagnostics", "language", "ops", "elaborate", "analysis"},
    "report": {"ir", "diagnostics", "language", "ops", "elaborate", "analysis", "lint", "api", "_version"},
    "api": {"ir", "diagnostics", "language", "ops", "elaborate", "analysis", "lint", "report", "backends"},
    "cli": {
        "ir", "diagnostics", "files", "language", "ops", "elaborate", "analysis", "lint", "report", "backends", "api",
        "_version",
    },
}  # fmt: skip
FILES = sorted(
    path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem in ("ir", "api", "files")
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
    assert imported(path) <= BELOW[layer] | {layer}


def test_the_test_sees_imports() -> None:
    assert imported(PACKAGE / "cli" / "summary.py") >= {"analysis", "report"}


def test_module_names_that_torch_needs_are_refused() -> None:
    from torch import nn

    for module in (nn.Module(), nn.Sequential(), nn.ModuleDict(), nn.ModuleList()):
        names = {name for name in dir(module) if not name.startswith("__")}
        assert names <= TORCH_ATTRIBUTES


def test_version_1_fixes_the_names_of_ops() -> None:
    assert ops.names() >= OPS
