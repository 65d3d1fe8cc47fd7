"""Check whether the backends can lower a network: the findings of an export, without the export."""

from typing import TYPE_CHECKING

from archspec.backends.options import Options, one_of
from archspec.diagnostics import Diagnostic, SpecError
from archspec.ir import Module, walk
from archspec.ops.core.base import Op

if TYPE_CHECKING:
    from archspec.model import Model

BACKENDS = ("torch", "onnx")


def refusals(model: "Model", only: str | None = None) -> list[Diagnostic]:
    """The findings that prevent an export to PyTorch and to ONNX, or to `only` one of them."""
    if only is not None:
        one_of("backend", only, BACKENDS)
    found: list[Diagnostic] = []
    for backend in BACKENDS:
        if only in (None, backend):
            found += _torch(model) if backend == "torch" else _onnx(model)
    return found


def _onnx(model: "Model") -> list[Diagnostic]:
    from archspec.backends.onnx.lowering import refusals as refused

    return refused(model.network, Options().opset)


def _torch(model: "Model") -> list[Diagnostic]:
    """The findings for PyTorch. Generating the source is slow, so it is skipped where nothing in it can fail."""
    from archspec.backends.torch.source import source

    if any(_can_fail(module) for module in walk(model.root)):
        try:
            source(model)
        except SpecError as error:
            return list(error.diagnostics)
    return []


def _can_fail(module: Module) -> bool:
    if module.op is None:
        return bool(module.shared)
    return module.op.asks_for_sizes or type(module.op).torch is Op.torch or "." in module.op.name
