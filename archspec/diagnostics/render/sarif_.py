"""SARIF 2.1.0. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html"""

import json
import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from archspec._version import __version__
from archspec.diagnostics.locate import Finding, Spot
from archspec.diagnostics.render import Run
from archspec.diagnostics.render.gitlab_ import fingerprint
from archspec.diagnostics.rule import Rule


def render(findings: Sequence[Finding], run: Run) -> str:
    """One run, with the rules that found something."""
    rules = run.rules()
    codes = sorted({finding.diagnostic.code for finding in findings})
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "archspec", "version": __version__,
                                "rules": [description(rules[code]) for code in codes]}},
            "columnKind": "unicodeCodePoints",
            "results": [result(finding, codes.index(finding.diagnostic.code)) for finding in findings],
        }],
    }  # fmt: skip
    return json.dumps(log, indent=2) + "\n"


def description(rule: type[Rule]) -> dict[str, Any]:
    """What there is to say about a rule."""
    what, why, instead = rule.paragraphs()
    text = f"{why}\n\n{instead}"
    return {
        "id": rule.code, "name": rule.name, "shortDescription": {"text": what}, "fullDescription": {"text": why},
        "help": {"text": text, "markdown": text}, "defaultConfiguration": {"level": rule.severity},
    }  # fmt: skip


def result(finding: Finding, rule: int) -> dict[str, Any]:
    """One finding; its labels and the calls that lead to it are related places."""
    diagnostic = finding.diagnostic
    lines = [diagnostic.message, *diagnostic.notes]
    if diagnostic.help:
        lines.append(f"help: {diagnostic.help}")
    found: dict[str, Any] = {
        "ruleId": diagnostic.code, "ruleIndex": rule, "level": diagnostic.severity,
        "message": {"text": "\n".join(lines)},
        "locations": [{"physicalLocation": _place(finding.spot)}],
        "partialFingerprints": {"archspec/v1": fingerprint(finding)},
    }  # fmt: skip
    related = [*finding.labels, *((call, "called from here") for call in finding.calls)]
    if related:
        found["relatedLocations"] = [
            {"id": number, "physicalLocation": _place(spot), "message": {"text": text}}
            for number, (spot, text) in enumerate(related)
        ]
    return found


def _place(spot: Spot) -> dict[str, Any]:
    place: dict[str, Any] = {
        "artifactLocation": {"uri": quote(spot.file.replace(os.sep, "/"), errors="surrogateescape")}
    }
    if spot.known:
        place["region"] = {"startLine": spot.line, "startColumn": spot.column, "endLine": spot.end_line,
                           "endColumn": spot.end_column}  # fmt: skip
    return place
