"""Explain one module: its fields, the arithmetic of its sizes, its weights and its MACs."""

from itertools import islice
from typing import TYPE_CHECKING

from archspec.analysis.cost import Cost
from archspec.analysis.field import ReceptiveField
from archspec.analysis.modules import describe, find
from archspec.analysis.weights import weights
from archspec.diagnostics.diagnostic import show_path
from archspec.ir import Module
from archspec.report.numbers import dims, human, shapes, shown_batch

if TYPE_CHECKING:
    from archspec.model import Model

WEIGHTS_SHOWN = 24
FIELDS_UP_TO = 20_000
"""The largest network, in modules, for which an explanation includes the receptive field, which requires them all."""


def explain(model: "Model", path: str) -> str:
    """The description of the module at `path`, and the derivation of its numbers."""
    node, _ = find(model.root, path)
    module = node.module
    lines = [
        f"{path}: {describe(module)}",
        f"  defined at  {node.origin.file}: {show_path(node.origin.path)}",
    ]
    batch = shown_batch(model)
    if module.inputs:
        lines.append(f"  input       {shapes(module.inputs, batch)}")
    lines.append(f"  output      {shapes(module.outputs, batch)}")
    is_small = model.costs.of(model.root).modules <= FIELDS_UP_TO
    field = model.receptive_fields().get(path) if is_small else None
    if field is not None:
        lines.append(f"  sees        {_seen(field)}")
    lines += _sizes(module)
    cost = model.costs.of(module)
    lines += _weights(module, cost)
    if cost.macs:
        formula = module.op.macs_formula(module.inputs, module.outputs) if module.op else ""
        macs = cost.macs_of(model.batch)
        at = f" at batch {model.batch}" if model.batch != 1 else ""
        lines.append(
            f"  MACs        {f'{formula} = ' if formula else ''}{cost.macs:,}"
            + (f", {macs:,}{at}" if at else "")
            + f" ({human(2 * macs)} FLOPs{at})"
        )
    return "\n".join(lines) + "\n"


def _seen(field: ReceptiveField) -> str:
    """The receptive field of an output, in words."""
    size, stride = ("×".join(map(str, values)) for values in (field.size, field.stride))
    most = "at most " if field.at_most else ""
    if field.everything:
        return f"{most}the whole input"
    centre = ", ".join(f"{float(place):g}" for place in field.centre)
    text = f"{most}{size} of the input, stride {stride}, first centre {centre}"
    return text if field.aligned else f"{text}; misaligned branches"


def _sizes(module: Module) -> list[str]:
    if module.op is None:
        return []
    lines = list(module.op.explain(module.inputs))
    return [f"  {'sizes' if index == 0 else '':<10}  {line}" for index, line in enumerate(lines)]


def _weights(module: Module, cost: Cost) -> list[str]:
    lines: list[str] = []
    for key, weight in islice(weights(module), WEIGHTS_SHOWN):
        kind = " (buffer)" if weight.buffer else ""
        product = f"{dims(weight.shape)} = " if len(weight.shape) > 1 else ""
        lines.append(
            f"  {'' if lines else 'weights':<10}  {key or 'the tensor itself'}  {product}{weight.size:,}{kind}"
        )
    if cost.weights > WEIGHTS_SHOWN:
        lines.append(f"  {'':<10}  … and {cost.weights - WEIGHTS_SHOWN:,} more")
    if cost.weights > 1:
        lines.append(f"  {'parameters':<10}  {cost.params:,}")
    return lines
