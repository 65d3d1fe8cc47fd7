"""What each module is made with: the settings that the spec says, in the built network and in the exported file."""

import runpy
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from nets import network, spec
from torch import nn

import archspec
from archspec import Model
from archspec.backends.torch.source import source
from archspec.backends.torch.source.render import main_class

COUNTED = {
    "in-channels of the first": (
        '[{ name = "s", op = "unit", repeat = 4, slope = "0.1 * (i + 1)" }]',
        """[blocks.unit]
        required = { slope = "float" }
        layers = [{ op = "conv", out = 4, kernel = 1 }, { op = "leaky_relu", negative_slope = "slope" }]""",
        nn.LeakyReLU,
        "negative_slope",
        [0.1, 0.2, 0.1 * 3, 0.4],
    ),
    "an element of a list": (
        '[{ name = "s", op = "unit", repeat = 4, slope = "slopes[i]" }]',
        """[params]
        slopes = [0.4, 0.3, 0.2, 0.1]
        [blocks.unit]
        required = { slope = "float" }
        layers = [{ op = "conv", out = 4, kernel = 1 }, { op = "leaky_relu", negative_slope = "slope" }]""",
        nn.LeakyReLU,
        "negative_slope",
        [0.4, 0.3, 0.2, 0.1],
    ),
    "first, and a width": (
        '[{ name = "s", op = "unit", repeat = 4, inner = "4 * (i + 1)", first = { stride = 2 } }]',
        """[blocks.unit]
        required = { inner = "int" }
        params = { stride = 1 }
        layers = [
          { op = "conv", out = "inner", kernel = 1, stride = "stride" },
          { op = "conv", out = 3, kernel = 1 },
        ]""",
        nn.Conv2d,
        "out_channels",
        [4, 3, 8, 3, 12, 3, 16, 3],
    ),
    "first, and a dilation": (
        '[{ name = "s", op = "unit", repeat = 4, d = "1 + i", first = { stride = 2 } }]',
        """[blocks.unit]
        required = { d = "int" }
        params = { stride = 1 }
        layers = [{ op = "conv", out = 3, kernel = 3, stride = "stride", padding = "d", dilation = "d" }]""",
        nn.Conv2d,
        "dilation",
        [(1, 1), (2, 2), (3, 3), (4, 4)],
    ),
    "first, and a rate": (
        '[{ name = "s", op = "unit", repeat = 4, p = "0.1 * i", first = { stride = 2 } }]',
        """[blocks.unit]
        required = { p = "float" }
        params = { stride = 1 }
        layers = [{ op = "conv", out = 4, kernel = 1, stride = "stride" }, { op = "dropout", p = "p" }]""",
        nn.Dropout,
        "p",
        [0.0, 0.1, 0.2, 0.1 * 3],
    ),
    "a counter of its own name, and no first": (
        '[{ name = "s", op = "unit", repeat = 3, index = "k", p = "0.1 * k" }]',
        """[blocks.unit]
        required = { p = "float" }
        layers = [{ op = "conv", out = 3, kernel = 1 }, { op = "dropout", p = "p" }]""",
        nn.Dropout,
        "p",
        [0.0, 0.1, 0.2],
    ),
    "in a block that is called twice": (
        '[{ op = "stage", out = 4 }, { op = "stage", out = 5 }]',
        """[blocks.stage]
        required = { out = "int" }
        layers = [{ op = "unit", repeat = 4, out = "out", p = "0.1 * i + out", first = { stride = 2 } }]
        [blocks.unit]
        required = { out = "int", p = "float" }
        params = { stride = 1 }
        layers = [
          { op = "conv", out = "out", kernel = 1, stride = "stride" },
          { op = "leaky_relu", negative_slope = "p" },
        ]""",
        nn.LeakyReLU,
        "negative_slope",
        [4.0, 4.1, 4.2, 0.1 * 3 + 4, 5.0, 5.1, 5.2, 0.1 * 3 + 5],
    ),
}
"""Copies that differ in what their counter says: layers, blocks, a class, a setting, and its values in order."""


def exported(model: Model, folder: Path) -> Any:
    """The network's class, from the exported file."""
    archspec.export(model, str(folder / "net.py"))
    return runpy.run_path(str(folder / "net.py"))[main_class(source(model))]


@pytest.mark.parametrize(("layers", "more", "kind", "setting", "values"), COUNTED.values(), ids=COUNTED)
def test_copies_have_the_settings_of_their_counter(
    layers: str, more: str, kind: type[nn.Module], setting: str, values: list[Any], tmp_path: Path
) -> None:
    model = spec(layers, more)
    with torch.device("meta"):
        built = [archspec.build(model), exported(model, tmp_path)()]
    for module in built:
        found = [getattr(part, setting) for part in module.modules() if isinstance(part, kind)]
        assert found == values
    assert " in range(" in source(model)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("convnext_tiny", "convnext"),
        ("convnext_small", "convnext"),
        ("efficientnet_b0", "efficientnet"),
        ("efficientnet_b3", "efficientnet"),
    ],
)
def test_stochastic_depth_is_that_of_torchvision(name: str, file: str) -> None:
    model = network(file, name)
    with torch.device("meta"):
        ours, theirs = archspec.build(model), torchvision.models.get_model(name, weights=None)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    rates = [(m.p, m.mode) for m in ours.modules() if type(m).__name__ == "StochasticDepth"]
    # EfficientNet has them where it has a skip connection; torchvision makes all, and calls these.
    called = [
        m.stochastic_depth
        for m in theirs.modules()
        if getattr(m, "use_res_connect", file == "convnext") and hasattr(m, "stochastic_depth")
    ]
    assert rates == [(pytest.approx(m.p), m.mode) for m in called]
    assert [m.p for m in ours.modules() if isinstance(m, nn.Dropout)] == [
        m.p for m in theirs.modules() if isinstance(m, nn.Dropout)
    ]
