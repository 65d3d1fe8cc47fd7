"""Verify a network, item by item, against PyTorch, the onnx package and ONNX Runtime."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archspec.backends.proof.device import CPU, checked, unusable
from archspec.backends.proof.item import Item, VerifyProgress, finding
from archspec.diagnostics import SpecError, UsageError
from archspec.diagnostics.diagnostic import shown

if TYPE_CHECKING:
    from torch import nn

    from archspec.backends.proof.values import Values
    from archspec.model import Model


def verify(
    model: "Model", only: str | None = None, progress: VerifyProgress | None = None, device: str = CPU
) -> list[Item]:
    """Compare a network with what it is compiled to: by both backends, or by `only` `torch` or `onnx`.

    `device` is where PyTorch and ONNX Runtime compute values: `cpu`, `cuda` or `cuda:1`. A check whose package or
    device is missing is an item that did not run. Raises `SpecError` if the network cannot be expressed in PyTorch,
    `UsageError` for another device.
    """
    return list(_Verification(model, progress or (lambda _: None), checked(device)).items(only))


@dataclass(slots=True)
class _Verification:
    """Verifies one network; values are computed in PyTorch once."""

    model: "Model"
    progress: VerifyProgress
    device: str
    values: "Values | None" = None
    missing: str = ""
    """Why there are no values to compare with; empty if there are."""

    def items(self, only: str | None) -> Iterator[Item]:
        if only in (None, "torch"):
            yield from self.torch()
        if only == "onnx":
            yield from self.prepared()
        if only in (None, "onnx"):
            yield from self.onnx()

    def torch(self) -> Iterator[Item]:
        self.progress("shapes and MACs")
        try:
            yield from self.ran(self.compared())
        except UsageError as error:
            self.missing = str(error)
            yield Item("PyTorch", self.missing, ran=False)

    def compared(self) -> Iterator[Item]:
        """Check the module's structure, and the values that it computes."""
        from archspec.backends.proof.reference import Reference
        from archspec.backends.proof.settings import settings
        from archspec.backends.proof.torch import ModuleComparison
        from archspec.backends.torch.module import build

        module = build(self.model, device="meta")
        yield from ModuleComparison(self.model, module).items()
        yield settings(self.model, module, Reference())
        self.compute(module)
        if self.values is None:
            yield Item("outputs", self.missing, ran=False)
        else:
            yield from self.values.items()

    def ran(self, items: Iterator[Item]) -> Iterator[Item]:
        """The items up to an exception of the module, which becomes a finding."""
        try:
            yield from items
        except (SpecError, UsageError):
            raise
        except Exception as error:  # generated source may raise anything
            self.missing = "PyTorch's module does not run"
            message = f"PyTorch raises {type(error).__name__}: {shown(str(error), limit=500)}"
            yield Item("PyTorch", self.missing, [finding(self.model, {}, message)])

    def prepared(self) -> Iterator[Item]:
        """Compute the values to compare an ONNX model with, if the PyTorch module itself is not verified."""
        try:
            yield from self.ran(self.sensitivity())
        except (UsageError, SpecError) as error:
            self.missing = str(error)

    def sensitivity(self) -> Iterator[Item]:
        """Whether the computed values would reveal errors; no item if no values were computed."""
        from archspec.backends.torch.module import build

        self.compute(build(self.model, device="meta"))
        if self.values is not None:
            yield self.values.sensitivity()

    def compute(self, module: "nn.Module") -> None:
        """Give the network weights and compute its values, if its state_dict is as expected."""
        from archspec.backends.proof.values import Values

        theirs = {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}
        if theirs != {key: weight.shape for key, weight in self.model.weights().items()}:
            self.missing = "the state_dict of PyTorch's module differs"
            return
        self.missing = unusable(self.device)
        if not self.missing:
            self.progress("computing it in PyTorch")
            self.values = Values.of(self.model, self.device)

    def onnx(self) -> Iterator[Item]:
        from archspec.backends.proof.onnx import OnnxComparison

        self.progress("writing it in ONNX")
        try:
            proof = OnnxComparison(self.model, self.values, self.missing)
        except SpecError as error:
            yield Item("ONNX", "; ".join(found.message for found in error.diagnostics), ran=False)
            return
        with proof:
            yield from proof.items(self.progress)
