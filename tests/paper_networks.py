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
