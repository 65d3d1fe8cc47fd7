"""Plug-in ops: found by their entry point, only when a dotted name is met; and their conformance suite."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from test_docs import generate

import archspec
from archspec import ops
from archspec.backends.onnx import model_of
from archspec.testing import check_op
from archspec.testing.onnx_forms import agree

PLUGIN = '''
from typing import ClassVar
from archspec.ops import Example, NoMacs, Op, SavesNothing, SeesItsPlace, TorchCode, positional
from archspec.ops.core.fields import Positive

class Thrice(NoMacs, SavesNothing, SeesItsPlace, Op):
    """The input three times."""
    name: ClassVar[str] = "acme.thrice"
    group: ClassVar[str] = "Acme"
    factor: Positive = 3
    examples: ClassVar[tuple[Example, ...]] = ()

    def output(self, inputs):
        return type(inputs[0])((inputs[0].shape[0], self.factor * inputs[0].shape[1], *inputs[0].shape[2:]))

class Scaled(NoMacs, SavesNothing, SeesItsPlace, Op):
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

class Silent(NoMacs, Op):
    """The input, and no word of what it keeps or sees."""
    name: ClassVar[str] = "acme.silent"
    group: ClassVar[str] = "Acme"
    examples: ClassVar[tuple[Example, ...]] = ()

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
        "acme.wrong = acme_ops:NotCalledSo\nacme.silent = acme_ops:Silent\n"
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


@pytest.mark.usefixtures("acme")
def test_a_plugin_must_state_its_numbers() -> None:
    with pytest.raises(archspec.UsageError, match=r"acme\.silent.* does not state `saved`, `reach`"):
        archspec.load("a.toml", source=spec('"acme.silent"'))


@pytest.mark.parametrize("name", sorted(ops.names()))
def test_every_builtin_op_states_its_numbers(name: str) -> None:
    op = ops.lookup(name)
    assert op is not None
    assert not op.unstated()


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


# --- the conformance suite ---------------------------------------------------------------------------------------

PAGE = generate.DOCS / "plugins.md"
(SHOWN,) = [block for block in generate.blocks(PAGE.read_text(encoding="utf-8")) if block.name == "net.toml"]
METHODS = SHOWN.files[1][1]


def checked(tmp_path: Path, source: str) -> None:
    """Run the suite on the op of the documentation, or on what was made of it."""
    for name, text in SHOWN.files:
        (tmp_path / name).write_text(source if name == "acme_ops.py" else text, encoding="utf-8")
    with generate.installed(tmp_path):
        check_op(importlib.import_module("acme_ops").LayerScale)


def test_the_documented_op_conforms(tmp_path: Path) -> None:
    checked(tmp_path, METHODS)


WRONG = {
    # what is wrong: the text in place of another, and the check that finds it
    "its output": (
        "def weights",
        "def output(self, inputs):\n        return type(inputs[0])(inputs[0].shape[:2])\n\n    def weights",
        "shapes: the outputs",
    ),
    "the shape of its weight": (
        '"gamma", (channels(inputs[0]), 1, 1)',
        '"gamma", (1, channels(inputs[0]), 1)',
        "shapes: `gamma`",
    ),
    "the name of its weight": ('Weight("gamma"', 'Weight("beta"', "shapes: the weights"),
    "its weight is a buffer": (
        "(self.init_value,)))",
        "(self.init_value,)), buffer=True)",
        "shapes: the parameters",
    ),
    "its MACs": (
        "def saved",
        "def macs(self, inputs, outputs):\n        return 7\n\n    def saved",
        "shapes: the MACs",
    ),
    "its arithmetic": (
        "def saved",
        'def macs_formula(self, inputs, outputs):\n        return "7 * 3"\n\n    def saved',
        "arithmetic: there are 0 MACs",
    ),
    "what it keeps": ("return INPUT", "return Saved()", "training: the inputs that are kept"),
    "how much it keeps": (
        "return INPUT",
        "return Saved(inputs=(0,), elements=9)",
        "training: the bytes that are kept",
    ),
    "a view": (
        "def saved",
        "def view(self, inputs, *, training):\n        return True\n\n    def saved",
        "training: the outputs are views",
    ),
    "its memory": ("(elementwise(outputs[0], inputs),)", "outputs", "memory: the strides"),
    "its field": (
        "def saved",
        (
            "def reach(self, inputs, output):\n        from archspec.ops.core.reach import changed, pointwise, whole\n"
            "        return (changed(pointwise(inputs[0], output), {2: whole(1)}),)\n\n    def saved"
        ),
        "receptive field",
    ),
    "its source": ("x * self.gamma", "x + self.gamma", "source, named"),
    "its first values": (
        "torch.full((channels, 1, 1), init_value)",
        "torch.zeros(channels, 1, 1)",
        "initial weights",
    ),
    "its ONNX": ('e.node("Mul"', 'e.node("Add"', "ONNX 18"),
    "its ONNX has no operator of that name": ('e.node("Mul"', 'e.node("Mull"', "ONNX 24"),
    "a method that fails": ("return INPUT", "return INPUT / 0", "training: TypeError: unsupported operand"),
    "the code of an error": (
        'error="AS402"',
        'error="AS403"',
        "refusal: it is refused with AS402, not with AS403",
    ),
    "an error that is none": ('{"init_value": [0.1]}', '{"init_value": 2.0}', "refusal"),
}


@pytest.mark.parametrize(("old", "new", "says"), WRONG.values(), ids=WRONG)
def test_a_wrong_op_does_not_conform(old: str, new: str, says: str, tmp_path: Path) -> None:
    assert METHODS.count(old) == 1
    with pytest.raises(AssertionError) as caught:
        checked(tmp_path, METHODS.replace(old, new))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"acme.layer_scale"', '"acme.scale"', "there is no op `acme.scale`"),
        (
            "examples: ClassVar[tuple[Example, ...]] = (",
            "examples: ClassVar[tuple[Example, ...]] = ()\n    more: ClassVar[object] = (",
            "no valid example",
        ),
        (
            '    """Each channel times a learnt factor. https://arxiv.org/abs/2103.17239"""\n',
            "",
            "no docstring",
        ),
        ('error="AS402"', 'error="AS999"', "there is no code AS999"),
        ('{"init_value": 0.1}', '{"initial": 0.1}', "fields that the op does not have"),
    ],
)
def test_a_wrong_declaration_does_not_conform(old: str, new: str, says: str, tmp_path: Path) -> None:
    assert METHODS.count(old) == 1
    with pytest.raises(AssertionError, match=says):
        checked(tmp_path, METHODS.replace(old, new))


def test_what_the_documentation_shows_of_a_failure(tmp_path: Path) -> None:
    """Where `saved` says that nothing is."""
    assert "return INPUT" in METHODS
    with pytest.raises(AssertionError) as caught:
        checked(tmp_path, METHODS.replace("return INPUT", "return Saved()"))
    assert f"```text\n{caught.value}\n```" in PAGE.read_text(encoding="utf-8")
