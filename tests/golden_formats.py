"""What each format makes of the findings in some specs, in golden files that `python docs/generate.py` writes.

The specs are in `formats/`, which is read as the folder `nets` of a repository. The files beside it are read by people
before they are committed, with the documentation of the format at hand.
"""

import contextlib
import io
import json
import shutil
import tempfile
from pathlib import Path

from archspec import __version__
from archspec.cli.validate import run
from archspec.diagnostics.diagnostic import STDIN
from archspec.diagnostics.render import FORMATS

FOLDER = Path(__file__).parent / "formats"
GOLDEN = {
    "full": "full.txt",
    "concise": "concise.txt",
    "json": "findings.json",
    "github": "github.txt",
    "gitlab": "gitlab.json",
    "sarif": "findings.sarif",
    "junit": "junit.xml",
}
"""What the file of each format is called."""
ROOT = "file:///home/user/repository/"
"""What the golden files call the root of the repository."""

ODD = "a,b%:c é.toml"
"""What `odd_name.toml` is called there: not all file systems have such names."""


def repository(folder: Path) -> Path:
    """The specs as the folder `nets` of a repository."""
    (folder / ".git").mkdir()
    shutil.copytree(FOLDER / "nets", folder / "nets")
    (folder / "nets" / "odd_name.toml").rename(folder / "nets" / ODD)
    return folder / "nets"


def printed(folder: Path, format_: str, *paths: str, code: int) -> str:
    """What a run in a folder prints."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    nothing = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(stream), contextlib.redirect_stderr(nothing):
        assert run([*paths], format_, None, STDIN, None) == code
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()


def golden(folder: Path, format_: str) -> str:
    """What a golden file has: without what differs between machines and versions, and without the pages of rules."""
    text = printed(folder, format_, ".", "gone.toml", code=2)
    if format_ == "sarif":
        log = json.loads(text)
        rules = log["runs"][0]["tool"]["driver"]["rules"]
        rules[:] = [{"id": rule["id"]} for rule in rules]
        text = json.dumps(log, indent=2, ensure_ascii="\\u" in text) + "\n"
    return text.replace(f"{folder.parent.as_uri()}/", ROOT).replace(f'"{__version__}"', '"VERSION"')


def outputs() -> dict[Path, str]:
    """Every golden file, with what it should be."""
    with tempfile.TemporaryDirectory() as temporary:
        nets = repository(Path(temporary).resolve())
        return {FOLDER / GOLDEN[format_]: golden(nets, format_) for format_ in FORMATS}
