"""The summary for programs: JSON, CSV and Markdown, without rich. The JSON format is stable: keys are only added."""

import csv
import io
from typing import TYPE_CHECKING, Any

from archspec._version import __version__
from archspec.analysis.cost import DEFINITIONS
from archspec.analysis.modules import Row
from archspec.analysis.totals import Totals
from archspec.report.columns import COLUMNS
from archspec.report.numbers import dims, human, shapes, shown_batch
from archspec.types import Dim

if TYPE_CHECKING:
    from archspec.model import Model

FORMAT_VERSION = "1.0"


def to_json(model: "Model") -> dict[str, Any]:
    """The whole summary as plain data, with one entry per module, whose MACs are those of all its calls."""
    calls: dict[str, list[int]] = {}
    modules = []
    for row in model.modules():
        if row.shares:
            calls.setdefault(row.path, []).append(row.cost.macs_of(model.batch))
        elif row.is_module:
            modules.append(_module(row, model))
    for module in modules:
        further = calls.get(module["path"], [])
        module["count"] += len(further)
        module["macs"] += sum(further)
    return {
        "format_version": FORMAT_VERSION,
        "archspec": __version__,
        "spec": model.file,
        "model": model.network.document.name,
        "variant": model.variant,
        "params": model.params,
        "batch": model.batch,
        "input": list(next(iter(model.inputs.values())).shape),
        "inputs": [{"name": name, "shape": list(type_.shape)} for name, type_ in model.inputs.items()],
        "totals": _totals(model.totals),
        "training_totals": _totals(model.training_totals),
        "modules": modules,
        "weights": {key: list(weight.shape) for key, weight in model.weights().items()},
        "definitions": DEFINITIONS,
    }


def _totals(totals: Totals) -> dict[str, Any]:
    outputs = [list(type_.shape) for type_ in totals.outputs]
    return {
        "params": totals.params,
        "trainable": totals.trainable,
        "buffers": totals.buffers,
        "macs": totals.macs,
        "flops": totals.flops,
        "modules": totals.modules,
        "weights": totals.weights,
        "output": outputs[0],
        "outputs": outputs,
    }


def _module(row: Row, model: "Model") -> dict[str, Any]:
    op = row.module.op
    return {
        "path": row.path,
        "op": row.kind,
        "name": row.name,
        "depth": row.depth,
        "fields": _fields(row),
        "input": [list(type_.shape) for type_ in row.inputs],
        "output": _output([list(type_.shape) for type_ in row.outputs]),
        "params": row.cost.params,
        "buffers": row.cost.buffers,
        "macs": row.cost.macs_of(model.batch),
        "count": 1,
        "leaf": op is not None,
        "training_only": row.training,
        "source": {"file": row.origin.file, "path": list(row.origin.path)},
    }


def _fields(row: Row) -> dict[str, Any]:
    if row.module.op is not None:
        return row.module.op.model_dump(mode="json", exclude_unset=True)
    return dict(row.module.args)


def _output(outputs: list[list[Dim]]) -> list[Any]:
    """The shape of a single output; a list of shapes for several."""
    return outputs[0] if len(outputs) == 1 else outputs


def to_csv(model: "Model", columns: tuple[str, ...], listed: list[Row]) -> str:
    """A CSV row for each module, with plain numbers."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    names = ("path", *(name for name in columns if name != "path"))
    writer.writerow(name.rstrip("#") for name in names)
    for row in listed:
        writer.writerow(_cell(name, row, model) for name in names)
    return stream.getvalue()


def _cell(name: str, row: Row, model: "Model") -> object:
    if name.endswith("%"):
        whole = model.training_totals.params if name == "params%" else model.training_totals.macs
        return f"{int(COLUMNS[name].value(row, model)) / whole:.6f}" if whole else "0"
    return COLUMNS[name].value(row, model)


def to_markdown(model: "Model", columns: tuple[str, ...], listed: list[Row]) -> str:
    """A table for a README or a pull request, and the totals below it."""
    names = ("path", *(name for name in columns if name != "path"))
    heads = ["Module", *(COLUMNS[name].heading for name in names[1:])]
    lines = [f"| {' | '.join(heads)} |"]
    lines.append("|" + "|".join("---:" if COLUMNS[name].right else "---" for name in names) + "|")
    for row in listed:
        cells = [COLUMNS[name].text(row, model).replace("|", "\\|") for name in names]
        cells[0] = (
            f"`{row.path}`" + (f" … `{row.last}` × {row.count}" if row.count > 1 else "")
            if row.is_module
            else ""
        )
        lines.append(f"| {' | '.join(cells)} |")
    batch = shown_batch(model)
    inputs = ", ".join(dims(type_.shape, batch) for type_ in model.inputs.values())
    totals = model.totals
    summary = f"**{model.name}**: {inputs} → {shapes(model.outputs, batch)}, {totals.params:,} parameters"
    lines += ["", f"{summary}, {totals.macs:,} MACs ({human(totals.flops)} FLOPs)"]
    if model.report.training is not None:
        lines.append(
            f"In training: {model.report.training.params:,} parameters, {model.report.training.macs:,} MACs"
        )
    return "\n".join(lines) + "\n"
