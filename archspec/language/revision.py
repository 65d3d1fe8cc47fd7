"""Specs of a git revision, `git:REV:PATH`: read from the object database, with nothing checked out.

PATH is relative to the root of the repository around the working folder; with `./` in front, to that folder. Names
are untrusted: no option, no expression that searches, no `..`, no link, no submodule, nothing larger than a spec may
be. Nothing is fetched, and no shell is involved.
"""

import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from archspec.diagnostics import Problem, UnreadableError
from archspec.diagnostics.diagnostic import shown, shown_file
from archspec.language import limits

PREFIX = "git:"
TIMEOUT = 60
"""The seconds that git may take for an object."""
MAX_TREE = 16_000_000
"""The largest listing of a folder, in bytes."""
MAX_FILES = 10_000
"""The most files in a folder that is read, with those in the folders inside."""
_REVISION = re.compile(r"[A-Za-z0-9_@./~^{}+=#,-]{1,200}")
_TREE, _LINK, _SUBMODULE = b"40000", b"120000", b"160000"


@dataclass(frozen=True, slots=True)
class Revision:
    """A name `git:REV:PATH`. Raises `UnreadableError` where it cannot be one."""

    revision: str
    path: str

    @classmethod
    def of(cls, name: str) -> "Revision":
        """The parts of a name."""
        revision, colon, path = name.removeprefix(PREFIX).partition(":")
        if not colon or not path:
            raise _wrong(name, "write it as `git:REV:PATH`")
        if (
            not _REVISION.fullmatch(revision)
            or revision.startswith("-")
            or ".." in revision
            or "{/" in revision
        ):
            raise _wrong(name, f"`{shown(revision)}` is not the name of a revision")
        if path.startswith("./"):
            path = _git(name, "rev-parse", "--show-prefix").decode("utf-8", "replace").rstrip("\n") + path[2:]
        parts = path.rstrip("/").split("/") if path != "." else []
        if any(part in ("", ".", "..") or not part.isprintable() for part in parts):
            raise _wrong(name, "its path must lead from the root of the repository, without `..`")
        return cls(revision, "/".join(parts))

    @property
    def folder(self) -> str:
        """The folder of the file."""
        return posixpath.dirname(self.path)

    def named(self, path: str) -> str:
        """The name of another path of the same revision."""
        return f"{PREFIX}{self.revision}:{path}"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a folder."""

    mode: bytes
    name: str
    hash: str


def is_name(file: str) -> bool:
    """Whether a file is given as one of a revision."""
    return file.startswith(PREFIX)


def path_of(file: str) -> str:
    """The path of a file, without its revision."""
    return file.removeprefix(PREFIX).partition(":")[2] if is_name(file) else file


def read(name: str) -> bytes:
    """The bytes of a file. Raises `UnreadableError`."""
    entry = _find(name)
    if entry.mode == _TREE:
        raise _wrong(name, "it is a folder")
    return _object(name, entry.hash, "blob", limits.FILE_BYTES)


def is_folder(name: str) -> bool:
    """Whether it is a folder. Raises `UnreadableError` if there is nothing of this name."""
    return _find(name).mode == _TREE


def files(name: str) -> Iterator[str]:
    """The names of the TOML and JSON files in a folder and those inside, in order; hidden folders are skipped."""
    place = Revision.of(name)
    stack = [(place.path, _find(name).hash)]
    count = 0
    while stack:
        path, hash_ = stack.pop()
        inner = []
        for entry in sorted(_tree(name, hash_), key=lambda entry: entry.name):
            below = f"{path}/{entry.name}" if path else entry.name
            count += 1
            if count > MAX_FILES:
                raise _wrong(name, f"it has more than {MAX_FILES:,} files")
            if entry.mode == _TREE and not entry.name.startswith("."):
                inner.append((below, entry.hash))
            elif entry.mode.startswith(b"100") and entry.name.endswith((".toml", ".json")):
                yield place.named(below)
        stack += reversed(inner)


def library(target: str, user: str, root: str, *, anywhere: bool) -> str:
    """The name of a library that a file of a revision uses. Raises `Problem` (AS309) where it may not be read."""
    place = Revision.of(user)
    path = posixpath.normpath(posixpath.join(place.folder, target))
    inside = path == root or path.startswith(f"{root}/") or not root
    if path.startswith("../") or not (inside or anywhere):
        raise Problem(
            "AS309",
            f"`{shown(target)}` lies outside the spec's folder",
            help="move it there"
            + (", or allow it with `--allow-outside`" if not path.startswith("../") else ""),
            subject=target,
        )
    return place.named(path)


def _wrong(name: str, why: str) -> UnreadableError:
    return UnreadableError(f"cannot read `{shown_file(name)}`: {why}", name)


def _find(name: str) -> Entry:
    """The entry of a path, found folder by folder, so that no link is followed."""
    place = Revision.of(name)
    entry = Entry(_TREE, "", _commit(name, place.revision))
    walked: list[str] = []
    for part in place.path.split("/") if place.path else ():
        if entry.mode != _TREE:
            raise _wrong(name, f"`{shown('/'.join(walked))}` is not a folder")
        found = next((one for one in _tree(name, entry.hash) if one.name == part), None)
        walked.append(part)
        if found is None:
            raise _wrong(name, f"the revision has no `{shown('/'.join(walked))}`")
        if found.mode in (_LINK, _SUBMODULE):
            what = "a symbolic link" if found.mode == _LINK else "a submodule"
            raise _wrong(name, f"`{shown('/'.join(walked))}` is {what}")
        entry = found
    return entry


def _commit(name: str, revision: str) -> str:
    """The hash of the root folder of a revision. A name means one commit in a run."""
    key = os.getcwd(), revision
    if key not in _commits:
        found = _git(name, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{tree}}")
        _commits[key] = found.decode("ascii", "replace").strip()
    return _commits[key]


_commits: dict[tuple[str, str], str] = {}


def _tree(name: str, hash_: str) -> list[Entry]:
    """The entries of a folder: a mode, a name, a null byte and a binary hash for each."""
    data, entries, at = _object(name, hash_, "tree", MAX_TREE), [], 0
    size = len(hash_) // 2
    while at < len(data):
        blank, end = data.index(b" ", at), data.index(b"\0", at)
        key = data[end + 1 : end + 1 + size].hex()
        entries.append(Entry(data[at:blank], data[blank + 1 : end].decode("utf-8", "surrogateescape"), key))
        at = end + 1 + size
    return entries


def _object(name: str, hash_: str, kind: str, most: int) -> bytes:
    """The content of an object, whose kind and size are asked first."""
    key = os.getcwd(), hash_
    if key in _trees:
        return _trees[key]
    head = _git(name, "cat-file", "--batch-check", given=hash_).decode("ascii", "replace").split()
    if len(head) != 3 or head[1] != kind:
        raise _wrong(name, f"it is no {kind} of this repository")
    if int(head[2]) > most:
        raise _wrong(name, f"it has {int(head[2]):,} bytes, more than {most:,}")
    data = _git(name, "cat-file", kind, hash_)
    if kind == "tree":
        _trees[key] = data
    return data


_trees: dict[tuple[str, str], bytes] = {}


def _git(name: str, *arguments: str, given: str = "") -> bytes:
    """What git prints. Raises `UnreadableError` if it fails."""
    import subprocess  # few commands need it

    command = ["git", "--no-pager", "--no-replace-objects", *arguments]
    environment = {
        **os.environ,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
    }
    try:
        done = subprocess.run(  # noqa: S603 — a list of checked words, no shell
            command, input=given.encode(), capture_output=True, timeout=TIMEOUT, env=environment, check=False
        )
    except FileNotFoundError:
        raise _wrong(name, "git is not installed") from None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise _wrong(name, f"git failed: {error}") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        revision = name.removeprefix(PREFIX).partition(":")[0]
        why = shown(said[0], limit=200) if said else f"there is no revision `{shown(revision)}`"
        raise _wrong(name, why)
    return done.stdout
