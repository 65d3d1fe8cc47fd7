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
    document = network.document
    path: tuple[str, ...] = ("expect",)
    table = document.expect
    if document.variants:
        if network.variant is None or network.variant not in table:
            return []
        path, table = ("expect", network.variant), table[network.variant]
    findings = []
    for expectation in parse(table)[0]:
        problem = _compare(expectation, report)
        if problem is not None:
            findings.append(problem.located(document.file, path))
    return findings


def _compare(expectation: Expectation, report: Report) -> Problem | None:
    name = ".".join(map(str, expectation.path))
    if expectation.bound is None:
        actual = report.inference.outputs[0]
        if actual.shape == expectation.output:
            return None
        wanted = shape_text(expectation.output)
        return Problem("AS501", f"`output` is {actual}, expected {wanted}", at=expectation.path)
    totals = report.inference
    if expectation.path[0] == "training":
        totals = report.training or report.inference
    number = getattr(totals, str(expectation.path[-1]))
    bound = expectation.bound
    if bound.holds(number):
        return None
    difference = f"{100 * (number - bound.value) / bound.value:+.2f} %" if bound.value else ""
    if difference.startswith(("+0.00", "-0.00")):
        difference = f"{number - bound.value:+,g}" if abs(number - bound.value) < 10**6 else ""
    text = f"`{name}` is {number:,}, expected {bound.text}" + (f" ({difference})" if difference else "")
    return Problem("AS501", text, at=expectation.path)
