"""Atomic file writes."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from stat import S_ISREG
from typing import BinaryIO

from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import reason, shown_file


@contextmanager
def writing(path: str) -> Iterator[BinaryIO]:
    """Open a file that replaces `path` once it is complete. A failure or an interruption leaves the old file.

    A special file, such as `/dev/stdout`, is written directly. Raises `UsageError` if writing fails.
    """
    with writing_together(path) as files:
        yield files[0]


@contextmanager
def writing_together(*paths: str) -> Iterator[list[BinaryIO]]:
    """Open files that replace `paths` once all are complete; either all are replaced or none."""
    with ExitStack() as stack:
        settled: list[bool] = []  # becomes non-empty once no change is to be undone
        changes = [stack.enter_context(_guarded(path, settled)) for path in paths]
        yield [change.file for change in changes]
        for path, change in zip(paths, changes, strict=True):
            with _explained(path):
                change.complete()
        for path, change in zip(paths, changes, strict=True):
            with _explained(path):
                change.replace(keep=len(paths) > 1)
        settled.append(True)


@contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot write `{shown_file(path)}`: {reason(error)}") from None


@contextmanager
def _guarded(path: str, settled: list[bool]) -> "Iterator[_Change]":
    with _explained(path):
        change = _Change(os.path.realpath(path), settled)
        try:
            yield change
        finally:
            change.close()


class _Change:
    """A pending replacement of one file."""

    def __init__(self, target: str, settled: list[bool]) -> None:
        self.target, self.settled, self.undo = target, settled, False
        self.temporary = self.backup = self.beside = ""
        if os.path.isdir(target):
            raise IsADirectoryError(21, "it is a folder")
        if os.path.exists(target) and not S_ISREG(os.stat(target).st_mode):
            self.file: BinaryIO = open(target, "wb")  # noqa: SIM115 — closed by `close`
            return
        # not derived from the process id, which may be the same in a restarted container
        self.beside = f"{target}.{secrets.token_hex(4)}"
        self.temporary = f"{self.beside}.tmp"
        self.file = open(self.temporary, "xb")  # noqa: SIM115 — likewise

    def complete(self) -> None:
        """Close the file after all data is written."""
        self.file.flush()
        if self.temporary:
            os.fsync(self.file.fileno())
        self.file.close()

    def replace(self, *, keep: bool) -> None:
        """Replace the old file. With `keep` the old one is kept under another name until all is settled."""
        if not self.temporary:
            return
        if os.path.exists(self.target):
            os.chmod(self.temporary, os.stat(self.target).st_mode & 0o7777)
            if keep:
                self.backup = f"{self.beside}.old"
                try:
                    os.link(self.target, self.backup)
                except OSError:  # a file system without links
                    os.rename(self.target, self.backup)
        self.undo = keep  # set before the change, since undoing a change that did not happen is harmless
        os.replace(self.temporary, self.target)
        self.temporary = ""

    def close(self) -> None:
        """Remove temporary files, and undo the change unless it is settled."""
        with suppress(OSError):
            self.file.close()
        if self.temporary:
            with suppress(OSError):
                os.unlink(self.temporary)
        if self.undo and not self.settled:
            with suppress(OSError):
                if self.backup:
                    os.replace(self.backup, self.target)
                else:
                    os.unlink(self.target)
        if self.backup:
            with suppress(OSError):
                os.unlink(self.backup)
