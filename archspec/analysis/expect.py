"""Compare a network's numbers with the expectations of its spec."""

from archspec.analysis.totals import Report
from archspec.diagnostics import Diagnostic, Problem
from archspec.elaborate import Network
from archspec.language.expectations import Expectation, parse
from archspec.types import shape_text


def check(network: Network, report: Report) -> list[Diagnostic]:
    """A finding (AS501) for each failed expectation of the network, or of its variant.

    `report` must be for batch size 1.
    """
    path = ("expect",) if not network.document.variants else ("expect", str(network.variant))
    return [
        problem.located(network.document.file, path)
        for _, problem in compared(network, report)
        if problem is not None
    ]


def compared(network: Network, report: Report) -> list[tuple[Expectation, Problem | None]]:
    """Each expectation of the network, or of its variant, with what is wrong. `report` must be for batch size 1."""
    document = network.document
    table = document.expect
    if document.variants:
        if network.variant is None or network.variant not in table:
            return []
        table = table[network.variant]
    return [(expectation, _compare(expectation, report)) for expectation in parse(table)[0]]


def measured(expectation: Expectation, report: Report) -> str:
    """What the network has of what is expected."""
    if expectation.bound is None:
        return str(report.inference.outputs[0])
    return f"{_number(expectation, report):,}"


def _number(expectation: Expectation, report: Report) -> int:
    totals = report.inference
    if expectation.path[0] == "training":
        totals = report.training or report.inference
    return int(getattr(totals, str(expectation.path[-1])))


def _compare(expectation: Expectation, report: Report) -> Problem | None:
    name = ".".join(map(str, expectation.path))
    if expectation.bound is None:
        actual = report.inference.outputs[0]
        if actual.shape == expectation.output:
            return None
        wanted = shape_text(expectation.output)
        return Problem("AS501", f"`output` is {actual}, expected {wanted}", at=expectation.path)
    number = _number(expectation, report)
    bound = expectation.bound
    if bound.holds(number):
        return None
    difference = f"{100 * (number - bound.value) / bound.value:+.2f} %" if bound.value else ""
    if difference.startswith(("+0.00", "-0.00")):
        difference = f"{number - bound.value:+,g}" if abs(number - bound.value) < 10**6 else ""
    text = f"`{name}` is {number:,}, expected {bound.text}" + (f" ({difference})" if difference else "")
    return Problem("AS501", text, at=expectation.path)
