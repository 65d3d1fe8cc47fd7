"""Annotations of GitHub Actions.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from collections.abc import Sequence

from archspec.diagnostics.locate import Finding
from archspec.diagnostics.render import ValidationRun
from archspec.diagnostics.repository import Repositories


def render(findings: Sequence[Finding], run: ValidationRun) -> str:  # noqa: ARG001 — the same for every format
    """One command per finding. GitHub shows only ten errors and ten warnings per step: print the full text as well."""
    files = Repositories()
    return "".join(f"{command(finding, files)}\n" for finding in findings)


def command(finding: Finding, files: Repositories) -> str:
    """`::error file=…,line=…::message`. GitHub resolves the file relative to the root of the repository."""
    diagnostic, spot = finding.diagnostic, finding.spot
    fields = [("title", f"archspec ({diagnostic.code})"), ("file", files.path(diagnostic.file))]
    if spot.known:
        fields.append(("line", str(spot.line)))
        if spot.end_line == spot.line:  # GitHub mishandles columns of multi-line ranges
            fields += [
                ("col", str(spot.column)),
                ("endLine", str(spot.end_line)),
                ("endColumn", str(spot.end_column)),
            ]
    lines = [f"{diagnostic.code}: {diagnostic.message}", *diagnostic.notes]
    if diagnostic.help:
        lines.append(f"help: {diagnostic.help}")
    listed = ",".join(f"{name}={_property(value)}" for name, value in fields)
    return f"::{diagnostic.severity} {listed}::{_escaped(chr(10).join(lines))}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
