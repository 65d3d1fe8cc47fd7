"""Paths relative to the root of the repository, which CI systems expect in findings."""

import os
from dataclasses import dataclass, field
from pathlib import PurePath
from urllib.parse import quote

from archspec.diagnostics.diagnostic import STDIN


@dataclass(frozen=True, slots=True)
class Located:
    """A file: its path relative to a root or, without a root, its name or absolute path."""

    root: str
    path: str
    """The path, with `/` as separator."""

    @property
    def uri(self) -> str:
        """The path as a URI reference, relative to the root or else absolute. RFC 3986, 4.2."""
        if not self.root and os.path.isabs(self.path):
            return PurePath(self.path).as_uri()
        return quote(self.path, errors="surrogateescape")


@dataclass(slots=True)
class Repositories:
    """Finds the root of a file's repository: the nearest enclosing folder with a `.git`.

    `.git` is a folder, or a file in a worktree or submodule. Without one, the root of files in the working folder is
    that folder.
    """

    roots: dict[str, str] = field(default_factory=dict)
    """The known roots, by folder."""
    known: dict[str, Located] = field(default_factory=dict)

    def locate(self, file: str) -> Located:
        """Locate a file, which need not exist."""
        if file not in self.known:
            self.known[file] = Located("", file) if file == STDIN or "\0" in file else self._locate(file)
        return self.known[file]

    def path(self, file: str) -> str:
        """The path of a file relative to its root."""
        return self.locate(file).path

    def _locate(self, file: str) -> Located:
        path = os.path.abspath(file)
        root = self.root(os.path.dirname(path))
        # A link to a target inside the repository is resolved; one that leads outside is not.
        real = os.path.realpath(path)
        real_root = self.root(os.path.dirname(real))
        if root and real_root == os.path.realpath(root):
            root, path = real_root, real
        root = root or os.getcwd()
        if not PurePath(path).is_relative_to(root):
            return Located("", PurePath(path).as_posix())
        return Located(root, PurePath(path).relative_to(root).as_posix())

    def root(self, folder: str) -> str:
        """The nearest root at or above a folder; empty if there is none."""
        if folder not in self.roots:
            above = (folder, *map(str, PurePath(folder).parents))
            found = (one for one in above if os.path.exists(os.path.join(one, ".git")))
            self.roots[folder] = next(found, "")
        return self.roots[folder]
