"""Run a module and the reference in lockstep, comparing op by op, so that few values are held at once."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archspec.backends.proof.reference import OpOutputs
from archspec.backends.proof.tolerance import difference
from archspec.backends.torch.importing import import_torch

if TYPE_CHECKING:
    from torch import Tensor, nn

KEPT = 64 * 2**20
"""The most bytes of op outputs that are held at once."""


@dataclass(slots=True)
class HeldOutputs:
    """The outputs of the first ops that are not in `before`, by path, up to the memory limit."""

    before: frozenset[str] = frozenset()
    tensors: "dict[str, Tensor]" = field(default_factory=dict)
    size: int = 0
    full: bool = False
    """Whether the memory limit was reached."""

    def add(self, path: str, tensor: "Tensor") -> None:
        """Keep an output, unless the limit is reached."""
        if path in self.before or self.full:
            return
        self.size += tensor.nbytes
        self.full = self.size > KEPT and bool(self.tensors)
        if not self.full:
            self.tensors[path] = tensor


@dataclass(slots=True)
class Lockstep:
    """Runs a module, and advances the reference whenever one of its values is needed."""

    module: "nn.Module"
    steps: OpOutputs
    held: HeldOutputs | None = None
    compared: dict[str, str] = field(default_factory=dict)
    """How the output of each module differs, in the order of calls; empty if it does not."""
    outputs: "list[Tensor]" = field(default_factory=list)
    """The outputs of the module."""
    results: "list[Tensor]" = field(default_factory=list)
    """The outputs of the reference."""
    wanted: frozenset[str] = frozenset()
    """The paths of the compared modules."""
    waiting: "dict[str, Tensor]" = field(default_factory=dict)
    """Values that the reference has computed ahead of the module."""

    def run(self, given: "list[Tensor]", paths: frozenset[str]) -> None:
        """Run both, and compare the outputs of the modules at the paths."""
        inner = {path: module for path, module in self.module.named_modules() if path in paths}
        self.wanted = frozenset(inner)
        with ExitStack() as hooks:
            for path, module in inner.items():
                hooks.enter_context(module.register_forward_hook(self._hook(path)))
            self.outputs = listed(self.module(*given))
        self.wanted = frozenset()
        while self._goes_on():
            pass

    def _hook(self, path: str) -> Any:
        """A forward hook that compares an output at once, before a later op may overwrite it."""

        def compare(_module: Any, _inputs: Any, output: Any) -> None:
            if not hasattr(output, "shape") or path in self.compared:
                return
            while path not in self.waiting and self._goes_on():
                pass
            self.compared[path] = difference(output, self.waiting.pop(path))

        return compare

    def _goes_on(self) -> bool:
        """Advance the reference by one op, and keep its output if it is wanted; return whether there was one."""
        try:
            path, tensor = next(self.steps)
        except StopIteration as end:
            self.results = end.value or self.results
            return False
        if path in self.wanted:
            self.waiting[path] = tensor
        if self.held is not None:
            self.held.add(path, tensor)
        return True


def listed(outputs: Any) -> "list[Tensor]":
    """The outputs of a module as a list, without those that are `None`."""
    listed = outputs if isinstance(outputs, tuple) else (outputs,)
    return [output for output in listed if output is not None]


@contextmanager
def steady() -> Iterator[None]:
    """Within the context, every random op uses the same seed, so that the order of calls does not matter."""
    torch = import_torch()
    functional = torch.nn.functional
    random = {functional.dropout, functional.multi_head_attention_forward, torch.Tensor.bernoulli_}

    class Steady(torch.overrides.TorchFunctionMode):  # type: ignore[misc, name-defined]
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func in random:
                torch.manual_seed(0)
            return func(*args, **(kwargs or {}))

    with Steady():
        yield
