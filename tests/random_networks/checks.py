"""What archspec says of a random network, against the reference: each check lists the disagreements."""

import importlib.util
import re
import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import onnx
import torch
from onnxruntime import GraphOptimizationLevel
from safetensors.torch import save_file
from test_saved import kept
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

import archspec
from archspec import Model, SpecError
from archspec.analysis.field import AxisField
from archspec.analysis.receptive_field import output_fields
from archspec.testing.onnx_forms import session
from random_networks.build import params_of_inference, reaching
from random_networks.generate import Spec
from random_networks.meanings import Padded
from random_networks.reference import BATCH, Constant, Program, Tree, of_batch

Found = Iterator[str]


class Rounded(TorchDispatchMode):  # type: ignore[misc]  # torch._python_dispatch has no types
    """Each operation of PyTorch makes an error of one unit in the last place of the largest value, in single precision."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        is_new = all(returned.alias_info is None for returned in func._schema.returns)
        if is_new and isinstance(made, Tensor) and made.dtype == torch.float64:
            scale = made.abs().nan_to_num(posinf=0.0).max() if made.numel() else 0.0
            return made + torch.finfo(torch.float32).eps * scale * torch.randn_like(made)
        return made


@dataclass
class Case:
    """A variant of a spec, as files and as the reference reads it."""

    spec: Spec
    variant: str | None
    path: Path
    rng: Random
    forms: int = 2
    """How many of the ONNX forms are tried."""
    sources: list[Path] = field(default_factory=list)
    """Filled with the generated files: they are formatted together."""

    @cached_property
    def model(self) -> Model:
        return archspec.load(str(self.path), self.variant)

    def batch(self, free: int) -> int:
        """The batch size to ask for: 1 where the spec fixes it."""
        return 1 if self.model.fixed_batch is not None else free

    @cached_property
    def program(self) -> Program:
        return self.spec.read(self.variant)

    @cached_property
    def state(self) -> dict[str, Tensor]:
        """Weights that make every op see values of ordinary size."""
        torch.manual_seed(0)
        return {key: weight(key, tensor) for key, tensor in self.program.state().items()}

    def inputs(self, batch: int, dtype: torch.dtype = torch.float64) -> list[Tensor]:
        torch.manual_seed(batch)
        shapes = [self.program.shape(index) for index in self.program.inputs]
        fixed = self.model.fixed_batch is not None
        return [torch.randn((s[0] if fixed else batch, *s[1:]), dtype=dtype) for s in shapes]

    def reference(self) -> Program:
        """The program with weights, in double precision."""
        program = self.spec.read(self.variant)
        fill(program, self.state)
        return program

    @cached_property
    def module(self) -> nn.Module:
        module = archspec.build(self.model, dtype=torch.float64)
        module.load_state_dict({key: value.clone() for key, value in self.state.items()})
        return module.eval()

    @cached_property
    def rounding(self) -> list[float]:
        """By how much each output changes at most in single precision, or if every step rounds to that."""
        given = self.inputs(3)
        with torch.no_grad():
            trials = [outputs(deepcopy(self.module).float()(*(value.float() for value in given)))]
            for seed in range(5):
                torch.manual_seed(seed)
                with Rounded():
                    trials.append(outputs(self.module(*(value.clone() for value in given))))
        pairs = [zip(trial, self.wanted, strict=True) for trial in trials]
        changes = [
            [float((one - other).abs().nan_to_num().amax()) if one.numel() else 0.0 for one, other in pair]
            for pair in pairs
        ]
        return [max(change) for change in zip(*changes, strict=True)]

    @cached_property
    def wanted(self) -> list[Tensor]:
        """The outputs in evaluation, for a batch of three."""
        program = self.reference()
        for _, module in program.modules():
            module.eval()
        with torch.no_grad():
            return program.run(self.inputs(3))[: len(program.outputs)]


def weight(key: str, tensor: Tensor) -> Tensor:
    if not tensor.is_floating_point():
        return torch.full(tensor.shape, 3, dtype=tensor.dtype)
    if key.endswith("running_mean"):
        return torch.randn(tensor.shape, dtype=torch.float64) * 0.2
    if tensor.dim() < 2:
        return torch.empty(tensor.shape, dtype=torch.float64).uniform_(0.5, 1.5)
    fan = tensor.numel() / tensor.shape[0]
    return torch.randn(tensor.shape, dtype=torch.float64) * (2 / fan) ** 0.5


def fill(program: Program, state: dict[str, Tensor]) -> None:
    """Give the modules of the reference these weights."""

    def walk(tree: Tree, path: str) -> None:
        for key in tree.params:
            values = tree.fixed[key] if key in tree.fixed else state[f"{path}{key}"].clone()
            trained = isinstance(tree.params[key], nn.Parameter)
            tree.params[key] = nn.Parameter(values) if trained else values
        for key, child in tree.children.items():
            if isinstance(child, Tree):
                walk(child, f"{path}{key}.")
                continue
            inner = child.inner if isinstance(child, Padded) else child
            mine = {name: state[f"{path}{key}.{name}"].clone() for name in inner.state_dict()}
            inner.to_empty(device="cpu").double()
            inner.load_state_dict(mine)

    walk(program.tree, "")


# --- the checks


def valid(case: Case) -> Found:
    for finding in archspec.validate(str(case.path)):
        if not finding.diagnostic.code.startswith("AS6"):
            yield f"validate: {finding.diagnostic.code} {finding.diagnostic.message}"


def shapes(case: Case) -> Found:
    program, model = case.program, case.model
    ours = [tuple(of_batch(n, BATCH) for n in type_.shape) for type_ in model.outputs]
    theirs = [program.shape(index) for index in program.outputs]
    if ours != theirs:
        yield f"outputs {ours}, not {theirs}"
    listed = {key: tuple(w.shape) for key, w in model.weights().items()}
    wanted = {key: tuple(tensor.shape) for key, tensor in program.state().items()}
    if list(listed.items()) != list(wanted.items()):
        yield f"weights {listed}, not {wanted}"
    least, most = params_of_inference(program)
    if not least <= model.totals.params <= most:
        yield f"{model.totals.params} parameters, not {least} to {most}"
    if program.heads:
        module = archspec.build(model, device="meta", training_outputs=False)
        params = sum(parameter.numel() for parameter in module.parameters())
        if model.totals.params != params:
            yield f"{model.totals.params} parameters, the module for inference has {params}"


def macs(case: Case) -> Found:
    program = case.spec.read(case.variant)
    given = [torch.empty(t.shape, device="meta") for t in case.inputs(BATCH)]
    with warnings.catch_warnings(), FlopCounterMode(display=False) as counter:
        warnings.simplefilter("ignore")
        program.run(given)
    ours = archspec.load(str(case.path), case.variant, batch=case.batch(BATCH)).training_totals.macs
    if ours * 2 != counter.get_total_flops():
        yield f"{ours} MACs, not {counter.get_total_flops() / 2}"


def built(case: Case) -> Found:
    fresh = archspec.build(case.model)
    keys, wanted = list(fresh.state_dict()), list(case.state)
    if keys != wanted:
        yield f"state_dict {keys}, not {wanted}"
    yield from settings(case, fresh)
    yield from first_values(case, fresh)
    with torch.no_grad():
        made = outputs(case.module(*case.inputs(3)))
    yield from differences("build", made, case.wanted, 1e-9)


def outputs(made: Any) -> list[Tensor]:
    return list(made) if isinstance(made, tuple) else [made]


def differences(
    what: str, ours: list[Any], theirs: list[Tensor], tolerance: float, rounding: list[float] | None = None
) -> Found:
    """What differs by more than the tolerance, and ten times what rounding makes of each output."""
    if len(ours) != len(theirs):
        yield f"{what}: {len(ours)} outputs, not {len(theirs)}"
        return
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        one = one.detach() if isinstance(one, Tensor) else one
        mine, right = np.asarray(one, dtype=np.float64), other.detach().double().numpy()
        if mine.shape != right.shape:
            yield f"{what}: output {number} is {mine.shape}, not {right.shape}"
            continue
        scale = float(np.abs(np.nan_to_num(right)).max(initial=0.0))
        if scale < 1e-6:  # norms of constants: what is left of a zero is rounding, which they blow up
            scale = 1.0
        slack = tolerance * scale + tolerance / 100 + (10 * rounding[number] if rounding else 0.0)
        if not np.allclose(mine, right, rtol=tolerance, atol=slack, equal_nan=True):
            yield f"{what}: output {number} differs by {np.abs(mine - right).max()} of {scale}"


SKIPPED = {"training", "inplace", "return_indices", "device", "dtype", "batch_first", "fields"}


def settings(case: Case, module: nn.Module) -> Found:
    """The settings of modules of the same class are equal."""
    there = dict(module.named_modules())
    for path, right in case.program.modules():
        mine = there.get(path)
        if mine is None or type(mine).__name__ != type(right).__name__:
            continue
        for key, value in vars(right).items():
            if key.startswith("_") or key in SKIPPED or not hasattr(mine, key):
                continue
            found = getattr(mine, key)
            if found is None:  # what it is where nothing is said
                found = mine.kernel_size if key == "stride" else False
            if isinstance(value, int | float | str | tuple | list) and not same(value, found):
                yield f"{path}.{key} is {found}, not {value}"


def same(one: Any, other: Any) -> bool:
    """Equal, where one number may stand for all axes."""
    if isinstance(one, list | tuple) or isinstance(other, list | tuple):
        many = one if isinstance(one, list | tuple) else other
        return spread(one, len(many)) == spread(other, len(many))
    return bool(one == other)


def spread(value: Any, count: int) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,) * count


def first_values(case: Case, module: nn.Module) -> Found:
    """Weights that start at a constant do."""
    state = module.state_dict()
    for path, right in case.program.modules():
        for key, value in (right.fields.get("init") or {}).items() if hasattr(right, "fields") else ():
            if isinstance(value, int | float):
                tensor = state[f"{path}.{key}"]
                if not torch.allclose(tensor, torch.full_like(tensor, value)):
                    yield f"{path}.{key} does not start at {value}"
    for step in case.program.steps:
        held = step.module
        start = state.get(held.key) if isinstance(held, Constant) else None
        if start is not None and not torch.equal(start.double(), held.values):
            yield f"{held.key} does not start at its values"


def training(case: Case) -> Found:
    """Outputs and running statistics in training."""
    program = case.reference()
    drawn = [s for s in program.steps if getattr(s.module, "p", 0) or getattr(s.module, "dropout", 0)]
    live = [program.steps[number] for number in reaching(program, program.outputs)]
    if any(type(step.module).__name__ != "Dropout" or step not in live for step in drawn):
        return  # drawn by other kernels, or in another order: the rates are compared as settings
    module = case.module.train()
    try:
        results = []
        for run in (program.run, lambda given: outputs(module(*given))):
            torch.manual_seed(7)
            results.append(run(case.inputs(3)))
        yield from differences("training", [t.detach() for t in results[1]], results[0], 1e-9)
        after = program.state()
        for key, tensor in module.state_dict().items():
            if not torch.allclose(tensor.double(), after[key].double(), rtol=1e-9, atol=1e-12):
                yield f"training: {key} differs"
    finally:
        module.load_state_dict({key: value.clone() for key, value in case.state.items()})
        module.eval()


def saved(case: Case) -> Found:
    """The bytes that autograd keeps."""
    module = archspec.build(case.model).train()
    held = kept(module, *(t.float() for t in case.inputs(2)))
    ours = archspec.load(str(case.path), case.variant, batch=case.batch(2)).memory().training.activations
    if ours != held:
        yield f"saved: {ours} bytes, not {held}"


FORMS: list[dict[str, Any]] = [
    *({"opset": opset} for opset in (18, 19, 21, 22, 23, 24)),
    {},
    {"functions": True},
    {"fold_bn": True},
    {"dynamic": True, "opset": 22},
    {"external": "data"},
    {"external": "safetensors"},
    {"no_weights": True},
    {"functions": True, "fold_bn": True},
]


def exported(case: Case) -> Found:
    """What ONNX Runtime computes, in some of the forms that there are."""
    folder = case.path.parent
    weights = folder / "w.safetensors"
    save_file({k: v.float() if v.is_floating_point() else v for k, v in case.state.items()}, str(weights))
    forms = case.rng.sample(FORMS, min(case.forms, len(FORMS)))
    for form in forms:
        target = folder / "net.onnx"
        given: dict[str, Any] = {} if form.get("no_weights") else {"weights": str(weights)}
        try:
            archspec.export(case.model, str(target), **given, **form)
        except SpecError as error:
            if not form.get("dynamic"):
                yield f"onnx {form}: {error}"
            continue
        onnx.checker.check_model(str(target), full_check=True)
        run = opened(str(target))
        feed = {
            item.name: array
            for item, array in zip(
                run.get_inputs(), (t.float().numpy() for t in case.inputs(3)), strict=False
            )
        }
        feed |= {
            item.name: case.state[item.name].float().numpy()
            for item in run.get_inputs()
            if item.name in case.state
        }
        yield from differences(f"onnx {form}", run.run(None, feed), case.wanted, 5e-4, case.rounding)


def opened(path: str) -> Any:
    """A valid model in ONNX Runtime, optimised as far as it can.

    Its last level, which lays convolutions out anew, forgets at times that a convolution whose sum is taken is an output
    of the model too, and then refuses the model.
    """
    try:
        return session(path)
    except RuntimeError as error:
        if "Failed to find node output" not in str(error):
            raise
        return session(path, GraphOptimizationLevel.ORT_ENABLE_EXTENDED)


def expanded(case: Case) -> Found:
    """`expand` says the same network, and expanding it again changes nothing."""
    from archspec.analysis.expand import canonical

    text = canonical(case.model.network, case.model.costs)
    path = case.path.parent / "expanded.json"
    path.write_text(text)
    try:
        again = archspec.load(str(path))
    except SpecError as error:
        yield f"expand: {error}"
        return
    for finding in archspec.validate(str(path)):
        if not finding.diagnostic.code.startswith("AS6"):
            yield f"expand: {finding.diagnostic.code} {finding.diagnostic.message}"
    if canonical(again.network, again.costs) != text:
        yield "expand: not a fixpoint"
    if list(again.weights().items()) != list(case.model.weights().items()):
        yield f"expand: weights {list(again.weights())}, not {list(case.model.weights())}"
    for when in ("totals", "training_totals"):
        mine, right = asdict(getattr(again, when)), asdict(getattr(case.model, when))
        if other := [f"{key} {mine[key]}, not {right[key]}" for key in mine if mine[key] != right[key]]:
            yield f"expand: {when}: {'; '.join(other)}"
    module = archspec.build(again, dtype=torch.float64).eval()
    module.load_state_dict({key: value.clone() for key, value in case.state.items()})
    with torch.no_grad():
        yield from differences("expand", outputs(module(*case.inputs(3))), case.wanted, 1e-9)


def standalone(case: Case) -> Found:
    """The exported source as a file of its own."""
    path = case.path.parent / "source.py"
    archspec.export(case.model, str(path))
    case.sources.append(path)
    spec = importlib.util.spec_from_file_location("source", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    name = re.findall(r"^class (\w+)\(", path.read_text(), re.MULTILINE)[-1]
    net = getattr(module, name)().double().eval()
    net.load_state_dict({key: value.clone() for key, value in case.state.items()})
    with torch.no_grad():
        yield from differences("source", outputs(net(*case.inputs(3))), case.wanted, 1e-9)


def fields(case: Case) -> Found:
    """No gradient reaches an input position that a receptive field leaves out."""
    found = output_fields(case.model.root)[0]
    first, *rest = case.inputs(3)
    if found is None or first.dim() < 3:
        return

    def call(x: Tensor) -> Tensor:
        return outputs(case.module(x, *rest))[0]

    output = call(first.requires_grad_())
    if not output.requires_grad:
        return
    for axis, along in enumerate(found.axes):
        # An axis of the output stands for it: another one after a permutation. Or none does, and all is seen at once.
        ways: list[int | None] = [d for d in range(1, output.dim()) if output.shape[d] == along.positions]
        if along.positions == 1 or output.dim() != first.dim():
            ways = [None]
        left_out = [missing(call, output, first, axis + 2, way, along) for way in ways]
        if left_out and all(left_out):
            yield f"field: axis {axis}: {left_out[0]}"


def missing(
    call: Callable[[Tensor], Tensor],
    output: Tensor,
    first: Tensor,
    axis: int,
    way: int | None,
    along: AxisField,
) -> str:
    """What the field leaves out, if positions lie along an axis of the output; or if it is looked at as a whole.

    A gradient alone does not tell: that of `interpolate` to the size at hand reaches positions which it does not use.
    """

    def changes(position: int, index: int) -> bool:
        with torch.no_grad():
            other = first.detach().clone()
            other.select(axis, position).add_(0.37)
            difference = (call(other) - output).abs()
        return bool((difference if way is None else difference.select(way, index)).amax() > 0)

    positions = range(along.positions)
    if way is None:
        said = [at for index in positions if (at := along.at(index)) is not None]
        looks = [(output.sum(), (min(a for a, _ in said), max(b for _, b in said)) if said else None)]
    else:
        looks = [(output.select(way, index).sum(), along.at(index)) for index in positions]
    for index, (value, field_) in enumerate(looks):
        (gradient,) = torch.autograd.grad(value, first, retain_graph=True, allow_unused=True)
        if gradient is None:
            continue
        seen = gradient.abs().amax([d for d in range(first.dim()) if d != axis]).nonzero().flatten().tolist()
        outside = [at for at in seen if field_ is None or not field_[0] <= at <= field_[1]]
        if any(changes(position, index) for position in outside):
            return f"sees {seen[0]} to {seen[-1]}, said {field_}"
    return ""


def machine(case: Case) -> Found:
    """The table and the JSON print, and say the same."""
    from archspec.report.machine import to_json

    said = to_json(case.model)
    if said["totals"]["params"] != case.model.totals.params:
        yield "json: other parameters"
    text = case.model.summary(width=case.rng.choice([60, 80, 100, 140]))
    if f"{case.model.totals.params:,}" not in text:
        yield "table: the parameters are missing"


CHECKS: list[Callable[[Case], Found]] = [
    shapes,
    macs,
    built,
    training,
    saved,
    exported,
    expanded,
    standalone,
    fields,
    machine,
]


def disagreements(case: Case) -> list[str]:
    """All of them; what archspec refuses is one. Other weights or shapes are enough."""
    try:
        found = list(valid(case))
        case.model  # noqa: B018 — a network that is refused has nothing to compare
    except SpecError as error:
        return [f"refused: {error}"]
    for check in CHECKS:
        if found and check is built:
            break  # with other weights or shapes nothing else can be compared
        try:
            found += [f"{check.__name__}: {text}" for text in check(case)]
        except SpecError as error:
            found.append(f"{check.__name__}: refused: {error}")
        except Exception as error:
            found.append(f"{check.__name__}: {type(error).__name__}: {error}")
    return found
