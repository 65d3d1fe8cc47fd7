"""The family form of the PyTorch source: one class for all variants, which are the networks of the single form."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

import archspec
from archspec import UsageError, zoo
from archspec.backends.torch.source import family

FAMILIES = [item for item in zoo.families() if item.name not in ("mobilenet_v3",)]
"""The two networks of MobileNetV3 are different blocks with different outputs."""


def executed(text: str) -> dict[str, Any]:
    module = ModuleType("family")
    exec(compile(text, "<family>", "exec"), module.__dict__)  # noqa: S102 — our own text
    return module.__dict__


def settings(module: nn.Module) -> list[tuple[str, str]]:
    """The modules without children, by path, with their settings; containers and activations as PyTorch shows them."""
    return [
        (name, repr(child))
        for name, child in module.named_modules()
        if not [*child.children()] and not isinstance(child, nn.ModuleDict | nn.ModuleList)
    ]


@pytest.mark.parametrize("item", FAMILIES, ids=[item.name for item in FAMILIES])
def test_variants_are_those_of_the_single_form(item: zoo.Family) -> None:
    scope = executed(family(archspec.load(item.file)))
    for variant in archspec.load(item.file).variants:
        with torch.device("meta"):
            mine = scope[variant.replace("-", "_")]()
        alone = archspec.build(item.file, variant, device="meta")
        ours, theirs = mine.state_dict(), alone.state_dict()
        assert [(key, value.shape) for key, value in ours.items()] == [
            (key, value.shape) for key, value in theirs.items()
        ]
        assert settings(mine) == settings(alone)


@pytest.mark.parametrize(
    ("file", "variant"), [("resnet", "resnet18"), ("densenet", "densenet121"), ("regnet", "regnet_x_400mf")]
)
def test_outputs_are_those_of_the_single_form(file: str, variant: str) -> None:
    path = str(Path(zoo.folder()) / f"{file}.toml")
    scope = executed(family(archspec.load(path)))
    mine, alone = scope[variant]().eval(), archspec.build(path, variant).eval()
    mine.load_state_dict(alone.state_dict())
    x = torch.randn(2, 3, 64, 64)
    assert torch.equal(mine(x), alone(x))


def test_parameters_are_arguments() -> None:
    scope = executed(family(archspec.load(str(Path(zoo.folder()) / "resnet.toml"))))
    with torch.device("meta"):
        module = scope["ResNet"](unit=scope["Basic"], depths=(1, 1, 1, 1), classes=7)
        assert module(torch.empty(1, 3, 64, 64)).shape == (1, 7)


def test_export_writes_a_family_or_one_network(tmp_path: Path) -> None:
    """The family of a file; one network of a variant, or where a parameter or an input is chosen."""
    path = str(Path(zoo.folder()) / "resnet.toml")
    chosen = {
        "family": archspec.load(path),
        "variant": archspec.load(path, "resnet18"),
        "parameter": archspec.load(path, params={"classes": 7}),
        "input": archspec.load(path, inputs={"input": ("N", 3, 64, 64)}),
    }
    for name, model in chosen.items():
        archspec.export(model, str(tmp_path / f"{name}.py"))
    written = {name: (tmp_path / f"{name}.py").read_text() for name in chosen}
    assert {name for name, text in written.items() if "\ndef resnet18()" in text} == {"family"}


def test_variants_that_no_class_suits_are_refused() -> None:
    model = archspec.load(str(Path(zoo.folder()) / "mobilenet_v3.toml"))
    with pytest.raises(UsageError, match="too different for one class"):
        family(model)
