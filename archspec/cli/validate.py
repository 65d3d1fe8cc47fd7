"""`archspec validate`."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from archspec.cli.discovery import is_spec, specs_of
from archspec.cli.printing import write
from archspec.diagnostics import Diagnostic, SpecError
from archspec.diagnostics.locate import Locator, reader
from archspec.diagnostics.render import Run, render
from archspec.elaborate.elaborator import Elaborator
from archspec.elaborate.network import elaborate, load_document, without_collector
from archspec.language.document import Document


@dataclass(slots=True)
class Checked:
    """What a run has seen so far."""

    files: list[str] = field(default_factory=list)
    networks: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    """What standard input had, by the name that it goes under."""


def run(
    paths: list[str], format_: str, output_file: str | None, stdin_filename: str, only: str | None, *,
    exit_zero: bool, allow_outside: bool, skip_others: bool = False,
) -> int:  # fmt: skip
    """Check specs; the exit code: 1 for findings."""
    checked = Checked()
    for path in specs_of(paths):
        if skip_others and path != "-" and not is_spec(path):
            continue
        with without_collector():  # between files it may look for what is left of the last
            _check(checked, path, stdin_filename, only, allow_outside=allow_outside)
    findings = Locator(reader(checked.texts)).findings(checked.diagnostics)
    run_ = Run(tuple(checked.files), checked.networks)
    text = render(format_, findings, run_)
    if output_file is None:
        write(text)
    else:
        from archspec.files import writing

        with writing(output_file) as file:
            file.write(text.encode())
    if format_ == "github" or output_file is not None:  # people read the log all the same
        sys.stderr.write(render("full", findings, run_).encode("ascii", "backslashreplace").decode())
    return int(bool(findings) and not exit_zero)


def _check(
    checked: Checked, path: str, stdin_filename: str, only: str | None, *, allow_outside: bool
) -> None:
    name, source = path, None
    if path == "-":
        from archspec.language import reading

        name, source = stdin_filename, reading.read("-")
        assert isinstance(source, bytes)  # noqa: S101 — it is read as bytes
        checked.texts[name] = source.decode("utf-8", "replace")
    checked.files.append(name)
    try:
        document = load_document(name, source, allow_outside=allow_outside)
    except SpecError as error:
        checked.diagnostics += error.diagnostics
        return
    if document.model is None:
        elaborator = Elaborator()
        elaborator.compile_document(document)
        checked.diagnostics += elaborator.diagnostics
        return
    for found in _networks(document, only):
        checked.networks += 1
        checked.diagnostics += found


def _networks(document: Document, only: str | None) -> Iterator[list[Diagnostic]]:
    """The findings of each variant."""
    from archspec.api import Model
    from archspec.backends.lowerable import refusals

    for variant in document.variants or (None,):
        try:
            model = Model(elaborate(document, variant))
            yield [*model.check(), *refusals(model, only)]
        except SpecError as error:
            yield list(error.diagnostics)
