"""Writing files whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from stat import S_ISREG
from typing import BinaryIO

from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import reason, shown_file


@contextmanager
def writing(path: str) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` once it is complete. A failure or an interruption leaves the old one.

    What is no regular file, such as `/dev/stdout`, is written directly. Raises `UsageError` where that cannot be done.
    """
    try:
        target = os.path.realpath(path)
        if os.path.exists(target) and not S_ISREG(os.stat(target).st_mode) and not os.path.isdir(target):
            with open(target, "wb") as file:
                yield file
            return
        if os.path.isdir(target):
            raise IsADirectoryError(21, "it is a folder")
        temporary = f"{target}.{os.getpid()}.tmp"
        try:
            with open(temporary, "xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if os.path.exists(target):
                os.chmod(temporary, os.stat(target).st_mode & 0o7777)
            os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot write `{shown_file(path)}`: {reason(error)}") from None
