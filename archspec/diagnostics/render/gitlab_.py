"""A code quality report of GitLab. https://docs.gitlab.com/ci/testing/code_quality/"""

import json
from collections.abc import Sequence
from hashlib import sha256

from archspec.diagnostics.locate import Finding
from archspec.diagnostics.render import Run


def render(findings: Sequence[Finding], run: Run) -> str:  # noqa: ARG001 — the same for every format
    """A list of issues."""
    issues = []
    for finding in findings:
        diagnostic, spot = finding.diagnostic, finding.spot
        issues.append({
            "description": diagnostic.message, "check_name": diagnostic.code, "fingerprint": fingerprint(finding),
            "severity": "major" if diagnostic.severity == "error" else "minor",
            "location": {"path": diagnostic.file, "lines": {"begin": spot.line or 1}},
        })  # fmt: skip
    return json.dumps(issues, indent=2) + "\n"


def fingerprint(finding: Finding) -> str:
    """What stays the same when lines move: the rule, the file and the path in it."""
    diagnostic = finding.diagnostic
    return sha256(
        f"{diagnostic.code}\n{diagnostic.file}\n{diagnostic.location}".encode("utf-8", "surrogatepass")
    ).hexdigest()
