"""What the tests of the PyTorch backend share: networks, weights, comparisons."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import Tensor, nn
from zoo_oracles import ORACLES

import archspec
from archspec import Model, zoo

ROOT = Path(__file__).parent.parent
SPECS = ROOT / "specs"
MORE = Path(__file__).parent / "networks"
"""Networks beyond those of `specs/`, whose blocks need more of the generator."""


FIRST = {"convnext", "efficientnet", "mnasnet", "mobilenet_v3", "regnet", "shufflenet_v2"}
"""Families of which the first variant shows what the others would: they differ in their numbers alone."""


LARGE = {"efficientnet_v2", "inception_v3", "vit"}
"""Families whose numbers, weights and outputs are compared, but not each step of the way there."""


ELSEWHERE = {zoo.find(f"zoo:{name}")[0] for name in ORACLES}
"""The files of those that `test_zoo_networks.py` compares."""


def all_networks() -> Iterator[tuple[Path, str | None]]:
    """The variants of every spec."""
    files = {family.file for family in zoo.families() if family.name not in LARGE}
    families = [Path(file) for file in files - ELSEWHERE]
    for file in sorted([*families, *MORE.glob("*.toml")]):
        variants = archspec.load(str(file)).variants or (None,)
        for variant in list(variants)[: 1 if file.stem in FIRST else None]:
            yield file, variant


NETWORKS = list(all_networks())
NAMES = [f"{file.parent.name}/{file.stem}" + (f"@{variant}" if variant else "") for file, variant in NETWORKS]


def network(name: str, variant: str | None = None, **options: Any) -> Model:
    """A network of `specs/` or of the tests."""
    file = SPECS / f"{name}.toml"
    return archspec.load(str(file if file.exists() else MORE / f"{name}.toml"), variant, **options)


def spec(layers: str, more: str = "", shape: str = '["N", 3, 8, 8]') -> Model:
    """A network from the text of its layers, and further sections."""
    return archspec.load(
        "net.toml", source=f"archspec = 1\n{more}\n[model]\ninput = {shape}\nlayers = {layers}\n"
    )


def torchvision_model(name: str, **options: Any) -> Any:
    """A model of torchvision with its random weights, and with random batch-norm statistics."""
    if name in ("googlenet", "inception_v3"):
        options.setdefault(
            "init_weights", False
        )  # as with pretrained weights: its own initialisation needs a minute
    torch.manual_seed(0)
    model = torchvision.models.get_model(name, weights=None, **options)
    randomise_statistics(model)
    return model


def randomise_statistics(model: nn.Module) -> None:
    """Give batch-norms other statistics and factors than 0 and 1, which hide errors."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            for tensor, low, high in (
                (module.running_mean, -0.2, 0.2),
                (module.running_var, 0.5, 1.5),
                (module.weight, 0.5, 1.5),
                (module.bias, -0.2, 0.2),
            ):
                if tensor is not None:
                    with torch.no_grad():
                        tensor.uniform_(low, high)


def inputs_of(model: Model, batch: int = 2, seed: int = 1) -> list[Tensor]:
    """Random inputs; free dimensions are the batch."""
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn([dim if isinstance(dim, int) else batch for dim in type_.shape], generator=generator)
        for type_ in model.inputs.values()
    ]


def assert_equal(ours: Any, theirs: Any) -> None:
    """The same tensors, to the last bit."""
    ours, theirs = ([value] if isinstance(value, Tensor) else list(value) for value in (ours, theirs))
    assert len(ours) == len(theirs)
    for left, right in zip(ours, theirs, strict=True):
        assert torch.equal(left, right), float((left - right).abs().max())
