"""Plug-in ops: found by their entry point, only when a dotted name is met."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import archspec
from archspec import ops
from archspec.backends.onnx_model import model_of
from archspec.testing.onnx_forms import agree

PLUGIN = '''
from typing import ClassVar
from archspec.ops import Example, Op, TorchCode, positional
from archspec.ops.core.fields import Positive

class Thrice(Op):
    """The input three times."""
    name: ClassVar[str] = "acme.thrice"
    group: ClassVar[str] = "Acme"
    factor: Positive = 3
    examples: ClassVar[tuple[Example, ...]] = ()

    def output(self, inputs):
        return type(inputs[0])((inputs[0].shape[0], self.factor * inputs[0].shape[1], *inputs[0].shape[2:]))

class Scaled(Op):
    """The input times a number."""
    name: ClassVar[str] = "acme.scaled"
    group: ClassVar[str] = "Acme"
    factor: Positive = 3
    examples: ClassVar[tuple[Example, ...]] = ()

    def torch(self, inputs):
        return TorchCode("Scaled", (positional(self.factor, "factor"),), f"{{0}} * {self.factor}", helper=SOURCE)

    def onnx(self, e, inputs):
        return e.node("Mul", e.x, e.number(self.factor))

SOURCE = """
class Scaled(nn.Module):
    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor
"""

class NotCalledSo(Thrice):
    name: ClassVar[str] = "acme.other"
'''


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "acme_ops.py").write_text(PLUGIN)
    info = tmp_path / "acme_ops-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-ops\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[archspec.ops]\nacme.thrice = acme_ops:Thrice\nacme.scaled = acme_ops:Scaled\n"
        "acme.wrong = acme_ops:NotCalledSo\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    ops.lookup.cache_clear()
    yield
    ops.lookup.cache_clear()
    sys.modules.pop("acme_ops", None)


def spec(layers: str) -> str:
    return f'archspec = 1\n[model]\ninput = ["N", 5, 7, 7]\nlayers = [{layers}]\n'


@pytest.mark.usefixtures("acme")
def test_a_plugin_is_an_op() -> None:
    model = archspec.load("a.toml", source=spec('"acme.thrice", { op = "acme.thrice", factor = 2 }'))
    assert model.outputs[0].shape == ("N", 30, 7, 7)
    with pytest.raises(archspec.SpecError, match=r"`acme\.thrice` has no `factr`"):
        archspec.load("a.toml", source=spec('{ op = "acme.thrice", factr = 2 }'))


@pytest.mark.usefixtures("acme")
def test_a_plugin_must_be_what_it_says() -> None:
    with pytest.raises(archspec.UsageError, match=r"acme\.wrong"):
        archspec.load("a.toml", source=spec('"acme.wrong"'))


def test_without_the_plugin_there_is_no_such_op() -> None:
    with pytest.raises(archspec.SpecError, match=r"there is no op `acme\.thrice`"):
        archspec.load("a.toml", source=spec('"acme.thrice"'))


@pytest.mark.usefixtures("acme")
def test_a_plugin_that_does_not_say_how_has_no_pytorch_form() -> None:
    model = archspec.load("a.toml", source=spec('"relu", { name = "t", op = "acme.thrice" }'))
    with pytest.raises(archspec.SpecError) as caught:
        archspec.build(model)
    (finding,) = caught.value.diagnostics
    assert (finding.code, finding.location) == ("AS701", "model.layers[1]")
    assert "`acme.thrice` cannot be written in PyTorch" in finding.message


@pytest.mark.usefixtures("acme")
def test_a_plugin_can_say_how_it_is_written() -> None:
    layers = '{ op = "acme.scaled", factor = 2 }, { name = "g", layers = [{ op = "acme.scaled", factor = 5 }, "relu"] }'
    model = archspec.load("a.toml", source=spec(layers))
    x = torch.randn(2, 5, 7, 7)
    assert torch.equal(archspec.build(model)(x), (x * 2 * 5).relu())
    blocks = '[blocks.b]\nrequired = { n = "int" }\nlayers = [{ op = "acme.scaled", factor = "n" }]\n'
    twice = archspec.load("a.toml", source=spec('{ op = "b", n = 2 }, { op = "b", n = 3 }') + blocks)
    assert torch.equal(archspec.build(twice)(x), x * 2 * 3)


@pytest.mark.usefixtures("acme")
def test_a_plugin_in_onnx() -> None:
    layers = '{ op = "acme.scaled", factor = 2 }, { name = "g", layers = [{ op = "acme.scaled", factor = 5 }, "relu"] }'
    proto = agree(archspec.load("a.toml", source=spec(layers)))
    assert [node.op_type for node in proto.graph.node] == ["Mul", "Mul", "Relu"]
    with pytest.raises(archspec.SpecError, match=r"`acme\.thrice` cannot be written in ONNX"):
        model_of(archspec.load("a.toml", source=spec('"acme.thrice"')))
