"""`archspec validate`."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from archspec.cli.config import Config
from archspec.cli.discovery import is_spec, specs_of
from archspec.cli.loading import inputs, settings
from archspec.cli.printing import write
from archspec.diagnostics import Diagnostic, UnreadableError
from archspec.diagnostics.locate import Finding, Locator, reader
from archspec.diagnostics.render import ValidationRun, render
from archspec.elaborate import without_collector
from archspec.language import reading
from archspec.language.spec_names import split
from archspec.lint import Choice, words
from archspec.lint.catalogue import catalogue
from archspec.validation import examine


def run(
    paths: list[str],
    format_: str,
    output_file: str | None,
    stdin_filename: str,
    only: str | None,
    *,
    set_: list[str] | None = None,
    input_: list[str] | None = None,
    select: Sequence[str] | None = None,
    extend_select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    exit_zero: bool = False,
    allow_outside: bool = False,
    skip_others: bool = False,
) -> int:
    """Check specs; return the exit code: 1 for findings, 2 if a file could not be read."""
    config = Config(Choice(None if select is None else words(select), words(extend_select), words(ignore)))
    look = partial(
        examine, only=only, params=settings(set_), inputs=inputs(input_), allow_outside=allow_outside
    )
    files: dict[str, str] = {}  # by real path, so that each is checked once
    networks = 0
    diagnostics: list[Diagnostic] = []
    texts: dict[str, str] = {}  # the text of standard input, by the name given for it
    unreadable: list[UnreadableError] = []
    for path, variant in _named(paths, unreadable.append):
        name, source = stdin_filename if path == "-" else path, None
        key = f"{os.path.realpath(name)}@{variant}" if "\0" not in name else name
        if key in files:
            continue
        try:
            if skip_others and path != "-" and not is_spec(path):
                continue
            files[key] = name
            if path == "-":
                source = _stdin()
                texts[name] = source.decode("utf-8", "replace")
            with without_collector():  # let it collect the garbage of the previous file in between
                found, count = look(name, source, selection=config.of(name), variant=variant)
        except UnreadableError as error:
            unreadable.append(error)
            continue
        diagnostics += found
        networks += count
    diagnostics += [Diagnostic("AS106", str(error), error.path) for error in unreadable]
    texts = {path: data.decode("utf-8", "replace") for path, data in reading.taken.items()} | texts
    run_ = ValidationRun(tuple(dict.fromkeys(files.values())), networks, catalogue)
    _report(Locator(reader(texts)).findings(diagnostics), run_, format_, output_file)
    return 2 if unreadable else int(bool(diagnostics) and not exit_zero)


def _report(findings: list[Finding], run_: ValidationRun, format_: str, output_file: str | None) -> None:
    """Print the findings, or write them to a file."""
    text = render(format_, findings, run_)
    if output_file is None:
        write(text)
    else:
        from archspec.files import writing

        with writing(output_file) as file:
            file.write(text.encode("utf-8", "replace"))
    if format_ == "github" or output_file is not None:  # the log still gets the full text
        write(render("full", findings, run_), sys.stderr)


def _named(
    paths: list[str], unreadable: Callable[[UnreadableError], None]
) -> Iterator[tuple[str, str | None]]:
    """The selected files, each with its variant if one is given; paths are relative where possible."""
    for path in paths:
        file, variant = split(path)
        if variant is not None:
            yield _short(file), variant
        else:
            yield from ((_short(found), None) for found in specs_of([file], unreadable))


def _short(path: str) -> str:
    if path == "-" or "\0" in path:
        return path
    here = os.path.join(os.getcwd(), "")
    path = path.removeprefix(here) if os.path.isabs(path) else path
    return os.path.normpath(path)


def _stdin() -> bytes:
    text = reading.read("-")
    assert isinstance(text, bytes)  # noqa: S101 — it is read as bytes
    return text
