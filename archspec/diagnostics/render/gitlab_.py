"""A GitLab code quality report. https://docs.gitlab.com/ci/testing/code_quality/"""

import json
from collections.abc import Sequence
from hashlib import sha256

from archspec.diagnostics.locate import Finding
from archspec.diagnostics.render import ValidationRun
from archspec.diagnostics.repository import Repositories


def render(findings: Sequence[Finding], run: ValidationRun) -> str:  # noqa: ARG001 — the same for every format
    """A list of issues."""
    issues, files = [], Repositories()
    for finding in findings:
        diagnostic, spot = finding.diagnostic, finding.spot
        issues.append(
            {
                "description": diagnostic.message,
                "check_name": diagnostic.code,
                "fingerprint": fingerprint(finding, files),
                "severity": "major" if diagnostic.severity == "error" else "minor",
                "location": {"path": files.path(diagnostic.file), "lines": {"begin": spot.line or 1}},
            }
        )
    return json.dumps(issues, indent=2) + "\n"


def fingerprint(finding: Finding, files: Repositories) -> str:
    """A hash of the rule, the file and the path in it, independent of line numbers and of the working folder."""
    diagnostic = finding.diagnostic
    text = f"{diagnostic.code}\n{files.path(diagnostic.file)}\n{diagnostic.location}"
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
