"""Networks that compute with plain numbers: attention by hand, scaled residuals, broadcasts and normalisation."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 — as everyone calls it
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.swin_transformer import shifted_window_attention

import archspec
from archspec.backends.proof.verify import verify
from archspec.report.machine import to_json
from archspec.testing.onnx_forms import agree

ATTENTION = """archspec = 1
[params]
heads = 3
[model]
input = ["N", 7, 12]
layers = [
  { name = "qkv", op = "linear", out = "3 * x.shape[2]" },
  { op = "reshape", shape = ["N", 7, 3, "heads", "input.shape[2] // heads"] },
  { op = "permute", axes = [0, 3, 2, 1, 4] },
  { name = "parts", op = "split", axis = 2, sections = 3 },
  { as = "q", op = "reshape", from = "parts.0", shape = ["N", "heads", 7, "input.shape[2] // heads"] },
  { as = "k", op = "reshape", from = "parts.1", shape = ["N", "heads", 7, "input.shape[2] // heads"] },
  { as = "v", op = "reshape", from = "parts.2", shape = ["N", "heads", 7, "input.shape[2] // heads"] },
  { as = "keys", op = "permute", from = "k", axes = [0, 1, 3, 2] },
  { op = "matmul", from = ["q", "keys"] },
  { op = "scale", factor = "1 / sqrt(q.shape[3])" },
  { op = "softmax", axis = -1 },
  { op = "matmul", from = ["x", "v"] },
  { op = "permute", axes = [0, 2, 1, 3] },
  { op = "reshape", shape = ["N", 7, "input.shape[2]"] },
  { name = "proj", op = "linear", out = "x.shape[2]" },
]
"""


def built(text: str) -> Any:
    return archspec.build(archspec.load("net.toml", source=text))


def test_attention_by_hand() -> None:
    model = archspec.load("net.toml", source=ATTENTION)
    torch.manual_seed(0)
    module = built(ATTENTION)
    x = torch.randn(3, 7, 12)
    q, k, v = (part.unflatten(2, (3, 4)).transpose(1, 2) for part in module.qkv(x).chunk(3, 2))
    expected = module.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
    assert torch.allclose(module(x), expected, atol=1e-6)
    with FlopCounterMode(display=False) as counter:
        module(x[:1])
    assert model.totals.macs == counter.get_total_flops() // 2
    agree(model)


WINDOWS = """archspec = 1
[params]
window = 4
heads = 3
[let]
area = "window ** 2"
[model]
input = ["N", 8, 12, 24]  # channels last
let = { rows = "input.shape[1] // window", columns = "input.shape[2] // window", width = "input.shape[3]" }
layers = [
  { op = "reshape", shape = ["N", "rows", "window", "columns", "window", "width"] },
  { op = "permute", axes = [0, 1, 3, 2, 4, 5] },
  { op = "reshape", shape = ["rows * columns * N", "area", "width"] },
  { name = "qkv", op = "linear", out = "3 * width" },
  { op = "reshape", shape = [-1, "area", "3 * heads", "width // heads"] },
  { op = "permute", axes = [0, 2, 1, 3], shape = ["6 * N", 9, 16, 8] },
  { as = "parts", op = "split", axis = 1, sections = 3 },
  { op = "permute", from = "parts.1", axes = [0, 1, 3, 2] },
  { as = "scores", op = "matmul", from = ["parts.0", "x"] },
  { name = "bias", op = "param", shape = [1, "heads", "area", "area"], init = { weight = "normal(0.5)" } },
  { op = "add", from = ["scores", "x"] },
  { op = "softmax", axis = -1 },
  { op = "matmul", from = ["x", "parts.2"] },
  { op = "permute", axes = [0, 2, 1, 3] },
  { op = "reshape", shape = [-1, "area", "width"] },
  { name = "proj", op = "linear", out = "width" },
  { op = "reshape", shape = ["N", "rows", "columns", "window", "window", -1] },
  { op = "permute", axes = [0, 1, 3, 2, 4, 5] },
  { op = "reshape", shape = ["N", "rows * window", "columns * window", "width"] },
]
"""


def test_attention_in_windows() -> None:
    """Windows move into the batch and back: Swin's attention, with the scale in the queries' weights."""
    model = archspec.load("net.toml", source=WINDOWS)
    torch.manual_seed(0)
    module = built(WINDOWS)
    x, scale = torch.randn(3, 8, 12, 24), 8**-0.5
    scaled = torch.cat([torch.full((24,), 1 / scale), torch.ones(48)])
    expected = shifted_window_attention(
        x,
        module.qkv.weight * scaled[:, None],
        module.proj.weight,
        module.bias,
        [4, 4],
        3,
        [0, 0],
        qkv_bias=module.qkv.bias * scaled,
        proj_bias=module.proj.bias,
    )
    assert torch.allclose(module(x), expected, atol=1e-6)
    with FlopCounterMode(display=False) as counter:
        module(x[:1])
    assert model.totals.macs == counter.get_total_flops() // 2
    assert archspec.load("net.toml", source=WINDOWS, batch=3).totals.macs == 3 * model.totals.macs
    agree(model)


TABLE = """archspec = 1
[model]
input = ["N", 3, 5]
layers = [
  { name = "own", op = "linear", out = 7 },
  { name = "table", op = "param", shape = [11, 5] },
  { name = "key", op = "linear", out = 7, from = "table" },
  { op = "reuse", of = "key", from = "table", as = "again" },
  { op = "add", from = ["key", "again"], as = "keys" },
  { op = "permute", axes = [1, 0] },
  { op = "matmul", from = ["own", "x"] },
]
"""


@pytest.mark.parametrize("batch", [1, 4])
def test_what_has_no_batch_is_computed_once(batch: int) -> None:
    """Keys of a learned table are, however many images there are; scores are computed for each."""
    model = archspec.load("net.toml", source=TABLE, batch=batch)
    module = archspec.build(model)
    with FlopCounterMode(display=False) as counter:
        module(torch.randn(batch, 3, 5))
    assert model.totals.macs == counter.get_total_flops() // 2
    counted = {key: sum(found.values()) // 2 for key, found in counter.get_flop_counts().items()}
    told = {entry["path"]: entry["macs"] for entry in to_json(model)["modules"] if entry["macs"]}
    assert told == {
        "own": counted[f"{type(module).__name__}.own"],
        "key": counted[f"{type(module).__name__}.key"],
    }
    items = {item.name: item for item in verify(model)}
    assert items["MACs"].proven


def test_a_residual_of_inception_resnet() -> None:
    text = """archspec = 1
[model]
input = ["N", 6, 5, 7]
layers = [
  { op = "residual", layers = [{ name = "conv", op = "conv", out = 6, kernel = 1 }, { op = "scale", factor = 0.17 }] },
  "relu",
]
"""
    module = built(text)
    x = torch.randn(2, 6, 5, 7)
    assert torch.equal(module(x), F.relu(module.conv(x) * 0.17 + x))
    assert list(module.state_dict()) == ["conv.weight", "conv.bias"]  # the factor is none of its weights
    agree(archspec.load("net.toml", source=text))


@pytest.mark.parametrize(
    ("layers", "form"),
    [
        ('[{ op = "scale", factor = [4.0, 5.0, 8.0], shift = [-2.0, 0.5, 1.0] }]', lambda x: x * per_channel([4, 5, 8]) + per_channel([-2, 0.5, 1])),
        ('[{ op = "div", branches = [[], ["abs", { op = "reduce_sum", axes = 1, keepdim = true }]] }]', lambda x: x / x.abs().sum(1, True)),
        ('["square", { op = "reduce_mean", axes = [2, 3], keepdim = true }, "sqrt"]', lambda x: x.square().mean((2, 3), True).sqrt()),
        ('[{ op = "clamp", min = -0.5 }, "exp", { op = "scale", shift = 1 }, "log"]', lambda x: (x.clamp(min=-0.5).exp() + 1).log()),
        ('[{ op = "scale", factor = 2 }, { op = "add", branches = [[], "abs"] }, { op = "scale", shift = -1 }]', lambda x: x * 2 + (x * 2).abs() - 1),
    ],
)  # fmt: skip
def test_numbers(layers: str, form: Any) -> None:
    text = f'archspec = 1\n[model]\ninput = ["N", 3, 5, 7]\nlayers = {layers}\n'
    x = torch.randn(2, 3, 5, 7)
    module = built(text)
    assert torch.allclose(module(x), form(x), atol=1e-6)
    assert not module.state_dict()
    agree(archspec.load("net.toml", source=text))


def per_channel(values: list[float]) -> torch.Tensor:
    return torch.tensor(values).view(-1, 1, 1)


def test_a_block_may_be_called_like_a_later_op() -> None:
    """Version 1 of the language fixes the names of its ops; a path never enters the block."""
    text = """archspec = 1
[model]
input = ["N", 3, 5, 7]
layers = [{ name = "d", op = "div" }, { op = "add", from = ["x", "d.inner"] }]
[blocks.div]
layers = [{ name = "inner", op = "relu" }, "tanh"]
"""
    with pytest.raises(archspec.SpecError, match=r"d\.inner"):
        archspec.load("net.toml", source=text)


def test_a_name_enters_a_join_that_came_later() -> None:
    text = """archspec = 1
[model]
input = ["N", 3, 5, 7]
layers = [
  { name = "d", op = "div", branches = [[], { name = "inner", op = "exp" }] },
  { op = "add", from = ["x", "d.inner"] },
]
"""
    x = torch.randn(2, 3, 5, 7)
    assert torch.allclose(built(text)(x), x / x.exp() + x.exp())
