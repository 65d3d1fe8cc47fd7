"""The benchmarks measure what they say; their times are not tested."""

import runpy
from pathlib import Path

import pytest

import archspec

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.mark.parametrize("script", sorted(FOLDER.glob("*.py")), ids=lambda script: script.stem)
def test_can_be_loaded(script: Path) -> None:
    assert callable(runpy.run_path(str(script))["main"])


def test_the_files_to_validate_are_right(tmp_path: Path) -> None:
    names = runpy.run_path(str(FOLDER / "validate_files.py"))
    names["write"](tmp_path)
    assert len([*tmp_path.iterdir()]) == 1000
    file = tmp_path / "net999.toml"
    assert archspec.validate(file) == []
    assert archspec.load(file).totals.params == 25_557_032  # torchvision's ResNet-50
