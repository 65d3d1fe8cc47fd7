"""What `archspec validate` says of each broken spec, in a file beside it, which `python docs/generate.py` writes.

The texts are read by people before they are committed: each names the right place, the cause and what to type.
"""

import contextlib
import io
from pathlib import Path

from archspec.cli.validate import run

FOLDER = Path(__file__).parent / "diagnostics"


def specs() -> list[Path]:
    return sorted(path for path in FOLDER.iterdir() if path.suffix in (".toml", ".json"))


def said(path: Path, format_: str = "full") -> str:
    """What is printed of one file, from its own folder."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.chdir(path.parent), contextlib.redirect_stdout(stream):
        run([path.name], format_, None, "-", None, exit_zero=False, allow_outside=False)
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()


def outputs() -> dict[Path, str]:
    """Every golden file, with what it should be."""
    return {spec.with_suffix(spec.suffix + ".txt"): said(spec) for spec in specs()}
