"""Proving what the generated source computes: in evaluation and in training, against the ops one by one."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from archspec.backends.torch_import import import_torch
from archspec.backends.verify import Item, finding
from archspec.backends.verify_reference import Reference, Steps
from archspec.backends.verify_size import smaller
from archspec.backends.verify_subject import batch, for_training, inputs, subject
from archspec.diagnostics import Diagnostic
from archspec.ir import Module

if TYPE_CHECKING:
    from torch import Tensor, nn

    from archspec.model import Model

BATCHES = (1, 2)
"""The sizes of a free batch that are computed."""
RELATIVE, ABSOLUTE = 1e-4, 1e-5
"""What values in single precision may differ by: of each value, and of the largest."""
SENSITIVE = 100
"""The tolerances that outputs for two inputs differ by at least: what is wrong by 1 % of that shows."""
SPREADS = (1.0, 0.3, 0.1)
"""How much the values in a network vary, the most that is calm first."""
CALM = 1.5
"""The tolerances that outputs may move by where every module rounds."""
ROUNDING = 1e-6
"""What a module may round off, as a part of its typical values: a runtime adds in another order."""


@dataclass(slots=True)
class Case:
    """Inputs, and what the module makes of them in evaluation."""

    inputs: "list[Tensor]"
    outputs: "list[Tensor]"


@dataclass(slots=True)
class Values:
    """What one network computes, with weights that let it be seen; made once for all that is compared with it."""

    model: "Model"
    small: "Model"
    """The same network at the size that is computed."""
    module: "nn.Module"
    reference: Reference = field(default_factory=Reference)
    cases: list[Case] = field(default_factory=list)
    tensors: "dict[str, Tensor]" = field(default_factory=dict)
    """The outputs of ops for the first case, by their paths."""
    expected: "list[Tensor]" = field(default_factory=list)
    """The outputs of the network that follow from them."""
    noise: float = 0.0
    """How many tolerances the outputs move by where every module rounds."""
    trained: "list[Tensor]" = field(default_factory=list)
    """The outputs in training, those that exist in training alone included."""

    @classmethod
    def of(cls, model: "Model") -> "Values":
        """Choose the size, and find weights of which the outputs depend on the input and not on rounding."""
        small = smaller(model)
        for spread in SPREADS:
            values = cls(model, small, subject(model, small, spread))
            values._first()
            if values.noise <= CALM:
                break
        return values

    def _first(self) -> None:
        """The first inputs, every op's output for them, and how much rounding counts in the network's."""
        torch = import_torch()
        given = inputs(self.small, BATCHES[0], 1)
        with torch.no_grad():
            results, self.tensors = self.reference.run(
                self.small.root, given, self.module.state_dict(), training=False
            )
            with _rounding(self.module):
                moved = _listed(self.module(*given))
        self.expected = results[: len(results) - len(self.model.network.train_outputs)]
        pairs = zip(moved, self.expected, strict=True) if len(moved) == len(self.expected) else ()
        self.noise = max((worst(*pair) for pair in pairs if pair[0].shape == pair[1].shape), default=0.0)

    @property
    def slack(self) -> float:
        """The tolerances that a runtime may be off: 1, unless a deep network adds up more of what is rounded."""
        return max(1.0, self.noise / CALM)

    @property
    def size(self) -> str:
        """What is said of the size where it is not the spec's own."""
        if self.small is self.model:
            return ""
        shapes = " and ".join(str(type_) for type_ in self.small.inputs.values())
        return f", at {shapes}"

    @property
    def compared(self) -> str:
        """What is said of the batch sizes, of the size, and of a wider tolerance."""
        sizes = dict.fromkeys(case.inputs[0].shape[0] for case in self.cases)
        words = f"at batch size {' and '.join(map(str, sizes))}{self.size}"
        return words + f", up to {self.slack:.2g} tolerances as rounding adds up" * (self.slack > 1)

    def items(self) -> Iterator[Item]:
        """All statements, one after the other."""
        yield self.evaluation()
        yield self.training()
        yield self.sensitivity()

    def finding(self, message: str, path: str = "") -> Diagnostic:
        """Something differs, in the module at `path`."""
        origins = {row.path: row.origin for row in reversed(list(self.model.modules()))}
        return finding(self.model, origins, message, path)

    # --- evaluation ------------------------------------------------------------------------------------

    def evaluation(self) -> Item:
        """The output of every module, and those of the network."""
        item = Item("outputs", "")
        torch = import_torch()
        compared: dict[str, str] = {}
        with torch.no_grad():
            for seed, size in enumerate(BATCHES, start=1):
                given = inputs(self.small, size, seed)
                with _compared(self.module, {} if self.cases else self.tensors) as found:
                    self.cases.append(Case(given, _listed(self.module(*given))))
                compared |= found
        self._differing(item, compared, self.cases[0].outputs, self.expected)
        item.detail = f"of {len(compared):,} modules and the network, as of each op alone{self.size}"
        return item

    def _differing(
        self, item: Item, compared: dict[str, str], outputs: "list[Tensor]", results: "list[Tensor]"
    ) -> None:
        """Report the first module that differs: what comes behind differs with it. Then the network's outputs."""
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
        """The outputs in training, and the statistics after it; each random number is drawn from the same seed."""
        torch = import_torch()
        item = Item("training", "")
        given = inputs(self.small, batch(self.small), 3)
        kept = {key: value.clone() for key, value in self.module.state_dict().items() if value.ndim < 2}
        for_training(self.module)
        buffers = {key: value.clone() for key, value in self.module.named_buffers()}
        state = {**self.module.state_dict(), **{key: value.clone() for key, value in buffers.items()}}
        self.module.train()
        try:
            with torch.no_grad(), torch.random.fork_rng(devices=[]), _steady():
                ops = self.reference.steps(self.small.root, given, state, training=True)
                steps = _InStep(ops, self.tensors.keys() & dict(self.module.named_modules()).keys())
                with _compared(self.module, steps) as compared:
                    self.trained = _listed(self.module(*given))
                results = steps.results()
            after = {key: value.clone() for key, value in self.module.named_buffers()}
        except ValueError as error:  # norms of a single value per channel
            return Item(item.name, f"PyTorch cannot train it at this size: {error}", ran=False)
        finally:
            self.module.eval()
            self.module.load_state_dict(kept, strict=False)
        self._differing(item, compared, self.trained, results)
        for key, value in after.items():
            if words := difference(value, state[key]):
                item.findings.append(self.finding(f"`{key}` {words} after a batch", key))
        buffers_ = f", and {len(after):,} buffers after it" if after else ""
        modules = f"outputs of {len(compared):,} modules and the network"
        item.detail = f"{modules}{buffers_}, at batch size {len(given[0])}{self.size}"
        return item

    # --- sensitivity -----------------------------------------------------------------------------------

    def sensitivity(self) -> Item:
        """Whether the outputs depend on the input so much that what is wrong would show."""
        if not self.cases:
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
            words = f"two inputs differ by {least:.3g} tolerances in an output, not by {SENSITIVE}"
            item.detail = f"{words}: errors can hide"
        if constant:
            what = f"{', '.join(constant)} {'depends' if len(constant) == 1 else 'depend'} on no input"
            item.detail = f"{item.detail}; {what}" if ratios else what
        return item


def difference(
    theirs: "Tensor", ours: "Tensor", where: str = "in PyTorch", slack: float = 1.0
) -> str:  # fmt: skip
    """In what two values differ by more than so many tolerances; empty if they do not."""
    if theirs.shape != ours.shape:
        return f"is {_shape(ours)} here, {_shape(theirs)} {where}"
    if _close(theirs.detach(), ours.detach(), slack):
        return ""
    _, error, scale = _errors(theirs, ours)
    return f"differs by {error:.3g} {where}, where the largest value is {scale:.3g}"


def _close(theirs: "Tensor", ours: "Tensor", slack: float) -> bool:
    """Whether two values agree; quickly where they are equal, as they mostly are."""
    torch = import_torch()
    if torch.equal(theirs, ours):
        return True
    scale = float(ours.abs().nan_to_num(0.0, 0.0, 0.0).max()) if ours.numel() else 0.0
    return bool(
        torch.allclose(theirs, ours, rtol=slack * RELATIVE, atol=slack * ABSOLUTE * scale, equal_nan=True)
    )


def worst(one: "Tensor", other: "Tensor") -> float:
    """How many tolerances two values of the same shape are apart where that is most."""
    return _errors(one, other)[0]


def _errors(theirs: "Tensor", ours: "Tensor") -> tuple[float, float, float]:
    """The largest difference, in tolerances and in itself, and the largest value; NaN equals NaN."""
    torch = import_torch()
    theirs, ours = theirs.detach().double(), ours.detach().double()
    if not ours.numel():
        return 0.0, 0.0, 0.0
    scale = float(ours.abs().nan_to_num(0.0, 0.0, 0.0).max())
    same = (theirs == ours) | (theirs.isnan() & ours.isnan())
    error = (theirs - ours).abs().masked_fill(same, 0.0).nan_to_num(torch.inf)
    tolerance = (RELATIVE * ours.abs() + ABSOLUTE * scale).nan_to_num(torch.inf).clamp(min=1e-300)
    ratio = (error / tolerance).nan_to_num(torch.inf)
    return float(ratio.max()), float(error.max()), scale


def apart(one: "Tensor", other: "Tensor") -> float:
    """How many tolerances two values are apart, by root mean squares; of unequal shapes what both have."""
    kept = tuple(slice(min(pair)) for pair in zip(one.shape, other.shape, strict=True))
    one, other = one[kept].detach().double(), other[kept].detach().double()
    if not one.numel():
        return 0.0
    tolerance = RELATIVE * _rms(other) + ABSOLUTE * float(other.abs().max())
    return _rms(one - other) / tolerance if tolerance > 0 else 0.0


def _rms(values: "Tensor") -> float:
    return float(values.square().mean().sqrt())


def _shape(value: "Tensor") -> str:
    return "×".join(map(str, value.shape)) or "scalar"


def _listed(outputs: Any) -> "list[Tensor]":
    listed = outputs if isinstance(outputs, tuple) else (outputs,)
    return [output for output in listed if output is not None]


class _Values(Protocol):
    """Values by the paths of modules."""

    def __iter__(self) -> Iterator[str]: ...

    def __getitem__(self, path: str, /) -> "Tensor": ...


class _InStep:
    """The outputs of ops, each made when it is asked for and then forgotten: all of a batch are much memory."""

    def __init__(self, steps: Steps, paths: Iterable[str]) -> None:
        self.steps, self.paths = steps, frozenset(paths)
        self.made: dict[str, Tensor] = {}
        self.result: list[Tensor] | None = None

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __getitem__(self, path: str) -> "Tensor":
        while path not in self.made and self.result is None:
            self._next()
        return self.made.pop(path)

    def results(self) -> "list[Tensor]":
        """The results of the network, when all ops are done."""
        while self.result is None:
            self._next()
        return self.result

    def _next(self) -> None:
        try:
            path, made = next(self.steps)
        except StopIteration as end:
            self.result = end.value
            return
        if path in self.paths:
            self.made[path] = made[0]


@contextmanager
def _compared(module: "nn.Module", values: _Values) -> Iterator[dict[str, str]]:
    """While it is open, outputs are compared when they are first made: what follows may overwrite them."""
    found: dict[str, str] = {}

    def hook(path: str) -> Any:
        def compare(_module: Any, _inputs: Any, output: Any) -> None:
            if hasattr(output, "shape") and path not in found:
                found[path] = difference(output, values[path])

        return compare

    inner = dict(module.named_modules())
    handles = [inner[path].register_forward_hook(hook(path)) for path in values if path in inner]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _rounding(module: "nn.Module") -> Iterator[None]:
    """While it is open, every module errs a little."""
    torch = import_torch()
    generator = torch.Generator().manual_seed(0)

    def err(_module: Any, _inputs: Any, output: Any) -> Any:
        if not hasattr(output, "square") or not output.numel():
            return None
        noise = torch.randn(output.shape, generator=generator)
        return output + noise * (ROUNDING * _rms(output))

    handles = [inner.register_forward_hook(err) for inner in module.modules() if not [*inner.children()]]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _steady() -> Iterator[None]:
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


def _reached(module: Module, given: Sequence[bool]) -> list[bool]:
    """Which results of a composite depend on some of its inputs."""
    values = list(given)
    for node in module.body:
        here = [values[index] for index in node.inputs]
        if node.module.kind == "removed":
            values += here
        elif node.module.op is not None:
            values += [any(here)] * len(node.module.outputs)
        else:
            values += _reached(node.module, here)
    return [values[index] for index in module.results]
