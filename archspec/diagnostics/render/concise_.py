"""One line per finding: for logs, editors and problem matchers."""

from collections.abc import Sequence

from archspec.diagnostics.diagnostic import shown
from archspec.diagnostics.locate import Finding
from archspec.diagnostics.render import ValidationRun, closing
from archspec.diagnostics.render.full_ import place


def render(findings: Sequence[Finding], run: ValidationRun) -> str:
    """`specs/net.toml:12:5: error[AS201] there is no …`."""
    return "".join(f"{line(finding)}\n" for finding in findings) + f"{closing(findings, run)}\n"


def line(finding: Finding) -> str:
    """One finding, with its help."""
    diagnostic = finding.diagnostic
    advice = f" ({shown(diagnostic.help, limit=1000)})" if diagnostic.help else ""
    where = place(finding.spot) if finding.spot.known else f"{place(finding.spot)}:1:1"
    return (
        f"{where}: {diagnostic.severity}[{diagnostic.code}] {shown(diagnostic.message, limit=1000)}{advice}"
    )
