"""Where files lie in their repository: what CI systems resolve the paths of findings against."""

import os
from dataclasses import dataclass, field
from pathlib import PurePath
from urllib.parse import quote

from archspec.diagnostics.diagnostic import STDIN


@dataclass(frozen=True, slots=True)
class Located:
    """A file by its path below a root; without a root, by its name alone or by its absolute path."""

    root: str
    path: str
    """With `/` between its parts."""

    @property
    def uri(self) -> str:
        """The path as a reference that is relative to the root, or else absolute. RFC 3986, 4.2."""
        if not self.root and os.path.isabs(self.path):
            return PurePath(self.path).as_uri()
        return quote(self.path, errors="surrogateescape")


@dataclass(slots=True)
class Repositories:
    """Finds the root of the repository that a file is in: the nearest folder above it with a `.git`.

    That is a folder, or a file in a worktree or a submodule. Without one the root is the working folder, for what is
    below it.
    """

    roots: dict[str, str] = field(default_factory=dict)
    """Those that were looked for, by the folder."""
    known: dict[str, Located] = field(default_factory=dict)

    def locate(self, file: str) -> Located:
        """The place of a file, which need not exist."""
        if file not in self.known:
            self.known[file] = Located("", file) if file == STDIN or "\0" in file else self._locate(file)
        return self.known[file]

    def path(self, file: str) -> str:
        """The path of a file below its root."""
        return self.locate(file).path

    def _locate(self, file: str) -> Located:
        path = os.path.abspath(file)
        root = self.root(os.path.dirname(path))
        # A link inside a repository stands for what it leads to there; one that leads outside, for itself.
        real = os.path.realpath(path)
        real_root = self.root(os.path.dirname(real))
        if root and real_root == os.path.realpath(root):
            root, path = real_root, real
        root = root or os.getcwd()
        if not PurePath(path).is_relative_to(root):
            return Located("", PurePath(path).as_posix())
        return Located(root, PurePath(path).relative_to(root).as_posix())

    def root(self, folder: str) -> str:
        """The root that is nearest at or above a folder; empty where there is none."""
        if folder not in self.roots:
            above = (folder, *map(str, PurePath(folder).parents))
            found = (one for one in above if os.path.exists(os.path.join(one, ".git")))
            self.roots[folder] = next(found, "")
        return self.roots[folder]
