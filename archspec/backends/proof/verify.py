"""Proving what archspec says of a network, item by item, against PyTorch, the onnx package and ONNX Runtime."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archspec.backends.proof.device import CPU, checked, unusable
from archspec.backends.proof.item import Item, Progress, finding
from archspec.diagnostics import SpecError, UsageError
from archspec.diagnostics.diagnostic import shown

if TYPE_CHECKING:
    from torch import nn

    from archspec.backends.proof.values import Values
    from archspec.model import Model

BACKENDS = ("torch", "onnx")


def verify(
    model: "Model", only: str | None = None, progress: Progress | None = None, device: str = CPU
) -> list[Item]:
    """Compare a network with what it is compiled to: all of it, or `only` for `torch` or `onnx`.

    `device` is where PyTorch and ONNX Runtime compute values: `cpu`, `cuda` or `cuda:1`. What a missing package or
    device keeps from running is an item that did not run. Raises `SpecError` where the network cannot be written in
    PyTorch, `UsageError` for another device.
    """
    return list(_Proof(model, progress or (lambda _: None), checked(device)).items(only))


@dataclass(slots=True)
class _Proof:
    """The proof of one network; what it computes in PyTorch is computed once."""

    model: "Model"
    progress: Progress
    device: str
    values: "Values | None" = None
    missing: str = ""
    """Why there are no values to compare with."""

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
        """What the module is, and what it computes."""
        from archspec.backends.proof.reference import Reference
        from archspec.backends.proof.settings import settings
        from archspec.backends.proof.torch import Proof
        from archspec.backends.torch.module import build

        module = build(self.model, device="meta")
        yield from Proof(self.model, module).items()
        yield settings(self.model, module, Reference())
        self.compute(module)
        if self.values is None:
            yield Item("outputs", self.missing, ran=False)
        else:
            yield from self.values.items()

    def ran(self, items: Iterator[Item]) -> Iterator[Item]:
        """The items; and a finding in place of those that the module raises an exception instead of."""
        try:
            yield from items
        except (SpecError, UsageError):
            raise
        except Exception as error:  # whatever generated source may raise
            self.missing = "PyTorch's module does not run"
            message = f"PyTorch raises {type(error).__name__}: {shown(str(error), limit=500)}"
            yield Item("PyTorch", self.missing, [finding(self.model, {}, message)])

    def prepared(self) -> Iterator[Item]:
        """What an ONNX model is compared with, where nothing else of it is asked for."""
        try:
            yield from self.ran(self.sensitivity())
        except (UsageError, SpecError) as error:
            self.missing = str(error)

    def sensitivity(self) -> Iterator[Item]:
        """Whether what is computed would show errors; nothing where nothing is computed."""
        from archspec.backends.torch.module import build

        self.compute(build(self.model, device="meta"))
        if self.values is not None:
            yield self.values.sensitivity()

    def compute(self, module: "nn.Module") -> None:
        """Give the network weights, if they are what archspec says."""
        from archspec.backends.proof.values import Values

        theirs = {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}
        if theirs != {key: weight.shape for key, weight in self.model.weights().items()}:
            self.missing = "PyTorch's module has other weights"
            return
        self.missing = unusable(self.device)
        if not self.missing:
            self.progress("computing it in PyTorch")
            self.values = Values.of(self.model, self.device)

    def onnx(self) -> Iterator[Item]:
        from archspec.backends.proof.onnx import Proof

        self.progress("writing it in ONNX")
        try:
            proof = Proof(self.model, self.values, self.missing)
        except SpecError as error:
            yield Item("ONNX", "; ".join(found.message for found in error.diagnostics), ran=False)
            return
        with proof:
            yield from proof.items(self.progress)
