"""Verify the static report against PyTorch: weights, counts, shapes and MACs of the module on the meta device."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archspec.analysis.liveness import NOTHING, Live, every, training_only
from archspec.analysis.totals import report
from archspec.backends.proof.item import Item, finding
from archspec.backends.torch.importing import import_torch
from archspec.diagnostics import Diagnostic
from archspec.ir import Module
from archspec.ops.core.checks import size
from archspec.types import Dim, factored, settled

if TYPE_CHECKING:
    from torch import Tensor, nn

    from archspec.model import Model

BATCH = 2
"""The size of a free batch axis while shapes are compared."""
FREE = 3
"""The size of other free dimensions."""


TensorShapes = list[tuple[int, ...] | None]
"""The shapes of inputs or outputs; `None` for a value that is not computed in evaluation mode."""


@dataclass(frozen=True, slots=True)
class CallShapes:
    """The input and output shapes of one call of a module; `inputs` is `None` if it takes them in another form."""

    inputs: TensorShapes | None
    outputs: TensorShapes


class ModuleComparison:
    """The comparison of one network with its module."""

    def __init__(self, model: "Model", module: "nn.Module") -> None:
        self.model, self.module = model, module
        self.rows = list(model.modules())
        self.origins = {row.path: row.origin for row in reversed(self.rows)}
        self.repeated: set[str] = set()
        """Modules without weights that are reused: PyTorch may call these or equal ones."""

    def items(self) -> Iterator[Item]:
        """Check all statements in turn."""
        yield self.state_dict()
        yield self.counts()
        yield from self.calls()

    def finding(self, message: str, path: str = "") -> Diagnostic:
        """The finding for a difference in the module at `path`."""
        return finding(self.model, self.origins, message, path)

    # --- weights ---------------------------------------------------------------------------------------

    def state_dict(self) -> Item:
        """Compare keys, their order, shapes and element types."""
        ours, theirs = self.model.weights(), self.module.state_dict()
        item = Item("state_dict", f"{len(theirs):,} keys, in order, with shapes and types")
        for key in [*ours, *(key for key in theirs if key not in ours)]:
            if key not in theirs:
                item.findings.append(self.finding(f"PyTorch has no weight `{key}`", key))
            elif key not in ours:
                item.findings.append(self.finding(f"PyTorch has an additional weight `{key}`", key))
            else:
                shape, weight = tuple(theirs[key].shape), ours[key]
                if shape != weight.shape:
                    message = f"`{key}` is {list(weight.shape)} here, {list(shape)} in PyTorch"
                    item.findings.append(self.finding(message, key))
                if theirs[key].is_floating_point() != (weight.dtype == "float"):
                    message = f"`{key}` is {weight.dtype} here, {theirs[key].dtype} in PyTorch"
                    item.findings.append(self.finding(message, key))
        if not item.findings and list(ours) != list(theirs):
            key = next(mine for mine, other in zip(ours, theirs, strict=True) if mine != other)
            item.findings.append(
                self.finding(f"PyTorch has its weights in another order, from `{key}` on", key)
            )
        return item

    def counts(self) -> Item:
        """Compare the numbers of parameters and buffers."""
        totals = self.model.training_totals
        params = sum(parameter.numel() for parameter in self.module.parameters())
        buffers = sum(buffer.numel() for buffer in self.module.buffers())
        item = Item("parameters", f"{params:,}, and {buffers:,} elements of buffers")
        for name, ours, theirs in (
            ("parameters", totals.params, params),
            ("elements of buffers", totals.buffers, buffers),
        ):
            if ours != theirs:
                item.findings.append(self.finding(f"{ours:,} {name} here, {theirs:,} in PyTorch"))
        return item

    # --- calls -----------------------------------------------------------------------------------------

    def calls(self) -> Iterator[Item]:
        """Compare shapes and MACs in evaluation mode, and also in training mode if that computes more."""
        yield from self._call(training=False)
        if self.model.report.training is not None:
            yield from self._call(training=True)

    def _call(self, *, training: bool) -> Iterator[Item]:
        from torch.utils.flop_counter import FlopCounterMode

        self.module.train(training)
        seen: dict[str, list[CallShapes]] = {}
        with ExitStack() as hooks, FlopCounterMode(display=False) as counter:
            for path, module in self.module.named_modules():
                if type(module).__name__ in ("ModuleDict", "ModuleList"):
                    continue  # which is a container: the modules in it are called
                hooks.enter_context(module.register_forward_hook(_recorder(seen.setdefault(path, []))))
            self.module(*self._inputs(self.sized))
        if len({type_.shape[0] for type_ in self.model.inputs.values()}) > 1:
            with FlopCounterMode(display=False) as counter:
                self.module(*self._inputs(self._counted))
        self.module.eval()
        suffix = " in training" if training else ""
        yield self._shapes(seen, suffix, training=training)
        yield self._macs(counter, suffix, training=training)

    def _inputs(self, sized: Callable[[tuple[Dim, ...]], tuple[int, ...]]) -> "list[Tensor]":
        torch = import_torch()
        return [torch.empty(sized(type_.shape), device="meta") for type_ in self.model.inputs.values()]

    def _batch(self) -> int:
        """The size of all free axes while MACs are counted: what a spec fixes does not grow with them."""
        return 1 if any(isinstance(type_.shape[0], int) for type_ in self.model.inputs.values()) else BATCH

    def _counted(self, shape: tuple[Dim, ...]) -> tuple[int, ...]:
        """A shape with one size for all free dimensions, as the report counts one element along each."""
        return tuple([size(settled(dim, dict.fromkeys(self._names(shape), self._batch()))) for dim in shape])

    @staticmethod
    def _names(shape: tuple[Dim, ...]) -> set[str]:
        return {factored(dim)[1] for dim in shape if isinstance(dim, str)}

    def sized(self, shape: tuple[Dim, ...]) -> tuple[int, ...]:
        """A shape with sizes for its free dimensions."""
        batch = next(iter(self.model.inputs.values())).shape[0]
        known = {name: BATCH if name == batch else FREE for name in self._names(shape)}
        return tuple([size(settled(dim, known)) for dim in shape])

    def _shapes(self, seen: dict[str, list[CallShapes]], suffix: str, *, training: bool) -> Item:
        """Compare the inputs and outputs of every module, call by call, and those of the network."""
        expected: dict[str, list[CallShapes]] = {}
        count, last = len(self.model.root.results), len(self.model.network.train_outputs)
        late = NOTHING if training else frozenset(range(count - last, count))
        for path, module in self._calls(self.model.root, "", late):
            expected.setdefault(path, []).append(self.call(module))
        totals = self.model.training_totals if training else self.model.totals
        inputs: TensorShapes = [self.sized(type_.shape) for type_ in self.model.inputs.values()]
        expected[""] = [CallShapes(inputs, [self.sized(type_.shape) for type_ in totals.outputs])]
        compared = [path for path in expected if seen.get(path)]
        functions = sum(1 for path in expected if path not in seen)
        detail = (
            f"inputs and outputs of {len(compared):,} modules; {functions:,} functions stand between them"
        )
        item = Item(f"shapes{suffix}", detail)
        for path in compared:
            ours, theirs = expected[path], seen[path]
            if any(f"{path}.".startswith(f"{other}.") for other in self.repeated):
                theirs = [call for call in theirs if any(_same(mine.outputs, call.outputs) for mine in ours)]
                theirs = theirs[: len(ours)]
            if len(ours) != len(theirs):
                message = f"`{path}` is called {len(ours)} times here, {len(theirs)} times in PyTorch"
                item.findings.append(self.finding(message, path))
                continue
            if (
                len(ours) > 1
            ):  # generated source computes what only training needs last, whatever the order in the spec
                ours, theirs = (
                    sorted(calls, key=lambda call: repr(call.outputs)) for calls in (ours, theirs)
                )
            for mine, other in zip(ours, theirs, strict=True):
                item.findings += self._compared(path, mine, other)
        missing = [path for path in expected if path in seen and not seen[path]]
        item.findings += [self.finding(f"PyTorch never calls `{path}`", path) for path in missing]
        return item

    def _calls(self, module: Module, prefix: str, train: Live) -> Iterator[tuple[str, Module]]:
        """Every call of a module with its path, in the order of computation, including calls of shared weights.

        Calls that only the results `train` of the composite need are omitted; pass no results to include them. A
        module that is called more than once is complete in every call.
        """
        only = training_only(module, train)
        shared = {id(module.body[index]) for index in module.shared}
        for node, training in zip(module.body, only, strict=True):
            owner = module.owner(node)
            if owner.name is None or training == every(node.module):
                continue
            if node.module.op is not None and node.module.op.is_parameter:
                continue
            path = prefix + owner.name
            if node.shares is not None and not self.model.costs.of(node.module).weights:
                self.repeated.add(path)
                continue
            yield path, node.module
            if node.shares is not None or id(node) in shared:
                training = NOTHING
            if node.module.op is None:
                yield from self._calls(node.module, f"{path}.", training)

    def call(self, module: Module) -> "CallShapes":
        """The input and output shapes of a module according to the spec."""
        inputs: TensorShapes = [self.sized(type_.shape) for type_ in module.inputs]
        takes_them = module.op is None or module.op.torch(module.inputs).chains
        return CallShapes(
            inputs if takes_them else None, [self.sized(type_.shape) for type_ in module.outputs]
        )

    def _compared(self, path: str, ours: "CallShapes", theirs: "CallShapes") -> Iterator[Diagnostic]:
        for what, mine, other in (
            ("input", ours.inputs, theirs.inputs),
            ("output", ours.outputs, theirs.outputs),
        ):
            # a module called in another form has only its output in common with the spec, if that is not converted
            if mine is None or (what == "output" and ours.inputs is None) or _same(mine, other):
                continue
            where = f"the {what} of `{path}`" if path else f"the network's {what}"
            yield self.finding(f"{where} is {_shown(mine)} here, {_shown(other or [])} in PyTorch", path)

    def _macs(self, counter: Any, suffix: str, *, training: bool) -> Item:
        """Compare MACs with half of the flops that torch's counter measures."""
        batch = self._batch()
        ours, (theirs, odd) = self._total(batch, training), divmod(counter.get_total_flops(), 2)
        item = Item(f"MACs{suffix}", f"{self._total(1, training):,} per sample")
        if ours != theirs or odd:
            item.findings += [*self._different(counter, batch, training=training)] or [
                self.finding(f"{ours:,} MACs at batch size {batch} here, {theirs:,} in PyTorch")
            ]
        return item

    def _total(self, batch: int, training: bool) -> int:
        """The MACs of the network at a batch size."""
        found = report(self.model.root, len(self.model.network.train_outputs), self.model.costs, batch)
        return ((found.training if training else None) or found.inference).macs

    def _different(self, counter: Any, batch: int, *, training: bool) -> Iterator[Diagnostic]:
        """The findings for ops whose MACs differ."""
        root = type(self.module).__name__
        ours: dict[str, int] = {}
        for row in self.rows:
            if row.module.op is not None and row.cost.macs and (training or not row.training):
                ours[row.path] = ours.get(row.path, 0) + row.cost.macs_of(batch)
        for path, macs in ours.items():
            theirs = sum(counter.get_flop_counts().get(f"{root}.{path}", {}).values()) // 2
            if theirs != macs:
                yield self.finding(f"`{path}` has {macs:,} MACs here, {theirs:,} in PyTorch", path)


def _recorder(calls: list[CallShapes]) -> Any:
    def hook(_module: Any, inputs: Any, output: Any) -> None:
        outputs = output if isinstance(output, tuple) else (output,)
        calls.append(
            CallShapes(
                [tuple(tensor.shape) for tensor in inputs],
                [None if tensor is None else tuple(tensor.shape) for tensor in outputs],
            )
        )

    return hook


def _same(ours: TensorShapes, theirs: TensorShapes | None) -> bool:
    if theirs is None or len(ours) != len(theirs):
        return False
    return all(other is None or mine == other for mine, other in zip(ours, theirs, strict=True))


def _shown(shapes: TensorShapes) -> str:
    texts = ["×".join(map(str, shape)) for shape in shapes if shape is not None]
    return ", ".join(texts[:6]) + ", …" * (len(texts) > 6)
