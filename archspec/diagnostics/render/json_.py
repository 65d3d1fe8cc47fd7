"""The format for programs: a list of objects. Later versions may add keys, but never rename them."""

import json
from collections.abc import Sequence
from typing import Any

from archspec.diagnostics.locate import Finding, Spot
from archspec.diagnostics.render import ValidationRun


def render(findings: Sequence[Finding], run: ValidationRun) -> str:
    """All findings; an empty list if there are none."""
    rules = run.rules()
    listed = [data(finding, rules[finding.diagnostic.code].name) for finding in findings]
    return json.dumps(listed, indent=2) + "\n"


def data(finding: Finding, rule: str) -> dict[str, Any]:
    """One finding of a rule. Lines and columns count from 1, columns in characters; `null` if unknown."""
    diagnostic, spot = finding.diagnostic, finding.spot
    edit = finding.edit
    return {
        "code": diagnostic.code,
        "name": rule,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "path": list(diagnostic.path),
        "file": diagnostic.file,
        "line": spot.line or None,
        "column": spot.column or None,
        "end_line": spot.end_line or None,
        "end_column": spot.end_column or None,
        "notes": list(diagnostic.notes),
        "help": diagnostic.help,
        "calls": [_place(call) for call in finding.calls],
        "labels": [{"text": text, **_place(spot)} for spot, text in finding.labels],
        "edit": None if edit is None else {"start": edit.start, "stop": edit.stop, "text": edit.text},
    }


def _place(spot: Spot) -> dict[str, Any]:
    return {"file": spot.file, "line": spot.line or None, "column": spot.column or None}
