"""A module and the reference, computed side by side and compared op by op, so that few values are held at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archspec.backends.proof.reference import Steps
from archspec.backends.proof.tolerance import difference
from archspec.backends.torch.importing import import_torch

if TYPE_CHECKING:
    from torch import Tensor, nn

KEPT = 64 * 2**20
"""The bytes of outputs that are held at once, to compare others with them."""


@dataclass(slots=True)
class Kept:
    """The outputs of the first ops that are not among `before`, as many as may be held; by their paths."""

    before: frozenset[str] = frozenset()
    tensors: "dict[str, Tensor]" = field(default_factory=dict)
    size: int = 0
    full: bool = False
    """Whether there were more than may be held."""

    def add(self, path: str, tensor: "Tensor") -> None:
        """Hold an output, unless there are enough."""
        if path in self.before or self.full:
            return
        self.size += tensor.nbytes
        self.full = self.size > KEPT and bool(self.tensors)
        if not self.full:
            self.tensors[path] = tensor


@dataclass(slots=True)
class Lockstep:
    """A module that computes beside the reference, which goes on when a value of it is needed."""

    module: "nn.Module"
    steps: Steps
    kept: Kept | None = None
    compared: dict[str, str] = field(default_factory=dict)
    """In what the output of each module differs, in the order of calls; empty where it does not."""
    outputs: "list[Tensor]" = field(default_factory=list)
    """What the module yields."""
    results: "list[Tensor]" = field(default_factory=list)
    """What the reference yields."""
    wanted: frozenset[str] = frozenset()
    """The paths of the modules that are compared."""
    waiting: "dict[str, Tensor]" = field(default_factory=dict)
    """What the reference has computed before the module."""

    def run(self, given: "list[Tensor]", paths: frozenset[str]) -> None:
        """Compute both, and compare the outputs of the modules at the paths."""
        inner = {path: module for path, module in self.module.named_modules() if path in paths}
        self.wanted = frozenset(inner)
        handles = [module.register_forward_hook(self._hook(path)) for path, module in inner.items()]
        try:
            self.outputs = listed(self.module(*given))
        finally:
            for handle in handles:
                handle.remove()
        self.wanted = frozenset()
        while self._goes_on():
            pass

    def _hook(self, path: str) -> Any:
        """What compares an output when it is made: what follows may overwrite it."""

        def compare(_module: Any, _inputs: Any, output: Any) -> None:
            if not hasattr(output, "shape") or path in self.compared:
                return
            while path not in self.waiting and self._goes_on():
                pass
            self.compared[path] = difference(output, self.waiting.pop(path))

        return compare

    def _goes_on(self) -> bool:
        """Let the reference compute one more op, and hold the output if it is wanted; whether there was one."""
        try:
            path, tensor = next(self.steps)
        except StopIteration as end:
            self.results = end.value or self.results
            return False
        if path in self.wanted:
            self.waiting[path] = tensor
        if self.kept is not None:
            self.kept.add(path, tensor)
        return True


def listed(outputs: Any) -> "list[Tensor]":
    """The outputs of a module that it computes."""
    listed = outputs if isinstance(outputs, tuple) else (outputs,)
    return [output for output in listed if output is not None]


@contextmanager
def steady() -> Iterator[None]:
    """While it is open, every random number is drawn from the same seed: so the order of calls does not count."""
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
