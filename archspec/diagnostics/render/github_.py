"""Annotations of GitHub Actions.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from collections.abc import Sequence

from archspec.diagnostics.locate import Finding
from archspec.diagnostics.render import Run


def render(findings: Sequence[Finding], run: Run) -> str:  # noqa: ARG001 — the same for every format
    """A command a finding. GitHub keeps ten errors and ten warnings a step: print the full text beside them."""
    return "".join(f"{command(finding)}\n" for finding in findings)


def command(finding: Finding) -> str:
    """`::error file=…,line=…::message`."""
    diagnostic, spot = finding.diagnostic, finding.spot
    fields = [("title", f"archspec ({diagnostic.code})"), ("file", diagnostic.file)]
    if spot.known:
        fields.append(("line", str(spot.line)))
        if spot.end_line == spot.line:  # columns of several lines confuse it
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
