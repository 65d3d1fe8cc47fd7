"""Output formats of findings, one per file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from archspec.diagnostics.locate import Finding
from archspec.diagnostics.rule import Rule

FORMATS = ("full", "concise", "json", "github", "gitlab", "sarif", "junit")


@dataclass(frozen=True, slots=True)
class ValidationRun:
    """What was checked."""

    files: tuple[str, ...]
    networks: int
    rules: Callable[[], Mapping[str, type[Rule]]]
    """The rules, by code."""


def render(format_: str, findings: Sequence[Finding], run: ValidationRun) -> str:
    """The findings of a run in one of `FORMATS`."""
    function: Callable[[Sequence[Finding], ValidationRun], str] = import_module(
        f"{__name__}.{format_}_"
    ).render
    return function(findings, run)


def counted(number: int, what: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def closing(findings: Sequence[Finding], run: ValidationRun) -> str:
    """The summary line for people."""
    looked = counted(len(run.files), "file") + (
        f", {counted(run.networks, 'network')}" if run.networks else ""
    )
    if not findings:
        return f"no findings in {looked}"
    severities = [item.diagnostic.severity for item in findings]
    kinds = [counted(severities.count(kind), kind) for kind in ("error", "warning") if kind in severities]
    return f"{' and '.join(kinds)} in {looked}"
