"""Proving what archspec says of a network, item by item, against PyTorch, the onnx package and ONNX Runtime."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archspec.diagnostics import Diagnostic, SpecError, UsageError
from archspec.ir import Origin

if TYPE_CHECKING:
    from archspec.api import Model

BACKENDS = ("torch", "onnx")


@dataclass(slots=True)
class Item:
    """One statement about a network, and whether it holds."""

    name: str
    detail: str
    findings: list[Diagnostic] = field(default_factory=list)
    ran: bool = True
    """False: it could not be checked, which is not the same as that it holds."""


def verify(model: "Model", only: str | None = None) -> list[Item]:
    """Compare a network with what it is compiled to: all of it, or `only` for `torch` or `onnx`.

    What a missing package keeps from running is an item that did not run. Raises `SpecError` where the network cannot
    be written in PyTorch.
    """
    items: list[Item] = []
    for backend in BACKENDS:
        if only in (None, backend):
            items += _torch(model) if backend == "torch" else _onnx(model)
    return items


def _torch(model: "Model") -> Iterator[Item]:
    from archspec.backends.torch_module import build
    from archspec.backends.verify_torch import Proof

    try:
        module = build(model, device="meta")
    except UsageError as error:
        yield Item("PyTorch", str(error), ran=False)
        return
    yield from Proof(model, module).items()


def _onnx(model: "Model") -> Iterator[Item]:
    from archspec.backends.verify_onnx import Proof

    try:
        proof = Proof(model)
    except SpecError as error:
        yield Item("ONNX", "; ".join(found.message for found in error.diagnostics), ran=False)
        return
    with proof:
        yield from proof.items()


def finding(model: "Model", origins: Mapping[str, Origin], message: str, path: str = "") -> Diagnostic:
    """Something differs, in the module at `path`, or in the nearest around it that the spec has."""
    while path and path not in origins:
        path = path.rpartition(".")[0]
    origin = origins.get(path, Origin(model.file, ("model",)))
    return Diagnostic("AS704", message, origin.file, origin.path)
