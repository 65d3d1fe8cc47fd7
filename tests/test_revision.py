"""Specs of git revisions: `git:REV:PATH`, with hostile names and repositories."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import archspec
from archspec import SpecError, UsageError
from archspec.language import limits, revision

NET = """\
archspec = 1
use = { parts = "parts/blocks.toml" }
[model]
input = ["N", 3, 8, 8]
layers = [{ name = "b", op = "parts.b", out = OUT }]
"""
BLOCKS = """\
archspec = 1
[blocks.b]
required = { out = "int" }
layers = [{ name = "c", op = "conv", out = "out", kernel = KERNEL }]
"""


def git(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [  # noqa: S607 — whatever git there is
            "git",
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.org",
            "-c",
            "protocol.file.allow=always",
            *arguments,
        ],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def write(folder: Path, out: int, kernel: int) -> None:
    (folder / "specs" / "parts").mkdir(parents=True, exist_ok=True)
    (folder / "specs" / "net.toml").write_text(NET.replace("OUT", str(out)))
    (folder / "specs" / "parts" / "blocks.toml").write_text(BLOCKS.replace("KERNEL", str(kernel)))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose working tree differs from its only commit, in the spec and in its library."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git("init", "-q", "-b", "main", cwd=folder)
    write(folder, out=4, kernel=3)
    (folder / "link.toml").symlink_to("specs/net.toml")
    (folder / "linked").symlink_to("specs")
    (folder / "root.toml").write_text(BLOCKS.replace("KERNEL", "3"))
    (folder / "huge.toml").write_bytes(b"#" * (limits.FILE_BYTES + 1))
    (folder / "outside.toml").write_text(NET.replace("parts/blocks", "../outside").replace("OUT", "4"))
    git("add", "-A", cwd=folder)
    git("commit", "-q", "-m", "first", cwd=folder)
    write(folder, out=6, kernel=5)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(revision, "_commits", {})
    return folder


def test_libraries_are_those_of_the_revision(repository: Path) -> None:
    old, new = archspec.load("git:main:specs/net.toml"), archspec.load("specs/net.toml")
    assert old.weights()["b.c.weight"].shape == (4, 3, 3, 3)
    assert new.weights()["b.c.weight"].shape == (6, 3, 5, 5)
    difference = archspec.diff("git:main:specs/net.toml", "specs/net.toml")
    assert "kernel 3 → 5" in difference.text()
    assert git("status", "--porcelain", cwd=repository) == "M specs/net.toml\n M specs/parts/blocks.toml"


def test_an_unchanged_file_is_identical(repository: Path) -> None:
    git("checkout", "-q", ".", cwd=repository)
    assert archspec.diff("git:HEAD:specs/net.toml", "specs/net.toml").verdict == "identical"


@pytest.mark.parametrize("name", ["main", "HEAD", "HEAD~0", "HEAD^{commit}", "HEAD@{0}", "refs/heads/main"])
def test_names_of_revisions(repository: Path, name: str) -> None:
    assert repository.exists()
    assert archspec.load(f"git:{name}:specs/net.toml").totals.params == 4 * 27 + 4


def test_a_path_from_the_working_folder(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "specs")
    assert archspec.load("git:main:./net.toml").file == "git:main:./net.toml"
    assert archspec.load("git:main:specs/net.toml").totals.params == 112


def test_the_name_of_a_network_is_not_that_of_its_revision(repository: Path) -> None:
    assert repository.exists()
    assert archspec.load("git:main:specs/net.toml").name == "net"


def test_a_folder_of_a_revision(repository: Path) -> None:
    (repository / "specs" / "more.toml").write_text(NET.replace("OUT", "2"))
    done = subprocess.run(
        [sys.executable, "-m", "archspec", "diff", "git:main:specs", "specs"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("2 of 2 networks changed: 1 load")
    assert "more.toml  added" in done.stdout


HOSTILE = {
    "git:--upload-pack=touch pwned:specs/net.toml": "is not the name of a revision",
    "git:-h:specs/net.toml": "is not the name of a revision",
    "git:$(touch pwned):specs/net.toml": "is not the name of a revision",
    "git:main..HEAD:specs/net.toml": "is not the name of a revision",
    "git:HEAD^{/first}:specs/net.toml": "is not the name of a revision",
    "git:main\n:specs/net.toml": "is not the name of a revision",
    "git::specs/net.toml": "is not the name of a revision",
    "git:nowhere:specs/net.toml": "there is no revision `nowhere`",
    "git:main": "write it as `git:REV:PATH`",
    "git:main:": "write it as `git:REV:PATH`",
    "git:main:../repository/specs/net.toml": "without `..`",
    "git:main:specs/../specs/net.toml": "without `..`",
    "git:main:/specs/net.toml": "without `..`",
    "git:main:specs//net.toml": "without `..`",
    "git:main:specs/\0": "without `..`",
    "git:main:specs": "it is a folder",
    "git:main:specs/none.toml": "the revision has no `specs/none.toml`",
    "git:main:specs/net.toml/x": "`specs/net.toml` is not a folder",
    "git:main:link.toml": "`link.toml` is a symbolic link",
    "git:main:linked/net.toml": "`linked` is a symbolic link",
    "git:main:huge.toml": f"more than {limits.FILE_BYTES:,}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_refused(repository: Path, name: str) -> None:
    with pytest.raises(UsageError) as error:
        archspec.load(name)
    assert HOSTILE[name] in str(error.value)
    assert not (repository / "pwned").exists()


def test_submodules_are_refused(repository: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    git("init", "-q", cwd=inner)
    git("commit", "-q", "--allow-empty", "-m", "x", cwd=inner)
    git("submodule", "add", "-q", str(inner), "sub", cwd=repository)
    git("commit", "-q", "-m", "second", cwd=repository)
    with pytest.raises(UsageError, match="`sub` is a submodule"):
        archspec.load("git:HEAD:sub/net.toml")


def test_libraries_outside_of_the_folder_are_refused(repository: Path) -> None:
    git("mv", "outside.toml", "specs/outside.toml", cwd=repository)
    git("commit", "-q", "-m", "second", cwd=repository)
    with pytest.raises(SpecError) as error:
        archspec.load("git:HEAD:specs/outside.toml")
    assert error.value.diagnostics[0].code == "AS309"
    with pytest.raises(SpecError, match=r"has no `outside\.toml`"):  # allowed, but not there
        archspec.load("git:HEAD:specs/outside.toml", allow_outside=True)


def test_without_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setattr(revision, "_commits", {})
    with pytest.raises(UsageError, match=r"no revision|not a git repository"):
        archspec.load("git:HEAD:net.toml")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="git is not installed"):
        archspec.load("git:HEAD:net.toml")


def test_replaced_objects_are_not_followed(repository: Path) -> None:
    old = git("rev-parse", "HEAD:specs/parts/blocks.toml", cwd=repository)
    new = git("hash-object", "-w", "specs/parts/blocks.toml", cwd=repository)
    git("replace", old, new, cwd=repository)
    assert archspec.load("git:main:specs/net.toml").weights()["b.c.weight"].shape == (4, 3, 3, 3)


def test_findings_show_the_line_of_the_revision(repository: Path) -> None:
    (repository / "wrong.toml").write_text('archspec = 1\n[model]\ninput = ["N", 3]\nlayers = ["rellu"]\n')
    git("add", "wrong.toml", cwd=repository)
    git("commit", "-q", "-m", "second", cwd=repository)
    os.remove(repository / "wrong.toml")
    done = subprocess.run(
        [sys.executable, "-m", "archspec", "summary", "git:HEAD:wrong.toml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "git:HEAD:wrong.toml:4:12" in done.stderr
    assert 'layers = ["rellu"]' in done.stderr


def test_textconv_is_for_git(repository: Path) -> None:
    git("checkout", "-q", ".", cwd=repository)
    plain = 'archspec = 1\n[model]\ninput = ["N", 3, 8, 8]\nlayers = [{ name = "c", op = "conv", out = 4, kernel = 3 }]\n'
    (repository / "plain.toml").write_text(plain)
    (repository / ".gitattributes").write_text("*.toml diff=archspec\n")
    git("add", "-A", cwd=repository)
    git("commit", "-q", "-m", "second", cwd=repository)
    git("config", "diff.archspec.textconv", f"{sys.executable} -m archspec expand --textconv", cwd=repository)
    (repository / "plain.toml").write_text(plain.replace("kernel = 3", "kernel = 5"))
    write(repository, out=5, kernel=3)
    text = git("diff", cwd=repository)
    assert (
        "\n-c: conv out=4 kernel=3 from input -> N×4×6×6\n+c: conv out=4 kernel=5 from input -> N×4×4×4\n"
        in text
    )
    assert '+layers = [{ name = "b", op = "parts.b", out = 5 }]' in text  # without its library, as it is
