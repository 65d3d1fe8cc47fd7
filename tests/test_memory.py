"""Memory against what torch really keeps and holds."""

import weakref
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from op_examples import VALID, name_case
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

import archspec
from archspec import Model
from archspec.analysis.activations import Activations
from archspec.analysis.memory import Memory, Optimizer, memory
from archspec.analysis.peak import Peaks
from archspec.analysis.sizing import Sizing
from archspec.ir import Module
from archspec.ops import Example, Op
from archspec.testing import gradients, torch_forms
from archspec.testing.cases import make
from archspec.testing.gradients import kept_by, storage

SPECS = Path(__file__).parent.parent / "specs"


# --- torch's side --------------------------------------------------------------------------------------


def activations(model: Any, *inputs: Tensor) -> int:
    """The bytes that autograd saves of a call, weights and inputs excluded."""
    result, saved = kept_by(lambda: model(*inputs))
    del result
    there = {storage(tensor) for tensor in (*model.parameters(), *model.buffers(), *inputs)}
    return sum(tensor.untyped_storage().nbytes() for key, tensor in saved.items() if key not in there)


class Live(TorchDispatchMode):  # type: ignore[misc]
    """Follows the bytes of the storages of which a tensor is alive."""

    def __init__(self, model: Any, *inputs: Tensor) -> None:
        super().__init__()
        self.outside = {storage(tensor) for tensor in (*model.parameters(), *model.buffers(), *inputs)}
        self.tensors: Counter[int] = Counter()
        self.bytes: dict[int, int] = {}
        self.peak = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        result = func(*args, **(kwargs or {}))
        results = [result] if isinstance(result, Tensor) else list(result)
        # On the meta device alone, batch normalisation in evaluation returns statistics that are not empty.
        for tensor in results[:1] if "batch_norm" in str(func) else results:
            key = storage(tensor)
            if key not in self.outside:
                self.tensors[key] += 1
                self.bytes[key] = tensor.untyped_storage().nbytes()
                weakref.finalize(tensor, self.drop, key)
        self.peak = max(self.peak, sum(self.bytes.values()))
        return result

    def drop(self, key: int) -> None:
        self.tensors[key] -= 1
        if not self.tensors[key]:
            del self.bytes[key]


def peak(model: Any, *inputs: Tensor) -> int:
    """The most bytes alive in a call in evaluation, the inputs included."""
    with torch.no_grad(), Live(model, *inputs) as live:
        model(*inputs)
    return int(live.peak + sum(tensor.untyped_storage().nbytes() for tensor in inputs))


def reference(name: str, **options: Any) -> Any:
    """A model of torchvision without memory for its weights."""
    if name == "googlenet":
        options["init_weights"] = False
    with torch.device("meta"):
        return torchvision.models.get_model(name, weights=None, **options)


# --- archspec's side -----------------------------------------------------------------------------------


def network(spec: str, variant: str | None = None, source: str | None = None) -> Model:
    return archspec.load(str(SPECS / f"{spec}.toml"), variant, source=source)


def of(model: Model, batch: int = 1, element: int = 4, optimizer: Optimizer = "sgd") -> Memory:
    train = len(model.network.train_outputs)
    return memory(model.root, train, batch=batch, element=element, optimizer=optimizer)


def toml(layers: str, shape: str = '"N", 2, 4, 4', rest: str = "", top: str = "") -> Model:
    source = f"archspec = 1\n[model]\ninput = [{shape}]\n{top}\nlayers = [{layers}]\n{rest}"
    return archspec.load("spec.toml", source=source)


def without_heads() -> Model:
    """GoogLeNet as torchvision has it with `aux_logits=False`."""
    lines = (SPECS / "googlenet.toml").read_text(encoding="utf-8").splitlines()
    heads = ("train_outputs =", '{ name = "aux', "training =")
    return network(
        "googlenet", source="\n".join(line for line in lines if not line.strip().startswith(heads))
    )


# --- ops -----------------------------------------------------------------------------------------------


def oracle_in_training(op: type[Op], example: Example, batch: int) -> Any:
    """The PyTorch of an example in training."""
    if op.name == "stochastic_depth":  # its examples are for evaluation, where it is the identity
        made = make(op, example)
        return torchvision.ops.StochasticDepth(made.p, made.mode)  # type: ignore[attr-defined]
    if op.name == "attention":
        example = replace(example, torch=example.torch.replace(")[0]", ", need_weights=False)[0]"))
    return torch_forms.oracle_of(example, batch)


@pytest.mark.parametrize(("op", "example"), VALID, ids=name_case)
@pytest.mark.parametrize("batch", [1, 3])
def test_an_op_keeps_what_autograd_saves(op: type[Op], example: Example, batch: int) -> None:
    gradients.saved_bytes(op, example, batch, oracle_in_training(op, example, batch))


@pytest.mark.parametrize(("op", "example"), VALID, ids=name_case)
def test_an_op_shares_and_copies_as_torch(op: type[Op], example: Example) -> None:
    """How outputs lie in memory, and what is kept, where inputs do not lie row by row."""
    for layout in gradients.LAYOUTS:
        oracle = oracle_in_training(op, example, 3)
        if op.name == "lrn" and len(example.inputs[0]) == 5 and layout == "reversed":
            with pytest.raises(RuntimeError, match="view size is not compatible"):  # PyTorch wants to view it
                gradients.layout(op, example, layout, oracle)
        else:
            gradients.layout(op, example, layout, oracle)


# --- training ------------------------------------------------------------------------------------------

ACTIVATIONS = {
    # model: spec, bytes that autograd saves at batch 2, 224×224
    "alexnet": ("alexnet", 6_278_144),
    "vgg16": ("vgg", 145_506_304),
    "vgg16_bn": ("vgg", 253_920_256),
    "resnet18": ("resnet", 43_193_856),
    "resnet50": ("resnet", 170_827_264),
    "resnext50_32x4d": ("resnet", 223_472_128),
    "densenet121": ("densenet", 259_853_056),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_networks_keep_what_torchvision_keeps(name: str) -> None:
    spec, expected = ACTIVATIONS[name]
    training = of(network(spec, None if spec == name else name), batch=2).training
    assert training.activations == expected
    theirs = reference(name).train()
    assert activations(theirs, torch.empty(2, 3, 224, 224, device="meta")) == expected
    params, buffers = (
        sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        for tensors in (theirs.parameters(), theirs.buffers())
    )
    assert (training.weights, training.gradients, training.optimizer) == (params + buffers, params, 0)
    assert training.total == 2 * params + buffers + expected


def test_heads_count_in_training_only() -> None:
    image = torch.empty(2, 3, 224, 224, device="meta")
    bare, full = of(without_heads(), batch=2), of(network("googlenet"), batch=2)
    assert bare.training.activations == 95_195_776
    assert activations(reference("googlenet", aux_logits=False).train(), image) == 95_195_776
    assert full.training.activations == activations(reference("googlenet").train(), image)
    assert full.inference == bare.inference
    assert full.inference.weights == bare.training.weights
    assert full.training.gradients == 4 * 13_004_888


UNIT = """[blocks.unit]
outputs = ["mid"]
layers = [{ name = "mid", op = "conv", out = 2, kernel = 1 }, { op = "conv", out = 2, kernel = 1 }]
"""


@pytest.mark.parametrize(
    "second", ['as = "b", op = "reuse", of = "a"', 'name = "b", op = "unit"'], ids=["reuse", "block"]
)
def test_inference_has_what_the_module_without_training_outputs_has(second: str) -> None:
    """What `a` yields is for training, but the network's output comes out of its middle."""
    model = toml(
        f'{{ name = "a", op = "unit" }}, {{ {second}, from = "a.mid" }}',
        rest=UNIT,
        top='outputs = ["b"]\ntrain_outputs = ["a"]',
    )
    module = archspec.build(model, training_outputs=False).eval()
    image = torch.rand(1, 2, 4, 4)
    with FlopCounterMode(display=False) as counter:
        module(image)
    params = sum(tensor.numel() for tensor in module.parameters())
    assert (model.totals.params, model.totals.macs) == (params, counter.get_total_flops() // 2)
    assert (model.totals.weights, model.totals.modules) == (
        len(module.state_dict()),
        len([*module.modules()]) - 1,
    )
    assert of(model).inference.weights == 4 * params
    leaves = [row for row in model.modules() if row.module.op is not None and not row.training]
    assert sum(row.cost.params for row in leaves) == params


def test_a_head_inside_a_group_counts_in_training_only() -> None:
    """`side` of `body` is for `aux` alone; the group's other output is the network's."""
    body = """{ name = "conv", op = "conv", out = 3, kernel = 1 }, { name = "side", op = "conv", out = 9, kernel = 1 },
      { name = "tanh", op = "tanh", from = "conv" }"""
    layers = f'{{ name = "body", layers = [{body}] }}, {{ name = "aux", op = "tanh", from = "body.side" }}'
    model = toml(f'{layers}, {{ name = "end", op = "relu", from = "body" }}', top='train_outputs = ["aux"]')
    # 3 planes of `conv` and the outputs of both `tanh` and of `relu`; the convolutions' weights.
    assert of(model).training.activations == 64 * (3 + 3 + 9 + 3)
    assert of(model).training.weights == 4 * (3 * 2 + 3 + 9 * 3 + 9)
    assert of(model).inference.weights == 4 * (3 * 2 + 3)
    assert at(model) == (64 * (2 + 3 + 3), "body.tanh", "tanh")


def test_real_tensors_agree() -> None:
    image = torch.rand(2, 3, 32, 32)
    model = archspec.load(str(SPECS / "resnet.toml"), "resnet18", inputs={"input": ("N", 3, 32, 32)})
    assert of(model, batch=2).training.activations == activations(torchvision.models.resnet18(), image)


@pytest.mark.parametrize(("optimizer", "states"), [("sgd", 0), ("momentum", 1), ("adam", 2)])
def test_parts_of_training(optimizer: Optimizer, states: int) -> None:
    """A convolution of 2 * 3 + 3 parameters, a norm of 3 + 3 parameters and 3 + 3 + 1 buffers, and a rectifier."""
    model = toml('{ op = "conv", out = 3, kernel = 1 }, "batchnorm", "relu"')
    training = of(model, batch=5, optimizer=optimizer).training
    assert training.weights == 4 * (9 + 6 + 6) + 8
    assert training.gradients == 4 * 15
    assert training.optimizer == 4 * 15 * states
    # What the convolution and the rectifier make, both 5×3×4×4, and mean and variance of 3 channels.
    assert training.activations == 4 * (2 * 5 * 3 * 16 + 2 * 3)
    assert training.total == 92 + 60 + 60 * states + 1944
    half = of(model, batch=5, element=2, optimizer=optimizer).training
    assert half.weights == 2 * 21 + 8
    assert half.total == 50 + 30 + 30 * states + 972


SQUEEZE = """{ name = "stem", op = "conv", out = 6, kernel = 1 }, { op = "mul", branches = [[], { name = "gate", layers = [
  "global_avgpool", { op = "conv", out = 3, kernel = 1 }, "silu", { op = "conv", out = 6, kernel = 1 }, "sigmoid"] }] },
  { name = "halves", op = "split", sections = 2 }, { name = "left", op = "conv", out = 3, kernel = 1, from = "halves.1" },
  { op = "concat", from = ["halves.0", "left"] }, { name = "end", layers = [{ op = "channel_shuffle", groups = 2 }, "relu6",
  "dropout", { op = "adaptive_avgpool", size = 2 }, "flatten", { op = "linear", out = 5 }] }"""


class Squeeze(nn.Module):  # type: ignore[misc]
    """The same network in torch."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, 6, 1)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(6, 3, 1), nn.SiLU(), nn.Conv2d(3, 6, 1), nn.Sigmoid()
        )
        self.left = nn.Conv2d(3, 3, 1)
        self.end = nn.Sequential(
            nn.ChannelShuffle(2),
            nn.ReLU6(),
            nn.Dropout(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(24, 5),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = x * self.gate(x)
        first, second = x.chunk(2, 1)
        del x  # as archspec has it: a value dies after its last use
        x = torch.cat([first, self.left(second)], 1)
        del first, second
        return self.end(x)


@pytest.mark.parametrize("batch", [1, 3])
def test_parts_share_storages(batch: int) -> None:
    ours = of(toml(SQUEEZE), batch=batch)
    image = torch.rand(batch, 2, 4, 4)
    assert ours.training.activations == activations(Squeeze().train(), image)
    assert ours.inference.peak == peak(Squeeze().eval(), image)


def test_nothing_is_kept_before_the_first_weight() -> None:
    """The pool's output is kept by the convolution; its indices would be for a gradient of the image."""
    model = toml('{ op = "maxpool", kernel = 2 }, "tanh", { op = "conv", out = 3, kernel = 1 }')
    assert of(model, batch=3).training.activations == 4 * 3 * 2 * 2 * 2
    theirs = nn.Sequential(nn.MaxPool2d(2), nn.Tanh(), nn.Conv2d(2, 3, 1))
    assert activations(theirs, torch.rand(3, 2, 4, 4)) == 4 * 3 * 2 * 2 * 2


def test_a_parameter_is_no_activation() -> None:
    model = toml(
        '{ op = "conv", out = 3, kernel = 1 }, { name = "scale", op = "param", shape = [3, 1, 1] }, '
        '{ op = "mul", from = ["0", "scale"] }'
    )
    assert of(model).training.activations == 4 * 3 * 16  # what the convolution makes
    assert of(model).inference.peak == 4 * (2 + 3 + 3) * 16


def test_shared_weights_count_once_and_activations_at_each_call() -> None:
    """The second call keeps the output of the first."""
    model = toml('{ name = "conv", op = "conv", out = 2, kernel = 1 }, { op = "reuse", of = "conv" }')
    training = of(model).training
    assert training.weights == training.gradients == 4 * 6
    assert training.activations == 4 * 2 * 16
    assert of(model).inference.weights == 4 * 6


def test_a_fixed_batch_stays() -> None:
    model = toml('{ op = "conv", out = 2, kernel = 1 }, "relu"', shape="3, 2, 4, 4")
    assert of(model, batch=7).training.activations == 4 * 3 * 2 * 16
    assert of(model, batch=7).inference.peak == 4 * 3 * 16 * (2 + 2 + 2)


# --- inference -----------------------------------------------------------------------------------------


def at(model: Model, batch: int = 1) -> tuple[int, str, str]:
    inference = of(model, batch).inference
    return inference.peak, inference.path, inference.kind


def test_a_chain_holds_input_and_output_of_a_call() -> None:
    """Of one channel a plane is 16 elements, so 64 bytes: 2 of the image, 5 of the convolution, 5 of `tanh`."""
    layers = '{ name = "conv", op = "conv", out = 5, kernel = 1 }, { name = "tanh", op = "tanh" }'
    end = ', "flatten", { op = "linear", out = 7 }'
    assert at(toml(layers)) == (64 * (2 + 5 + 5), "tanh", "tanh")
    assert at(toml(layers + end)) == (64 * (2 + 5 + 5), "tanh", "tanh")
    assert at(toml(layers + end), batch=3) == (3 * 64 * (2 + 5 + 5), "tanh", "tanh")


def test_a_caller_holds_the_input_of_a_module() -> None:
    """6 planes go into the module `deep`, whose second call holds 2 + 2 more: 2 + 6 + 2 + 2 planes.

    In a plain chain the 6 planes are gone by then, and the first convolutions are the peak: 2 + 6 + 2 planes.
    """
    inner = '{ name = "conv", op = "conv", out = 2, kernel = 1 }, { name = "tanh", op = "tanh" }'
    wide = '{ name = "wide", op = "conv", out = 6, kernel = 1 }'
    nested = toml(f'{wide}, {{ name = "deep", layers = [{inner}] }}')
    assert at(nested) == (64 * (2 + 6 + 2 + 2), "deep.tanh", "tanh")
    assert at(toml(f"{wide}, {inner}")) == (64 * (2 + 6 + 2), "conv", "conv")


def test_a_residual_holds_its_input() -> None:
    """x of 3 planes; conv1 5, tanh 5, conv2 3. During `tanh` 3 + 5 + 5, during `conv2` 3 + 5 + 3, at the sum 3 * 3."""
    inner = """{ name = "conv1", op = "conv", out = 5, kernel = 1 }, { name = "tanh", op = "tanh" },
      { name = "conv2", op = "conv", out = 3, kernel = 1 }"""
    stem = '{ name = "stem", op = "conv", out = 3, kernel = 1 }'
    model = toml(f'{stem}, {{ name = "unit", op = "residual", layers = [{inner}] }}')
    assert at(model) == (64 * (2 + 3 + 5 + 5), "unit.tanh", "tanh")
    # With 1 plane in the middle the sum is the peak; it is in the call of `unit`, but no module.
    thin = toml(f'{stem}, {{ name = "unit", op = "residual", layers = [{inner.replace("5", "1")}] }}')
    assert at(thin) == (64 * (2 + 3 + 3 + 3), "unit", "add")


def test_a_dense_block_holds_what_it_joins() -> None:
    """x of 2 planes, the image, which its caller holds to the end. Every copy adds 3 planes.

    The first: conv 3, concat 5, so 2 + 3 + 5. The second: conv 3 from 5, concat 8, so 2 + 5 + 3 + 8.
    """
    model = toml(
        '{ name = "block", op = "dense", repeat = 2, '
        'layers = [{ name = "conv{i}", op = "conv", out = 3, kernel = 1 }] }'
    )
    assert at(model) == (64 * (2 + 5 + 3 + 8), "block", "concat")


def test_a_view_keeps_the_whole_alive() -> None:
    """A half of 6 planes is 6 planes; `tanh` of it 3."""
    model = toml(
        '{ op = "conv", out = 6, kernel = 1 }, { op = "slice", stop = 3 }, { name = "tanh", op = "tanh" }, '
        '{ op = "conv", out = 4, kernel = 1 }'
    )
    assert at(model) == (64 * (2 + 6 + 3), "tanh", "tanh")


@pytest.mark.parametrize("name", ["alexnet", "vgg11_bn", "resnet18", "resnet50", "resnext50_32x4d"])
def test_the_peak_is_that_of_torchvision(name: str) -> None:
    """With rectifiers that make a new tensor, as they are counted."""
    theirs = reference(name).eval()
    for module in theirs.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    spec = {"alexnet": "alexnet", "vgg11_bn": "vgg"}.get(name, "resnet")
    model = network(spec, None if spec == name else name)
    assert at(model, batch=2)[0] == peak(theirs, torch.empty(2, 3, 224, 224, device="meta"))


def flat_bound(root: Module) -> int:
    """The most bytes alive at once if every op of the flattened network frees what no later one uses."""
    calls: list[tuple[list[int], list[int]]] = []
    sizing = Sizing(1, 4)
    sizes = [sizing.bytes(type_) for type_ in root.inputs]

    def run(module: Module, inputs: list[int]) -> list[int]:
        if module.op is not None:
            if module.op.view(module.inputs, training=False):
                return inputs[:1] * len(module.outputs)
            made = list(range(len(sizes), len(sizes) + len(module.outputs)))
            sizes.extend(map(sizing.bytes, module.outputs))
            calls.append((inputs, made))
            return made
        values = inputs
        for node in module.body:
            values = values + run(node.module, [values[value] for value in node.inputs])
        return [values[value] for value in module.results]

    run(root, list(range(len(root.inputs))))
    last = {value: step for step, (given, made) in enumerate(calls) for value in (*made, *given)}
    alive = set(range(len(root.inputs)))
    most = 0
    for step, (_, made) in enumerate(calls):
        alive |= set(made)
        most = max(most, sum(sizes[value] for value in alive))
        alive = {value for value in alive if last.get(value, -1) > step}
    return most


@pytest.mark.parametrize(
    ("spec", "variant"),
    [
        *(("alexnet", None), ("vgg", "vgg16"), ("vgg", "vgg16_bn"), ("nin", None), ("lenet", None)),
        *(("resnet", "resnet18"), ("resnet", "resnet152"), ("resnet", "resnext50_32x4d")),
        *(("densenet", "densenet121"), ("densenet", "densenet201")),
    ],
)
def test_the_peak_is_near_the_bound_of_the_flat_network(spec: str, variant: str | None) -> None:
    model = network(spec, variant)
    assert 1.0 <= at(model)[0] / flat_bound(model.root) <= 1.39


def test_work_follows_the_description() -> None:
    """A million units in 1000 blocks of 1000: each counted, few looked at."""
    model = toml(
        '{ op = "outer", repeat = 1000 }',
        rest="""[blocks.outer]
layers = [{ op = "unit", repeat = 1000 }]
[blocks.unit]
layers = [{ op = "conv", out = 2, kernel = 1 }, "batchnorm", "relu"]
""",
    )
    found, plane = of(model, batch=3), 4 * 3 * 16
    # Kept: each unit's convolution's output, statistics of 2 channels, and the rectifier's output.
    assert found.training.activations == 10**6 * (2 * 2 * plane + 4 * 4)
    assert found.training.gradients == 10**6 * 4 * (2 * 2 + 2 + 2 + 2)
    # The image, the inputs of the block and of the unit, which their callers hold, and input and output of a call:
    # all of 2 planes, and different tensors for the first time in the second unit of the second block.
    assert found.inference.peak == 5 * 2 * plane
    assert (found.inference.path, found.inference.kind) == ("1.1.1", "batchnorm")
    assert found.inference.weights == found.training.weights == 10**6 * (4 * 10 + 4 * 4 + 8)
    keeping, peaks = Activations(Sizing(3, 4)), Peaks(Sizing(3, 4))
    keeping.root(model.root)
    peaks.root(model.root)
    assert len(peaks.known) == 6
    assert len(keeping.known) <= 2 * 6


CHAINS = [
    '{ op = "conv", out = 6, kernel = 1 }, { op = "permute", axes = [0, 2, 3, 1] }, "flatten", { op = "linear", out = 3 }',
    '{ op = "conv", out = 6, kernel = 1 }, { op = "permute", axes = [0, 2, 3, 1] }, "tanh", { op = "reshape", shape = ["N", 96] }',
    '{ op = "conv", out = 6, kernel = 1 }, { op = "crop", size = 3 }, "flatten", "tanh", { op = "linear", out = 3 }',
    '{ op = "conv", out = 6, kernel = 1 }, { op = "slice", stop = 5 }, "flatten", "tanh", "sigmoid"',
    '{ op = "conv", out = 6, kernel = 1 }, { op = "slice", axis = 2, stride = 2 }, { op = "flatten", start = 2 }, "tanh"',
    '"global_avgpool", { op = "expand", shape = [-1, -1, 9, 9] }, "tanh", { op = "permute", axes = [0, 3, 2, 1] }, "silu"',
    '{ op = "expand", shape = [-1, 2, 4, 4] }, { op = "reshape", shape = ["N", 32] }, "silu", "identity", "dropout", "tanh"',
    '{ op = "split", sections = 2, name = "s" }, { op = "tanh", from = "s.1" }, { op = "flatten" }, "silu"',
]


@pytest.mark.parametrize("layers", CHAINS)
@pytest.mark.parametrize("batch", [1, 3])
def test_views_allocate_nothing_and_copies_do(layers: str, batch: int) -> None:
    """A reshape of what does not lie row by row copies."""
    model = toml(layers)
    image = torch.rand(batch, 2, 4, 4)
    assert at(model, batch)[0] == peak(archspec.build(model).eval(), image)
