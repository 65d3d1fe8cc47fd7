"""Networks of `tests/networks/` against plain torch, written as in their papers.

They are what a reader of the documentation writes: attention to channels and positions, branches at several rates,
causal convolutions with skips from everywhere, scaled residuals, attention out of one projection.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
import torch
from nets import MORE, assert_equal, inputs_of, network, randomise_statistics
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 — as everybody calls it
from torch.utils.flop_counter import FlopCounterMode

import archspec

# --- CBAM ------------------------------------------------------------------------------------------------


class ChannelAttention(nn.Module):  # type: ignore[misc]
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Conv2d(channels, channels // 4, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(channels // 4, channels, 1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        mean, largest = F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1)
        return x * torch.sigmoid(self.mlp(mean) + self.mlp(largest))


class SpatialAttention(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        mean, largest = x.mean(1, keepdim=True), x.max(1, keepdim=True).values
        return x * torch.sigmoid(self.conv(torch.cat([mean, largest], 1)))


class Block(nn.Module):  # type: ignore[misc]
    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.ca = ChannelAttention(width)
        self.sa = SpatialAttention()
        if stride != 1 or channels != width:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        out = self.sa(self.ca(out))
        return F.relu(out + (self.downsample(x) if hasattr(self, "downsample") else x))


class CBAM(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(Block(8, 8, 1), Block(8, 8, 1))
        self.layer2 = nn.Sequential(Block(8, 16, 2))
        self.fc = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x)))))
        return self.fc(x.mean((2, 3)))


# --- ASPP ------------------------------------------------------------------------------------------------


def unit(channels: int, out: int, kernel: int = 1, **geometry: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, out, kernel, bias=False, **geometry), nn.BatchNorm2d(out), nn.ReLU()]


class Pyramid(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.point = nn.Sequential(*unit(12, 6))
        for index, rate in enumerate([2, 3, 5, 7]):
            setattr(self, f"rate{index}", nn.Sequential(*unit(12, 6, 3, padding=rate, dilation=rate)))
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), *unit(12, 6))
        self.project = nn.Sequential(*unit(36, 6))

    def forward(self, x: Tensor) -> Tensor:
        pooled = F.interpolate(self.pool(x), x.shape[2:], mode="bilinear")
        rates = [self.rate0, self.rate1, self.rate2, self.rate3]
        x = torch.cat([self.point(x), *(rate(x) for rate in rates), pooled], 1)
        return F.dropout(self.project(x), 0.1, self.training)


class ASPP(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            *unit(3, 8, 3, stride=2, padding=1), *unit(8, 12, 3, stride=2, padding=1)
        )
        self.aspp = Pyramid()
        self.classifier = nn.Conv2d(6, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(self.classifier(self.aspp(self.backbone(x))), x.shape[2:], mode="bilinear")


# --- WaveNet ---------------------------------------------------------------------------------------------


class Gated(nn.Module):  # type: ignore[misc]
    def __init__(self, dilation: int, last: bool) -> None:
        super().__init__()
        self.dilation, self.last = dilation, last
        self.filter = nn.Conv1d(6, 6, 2, dilation=dilation)
        self.gate = nn.Conv1d(6, 6, 2, dilation=dilation)
        self.skip = nn.Conv1d(6, 5, 1)
        if not last:
            self.residual = nn.Conv1d(6, 6, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        before = F.pad(x, (self.dilation, 0))
        z = torch.tanh(self.filter(before)) * torch.sigmoid(self.gate(before))
        return x if self.last else self.residual(z) + x, self.skip(z)


class WaveNet(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.causal = nn.Conv1d(1, 6, 2)
        self.stack = nn.ModuleList(
            nn.ModuleDict({"layer": nn.ModuleList(Gated(2**i, (s, i) == (1, 5)) for i in range(6))})
            for s in range(2)
        )
        self.conv1 = nn.Conv1d(5, 8, 1)
        self.conv2 = nn.Conv1d(8, 7, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.causal(F.pad(x, (1, 0)))
        skips: Any = 0
        for stack in self.stack:
            for layer in stack["layer"]:
                x, skip = layer(x)
                skips = skips + skip
        return self.conv2(F.relu(self.conv1(F.relu(skips))))


# --- Inception-ResNet --------------------------------------------------------------------------------------


class Unit(nn.Sequential):  # type: ignore[misc]
    def __init__(self, channels: int, out: int, kernel: Any = 1, stride: int = 1, padding: Any = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=0.001)
        self.relu = nn.ReLU()


class Branches(nn.Module):  # type: ignore[misc]
    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        for index, branch in enumerate(branches):
            setattr(self, f"branch{index}", branch)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.children()], 1)


class Scaled(nn.Module):  # type: ignore[misc]
    def __init__(self, mixed: nn.Module, inner: int, channels: int, factor: float) -> None:
        super().__init__()
        self.mixed, self.factor = mixed, factor
        self.conv = nn.Conv2d(inner, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.factor * self.conv(self.mixed(x)))


def scaled_a() -> Scaled:
    second = nn.Sequential(Unit(16, 4), Unit(4, 4, 3, padding=1))
    third = nn.Sequential(Unit(16, 4), Unit(4, 6, 3, padding=1), Unit(6, 8, 3, padding=1))
    return Scaled(Branches(Unit(16, 4), second, third), 16, 16, 0.17)


def scaled_b() -> Scaled:
    second = nn.Sequential(
        Unit(36, 4), Unit(4, 5, (1, 7), padding=(0, 3)), Unit(5, 6, (7, 1), padding=(3, 0))
    )
    return Scaled(Branches(Unit(36, 6), second), 12, 36, 0.1)


class InceptionResNet(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.stem = Unit(3, 16, 3, 2)
        self.blocks_a = nn.Sequential(scaled_a(), scaled_a())
        self.reduction = Branches(
            Unit(16, 12, 3, 2),
            nn.Sequential(Unit(16, 4), Unit(4, 6, 3, padding=1), Unit(6, 8, 3, 2)),
            nn.MaxPool2d(3, 2),
        )
        self.blocks_b = nn.Sequential(scaled_b(), scaled_b())
        self.fc = nn.Linear(36, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks_b(self.reduction(self.blocks_a(self.stem(x))))
        return self.fc(x.mean((2, 3)))


# --- ViT -------------------------------------------------------------------------------------------------


class Attention(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(24, 72)
        self.proj = nn.Linear(24, 24)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (part.unflatten(-1, (3, 8)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        scores = (q @ k.transpose(-1, -2)) * 8**-0.5
        return self.proj((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


class MLP(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(24, 96)
        self.fc2 = nn.Linear(96, 24)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Encoder(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(24, eps=1e-6)
        self.attn = Attention()
        self.norm2 = nn.LayerNorm(24, eps=1e-6)
        self.mlp = MLP()

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, 24))
        self.pos_embed = nn.Parameter(torch.zeros(1, 13, 24))
        self.patch_embed = nn.Conv2d(3, 24, 8, 8)
        self.blocks = nn.Sequential(Encoder(), Encoder())
        self.norm = nn.LayerNorm(24, eps=1e-6)
        self.head = nn.Linear(24, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


# --- the same --------------------------------------------------------------------------------------------

ORACLES: dict[str, Callable[[], nn.Module]] = {
    "aspp": ASPP,
    "cbam": CBAM,
    "inception_resnet": InceptionResNet,
    "vit_by_hand": ViT,
    "wavenet": WaveNet,
}


def theirs(name: str) -> nn.Module:
    """The oracle in evaluation, with random weights and statistics."""
    torch.manual_seed(0)
    module = ORACLES[name]().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            nn.init.trunc_normal_(parameter, std=0.5)
    randomise_statistics(module)
    return module


@pytest.mark.parametrize("name", ORACLES)
def test_weights(name: str) -> None:
    """The same keys in the same order, the same shapes and numbers."""
    model, module = network(name), theirs(name)
    want = [(key, tuple(tensor.shape)) for key, tensor in module.state_dict().items()]
    assert [(key, tuple(weight.shape)) for key, weight in model.weights().items()] == want
    assert model.totals.params == sum(parameter.numel() for parameter in module.parameters())
    with FlopCounterMode(display=False) as counter:
        module(*inputs_of(model, batch=1))
    assert 2 * model.totals.macs == counter.get_total_flops()


@pytest.mark.parametrize("name", ORACLES)
def test_outputs(name: str, tmp_path: Path) -> None:
    """The same to the last bit from the module, within 1e-4 from ONNX Runtime."""
    model, module = network(name), theirs(name)
    ours = archspec.build(model).eval()
    ours.load_state_dict(module.state_dict())
    (x,) = inputs_of(model)
    with torch.no_grad():
        want = module(x)
        assert_equal(ours(x), want)
    assert want[0].std() > 0.01
    save_file(module.state_dict(), tmp_path / "weights.safetensors")
    archspec.export(model, str(tmp_path / "net.onnx"), weights=str(tmp_path / "weights.safetensors"))
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"input": x.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), want, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ORACLES)
def test_nothing_is_found(name: str) -> None:
    assert archspec.validate(str(MORE / f"{name}.toml"), select="ALL") == []
