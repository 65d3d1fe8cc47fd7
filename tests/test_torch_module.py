"""The built module, live: torchvision's weights and outputs, PyTorch's tools, devices, files of weights."""

import copy
import inspect
import io
import pickle
import socket
import traceback
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from nets import (
    NAMES,
    NETWORKS,
    SPECS,
    assert_equal,
    inputs_of,
    network,
    randomise_statistics,
    spec,
    torchvision_model,
)
from safetensors.torch import save_file
from test_networks import NEWER, OLDER, TEACHING, TORCHVISION, by_hand
from torch import Tensor, nn

import archspec
from archspec import Model, UsageError
from archspec.backends.onnx import model_of

SPEC_OF = {name: TORCHVISION[name][0] for name in TORCHVISION if name in OLDER | NEWER}
SIZES = ("N", 3, 107, 97)
"""Unequal primes, and small: the networks take any size."""


FIXED = {"inception_v3": ("N", 3, 299, 299), "vit_b_32": ("N", 3, 224, 224)}
"""Those that need a size of their own: for the kernels of a head, and for a weight by position."""


def pair(name: str, **options: Any) -> tuple[nn.Module, Any]:
    """Our module and torchvision's, with the same weights."""
    shape = FIXED.get(name, SIZES)
    model = network(SPEC_OF[name], None if SPEC_OF[name] == name else name, inputs={"input": shape})
    theirs = torchvision_model(name, **options)
    ours = archspec.build(model, device="meta").to_empty(device="cpu")
    ours.load_state_dict(theirs.state_dict(), strict=True)
    return ours, theirs


# --- torchvision -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SPEC_OF)
def test_outputs_are_those_of_torchvision(name: str) -> None:
    ours, theirs = pair(name)
    x = torch.randn(2, *FIXED.get(name, SIZES)[1:])
    with torch.no_grad():
        assert_equal(ours.eval()(x), theirs.eval()(x))


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "mobilenet_v2", "vgg11_bn", "squeezenet1_1"])
def test_gradients_are_those_of_torchvision(name: str) -> None:
    ours, theirs = pair(name)
    x = torch.randn(2, *SIZES[1:])
    for module in (ours, theirs):
        for layer in module.modules():
            if isinstance(layer, nn.Dropout):
                layer.eval()
        module(x).square().mean().backward()
    gradients = {key: parameter.grad for key, parameter in theirs.named_parameters()}
    for key, parameter in ours.named_parameters():
        assert parameter.grad is not None
        torch.testing.assert_close(parameter.grad, gradients[key], rtol=1e-4, atol=1e-6)
    for key, buffer in ours.named_buffers():
        assert torch.equal(buffer, theirs.get_buffer(key))


@pytest.mark.parametrize(
    ("name", "size", "heads"),
    [("googlenet", 107, ["aux_logits1", "aux_logits2"]), ("inception_v3", 299, ["aux_logits"])],
)
def test_heads_are_returned_in_training(name: str, size: int, heads: list[str]) -> None:
    ours, theirs = pair(name, aux_logits=True)
    for module in (*ours.modules(), *theirs.modules()):
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    x = torch.randn(2, 3, size, size)
    want = theirs.train()(x)
    got = ours.train()(x)
    assert_equal(got, [want.logits, *(getattr(want, head) for head in heads)])
    assert isinstance(ours.eval()(x), Tensor)


@pytest.mark.parametrize(
    "name",
    ["lenet", "nin", *[f"teaching/{stem}" for stem in ("lenet", "lenet_max", "alexnet", "vgg11", "nin")]],
)
def test_sequential_networks_are_those_by_hand(name: str) -> None:
    ours = archspec.build(network(name)).eval()
    theirs = by_hand(name).eval()
    theirs.load_state_dict(ours.state_dict(), strict=True)
    (x,) = inputs_of(network(name))
    with torch.no_grad():
        assert_equal(ours(x), theirs(x))


class Residual(nn.Module):  # type: ignore[misc]
    """The teaching ResNet's block."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1)
        self.bn2 = nn.BatchNorm2d(out)
        self.conv3 = nn.Conv2d(channels, out, 1, stride) if stride != 1 else None

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return torch.relu(y + (x if self.conv3 is None else self.conv3(x)))


class Dense(nn.Module):  # type: ignore[misc]
    """The teaching DenseNet's block: each layer sees all before it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        for index in range(4):
            n = channels + 32 * index
            layer = nn.Sequential(nn.BatchNorm2d(n), nn.ReLU(), nn.Conv2d(n, 32, 3, padding=1))
            self.add_module(f"layer{index + 1}", layer)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = torch.cat([x, layer(x)], dim=1)
        return x


class Columns(nn.Module):  # type: ignore[misc]
    """The teaching GoogLeNet's block, its convolutions numbered as in the spec."""

    def __init__(self, channels: int, c1: int, c3: tuple[int, int], c5: tuple[int, int], pool: int) -> None:
        super().__init__()
        for key, conv in {
            "0": nn.Conv2d(channels, c1, 1),
            "2": nn.Conv2d(channels, c3[0], 1),
            "4": nn.Conv2d(c3[0], c3[1], 3, padding=1),
            "6": nn.Conv2d(channels, c5[0], 1),
            "8": nn.Conv2d(c5[0], c5[1], 5, padding=2),
            "11": nn.Conv2d(channels, pool, 1),
        }.items():
            self.add_module(key, conv)

    def forward(self, x: Tensor) -> Tensor:
        conv = dict(self.named_children())
        b2 = torch.relu(conv["4"](torch.relu(conv["2"](x))))
        b3 = torch.relu(conv["8"](torch.relu(conv["6"](x))))
        b4 = torch.relu(conv["11"](nn.functional.max_pool2d(x, 3, 1, 1)))
        return torch.cat([torch.relu(conv["0"](x)), b2, b3, b4], 1)


def graph_by_hand(name: str) -> nn.Module:
    """The teaching networks that are no plain sequence."""
    stem = [nn.Conv2d(1, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    if name == "resnet18":
        widths = [(64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2)]
        stages = {
            f"stage{index}": nn.Sequential(Residual(n, out, stride), Residual(out, out, 1))
            for index, (n, out, stride) in enumerate(widths, start=2)
        }
        layers: dict[str, nn.Module] = {"stage1": nn.Sequential(*stem), **stages}
        return nn.Sequential(
            _named(
                {**layers, "pool": nn.AdaptiveAvgPool2d(1), "flat": nn.Flatten(), "fc": nn.Linear(512, 10)}
            )
        )
    if name == "densenet":
        layers = {"stem": nn.Sequential(*stem)}
        channels = 64
        for index in range(4):
            layers[str(2 * index + 1)] = Dense(channels)
            channels += 128
            if index < 3:
                layers[str(2 * index + 2)] = nn.Sequential(
                    nn.BatchNorm2d(channels),
                    nn.ReLU(),
                    nn.Conv2d(channels, channels // 2, 1),
                    nn.AvgPool2d(2),
                )
                channels //= 2
        return nn.Sequential(
            _named(
                {
                    **layers,
                    "8": nn.BatchNorm2d(channels),
                    "9": nn.ReLU(),
                    "10": nn.AdaptiveAvgPool2d(1),
                    "11": nn.Flatten(),
                    "fc": nn.Linear(channels, 10),
                }
            )
        )
    pool = nn.MaxPool2d(3, 2, 1)
    rows = [
        (192, 64, (96, 128), (16, 32), 32),
        (256, 128, (128, 192), (32, 96), 64),
        (480, 192, (96, 208), (16, 48), 64),
        (512, 160, (112, 224), (24, 64), 64),
        (512, 128, (128, 256), (24, 64), 64),
        (512, 112, (144, 288), (32, 64), 64),
        (528, 256, (160, 320), (32, 128), 128),
        (832, 256, (160, 320), (32, 128), 128),
        (832, 384, (192, 384), (48, 128), 128),
    ]
    blocks = [Columns(*row) for row in rows]
    return nn.Sequential(
        _named(
            {
                "stage1": nn.Sequential(nn.Conv2d(1, 64, 7, 2, 3), nn.ReLU(), pool),
                "stage2": nn.Sequential(
                    nn.Conv2d(64, 64, 1), nn.ReLU(), nn.Conv2d(64, 192, 3, 1, 1), nn.ReLU(), pool
                ),
                "stage3": nn.Sequential(*blocks[:2], pool),
                "stage4": nn.Sequential(*blocks[2:7], pool),
                "stage5": nn.Sequential(*blocks[7:], nn.AdaptiveAvgPool2d(1)),
                "flat": nn.Flatten(),
                "fc": nn.Linear(1024, 10),
            }
        )
    )


def _named(modules: dict[str, nn.Module]) -> Any:
    from collections import OrderedDict

    return OrderedDict(modules)


@pytest.mark.parametrize(
    ("name", "variant"), [key for key in TEACHING if key[0] in ("resnet18", "densenet", "googlenet")]
)
def test_graph_networks_are_those_by_hand(name: str, variant: str | None) -> None:
    model = network(f"teaching/{name}", variant)
    ours = archspec.build(model)
    randomise_statistics(ours)
    theirs = graph_by_hand(name).eval()
    theirs.load_state_dict(ours.state_dict(), strict=True)
    (x,) = inputs_of(model)
    with torch.no_grad():
        assert_equal(ours.eval()(x), theirs(x))


class Cbam(nn.Module):  # type: ignore[misc]
    """Attention to channels, then to positions, as in https://arxiv.org/abs/1807.06521."""

    def __init__(self, channels: int, ratio: int, kernel: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // ratio, 1, bias=False)
        self.fc2 = nn.Conv2d(channels // ratio, channels, 1, bias=False)
        self.conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        means, maxima = x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
        y = x * torch.sigmoid(sum(self.fc2(self.fc1(pooled).relu()) for pooled in (means, maxima)))
        both = torch.cat([y.mean(1, keepdim=True), y.amax(1, keepdim=True)], 1)
        return y * torch.sigmoid(self.conv(both))


CBAM = """
archspec = 1
[model]
input = ["N", 6, 7, 5]
layers = [
  { op = "reduce_mean", axes = [2, 3], keepdim = true },
  { name = "fc1", op = "conv", out = 3, kernel = 1, bias = false },
  "relu",
  { name = "fc2", op = "conv", out = 6, kernel = 1, bias = false, as = "means" },
  { op = "reduce_max", axes = [2, 3], keepdim = true, from = "input" },
  { op = "reuse", of = "fc1" },
  "relu",
  { op = "reuse", of = "fc2" },
  { op = "add", from = ["means", "x"] },
  "sigmoid",
  { op = "mul", from = ["input", "x"], as = "y" },
  { op = "concat", branches = [
    { op = "reduce_mean", axes = 1, keepdim = true },
    { op = "reduce_max", axes = 1, keepdim = true },
  ] },
  { name = "conv", op = "conv", out = 1, kernel = 3, padding = 1, bias = false },
  "sigmoid",
  { op = "mul", from = ["y", "x"] },
]
"""


def test_attention_to_channels_and_positions_is_that_by_hand() -> None:
    """Outputs and gradients, which equal maxima share."""
    torch.manual_seed(1)
    ours = archspec.build(archspec.load("cbam.toml", source=CBAM))
    theirs = Cbam(6, 2, 3)
    theirs.load_state_dict(ours.state_dict(), strict=True)
    x = torch.randint(0, 5, (2, 6, 7, 5)).float()
    results = []
    for module in (ours, theirs):
        given = x.clone().requires_grad_()
        output = module(given)
        output.square().sum().backward()
        results.append([output.detach(), given.grad, *(weight.grad for weight in module.parameters())])
    assert_equal(results[0][0], results[1][0])
    torch.testing.assert_close(*results)


# --- what is executed ------------------------------------------------------------------------------------


def test_the_source_is_what_runs() -> None:
    from archspec.backends.torch.source import source

    model = network("lenet")
    built = archspec.build(model)
    assert inspect.getsource(type(built)) in source(model)
    assert type(built).__name__ == "LeNet"


def test_tracebacks_show_the_source() -> None:
    built = archspec.build(network("lenet"))
    with pytest.raises(RuntimeError) as caught:
        built(torch.zeros(1, 2, 32, 32))
    text = "".join(traceback.format_exception(caught.value))
    assert "torch.tanh(self.c1(x))" in text


def test_a_file_or_a_model() -> None:
    path = str(SPECS / "resnet.toml")
    by_file = archspec.build(path, "resnet18", {"classes": 7}, device="meta")
    by_model = archspec.build(archspec.load(path, "resnet18", {"classes": 7}), device="meta")
    assert str(by_file) == str(by_model)
    assert by_file.get_parameter("fc.bias").shape == (7,)
    with pytest.raises(UsageError, match="already"):
        archspec.build(archspec.load(path), "resnet18")


def test_devices_and_types() -> None:
    model = network("resnet", "resnet152")
    meta = archspec.build(model, device="meta", dtype=torch.bfloat16)
    tensors = meta.state_dict()
    assert all(tensor.is_meta for tensor in tensors.values())
    assert tensors["fc.weight"].dtype == torch.bfloat16
    assert tensors["bn1.num_batches_tracked"].dtype == torch.int64
    half = archspec.build(network("lenet"), dtype=torch.float64)
    assert half(torch.zeros(1, 1, 32, 32, dtype=torch.float64)).dtype == torch.float64
    with torch.device("meta"):
        assert archspec.build(network("lenet")).get_parameter("c1.weight").is_meta


def test_several_inputs_and_outputs() -> None:
    model = archspec.load(
        "net.toml",
        source="""archspec = 1
[model]
inputs = [{ name = "image", shape = ["N", 3, 8, 8] }, { name = "depth", shape = ["N", 1, 8, 8] }]
outputs = ["sum", "narrow"]
layers = [
  { op = "concat", from = ["image", "depth"] },
  { name = "narrow", op = "conv", out = 4, kernel = 1 },
  { op = "mul", from = ["narrow", "depth"], as = "sum" },
]
""",
    )
    built = archspec.build(model)
    image, depth = torch.randn(2, 3, 8, 8), torch.randn(2, 1, 8, 8)
    total, half = built(image, depth)
    want = built.get_submodule("narrow")(torch.cat([image, depth], 1))
    assert torch.equal(half, want)
    assert torch.equal(total, want * depth)


def test_reuse_shares_weights() -> None:
    model = spec('[{ name = "c", op = "conv", out = 3, kernel = 1 }, "relu", { op = "reuse", of = "c" }]')
    built = archspec.build(model)
    (x,) = inputs_of(model)
    conv = built.get_submodule("c")
    assert torch.equal(built(x), conv(conv(x).relu()))
    assert len(list(built.parameters())) == 2


# --- first values ----------------------------------------------------------------------------------------


def test_initialisers_of_the_spec() -> None:
    model = spec(
        '[{ name = "a", op = "conv", out = 400, kernel = 3, init = { weight = "normal(0.5, 0.02)", bias = 0.25 } }, '
        '{ name = "b", op = "batchnorm", init = { weight = 0.0 } }, '
        '{ name = "g", layers = [{ op = "conv", out = 300, kernel = 1, init = { weight = "kaiming_normal(fan_out)", '
        'bias = "uniform(-3, -2)" } }] }, '
        '{ name = "p", op = "prelu", init = { weight = 0.1 } }, "flatten", '
        '{ name = "l", op = "linear", out = 500, init = { weight = "xavier_uniform(2)", bias = "trunc_normal(0.02)" } }]'
    )
    torch.manual_seed(0)
    state = archspec.build(model).state_dict()
    assert abs(state["a.weight"].mean() - 0.5) < 1e-3
    assert abs(state["a.weight"].std() - 0.02) < 1e-3
    assert set(state["a.bias"].tolist()) == {0.25}
    assert set(state["b.weight"].tolist()) == {0.0}
    assert set(state["b.bias"].tolist()) == {0.0}
    assert abs(state["g.0.weight"].std() - (2 / 300) ** 0.5) < 2e-3
    assert -3 <= state["g.0.bias"].min() <= state["g.0.bias"].max() <= -2
    assert state["p.weight"].tolist() == [pytest.approx(0.1)]
    bound = 2 * (6 / (300 * 36 + 500)) ** 0.5
    assert bound * 0.999 < state["l.weight"].abs().max() <= bound
    assert 0 < state["l.bias"].std() < 0.03


def test_a_common_initialiser_is_a_loop_over_all_modules() -> None:
    from archspec.backends.torch.source import source

    defaults = (
        '[defaults]\nconv = { kernel = 1, init = { weight = "kaiming_normal(fan_out)", bias = 0.0 } }\n'
    )
    model = spec('[{ op = "conv", out = 200 }, "relu", { op = "conv", out = 100 }]', defaults)
    text = source(model)
    assert "for module in self.modules():" in text
    assert "get_parameter" not in text
    state = archspec.build(model).state_dict()
    assert not state["0.bias"].any()
    assert abs(state["2.weight"].std() - (2 / 100) ** 0.5) < 5e-3


def test_parameters_of_their_own() -> None:
    model = spec(
        '[{ op = "mul", branches = [[], { name = "scale", op = "param", shape = ["x.channels", 1, 1], '
        'init = { weight = 1e-6 } }] }, { op = "add", branches = [[], { name = "shift", op = "param", '
        'shape = [1, 1, 8, 8], init = { weight = "normal(3, 0.1)" } }] }]'
    )
    state = archspec.build(model).state_dict()
    assert list(state) == ["scale", "shift"]
    assert state["scale"].flatten().tolist() == [pytest.approx(1e-6)] * 3
    assert abs(state["shift"].mean() - 3) < 0.1


CONSTANTS = """
archspec = 1
[model]
input = ["N", 3, 6, 7]
layers = [
  { op = "sub", branches = [[], { name = "mean", op = "constant", values = [[[0.5]], [[0.25]], [[-1]]] }] },
  { name = "conv", op = "conv", out = 2, kernel = 1 },
  { op = "mul", branches = [[], { name = "scale", op = "param", shape = [] }] },
  { op = "mul", branches = [[], { name = "part-1", op = "constant", values = 0.75, shape = [2, 1, 1] }] },
  { name = "a", op = "gate", by = 3, shifted = true },
  { name = "b", op = "gate", by = 3, shifted = false },
]
[blocks.gate]
required = { by = "float", shifted = "bool" }
layers = [
  { as = "y", op = "identity" },
  { name = "row", op = "constant", values = "[i * by / 4 for i in range(7)]", persistent = false },
  { op = "mul", from = ["y", "row"], as = "z" },
  { name = "shift", op = "constant", values = -2, when = "shifted" },
  { op = "add", from = ["z", "x"], when = "shifted" },
]
"""


class Constants(nn.Module):  # type: ignore[misc]
    """The spec above by hand, with the weights of another module."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.given = weights

    def forward(self, x: Tensor) -> Tensor:
        x = x - torch.tensor([0.5, 0.25, -1.0]).reshape(3, 1, 1)
        x = torch.conv2d(x, self.given["conv.weight"], self.given["conv.bias"])
        x = x * self.given["scale"] * 0.75
        row = torch.arange(7) * 0.75
        return (x * row - 2) * row


@pytest.fixture(scope="module")
def constants() -> Model:
    return archspec.load("constants.toml", source=CONSTANTS)


def test_constants_are_buffers(constants: Model) -> None:
    """In the order of PyTorch's state_dict; those that are not persistent are counted, and not in it."""
    module = archspec.build(constants)
    state = module.state_dict()
    assert list(state) == ["scale", "mean", "part-1", "conv.weight", "conv.bias", "a.shift"]
    assert list(constants.weights()) == list(state)
    assert [key for key, weight in constants.weights().items() if weight.buffer] == [
        "mean",
        "part-1",
        "a.shift",
    ]
    assert not {"mean", "part-1", "a.shift", "a.row"} & {key for key, _ in module.named_parameters()}
    assert constants.totals.buffers == sum(buffer.numel() for buffer in module.buffers()) == 3 + 2 + 2 * 7 + 1
    nn.init.constant_(module.get_parameter("scale"), 1.5)
    x = torch.rand(2, 3, 6, 7)
    torch.testing.assert_close(module(x), Constants(module.state_dict())(x))


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_constants_come_from_files_of_weights(constants: Model, tmp_path: Path, suffix: str) -> None:
    """Those that a file has are its own; the others are as in the spec."""
    state = archspec.build(constants).state_dict()
    state["mean"] = torch.full((3, 1, 1), 7.0)
    path = tmp_path / f"weights{suffix}"
    (save_file if suffix == ".safetensors" else torch.save)(state, path)
    module = archspec.build(constants, weights=str(path), dtype=torch.float16)
    assert module.get_buffer("mean").tolist() == [[[7.0]]] * 3
    assert module.get_buffer("b.row").tolist() == [0.75 * place for place in range(7)]
    assert list(module.state_dict()) == list(state)
    assert {tensor.dtype for tensor in (*module.buffers(), *module.parameters())} == {torch.float16}


def test_constants_in_onnx(constants: Model) -> None:
    """Initialisers have the keys of the state_dict, with the values of the spec."""
    tensors = {item.name: item for item in model_of(constants).graph.initializer}
    assert {"mean", "part-1", "a.shift"} < set(tensors)
    assert "b.row" not in tensors
    assert onnx.numpy_helper.to_array(tensors["mean"]).flatten().tolist() == [0.5, 0.25, -1.0]
    assert onnx.numpy_helper.to_array(tensors["a.shift"]).tolist() == -2.0


# --- PyTorch's tools -------------------------------------------------------------------------------------

TOOLS = [
    ("resnet", "resnet18"),
    ("densenet", "densenet121"),
    ("googlenet", None),
    ("mobilenet_v2", None),
    ("shufflenet_v2", "shufflenet_v2_x0_5"),
    ("convnext", "convnext_tiny"),
    ("small_unet", None),
    ("teaching/googlenet", None),
    ("teaching/densenet", None),
    ("lenet", None),
]


@pytest.fixture(scope="module", params=TOOLS, ids=lambda value: value[0])
def built(request: pytest.FixtureRequest) -> tuple[nn.Module, list[Tensor]]:
    """A module in evaluation, and inputs for it."""
    name, variant = request.param
    small = (
        {}
        if name in ("lenet", "small_unet") or name.startswith("teaching")
        else {"inputs": {"input": ("N", 3, 64, 64)}}
    )
    model = network(name, variant, **small)
    return archspec.build(model).eval(), inputs_of(model)


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
@pytest.mark.filterwarnings("ignore")  # torch's own, about itself
def test_compiles_as_one_graph(built: tuple[nn.Module, list[Tensor]], backend: str) -> None:
    module, inputs = built
    torch._dynamo.reset()
    compiled = torch.compile(module, fullgraph=True, backend=backend)
    torch.testing.assert_close(compiled(*inputs), module(*inputs))


@pytest.mark.filterwarnings("ignore")
def test_compiles_in_training() -> None:
    module = archspec.build(network("googlenet", inputs={"input": ("N", 3, 64, 64)})).train()
    for layer in module.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    torch._dynamo.reset()
    compiled = torch.compile(copy.deepcopy(module), fullgraph=True, backend="aot_eager")
    x = torch.randn(2, 3, 64, 64)
    for left, right in zip(compiled(x), module(x), strict=True):
        torch.testing.assert_close(left, right, rtol=1e-4, atol=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_is_exported_with_a_free_batch(built: tuple[nn.Module, list[Tensor]]) -> None:
    module, inputs = built
    batch = torch.export.Dim("batch", min=1, max=64)
    exported = torch.export.export(
        module, tuple(inputs), dynamic_shapes=[{0: batch} for _ in inputs], strict=False
    )
    more = [torch.cat([x, x, x[:1]]) for x in inputs]
    torch.testing.assert_close(exported.module()(*more), module(*more))


def test_is_copied_saved_and_pickled(built: tuple[nn.Module, list[Tensor]]) -> None:
    module, inputs = built
    with torch.no_grad():
        want = module(*inputs)
        assert_equal(copy.deepcopy(module)(*inputs), want)
        assert_equal(pickle.loads(pickle.dumps(module))(*inputs), want)  # noqa: S301 — our own bytes
        file = io.BytesIO()
        torch.save(module.state_dict(), file)
        file.seek(0)
        other = copy.deepcopy(module)
        for parameter in other.parameters():
            parameter.zero_()
        other.load_state_dict(torch.load(file, weights_only=True), strict=True)
        assert_equal(other(*inputs), want)


def test_channels_last(built: tuple[nn.Module, list[Tensor]]) -> None:
    module, inputs = built
    with torch.no_grad():
        want = module(*inputs)
        last = copy.deepcopy(module).to(memory_format=torch.channels_last)
        got = last(*(x.to(memory_format=torch.channels_last) for x in inputs))
    torch.testing.assert_close(got, want, rtol=1e-3, atol=1e-4)


def _replica(rank: int, port: int, results: Any) -> None:
    """One of two processes that train the same network on halves of a batch."""
    import torch.distributed as dist
    from torch.nn.parallel import DistributedDataParallel

    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    torch.manual_seed(0)
    module = archspec.build(network("resnet", "resnet18", inputs={"input": ("N", 3, 32, 32)}))
    replica = DistributedDataParallel(module)
    x = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    replica(x[2 * rank : 2 * rank + 2]).square().mean().backward()
    gradient = module.get_parameter("fc.weight").grad
    assert gradient is not None
    results[rank] = gradient.tolist()
    dist.destroy_process_group()


@pytest.mark.filterwarnings("ignore")
def test_trains_on_two_processes() -> None:
    import torch.multiprocessing as mp

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with mp.Manager() as manager:
        results = manager.dict()
        mp.spawn(_replica, (port, results), nprocs=2)
        assert torch.tensor(results[0]).abs().sum() > 0
        assert results[0] == results[1]


@pytest.mark.parametrize(("file", "variant"), NETWORKS, ids=NAMES)
def test_builds_on_meta(file: Path, variant: str | None) -> None:
    """Every network, in training mode too, for a batch of three."""
    model = archspec.load(str(file), variant)
    module = archspec.build(model, device="meta")
    inputs = [x.to("meta") for x in inputs_of(model, 3)]
    outputs = module(*inputs)
    shapes = [tuple(y.shape) for y in ([outputs] if isinstance(outputs, Tensor) else outputs)]
    assert shapes == [
        tuple(3 if dim == "N" else dim for dim in type_.shape) for type_ in model.training_totals.outputs
    ]


# --- files of weights ------------------------------------------------------------------------------------


@pytest.fixture
def lenet_weights() -> dict[str, Tensor]:
    torch.manual_seed(3)
    return dict(archspec.build(network("lenet")).state_dict())


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".pth"])
def test_weights_are_loaded(tmp_path: Path, lenet_weights: dict[str, Tensor], suffix: str) -> None:
    file = tmp_path / f"lenet{suffix}"
    if suffix == ".safetensors":
        save_file(lenet_weights, file)
    else:
        torch.save(lenet_weights, file)
    module = archspec.build(network("lenet"), weights=str(file))
    for key, tensor in module.state_dict().items():
        assert torch.equal(tensor, lenet_weights[key])
    assert all(parameter.requires_grad for parameter in module.parameters())
    half = archspec.build(network("lenet"), weights=str(file), dtype=torch.float16)
    assert half.get_parameter("c1.weight").dtype == torch.float16
    assert torch.equal(half.get_parameter("c1.weight"), lenet_weights["c1.weight"].half())


def test_weights_of_every_type(tmp_path: Path) -> None:
    model = network("resnet", "resnet18")
    state = archspec.build(model).state_dict()
    file = tmp_path / "half.safetensors"
    save_file(
        {key: tensor.bfloat16() if tensor.is_floating_point() else tensor for key, tensor in state.items()},
        file,
    )
    module = archspec.build(model, weights=str(file))
    assert torch.equal(module.get_parameter("fc.weight"), state["fc.weight"].bfloat16().float())
    assert module.get_buffer("bn1.num_batches_tracked").dtype == torch.int64


@pytest.mark.parametrize("key", ["state_dict", "model"])
def test_wrapped_state_dicts_are_loaded(tmp_path: Path, lenet_weights: dict[str, Tensor], key: str) -> None:
    file = tmp_path / "checkpoint.pt"
    torch.save({key: lenet_weights, "epoch": 3}, file)
    module = archspec.build(network("lenet"), weights=str(file))
    assert torch.equal(module.get_parameter("f6.bias"), lenet_weights["f6.bias"])


def refused(path: Path, *words: str) -> None:
    with pytest.raises(UsageError) as caught:
        archspec.build(network("lenet"), weights=str(path))
    for word in (path.name, *words):
        assert word in str(caught.value), str(caught.value)


def test_weights_that_do_not_fit_are_reported(tmp_path: Path, lenet_weights: dict[str, Tensor]) -> None:
    file = tmp_path / "w.safetensors"
    changed = dict(lenet_weights)
    del changed["c1.bias"]
    changed["c9.bias"] = torch.zeros(3)
    changed["f6.weight"] = torch.zeros(84, 121)
    save_file(changed, file)
    refused(file, "missing: `c1.bias`", "unexpected: `c9.bias`", "`f6.weight` is [84, 121], not [84, 120]")
    save_file({**lenet_weights, "c1.bias": torch.zeros(6, dtype=torch.int64)}, file)
    refused(file, "`c1.bias` is I64, not float")


def test_files_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    refused(tmp_path / "absent.pt", "No such file")
    refused(tmp_path / "absent.safetensors", "No such file")
    for name in ("empty.pt", "empty.safetensors"):
        (tmp_path / name).write_bytes(b"")
        refused(tmp_path / name)
    (tmp_path / "text.pt").write_text("weights")
    refused(tmp_path / "text.pt", "a text file")
    torch.save([1, 2, 3], tmp_path / "list.pt")
    refused(tmp_path / "list.pt", "no state_dict")
    refused(tmp_path)


class Trap:
    """A pickle of it creates a file when it is loaded."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_nothing_in_a_file_is_executed(tmp_path: Path, suffix: str) -> None:
    canary = tmp_path / "canary"
    for writer in (torch.save, lambda value, path: Path(path).write_bytes(pickle.dumps(value))):
        file = tmp_path / f"trap{suffix}"
        writer({"c1.weight": Trap(str(canary))}, file)
        refused(file)
        assert not canary.exists()


HEADER = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
BROKEN = {
    "a header longer than the file": (2**40).to_bytes(8, "little") + b"{}",
    "a header of no length": (0).to_bytes(8, "little"),
    "cut": len(HEADER).to_bytes(8, "little") + HEADER.encode() + b"1234",
    "too long": len(HEADER).to_bytes(8, "little") + HEADER.encode() + b"123456789",
    **{
        what: len(header).to_bytes(8, "little") + header.encode() + b"12345678"
        for what, header in {
            "no JSON": "{,}",
            "a list": "[]",
            "deep": "[" * 100_000,
            "twice": '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
            "overlap": '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
            "gap": '{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
            "beyond": '{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}',
            "backwards": '{"a":{"dtype":"F32","shape":[0],"data_offsets":[8,0]}}',
            "negative": '{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}',
            "huge": '{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}',
            "true": '{"a":{"dtype":"F32","shape":[true],"data_offsets":[0,8]}}',
            "other bytes": '{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}',
            "a type": '{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}',
            "a key": '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"file":"/etc/passwd"}}',
            "metadata": '{"__metadata__":{"a":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
        }.items()
    },
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_safetensors_are_refused(tmp_path: Path, what: str) -> None:
    file = tmp_path / "broken.safetensors"
    file.write_bytes(BROKEN[what])
    refused(file, "not a valid safetensors file")


# --- TorchScript -----------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:`torch.jit")  # is deprecated, and in use
@pytest.mark.parametrize(
    ("file", "variant"), dict(reversed(NETWORKS)).items(), ids=lambda value: getattr(value, "stem", value)
)
def test_networks_can_be_scripted(file: Path, variant: str | None) -> None:
    module = archspec.build(str(file), variant, device="meta")
    scripted = torch.jit.script(module)
    assert list(scripted.state_dict()) == list(module.state_dict())


@pytest.mark.filterwarnings("ignore:`torch.jit")
@pytest.mark.parametrize(
    "layers",
    [
        '[{ op = "stochastic_depth", p = 0.3 }, { name = "c", op = "conv", out = 4, kernel = 1 }]',
        '[{ op = "stochastic_depth", p = 0.3, mode = "batch" }, { op = "layernorm", axis = 1 }]',
        '[{ op = "residual", layers = [{ op = "upsample", scale = 2 }, { op = "maxpool", kernel = 2 }] }]',
        '[{ op = "split", sections = 1 }, "relu"]',
        '[{ op = "mul", branches = [[], { name = "c", op = "constant", values = [1, 2, 0, 1, 1, 3, 1, 4] }] }]',
        '[{ op = "split", sections = [3] }, { op = "add", from = ["x", "input"] }]',
    ],
)
def test_what_hinders_scripting_is_avoided(layers: str) -> None:
    module = archspec.build(spec(layers, shape='["N", 3, 8, 8]'))
    x = torch.rand(5, 3, 8, 8)
    torch.manual_seed(0)
    plain = module(x)
    torch.manual_seed(0)
    assert torch.equal(torch.jit.script(module)(x), plain)


@pytest.mark.parametrize("fields", ["kernel = [1]", "kernel = [3], stride = [2]", "kernel = 3, stride = [1]"])
@pytest.mark.parametrize("name", ["", 'name = "pool", '])
def test_lppool_of_a_sequence_takes_lists(fields: str, name: str) -> None:
    """PyTorch multiplies by the kernel, which must be a number then."""
    module = archspec.build(
        spec(f'[{{ {name}op = "lppool", norm_type = 1, {fields} }}]', shape='["N", 6, 7]')
    )
    x = torch.rand(2, 6, 7)
    kernel, stride = {"kernel = [1]": (1, 1), "kernel = [3], stride = [2]": (3, 2)}.get(fields, (3, 1))
    assert torch.allclose(module(x), nn.functional.avg_pool1d(x, kernel, stride) * kernel)
