"""`archspec validate` as CI systems run it: from any folder, over lists of files that may be out of date."""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlparse

import pytest

import archspec
from archspec.cli.app import app
from archspec.cli.errors import guarded
from archspec.diagnostics.repository import Repositories

BAD = 'archspec = 1\n[model]\ninput = ["N", 3, 8, 8]\nlayers = [{ op = "conv", out = 4, kernel = 9 }]\n'
GOOD = 'archspec = 1\n[model]\ninput = ["N", 3, 8, 8]\nlayers = ["relu"]\n'


class Done(NamedTuple):
    """What a run printed."""

    stdout: str
    stderr: str


def validate(*arguments: str | Path, cwd: Path, code: int = 1, stdin: bytes = b"") -> Done:
    """Run the command in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    command, end = ["validate", *map(str, arguments)], 0
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            end = guarded(lambda: app(command, prog_name="archspec"))
        except SystemExit as stop:
            end = int(stop.code or 0)
    texts = []
    for stream in (out, err):
        stream.flush()
        assert isinstance(stream.buffer, io.BytesIO)
        texts.append(stream.buffer.getvalue().decode())
    assert end == code, texts
    return Done(*texts)


def named(*arguments: str | Path, cwd: Path, code: int = 1, stdin: bytes = b"") -> set[tuple[str, ...]]:
    """The files of the findings as github, gitlab, sarif and junit have them; those of sarif resolved, too."""

    def out(format_: str) -> str:
        return validate(*arguments, "--output-format", format_, cwd=cwd, code=code, stdin=stdin).stdout

    github = re.findall(r"file=([^,:]*)", out("github"))
    gitlab = [issue["location"]["path"] for issue in json.loads(out("gitlab"))]
    junit = [case.get("classname", "") for case in ET.fromstring(out("junit")).iter("testcase") if len(case)]  # noqa: S314 — our own text
    (run,) = json.loads(out("sarif"))["runs"]
    sarif, resolved = [], []
    for result in run["results"]:
        artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
        base = run["originalUriBaseIds"][artifact["uriBaseId"]]["uri"] if "uriBaseId" in artifact else ""
        assert base == "" or base.endswith("/")
        sarif.append(artifact["uri"])
        resolved.append(unquote(urlparse(urljoin(base, artifact["uri"])).path))
    return set(zip(github, gitlab, junit, sarif, resolved, strict=True))


def four(path: str, file: Path) -> set[tuple[str, ...]]:
    return {(path, path, path, path, str(file))}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a spec in `pkg/nets`."""
    root = tmp_path.resolve() / "repository"
    (root / "pkg" / "nets").mkdir(parents=True)
    (root / "pkg" / "nets" / "bad.toml").write_text(BAD)
    (root / ".git").mkdir()
    return root


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        ("", "pkg/nets/bad.toml"),
        ("pkg", "nets/bad.toml"),
        ("pkg/nets", "bad.toml"),
        ("pkg/nets", "../nets/bad.toml"),
        ("pkg/nets", "."),
        ("..", "repository/pkg"),
        ("pkg", "/pkg/nets/bad.toml"),
    ],
)
def test_paths_are_below_the_root_of_the_repository(repository: Path, folder: str, path: str) -> None:
    cwd = repository / folder
    given = f"{repository}{path}" if path.startswith("/") else path
    assert named(given, cwd=cwd) == four("pkg/nets/bad.toml", repository / "pkg/nets/bad.toml")


def test_people_see_what_they_typed(repository: Path) -> None:
    for format_ in ("full", "concise", "json"):
        text = validate("nets/bad.toml", "--output-format", format_, cwd=repository / "pkg").stdout
        assert "nets/bad.toml" in text
        assert "pkg/" not in text
    assert (
        " --> nets/bad.toml:4:44"
        in validate("nets", "--output-format", "github", cwd=repository / "pkg").stderr
    )


def test_worktrees_and_submodules_have_a_file_for_a_root(repository: Path) -> None:
    (repository / "pkg" / ".git").write_text("gitdir: ../.git/modules/pkg\n")
    assert named("pkg", cwd=repository) == four("nets/bad.toml", repository / "pkg/nets/bad.toml")


def test_several_repositories(repository: Path) -> None:
    (repository / "pkg" / ".git").write_text("gitdir: ../.git/modules/pkg\n")
    (repository / "other.toml").write_text(BAD)
    assert named("other.toml", "pkg", cwd=repository) == (
        four("other.toml", repository / "other.toml")
        | four("nets/bad.toml", repository / "pkg/nets/bad.toml")
    )


def test_without_a_repository_paths_are_below_the_working_folder(tmp_path: Path) -> None:
    tmp_path = tmp_path.resolve()
    (tmp_path / "here" / "nets").mkdir(parents=True)
    for file in ("here/nets/bad.toml", "far.toml"):
        (tmp_path / file).write_text(BAD)
    assert named("nets/bad.toml", cwd=tmp_path / "here") == four(
        "nets/bad.toml", tmp_path / "here/nets/bad.toml"
    )
    far = str(tmp_path / "far.toml")
    assert named("../far.toml", cwd=tmp_path / "here") == {(far, far, far, f"file://{far}", far)}


def test_links_stand_for_what_the_repository_has(repository: Path) -> None:
    (repository / "link").symlink_to("pkg/nets")
    bad = repository / "pkg/nets/bad.toml"
    assert named("link/bad.toml", cwd=repository) == four("pkg/nets/bad.toml", bad)
    outside = repository.parent / "outside.toml"
    outside.write_text(BAD)
    (repository / "in.toml").symlink_to(outside)
    assert named("in.toml", cwd=repository) == four("in.toml", repository / "in.toml")
    (repository.parent / "way").symlink_to(repository)
    assert named(repository.parent / "way" / "pkg", cwd=repository.parent) == four("pkg/nets/bad.toml", bad)


def test_names_are_escaped_in_addresses(repository: Path) -> None:
    file = repository / "pkg" / "a b#?é.toml"
    file.write_text(BAD)
    plain, address = "pkg/a b#?é.toml", "pkg/a%20b%23%3F%C3%A9.toml"
    assert named(file.name, cwd=repository / "pkg") == {(plain, plain, plain, address, str(file))}


def test_fingerprints_do_not_depend_on_the_folder(repository: Path) -> None:
    def fingerprints(path: str, cwd: Path) -> list[str]:
        text = validate(path, "--output-format", "gitlab", cwd=cwd).stdout
        return [issue["fingerprint"] for issue in json.loads(text)]

    assert fingerprints("bad.toml", repository / "pkg/nets") == fingerprints("pkg", repository)


def test_files_of_the_working_folder_need_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = Repositories()
    for file in ("<stdin>", "a\0b"):
        assert (files.locate(file).root, files.path(file)) == ("", file)
    assert files.path("gone/../x.toml") == "x.toml"


# --- standard input --------------------------------------------------------------------------------------------


def test_standard_input_has_a_name(repository: Path) -> None:
    stdin = BAD.encode()
    assert {item[:4] for item in named("-", cwd=repository, stdin=stdin)} == {
        ("<stdin>", "<stdin>", "<stdin>", "%3Cstdin%3E")
    }
    for format_ in ("full", "concise", "json"):
        assert "<stdin>" in validate("-", "--output-format", format_, cwd=repository, stdin=stdin).stdout
    path = ("-", "--stdin-filename", "nets/new.toml")
    assert named(*path, cwd=repository / "pkg", stdin=stdin) == four(
        "pkg/nets/new.toml", repository / "pkg/nets/new.toml"
    )


def test_the_notation_of_standard_input(repository: Path) -> None:
    """By the name that it has, else JSON begins with a brace."""
    json_ = b' {"archspec": 1, "model": {"input": ["N", 3, 8, 8], "layers": ["relu"]}}'
    validate("-", cwd=repository, stdin=json_, code=0)
    validate("-", "--stdin-filename", "x.json", cwd=repository, stdin=json_, code=0)
    assert "AS102" in validate("-", "--stdin-filename", "x.toml", cwd=repository, stdin=json_).stdout
    assert "AS103" in validate("-", "--stdin-filename", "x.json", cwd=repository, stdin=GOOD.encode()).stdout
    validate("-", cwd=repository, stdin=GOOD.encode(), code=0)


# --- what cannot be read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["full", "concise", "json", "github", "gitlab", "sarif", "junit"])
@pytest.mark.parametrize("exit_zero", [[], ["--exit-zero"]])
def test_a_missing_file_is_a_finding_among_others(
    repository: Path, format_: str, exit_zero: list[str]
) -> None:
    options = ["--output-format", format_, "--output-file", "out", *exit_zero]
    done = validate("pkg", "gone.toml", "pkg/nets/bad.toml", *options, cwd=repository, code=2)
    for text in ((repository / "out").read_text(), done.stderr):
        assert "AS403" in text
        assert text.count("cannot read `gone.toml`: No such file or directory") >= 1
        assert "AS106" in text


def test_what_cannot_be_read(repository: Path) -> None:
    (repository / "link.toml").symlink_to("nowhere")
    (repository / "loop.toml").symlink_to("loop.toml")
    (repository / "empty").mkdir()
    (repository / "latin.toml").write_bytes(BAD.encode() + "# é".encode("latin-1"))
    (repository / "large.toml").write_bytes(b"#" * (16 * 2**20 + 1))
    paths = ["link.toml", "loop.toml", "empty", "latin.toml", "large.toml", "a" * 5000, "/dev/null/x"]
    done = validate(*paths, "pkg", "--output-format", "json", cwd=repository, code=2)
    found = {item["file"]: (item["code"], item["message"]) for item in json.loads(done.stdout)}
    assert {file: code for file, (code, _) in found.items()} == {
        **dict.fromkeys(("link.toml", "loop.toml", "empty", "a" * 5000, "/dev/null/x"), "AS106"),
        "latin.toml": "AS101",
        "large.toml": "AS105",
        "pkg/nets/bad.toml": "AS403",
    }
    assert found["empty"][1] == "there are no specs in `empty`"
    validate("latin.toml", cwd=repository, code=1)  # it can be read, and what is in it is wrong


def test_a_pipe_is_not_waited_for(repository: Path) -> None:
    os.mkfifo(repository / "pipe.toml")
    command = [sys.executable, "-m", "archspec", "validate", "pipe.toml", "pkg"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "AS106]: cannot read `pipe.toml`: it is a pipe" in done.stdout
    assert "AS403" in done.stdout


AS_NOBODY = """
import os, sys
from archspec.cli.validate import run
run([sys.argv[1]], "concise", None, "-", None)
print("as nobody", flush=True)
if os.getuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
sys.exit(run([sys.argv[1]], "concise", None, "-", None))
"""
"""What is imported must be so before: nobody may not read that, either."""


def test_what_may_not_be_read() -> None:
    """Inside a folder, too."""
    with tempfile.TemporaryDirectory() as temporary:
        nets = Path(temporary, "nets")
        (nets / "closed").mkdir(parents=True)
        (nets / "bad.toml").write_text(BAD)
        (nets / "secret.toml").write_text(GOOD)
        for path, mode in ((Path(temporary), 0o755), (nets / "closed", 0), (nets / "secret.toml", 0)):
            path.chmod(mode)
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, "nets"],
            cwd=temporary,
            capture_output=True,
            text=True,
            check=False,
        )
        (nets / "closed").chmod(0o755)
    assert done.returncode == 2, done.stderr
    assert done.stdout.partition("as nobody\n")[2].splitlines()[1:] == [
        "nets/closed:1:1: error[AS106] cannot read `nets/closed`: Permission denied",
        "nets/secret.toml:1:1: error[AS106] cannot read `nets/secret.toml`: Permission denied",
        "3 errors in 1 file, 1 network",
    ]
    assert "nets/bad.toml:4:44: error[AS403]" in done.stdout.partition("as nobody\n")[2]


def test_what_a_shell_pipes_is_read(repository: Path) -> None:
    command = f"{sys.executable} -m archspec validate <(cat pkg/nets/bad.toml)"
    done = subprocess.run(
        ["/bin/bash", "-c", command], cwd=repository, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "4 | layers = [" in done.stdout


def test_in_python_a_missing_file_is_an_exception(tmp_path: Path) -> None:
    with pytest.raises(archspec.UsageError, match="No such file"):
        archspec.validate(str(tmp_path / "gone.toml"))


# --- notations ---------------------------------------------------------------------------------------------------


def test_json_may_name_its_schema(tmp_path: Path) -> None:
    spec = {
        "$schema": "../schema/archspec-1.json",
        "archspec": 1,
        "model": {"input": ["N", 3], "layers": ["relu"]},
    }
    file = tmp_path / "net.json"
    file.write_text(json.dumps(spec))
    assert archspec.validate(str(file)) == []
    file.write_text(json.dumps({**spec, "$schema": 3}))
    (finding,) = archspec.validate(str(file))
    assert (finding.diagnostic.code, finding.spot.text[: finding.spot.column]) == ("AS203", '{"$schema": 3')
    file.write_text(json.dumps({**spec, "model": {**spec["model"], "$schema": "x"}}))  # type: ignore[dict-item]
    (finding,) = archspec.validate(str(file))
    assert finding.diagnostic.code == "AS201"


def test_toml_names_its_schema_in_a_comment(tmp_path: Path) -> None:
    file = tmp_path / "net.toml"
    file.write_text(f'"$schema" = "archspec-1.json"\n{GOOD}')
    (finding,) = archspec.validate(str(file))
    assert (finding.diagnostic.code, finding.spot.line) == ("AS201", 1)
    assert "`#:schema ADDRESS`" in str(finding.diagnostic.help)
    file.write_text(f"#:schema archspec-1.json\n\n{GOOD}")
    assert archspec.validate(str(file)) == []


@pytest.mark.parametrize("name", ["net.yaml", "net.yml", "NET.YAML"])
def test_yaml_is_told_what_a_spec_is(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("archspec: 1\nmodel: {input: [N, 3, 8, 8], layers: [relu]}\n")
    (finding,) = archspec.validate(str(file))
    assert finding.diagnostic.message == "a spec is TOML or JSON, not YAML"
    assert ".toml" in str(finding.diagnostic.help)
    assert finding.diagnostic.code == "AS102"
