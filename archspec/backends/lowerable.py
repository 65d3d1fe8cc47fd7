"""Whether the backends can write a network: the findings of an export, without the export."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from archspec.diagnostics import Diagnostic, SpecError
from archspec.ir import Module
from archspec.ops.core.base import Op

if TYPE_CHECKING:
    from archspec.api import Model

BACKENDS = ("torch", "onnx")


def refusals(model: "Model", only: str | None = None) -> list[Diagnostic]:
    """What keeps a network from being written in PyTorch and in ONNX, or `only` in one of them."""
    found: list[Diagnostic] = []
    for backend in BACKENDS:
        if only in (None, backend):
            try:
                (_torch if backend == "torch" else _onnx)(model)
            except SpecError as error:
                found += error.diagnostics
    return found


def _onnx(model: "Model") -> None:
    from archspec.backends.onnx_model.lowering import Lowering

    Lowering(model.network, opset=20, functions=True)  # each block once


def _torch(model: "Model") -> None:
    """Writing the source takes longer than all other checks: it is done where something could be in its way."""
    from archspec.backends.torch_source import source

    if any(_can_fail(module) for module in _modules(model.root, set())):
        source(model)


def _can_fail(module: Module) -> bool:
    if module.op is None:
        return any(node.shares is not None for node in module.body)
    asks_for_sizes = module.op.name in ("expand", "reshape")  # of free dimensions, which a block may not see
    return asks_for_sizes or type(module.op).torch is Op.torch or "." in module.op.name


def _modules(module: Module, seen: set[Module]) -> Iterator[Module]:
    """Every module once."""
    if module not in seen:
        seen.add(module)
        yield module
        for node in module.body:
            yield from _modules(node.module, seen)
