"""SARIF 2.1.0. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html"""

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from archspec._version import __version__
from archspec.diagnostics.locate import Finding, Spot
from archspec.diagnostics.render import ValidationRun
from archspec.diagnostics.render.gitlab_ import fingerprint
from archspec.diagnostics.repository import Repositories
from archspec.diagnostics.rule import Rule


def render(findings: Sequence[Finding], run: ValidationRun) -> str:
    """One run, with the rules of its findings."""
    rules, bases = run.rules(), Bases()
    codes = sorted({finding.diagnostic.code for finding in findings})
    results = [result(finding, codes.index(finding.diagnostic.code), bases) for finding in findings]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "archspec",
                        "version": __version__,
                        "rules": [description(rules[code]) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                **({"originalUriBaseIds": bases.data()} if bases.names else {}),
                "results": results,
            }
        ],
    }
    return json.dumps(log, indent=2) + "\n"


class Bases:
    """The roots of repositories, to which the URIs of files are relative; 3.14.14."""

    def __init__(self) -> None:
        self.files = Repositories()
        self.names: dict[str, str] = {}

    def artifact(self, file: str) -> dict[str, str]:
        """The location of a file; 3.4."""
        located = self.files.locate(file)
        if not located.root:
            return {"uri": located.uri}
        number = len(self.names) + 1
        name = self.names.setdefault(located.root, f"%SRCROOT{number if number > 1 else ''}%")
        return {"uri": located.uri, "uriBaseId": name}

    def data(self) -> dict[str, Any]:
        """The URIs of the roots, by name."""
        return {name: {"uri": f"{PurePath(root).as_uri().rstrip('/')}/"} for root, name in self.names.items()}


def description(rule: type[Rule]) -> dict[str, Any]:
    """The description of a rule."""
    what, why, instead = rule.paragraphs()
    text = f"{why}\n\n{instead}"
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": what},
        "fullDescription": {"text": why},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": rule.severity},
    }


def result(finding: Finding, rule: int, bases: Bases) -> dict[str, Any]:
    """One finding; its labels and its chain of calls are related locations."""
    diagnostic = finding.diagnostic
    lines = [diagnostic.message, *diagnostic.notes]
    if diagnostic.help:
        lines.append(f"help: {diagnostic.help}")
    found: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": {"text": "\n".join(lines)},
        "locations": [{"physicalLocation": _place(finding.spot, bases)}],
        "partialFingerprints": {"archspec/v1": fingerprint(finding, bases.files)},
    }
    related = [*finding.labels, *((call, "called from here") for call in finding.calls)]
    if related:
        found["relatedLocations"] = [
            {"id": number, "physicalLocation": _place(spot, bases), "message": {"text": text}}
            for number, (spot, text) in enumerate(related)
        ]
    return found


def _place(spot: Spot, bases: Bases) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": bases.artifact(spot.file)}
    if spot.known:
        place["region"] = {
            "startLine": spot.line,
            "startColumn": spot.column,
            "endLine": spot.end_line,
            "endColumn": spot.end_column,
        }
    return place
