"""Find the specs in the files and folders given on the command line."""

import os
import re
from collections.abc import Callable, Iterator

from archspec.diagnostics import SpecError, UnreadableError
from archspec.diagnostics.diagnostic import reason, shown_file
from archspec.elaborate.network import load_document
from archspec.language import reading
from archspec.language.spec_names import split

_MENTIONS = re.compile(rb"""^[ \t]*["']?archspec["']?[ \t]*[=:]""", re.MULTILINE)


def specs(paths: list[str], *, allow_outside: bool = False) -> Iterator[tuple[str, str | None]]:
    """Each network as file and variant: those named, all variants of the files named, and all of what is in folders.

    In a folder, a `.toml` or `.json` file with the key `archspec` is a spec; block libraries are skipped.
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
    """The given files, and the specs in the given folders.

    `unreadable` is called for unreadable files in a folder, and for a folder without specs; by default, it raises.
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
    """All variants of a file; the network itself if there are none, or if the file is invalid."""
    if file == "-":
        yield file, None  # it can be read only once
        return
    try:
        document = load_document(file, allow_outside=allow_outside)
    except SpecError:
        yield file, None  # the error is reported when the file is loaded
        return
    if document.model is None and library_ok:
        return
    yield from ((file, name) for name in document.variants or (None,))


def _inside(folder: str, unreadable: Callable[[UnreadableError], None]) -> Iterator[str]:
    """The specs below a folder, in order; folders whose names start with a dot are skipped."""

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
    """Whether a file has the key `archspec`, or a line with that key if it does not parse."""
    text = reading.read(path)
    assert isinstance(text, bytes)  # noqa: S101 — a file is read as bytes
    try:
        return "archspec" in reading.peek(text, path)
    except SpecError:
        return _MENTIONS.search(text) is not None
