"""JUnit XML, as read by Jenkins and others: one test suite per file, one failure per finding."""

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from archspec.diagnostics.locate import Finding
from archspec.diagnostics.render import ValidationRun
from archspec.diagnostics.render.full_ import one
from archspec.diagnostics.repository import Repositories

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(findings: Sequence[Finding], run: ValidationRun) -> str:
    """All checked files; those with findings fail."""
    files = Repositories()
    by_file: dict[str, list[Finding]] = {files.path(file): [] for file in run.files}
    for finding in findings:
        by_file.setdefault(files.path(finding.diagnostic.file), []).append(finding)
    counts = f'tests="{sum(max(len(found), 1) for found in by_file.values())}" failures="{len(findings)}" errors="0"'
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f'<testsuites name="archspec" {counts}>']
    for file, found in by_file.items():
        name = _attribute(file)
        lines.append(
            f'  <testsuite name={name} tests="{max(len(found), 1)}" failures="{len(found)}" errors="0">'
        )
        if not found:
            lines.append(f'    <testcase name="valid" classname={name} />')
        for finding in found:
            diagnostic, line = finding.diagnostic, finding.spot.line or 1
            title = _attribute(f"{diagnostic.code} {diagnostic.location}".strip())
            lines += [
                f'    <testcase name={title} classname={name} line="{line}">',
                f"      <failure message={_attribute(diagnostic.message)}>{escape(_xml(one(finding)))}</failure>",
                "    </testcase>",
            ]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _attribute(text: str) -> str:
    return quoteattr(_xml(text))


def _xml(text: str) -> str:
    """Replace the characters that XML cannot represent."""
    return _NOT_XML.sub("\ufffd", text)
