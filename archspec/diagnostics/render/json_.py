"""For programs: a list of objects. Keys are added in later versions, never renamed."""

import json
from collections.abc import Sequence
from typing import Any

from archspec.diagnostics.locate import Finding
from archspec.diagnostics.render import Run


def render(findings: Sequence[Finding], run: Run) -> str:  # noqa: ARG001 — the same for every format
    """All findings; an empty list where there are none."""
    return json.dumps([data(finding) for finding in findings], indent=2) + "\n"


def data(finding: Finding) -> dict[str, Any]:
    """One finding. Lines and columns count from 1, columns in characters; `null` where the place is not known."""
    diagnostic, spot = finding.diagnostic, finding.spot
    edit = finding.edit
    return {
        "code": diagnostic.code, "severity": diagnostic.severity, "message": diagnostic.message,
        "path": list(diagnostic.path), "file": diagnostic.file, "line": spot.line or None,
        "column": spot.column or None, "end_line": spot.end_line or None, "end_column": spot.end_column or None,
        "notes": list(diagnostic.notes), "help": diagnostic.help,
        "calls": [{"file": call.file, "line": call.line or None, "column": call.column or None}
                  for call in finding.calls],
        "labels": [{"text": text, "file": spot.file, "line": spot.line or None, "column": spot.column or None}
                   for spot, text in finding.labels],
        "edit": None if edit is None else {"start": edit.start, "stop": edit.stop, "text": edit.text},
    }  # fmt: skip
