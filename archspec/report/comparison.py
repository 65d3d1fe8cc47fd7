"""Compare networks side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archspec._version import __version__
from archspec.diagnostics.diagnostic import shown
from archspec.report.layout import CellKind, Column
from archspec.report.machine import FORMAT_VERSION
from archspec.report.numbers import human, mebibytes, shapes, shown_batch
from archspec.types import TensorType

if TYPE_CHECKING:
    from archspec.model import Model


SIDE_BY_SIDE = 6
"""The most networks that have a column each; if there are more, each has a row."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A compared property: its full and its short text, and the kind of its column."""

    heading: str
    text: Callable[["Model"], str]
    kind: CellKind = CellKind.OTHER
    short: Callable[["Model"], str] | None = None


def _shapes(heading: str, types: Callable[["Model"], tuple[TensorType, ...]]) -> Fact:
    def text(model: "Model", *, short: bool = False) -> str:
        return shapes(types(model), shown_batch(model), short=short)

    return Fact(heading, text, CellKind.SHAPES, lambda model: text(model, short=True))


def _count(heading: str, number: Callable[["Model"], int]) -> Fact:
    def text(model: "Model", form: Callable[[int], str]) -> str:
        return form(value) if (value := number(model)) else ""

    return Fact(
        heading, lambda model: text(model, "{:,}".format), CellKind.COUNTS, lambda model: text(model, human)
    )


def _layers(kind: str) -> Fact:
    return Fact(f"{kind} layers", lambda model: f"{_kinds(model).get(kind, 0):,}")


FACTS = (
    _shapes("Input", lambda model: tuple(model.inputs.values())),
    _shapes("Output", lambda model: model.outputs),
    _count("Parameters", lambda model: model.totals.params),
    _count("… in training", lambda model: model.report.training.params if model.report.training else 0),
    _count("Buffers", lambda model: model.totals.buffers),
    Fact("float32 size", lambda model: mebibytes(model.totals.params)),
    _count("MACs", lambda model: model.totals.macs),
    Fact("FLOPs", lambda model: human(model.totals.flops)),
    Fact("Modules", lambda model: f"{model.totals.modules:,}"),
    _layers("conv"),
    _layers("linear"),
)
BY_NEED = (
    "Parameters",
    "MACs",
    "Output",
    "Input",
    "float32 size",
    "FLOPs",
    "… in training",
    "Buffers",
    "Modules",
    "conv layers",
    "linear layers",
)
"""The facts in the order in which they are added to a row while they fit."""


def _kinds(model: "Model") -> dict[str, int]:
    """The number of ops of each kind."""
    from archspec.analysis.kinds import op_counts

    return op_counts(model.root)


def titles(models: Sequence["Model"]) -> list[str]:
    """A heading for each network: its name, with its file if the name is not unique."""
    names = [model.name for model in models]
    return [
        name if names.count(name) == 1 else f"{name} ({shown(model.file)})"
        for name, model in zip(names, models, strict=True)
    ]


def columns(models: Sequence["Model"]) -> list[Column]:
    """A column for each fact that applies to any of the networks, with a row for each network."""
    made = [
        Column(
            fact.heading,
            fact.kind,
            [fact.text(model) for model in models],
            [fact.short(model) for model in models] if fact.short else (),
            right=fact.kind is not CellKind.SHAPES,
        )
        for fact in FACTS
    ]
    return [column for column in made if any(column.cells)]


def to_json(models: Sequence["Model"]) -> dict[str, Any]:
    """The comparison as plain data."""
    return {
        "format_version": FORMAT_VERSION,
        "archspec": __version__,
        "models": [
            {
                "spec": model.file,
                "model": model.network.document.name,
                "variant": model.variant,
                "input": list(next(iter(model.inputs.values())).shape),
                "output": list(model.outputs[0].shape),
                "inputs": [
                    {"name": name, "shape": list(type_.shape)} for name, type_ in model.inputs.items()
                ],
                "outputs": [list(type_.shape) for type_ in model.outputs],
                "batch": model.batch,
                "params": model.totals.params,
                "training_params": model.training_totals.params,
                "buffers": model.totals.buffers,
                "macs": model.totals.macs,
                "flops": model.totals.flops,
                "modules": model.totals.modules,
                "ops": _kinds(model),
            }
            for model in models
        ],
    }


def to_markdown(models: Sequence["Model"]) -> str:
    """The comparison as a Markdown table: one column per network, or one row if there are many."""
    names, facts = [title.replace("|", "\\|") for title in titles(models)], columns(models)
    if len(models) > SIDE_BY_SIDE:
        heads = ["", *(fact.heading for fact in facts)]
        rows = [[name, *(fact.cells[index] for fact in facts)] for index, name in enumerate(names)]
    else:
        heads = ["", *names]
        rows = [[fact.heading, *fact.cells] for fact in facts]
    rule = f"|---|{'---:|' * (len(heads) - 1)}"
    return "\n".join([_row(heads), rule, *map(_row, rows)]) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
