"""The specs that files and folders on the command line stand for."""

import os
import re
from collections.abc import Callable, Iterator

from archspec.cli.loading import split
from archspec.diagnostics import SpecError, UnreadableError
from archspec.diagnostics.diagnostic import reason, shown_file
from archspec.elaborate.network import load_document
from archspec.language import reading

_MENTIONS = re.compile(rb"""^[ \t]*["']?archspec["']?[ \t]*[=:]""", re.MULTILINE)


def specs(paths: list[str], *, allow_outside: bool = False) -> Iterator[tuple[str, str | None]]:
    """Each network as file and variant: those named, all variants of the files named, and all of what is in folders.

    In a folder, a `.toml` or `.json` file with the key `archspec` is a spec; libraries of blocks are passed over.
    """
    for path in paths:
        file, variant = split(path)
        if variant is not None and not os.path.isdir(path):
            yield file, variant
            continue
        for found in specs_of([file]):
            yield from variants(found, allow_outside=allow_outside, library_ok=os.path.isdir(file))


def _stop(error: UnreadableError) -> None:
    raise error


def specs_of(paths: list[str], unreadable: Callable[[UnreadableError], None] = _stop) -> Iterator[str]:
    """The files that are named, and the specs in the folders that are named.

    `unreadable` takes what cannot be read in a folder, and a folder without specs; without it, it is raised.
    """
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        wrong: list[UnreadableError] = []
        empty = True
        for found in _inside(path, wrong.append):
            empty = False
            yield found
        if empty and not wrong:
            wrong.append(UnreadableError(f"there are no specs in `{shown_file(path)}`", path))
        for error in wrong:
            unreadable(error)


def variants(file: str, *, allow_outside: bool, library_ok: bool) -> Iterator[tuple[str, str | None]]:
    """All variants of a file; the network itself where there are none, or where the file is wrong."""
    if file == "-":
        yield file, None  # it can be read but once
        return
    try:
        document = load_document(file, allow_outside=allow_outside)
    except SpecError:
        yield file, None  # whoever loads it reports it
        return
    if document.model is None and library_ok:
        return
    yield from ((file, name) for name in document.variants or (None,))


def _inside(folder: str, unreadable: Callable[[UnreadableError], None]) -> Iterator[str]:
    """The specs below a folder, in order; folders that start with a dot are passed over."""

    def closed(error: OSError) -> None:
        text = f"cannot read `{shown_file(error.filename)}`: {reason(error)}"
        unreadable(UnreadableError(text, error.filename))

    for where, folders, files in os.walk(folder, onerror=closed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = os.path.join(where, name)
            if not name.endswith((".toml", ".json")) or not os.path.isfile(path):
                continue
            try:
                if is_spec(path):
                    yield path
            except UnreadableError as error:
                unreadable(error)


def is_spec(path: str) -> bool:
    """Whether a file has the key `archspec`, or says so where it does not parse."""
    text = reading.read(path)
    assert isinstance(text, bytes)  # noqa: S101 — a file is read as bytes
    try:
        return "archspec" in reading.peek(text, path)
    except SpecError:
        return _MENTIONS.search(text) is not None
