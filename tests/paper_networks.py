"""Networks that neither torchvision nor timm has, written in torch from papers, a lesson and a tutorial."""

from collections import OrderedDict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.transforms.functional import center_crop


def named(**layers: Any) -> Any:
    """Layers in a row, called by these names."""
    return nn.Sequential(OrderedDict(layers))


# --- LeNet with batch normalisation ----------------------------------------------------------------------


def lenet_bn() -> Any:
    """Section 8.5 of "Dive into Deep Learning": https://d2l.ai/chapter_convolutional-modern/batch-norm.html."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.BatchNorm2d(6), nn.Sigmoid(), nn.AvgPool2d(2, 2)),
        *(nn.Conv2d(6, 16, 5), nn.BatchNorm2d(16), nn.Sigmoid(), nn.AvgPool2d(2, 2)),
        nn.Flatten(),
        *(nn.Linear(256, 120), nn.BatchNorm1d(120), nn.Sigmoid()),
        *(nn.Linear(120, 84), nn.BatchNorm1d(84), nn.Sigmoid()),
        nn.Linear(84, 10),
    )


# --- DCGAN -----------------------------------------------------------------------------------------------


def upwards() -> Iterator[Any]:
    """The generator's layers: https://docs.pytorch.org/tutorials/beginner/dcgan_faces_tutorial.html."""
    for n, out, stride, padding in ((100, 512, 1, 0), (512, 256, 2, 1), (256, 128, 2, 1), (128, 64, 2, 1)):
        yield from (
            nn.ConvTranspose2d(n, out, 4, stride, padding, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(),
        )
    yield from (nn.ConvTranspose2d(64, 3, 4, 2, 1, bias=False), nn.Tanh())


def downwards() -> Iterator[Any]:
    """The discriminator's layers, of which the first has no batch normalisation."""
    yield from (nn.Conv2d(3, 64, 4, 2, 1, bias=False), nn.LeakyReLU(0.2))
    for n, out in pairwise([64, 128, 256, 512]):
        yield from (nn.Conv2d(n, out, 4, 2, 1, bias=False), nn.BatchNorm2d(out), nn.LeakyReLU(0.2))
    yield from (nn.Conv2d(512, 1, 4, 1, 0, bias=False), nn.Sigmoid())


def dcgan_generator() -> Any:
    return named(main=nn.Sequential(*upwards()))


def dcgan_discriminator() -> Any:
    return named(main=nn.Sequential(*downwards()))


# --- Darknet-19 ------------------------------------------------------------------------------------------


def dark(channels: int, out: int, kernel: int) -> Any:
    """A row of the paper's table 6."""
    conv = nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=False)
    return named(conv=conv, bn=nn.BatchNorm2d(out), act=nn.LeakyReLU(0.1))


def dark_stage(out: int, pairs: int) -> Any:
    inner = [nn.Sequential(dark(out, out // 2, 1), dark(out // 2, out, 3)) for _ in range(pairs)]
    return named(conv=dark(out // 2, out, 3), pairs=nn.Sequential(*inner))


def darknet19() -> Any:
    return named(
        stage1=dark(3, 32, 3),
        pool1=nn.MaxPool2d(2, 2),
        stage2=dark(32, 64, 3),
        pool2=nn.MaxPool2d(2, 2),
        stage3=dark_stage(128, 1),
        pool3=nn.MaxPool2d(2, 2),
        stage4=dark_stage(256, 1),
        pool4=nn.MaxPool2d(2, 2),
        stage5=dark_stage(512, 2),
        pool5=nn.MaxPool2d(2, 2),
        stage6=dark_stage(1024, 2),
        classifier=nn.Conv2d(1024, 1000, 1),
        average=nn.AdaptiveAvgPool2d(1),
        flat=nn.Flatten(),
    )


# --- U-Net -----------------------------------------------------------------------------------------------


def double_conv(channels: int, out: int, *, norm: bool) -> Any:
    """Two 3×3 convolutions: those of the paper as they are, others padded and normalised."""
    layers: list[Any] = []
    for n in (channels, out):
        layers.append(nn.Conv2d(n, out, 3, padding=int(norm), bias=not norm))
        layers += [nn.BatchNorm2d(out)] * norm
        layers.append(nn.ReLU())
    return named(double_conv=nn.Sequential(*layers))


class Up(nn.Module):  # type: ignore[misc]
    """A step of the decoder."""

    def __init__(self, channels: int, *, norm: bool) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(channels, channels // 2, 2, stride=2)
        self.conv = double_conv(channels, channels // 2, norm=norm)

    def forward(self, x: Tensor, skip: Tensor) -> Any:
        x = self.up(x)
        return self.conv(torch.cat([center_crop(skip, [*x.shape[2:]]), x], dim=1))


class UNet(nn.Module):  # type: ignore[misc]
    """Figure 1 of the paper, its parts called as in https://github.com/milesial/Pytorch-UNet."""

    def __init__(self, channels: int, *, norm: bool) -> None:
        super().__init__()
        self.inc = double_conv(channels, 64, norm=norm)
        for level, out in enumerate((128, 256, 512, 1024), start=1):
            inner = nn.Sequential(nn.MaxPool2d(2, 2), double_conv(out // 2, out, norm=norm))
            self.add_module(f"down{level}", named(maxpool_conv=inner))
        for level, n in enumerate((1024, 512, 256, 128), start=1):
            self.add_module(f"up{level}", Up(n, norm=norm))
        self.outc = named(conv=nn.Conv2d(64, 2, 1))

    def forward(self, x: Tensor) -> Any:
        skips = [self.inc(x)]
        for down in (self.down1, self.down2, self.down3, self.down4):
            skips.append(down(skips[-1]))
        x = skips.pop()
        for up in (self.up1, self.up2, self.up3, self.up4):
            x = up(x, skips.pop())
        return self.outc(x)


# --- BN-Inception ----------------------------------------------------------------------------------------


class Columns(nn.Module):  # type: ignore[misc]
    """A row of the paper's figure 5, whose columns are sequences of convolutions and norms with these names."""

    def __init__(
        self, n: int, c1: int, c3: tuple[int, int], double: tuple[int, int], proj: int, pool: Any, stride: int
    ) -> None:
        super().__init__()
        self.columns: list[list[str]] = []
        if c1:
            self.column(n, ("1x1", c1, 1, 1))
        self.column(n, ("3x3_reduce", c3[0], 1, 1), ("3x3", c3[1], 3, stride))
        last = (("double_3x3_1", double[1], 3, 1), ("double_3x3_2", double[1], 3, stride))
        self.column(n, ("double_3x3_reduce", double[0], 1, 1), *last)
        self.add_module("pool", pool)
        if proj:
            self.column(n, ("pool_proj", proj, 1, 1))
        self.out = c1 + c3[1] + double[1] + (proj or n)

    def column(self, n: int, *rows: tuple[str, int, int, int]) -> None:
        self.columns.append([name for name, *_ in rows])
        for name, out, kernel, stride in rows:
            self.add_module(name, nn.Conv2d(n, out, kernel, stride, kernel // 2))
            self.add_module(f"{name}_bn", nn.BatchNorm2d(out))
            n = out

    def forward(self, x: Tensor) -> Any:
        layers = dict(self.named_children())
        pooled = layers["pool"](x)
        found = []
        for names in self.columns:
            value = pooled if names == ["pool_proj"] else x
            for name in names:
                value = torch.relu(layers[f"{name}_bn"](layers[name](value)))
            found.append(value)
        return torch.cat(found if "pool_proj" in layers else [*found, pooled], dim=1)


def bn_inception() -> Any:
    average = nn.AvgPool2d(3, stride=1, padding=1)
    rows: list[tuple[str, Any]] = [
        ("3a", (64, (64, 64), (64, 96), 32, average, 1)),
        ("3b", (64, (64, 96), (64, 96), 64, average, 1)),
        ("3c", (0, (128, 160), (64, 96), 0, nn.MaxPool2d(3, 2, ceil_mode=True), 2)),
        ("4a", (224, (64, 96), (96, 128), 128, average, 1)),
        ("4b", (192, (96, 128), (96, 128), 128, average, 1)),
        ("4c", (160, (128, 160), (128, 160), 128, average, 1)),
        ("4d", (96, (128, 192), (160, 192), 128, average, 1)),
        ("4e", (0, (128, 192), (192, 256), 0, nn.MaxPool2d(3, 2, ceil_mode=True), 2)),
        ("5a", (352, (192, 320), (160, 224), 128, average, 1)),
        ("5b", (352, (192, 320), (192, 224), 128, nn.MaxPool2d(3, 1, 1), 1)),
    ]
    layers = OrderedDict(
        conv1_7x7_s2=nn.Conv2d(3, 64, 7, 2, 3),
        conv1_7x7_s2_bn=nn.BatchNorm2d(64),
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(3, 2, ceil_mode=True),
        conv2_3x3_reduce=nn.Conv2d(64, 64, 1),
        conv2_3x3_reduce_bn=nn.BatchNorm2d(64),
        relu2=nn.ReLU(),
        conv2_3x3=nn.Conv2d(64, 192, 3, 1, 1),
        conv2_3x3_bn=nn.BatchNorm2d(192),
        relu3=nn.ReLU(),
        pool2=nn.MaxPool2d(3, 2, ceil_mode=True),
    )
    n = 192
    for name, row in rows:
        layers[f"inception_{name}"] = block = Columns(n, *row)
        n = block.out
    layers |= {"average": nn.AdaptiveAvgPool2d(1), "flat": nn.Flatten(), "last_linear": nn.Linear(n, 1000)}
    return nn.Sequential(OrderedDict(layers))
