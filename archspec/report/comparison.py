"""Networks side by side."""

from typing import TYPE_CHECKING, Any

from archspec._version import __version__
from archspec.diagnostics.diagnostic import shown
from archspec.report.machine import FORMAT_VERSION
from archspec.report.numbers import dims, human, mebibytes, shapes

if TYPE_CHECKING:
    from archspec.api import Model


def facts(model: "Model") -> dict[str, str]:
    """What is compared, for people."""
    totals, training = model.totals, model.report.training
    batch = model.batch if model.batch != 1 else None
    kinds = _kinds(model)
    return {
        "Input": ", ".join(dims(type_.shape, batch) for type_ in model.inputs.values()),
        "Output": shapes(model.outputs, batch),
        "Parameters": f"{totals.params:,}",
        "… in training": f"{training.params:,}" if training else "",
        "Buffers": f"{totals.buffers:,}" if totals.buffers else "",
        "float32 size": mebibytes(totals.params),
        "MACs": f"{totals.macs:,}",
        "FLOPs": human(totals.flops),
        "Modules": f"{totals.modules:,}",
        "conv layers": f"{kinds.get('conv', 0):,}",
        "linear layers": f"{kinds.get('linear', 0):,}",
    }


def _kinds(model: "Model") -> dict[str, int]:
    """How many ops of each kind there are."""
    from archspec.analysis.kinds import op_counts

    return op_counts(model.root)


def titles(models: list["Model"]) -> list[str]:
    """A heading for each: its name, with its file where two have the same."""
    names = [model.name for model in models]
    return [name if names.count(name) == 1 else f"{name} ({shown(model.file)})"
            for name, model in zip(names, models, strict=True)]  # fmt: skip


def lines(models: list["Model"]) -> list[tuple[str, list[str]]]:
    """The rows of the comparison; rows that are empty everywhere are left out."""
    columns = [facts(model) for model in models]
    return [
        (key, [column[key] for column in columns])
        for key in columns[0]
        if any(column[key] for column in columns)
    ]


def to_json(models: list["Model"]) -> dict[str, Any]:
    """The comparison as plain data."""
    return {
        "format_version": FORMAT_VERSION,
        "archspec": __version__,
        "models": [
            {
                "spec": model.file, "model": model.network.document.name, "variant": model.variant,
                "input": list(next(iter(model.inputs.values())).shape),
                "output": list(model.outputs[0].shape), "params": model.totals.params,
                "training_params": model.training_totals.params, "buffers": model.totals.buffers,
                "macs": model.totals.macs, "flops": model.totals.flops, "modules": model.totals.modules,
                "ops": _kinds(model),
            }
            for model in models
        ],
    }  # fmt: skip


def to_markdown(models: list["Model"]) -> str:
    """The comparison as a Markdown table."""
    text = f"|  | {' | '.join(titles(models))} |\n|---|{'---:|' * len(models)}\n"
    return text + "".join(f"| {key} | {' | '.join(cells)} |\n" for key, cells in lines(models))
