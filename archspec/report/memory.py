"""Format the memory of a network, for people and for programs."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from archspec.analysis.memory import DEFINITIONS, Memory
from archspec.report.numbers import in_bytes

if TYPE_CHECKING:
    from archspec.analysis.memory import Optimizer
    from archspec.model import Model


def lines(model: "Model", dtype: str, optimizer: "Optimizer") -> list[tuple[str, str, str]]:
    """The rows below a summary: name, amount, and its breakdown."""
    memory = model.memory(dtype, optimizer)
    inference, training = memory.inference, memory.training
    parts = {"weights": training.weights, "gradients": training.gradients, optimizer: training.optimizer}
    parts["saved activations"] = training.activations
    place = f"{inference.kind} in {inference.path}" if inference.path else inference.kind
    peak = (
        f"weights {in_bytes(inference.weights)}, activations {in_bytes(inference.peak)} at the peak, {place}"
    )
    made_of = ", ".join(f"{name} {in_bytes(size)}" for name, size in parts.items() if size)
    return [
        ("Inference", in_bytes(inference.total), peak),
        ("Training", in_bytes(training.total), made_of),
        ("", "", f"at batch {model.batch} in {dtype}"),
    ]


def to_json(memory: Memory, dtype: str, optimizer: str) -> dict[str, Any]:
    """The memory as plain data, in bytes."""
    return {
        "dtype": dtype,
        "optimizer": optimizer,
        "inference": {**asdict(memory.inference), "total": memory.inference.total},
        "training": {**asdict(memory.training), "total": memory.training.total},
        "definitions": DEFINITIONS,
    }
