"""`archspec new`: what it writes is valid, runs, and never replaces anything."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from test_schema import wrong

import archspec
from archspec.cli.app import app
from archspec.cli.new import starts


def new(*arguments: str, cwd: Path, code: int = 0) -> Any:
    command = [sys.executable, "-m", "archspec", "new", *arguments]
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert result.returncode == code, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    return result


@pytest.mark.parametrize("start", starts())
def test_every_start_is_a_network(start: str, tmp_path: Path) -> None:
    import tomli

    result = new("my_net", "--from", start, cwd=tmp_path)
    assert result.stdout == "wrote my_net.toml: `archspec summary my_net.toml` shows it\n"
    path = tmp_path / "my_net.toml"
    assert wrong(tomli.loads(path.read_text())) == []
    command = [sys.executable, "-m", "archspec", "validate", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    for variant in archspec.load(str(path)).variants or (None,):
        model = archspec.load(str(path), variant)
        assert model.network.document.name == "my_net"
        assert model.check() == []
        shape = [dim if isinstance(dim, int) else 2 for dim in model.root.inputs[0].shape]
        with torch.no_grad():
            assert archspec.build(model).eval()(torch.zeros(shape)).shape[0] == 2


def test_the_help_lists_the_starts() -> None:
    (command,) = [
        item for item in app.registered_commands if item.callback and item.callback.__name__ == "new"
    ]
    result = subprocess.run(
        [sys.executable, "-m", "archspec", "new", "--help"], check=True, capture_output=True, text=True
    )
    assert command is not None
    assert all(start in result.stdout for start in starts())


def test_what_it_refuses(tmp_path: Path) -> None:
    (tmp_path / "old.toml").write_text("old")
    assert "already exists" in new("old", cwd=tmp_path, code=2).stderr
    assert "did you mean `resnet`?" in new("net", "--from", "resnt", cwd=tmp_path, code=2).stderr
    assert "cannot be the name" in new("a\nb", cwd=tmp_path, code=2).stderr
    assert "cannot be the name" in new("", cwd=tmp_path, code=2).stderr
    assert "No such file" in new("absent/net", cwd=tmp_path, code=2).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["old.toml"]
    assert (tmp_path / "old.toml").read_text() == "old"
    new('a "b"', cwd=tmp_path)
    assert archspec.load(str(tmp_path / 'a "b".toml')).name == 'a "b"'
    new("nets.toml", cwd=tmp_path)
    assert archspec.load(str(tmp_path / "nets.toml")).name == "nets"
