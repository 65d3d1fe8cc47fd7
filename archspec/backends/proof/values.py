"""Verify what the generated source computes, in evaluation and training mode, against the reference op by op."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archspec.analysis.weights import constants
from archspec.backends.proof.device import CPU, cuda_index, full_precision
from archspec.backends.proof.item import Item, finding
from archspec.backends.proof.lockstep import HeldOutputs, Lockstep, listed, steady
from archspec.backends.proof.reference import Reference, State, compared_paths
from archspec.backends.proof.size import smaller
from archspec.backends.proof.subject import batch, for_training, inputs, scale
from archspec.backends.proof.tolerance import apart, difference, rms, worst
from archspec.backends.torch.importing import import_torch
from archspec.backends.torch.module import build
from archspec.diagnostics import Diagnostic
from archspec.ir import Module

if TYPE_CHECKING:
    from torch import Tensor, nn

    from archspec.model import Model

BATCHES = (1, 2)
"""The batch sizes that are computed if the batch is free."""
SENSITIVE = 100
"""The least difference of outputs for two inputs, in tolerances: an error of 1 % of that is detected."""
SPREADS = (1.0, 0.3, 0.1)
"""The spreads that are tried, in this order."""
CALM = 1.5
"""How far outputs may move when every module rounds, in tolerances."""
ROUNDING = 1e-6
"""The relative rounding error of a module: a runtime may sum in another order."""


@dataclass(slots=True)
class Case:
    """Inputs, and the module's outputs for them in evaluation mode."""

    inputs: "list[Tensor]"
    outputs: "list[Tensor]"


@dataclass(slots=True)
class Values:
    """The values that one network computes with weights that reveal errors; computed once for all comparisons."""

    model: "Model"
    small: "Model"
    """The same network at the size at which values are computed."""
    module: "nn.Module"
    device: str = CPU
    """The device that computes values; weights and inputs are the same on all devices."""
    reference: Reference = field(default_factory=Reference)
    cases: list[Case] = field(default_factory=list)
    compared: dict[str, str] = field(default_factory=dict)
    """For the first case, how the output of each module differs; empty if it does not."""
    expected: "list[Tensor]" = field(default_factory=list)
    """The reference's outputs of the network for the first case."""
    held: HeldOutputs = field(default_factory=HeldOutputs)
    """The outputs of ops for the first case."""
    noise: float = 0.0
    """How far the outputs move when every module rounds, in tolerances."""
    trained: "list[Tensor]" = field(default_factory=list)
    """The outputs in training mode, including those that exist only there."""

    @classmethod
    def of(cls, model: "Model", device: str = CPU) -> "Values":
        """Choose the size, and weights with which the outputs depend on the input but not on rounding."""
        small = smaller(model)
        if any(constants(small.root)):  # which are not drawn anew
            module = build(small, device="cpu").eval()
        else:
            module = build(small, device="meta").to_empty(device="cpu").eval()
        for spread in SPREADS:
            scale(module.to(CPU), small, spread)
            values = cls(model, small, module.to(device), device)
            values._first()
            if values.noise <= CALM:
                break
        return values

    def _first(self) -> None:
        """Compute the first case, and how much rounding affects the outputs."""
        given = self._inputs(BATCHES[0], 1)
        with self.computing():
            run = self._lockstep(given, self.module.state_dict(), self.held, training=False)
            with _rounding(self.module):
                moved = listed(self.module(*_copied(given)))
        self.cases, self.compared = [Case(given, run.outputs)], run.compared
        self.expected = run.results[: len(run.results) - len(self.model.network.train_outputs)]
        self.noise = max((worst(*pair) for pair in zip(moved, run.outputs, strict=True)), default=0.0)

    def _inputs(self, size: int, seed: int) -> "list[Tensor]":
        return [tensor.to(self.device) for tensor in inputs(self.small, size, seed)]

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Within the context, no gradients are recorded; the state of the random generators is restored afterwards."""
        torch = import_torch()
        devices = [] if self.device == CPU else [cuda_index(self.device)]
        with torch.no_grad(), torch.random.fork_rng(devices=devices), full_precision(self.device):
            yield

    def _lockstep(
        self, given: "list[Tensor]", state: State, held: HeldOutputs | None = None, *, training: bool
    ) -> Lockstep:
        steps = self.reference.run(self.small.root, given, state, training=training)
        run = Lockstep(self.module, steps, held)
        run.run(_copied(given), compared_paths(self.small.root))
        return run

    def portions(self) -> "Iterator[dict[str, Tensor]]":
        """The outputs of ops for the first case, in portions that fit in memory; each is released before the next."""
        held, self.held, before = self.held, HeldOutputs(), frozenset[str]()
        while True:
            before |= held.tensors.keys()
            yield held.tensors
            held.tensors.clear()
            if not held.full:
                return
            held = self._later(before)

    def _later(self, before: frozenset[str]) -> HeldOutputs:
        """Recompute the outputs that follow in the order of computation."""
        held = HeldOutputs(before)
        state = self.module.state_dict()
        with self.computing():
            for step in self.reference.run(self.small.root, self.cases[0].inputs, state, training=False):
                held.add(*step)
                if held.full:
                    break
        return held

    def release(self) -> None:
        """Release the weights, unless they are still needed."""
        if not self.held.full:
            self.module.to("meta")

    @property
    def slack(self) -> float:
        """The allowed error of a runtime in tolerances: 1, unless a deep network accumulates more rounding."""
        return max(1.0, self.noise / CALM)

    @property
    def size(self) -> str:
        """A note on the size if it is not the spec's own."""
        if self.small is self.model:
            return ""
        shapes = " and ".join(str(type_) for type_ in self.small.inputs.values())
        return f", at {shapes}"

    @property
    def compared_at(self) -> str:
        """A note on the batch sizes, the size, and a wider tolerance."""
        sizes = dict.fromkeys(case.inputs[0].shape[0] for case in self.cases)
        words = f"at batch size {' and '.join(map(str, sizes))}{self.size}"
        return words + f", up to {self.slack:.2g} tolerances as rounding adds up" * (self.slack > 1)

    def items(self) -> Iterator[Item]:
        """Check all statements in turn."""
        yield self.evaluation()
        yield self.training()
        yield self.sensitivity()

    def finding(self, message: str, path: str = "") -> Diagnostic:
        """The finding for a difference in the module at `path`."""
        origins = {row.path: row.origin for row in reversed(list(self.model.modules()))}
        return finding(self.model, origins, message, path)

    # --- evaluation ------------------------------------------------------------------------------------

    def evaluation(self) -> Item:
        """Compare the output of every module, and those of the network."""
        item = Item(
            "outputs", f"of {len(self.compared):,} modules and the network, as of each op alone{self.size}"
        )
        self._differing(item, self.compared, self.cases[0].outputs, self.expected)
        with self.computing():
            for seed, size in enumerate(BATCHES[1:], start=2):
                given = self._inputs(size, seed)
                self.cases.append(Case(given, listed(self.module(*_copied(given)))))
        return item

    def _differing(
        self, item: Item, compared: dict[str, str], outputs: "list[Tensor]", results: "list[Tensor]"
    ) -> None:
        """Report the first module that differs, since later ones differ as a consequence, and the network's outputs."""
        for path, words in compared.items():
            if words:
                item.findings.append(self.finding(f"the output of `{path}` {words}", path))
                break
        if len(outputs) != len(results):
            message = f"the network has {len(results)} outputs here, {len(outputs)} in PyTorch"
            item.findings.append(self.finding(message))
            return
        for index, (theirs, ours) in enumerate(zip(outputs, results, strict=True)):
            if words := difference(theirs, ours):
                name = f"output {index}" if len(outputs) > 1 else "output"
                item.findings.append(self.finding(f"the network's {name} {words}"))

    # --- training --------------------------------------------------------------------------------------

    def training(self) -> Item:
        """Compare the outputs in training mode and the updated statistics; each random op is seeded alike."""
        item = Item("training", "")
        given = self._inputs(batch(self.small), 3)
        held = {key: value.clone() for key, value in self.module.state_dict().items() if value.ndim < 2}
        for_training(self.module)
        buffers = {key: value.clone() for key, value in self.module.named_buffers()}
        state = {**self.module.state_dict(), **{key: value.clone() for key, value in buffers.items()}}
        self.module.train()
        try:
            with self.computing(), steady():
                run = self._lockstep(given, state, training=True)
            after = {key: value.clone() for key, value in self.module.named_buffers()}
        except ValueError as error:  # a norm has a single value per channel
            return Item(item.name, f"PyTorch cannot train the network at this size: {error}", ran=False)
        finally:
            self.module.eval()
            self.module.load_state_dict(held, strict=False)
        self.trained = run.outputs
        self._differing(item, run.compared, run.outputs, run.results)
        for key, value in after.items():
            if words := difference(value, state[key]):
                item.findings.append(self.finding(f"`{key}` {words} after a batch", key))
        buffers_ = f", and {len(after):,} buffers after it" if after else ""
        modules = f"outputs of {len(run.compared):,} modules and the network"
        item.detail = f"{modules}{buffers_}, at batch size {len(given[0])}{self.size}"
        return item

    # --- sensitivity -----------------------------------------------------------------------------------

    def sensitivity(self) -> Item:
        """Check that the outputs depend on the input strongly enough to reveal errors."""
        if len(self.cases) < len(BATCHES):
            self.evaluation()
        item = Item("sensitivity", "")
        reached = _reached(self.small.root, (True,) * len(self.small.root.inputs))
        cases = zip(*(case.outputs for case in self.cases), strict=True)
        pairs = [("output", index, *pair) for index, pair in enumerate(cases)]
        if self.trained and len(self.trained[0]) > 1:
            pairs += [("trained output", index, out[0], out[1]) for index, out in enumerate(self.trained)]
        ratios, constant = [], []
        for what, index, one, other in pairs:
            name = f"{what} {index}" if len(self.expected) > 1 else f"the {what}"
            if not reached[index]:
                constant += [name] * (what == "output")
                continue
            ratios.append(apart(one, other) / self.slack)
            if not ratios[-1] >= SENSITIVE:
                item.sensitive = False
        least = min(ratios, default=0.0)
        item.detail = f"two inputs differ by {least:,.0f} tolerances in every output"
        if not item.sensitive:
            words = f"two inputs differ by {least:.3g} tolerances in an output, less than {SENSITIVE}"
            item.detail = f"{words}: errors could go undetected"
        if constant:
            what = f"{', '.join(constant)} {'does' if len(constant) == 1 else 'do'} not depend on the input"
            item.detail = f"{item.detail}; {what}" if ratios else what
        return item


def _copied(tensors: "list[Tensor]") -> "list[Tensor]":
    """Copies of inputs for a module, which may overwrite them."""
    return [tensor.clone() for tensor in tensors]


@contextmanager
def _rounding(module: "nn.Module") -> Iterator[None]:
    """Within the context, every module has a small rounding error."""
    torch = import_torch()
    generator = torch.Generator().manual_seed(0)

    def err(_module: Any, _inputs: Any, output: Any) -> Any:
        if not hasattr(output, "square") or not output.numel():
            return None
        noise = torch.randn(output.shape, generator=generator).to(output.device)
        return output + noise * (ROUNDING * rms(output))

    with ExitStack() as hooks:
        for inner in module.modules():
            if not [*inner.children()]:
                hooks.enter_context(inner.register_forward_hook(err))
        yield


def _reached(module: Module, given: Sequence[bool]) -> list[bool]:
    """Which results of a composite depend on the inputs marked in `given`."""
    values = list(given)
    for node in module.body:
        here = [values[index] for index in node.inputs]
        if node.module.is_removed:
            values += here
        elif node.module.op is not None:
            values += [any(here)] * len(node.module.outputs)
        else:
            values += _reached(node.module, here)
    return [values[index] for index in module.results]
