"""The generated PyTorch source as text: clean, short, the same everywhere, and safe."""

import ast
import contextlib
import inspect
import json
import keyword
import os
import random
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from nets import NAMES, NETWORKS, SPECS, network, spec
from spec_cases import VALID
from test_torch_cases import Random
from torch import nn
from torch_cases import CASES

import archspec
from archspec import SpecError, zoo
from archspec.backends.torch.source import source
from archspec.backends.torch.source.render import main_class, text_of
from archspec.ir import walk


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source of every network, of every valid case, and of some random networks.

    It is right at the first attempt: that a class is written out is a way to live with a fault of the generator.
    """
    folder = tmp_path_factory.mktemp("generated")
    for index, (file, variant) in enumerate(NETWORKS):
        name = f"net{index}_{file.stem}_{variant or ''}"
        (folder / f"{name}.py").write_text(text_of(archspec.load(str(file), variant)), encoding="utf-8")
    for index, case in enumerate(VALID.values()):
        text = text_of(archspec.load("net.toml", source=case.text))
        (folder / f"case{index}.py").write_text(text, encoding="utf-8")
    for index, text_ in enumerate(CASES.values()):
        text = text_of(archspec.load("net.toml", source=text_))
        (folder / f"hard{index}.py").write_text(text, encoding="utf-8")
    for seed in range(60):
        with contextlib.suppress(SpecError):
            text = text_of(archspec.load("net.json", source=json.dumps(Random(seed).spec())))
            (folder / f"random{seed}.py").write_text(text, encoding="utf-8")
    return folder


def tool(*command: str, cwd: Path) -> None:
    result = subprocess.run([sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.xdist_group("generated")
def test_is_formatted(generated: Path) -> None:
    tool("ruff", "format", "--isolated", "--check", "--no-cache", ".", cwd=generated)


WORDS_OF_NAMES = (
    "a",
    "conv",
    "x1",
    "backbone",
    "features_of_the_encoder",
    "deconvolution",
    "a_rather_long_name_of_a_module",
)


def long_winded(seed: int) -> dict[str, Any]:
    """A network with long names, many inputs, outputs and operands, and groups whose values are outputs."""
    rng = random.Random(seed)
    names = iter(
        dict.fromkeys(
            "_".join(rng.choices(WORDS_OF_NAMES, k=rng.randint(1, 3))) + str(number) for number in range(99)
        )
    )
    inputs = [{"name": next(names), "shape": ["N", 3, 8, 8]} for _ in range(rng.choice([1, 1, 2, 8]))]
    values = [str(item["name"]) for item in inputs]
    layers: list[dict[str, Any]] = []
    inside: list[str] = []

    def module() -> dict[str, Any]:
        fields: dict[str, Any] = rng.choice(
            [
                {"op": "conv", "out": 3, "kernel": 3, "padding": 1, "init": {"bias": "normal(0.02)"}},
                {"op": "batchnorm"},
                {"op": "relu"},
                {"op": "unit", "slope": rng.choice([0.1, 0.2])},
            ]
        )
        return {"name": next(names), **fields}

    for _ in range(rng.randint(3, 10)):
        match rng.randrange(4):
            case 0:
                layers.append({**module(), "from": rng.choice(values)})
            case 1:
                layers.append(
                    {
                        "op": rng.choice(["add", "mul", "max"]),
                        "from": rng.choices(values, k=rng.randint(2, 7)),
                        "as": next(names),
                    }
                )
            case 2:
                group = [module() for _ in range(rng.randint(1, 5))]
                layers.append({"name": next(names), "layers": group, "from": rng.choice(values)})
                inside += [f"{layers[-1]['name']}.{item['name']}" for item in group if rng.random() < 0.5]
            case 3:
                parts = next(names)
                layers.append({"op": "split", "sections": [1, 1, 1], "as": parts, "from": rng.choice(values)})
                layers.append(
                    {"op": "concat", "from": [f"{parts}.2", f"{parts}.0", f"{parts}.1"], "as": next(names)}
                )
        values.append(str(layers[-1].get("name") or layers[-1]["as"]))
    outputs = [*dict.fromkeys(rng.choices([*values[len(inputs) :], *inside], k=rng.choice([1, 2, 3, 6, 12])))]
    block = {
        "required": {"slope": "float"},
        "layers": [{"op": "residual", "layers": [{"op": "leaky_relu", "negative_slope": "slope"}]}],
    }
    model = {"inputs": inputs, "layers": layers, "outputs": outputs}
    return {"archspec": 1, "model": model, "blocks": {"unit": block}}


def test_long_lines_are_formatted(tmp_path: Path) -> None:
    for seed in range(80):
        with contextlib.suppress(SpecError):  # one value is two outputs
            text = text_of(archspec.load("net.json", source=json.dumps(long_winded(seed))))
            (tmp_path / f"long{seed}.py").write_text(text, encoding="utf-8")
    assert len([*tmp_path.iterdir()]) > 70
    tool("ruff", "format", "--isolated", "--check", "--no-cache", ".", cwd=tmp_path)
    tool("ruff", "check", "--isolated", "--no-cache", ".", cwd=tmp_path)


@pytest.mark.xdist_group("generated")
def test_passes_lint(generated: Path) -> None:
    tool("ruff", "check", "--isolated", "--no-cache", ".", cwd=generated)


@pytest.mark.xdist_group("generated")
def test_passes_strict_types(generated: Path) -> None:
    tool("mypy", "--strict", "--config-file=", "--cache-dir=.mypy", ".", cwd=generated)


@pytest.mark.xdist_group("generated")
def test_imports_torch_and_the_standard_library_only(generated: Path) -> None:
    for file in generated.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
                assert module in ("torch", "torch.nn", "collections"), file


@pytest.mark.parametrize(("file", "variant"), NETWORKS, ids=NAMES)
def test_runs_as_a_program(file: Path, variant: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    model = archspec.load(str(file), variant)
    exec(compile(source(model), "<program>", "exec"), {"__name__": "__main__"})  # noqa: S102 — our own text
    shape = tuple(1 if dim == "N" else dim for dim in model.outputs[0].shape)
    params = f"{model.training_totals.params:,}"
    assert capsys.readouterr().out == f"output: {shape}\nparameters: {params}\n"


def test_is_the_same_in_every_process(tmp_path: Path) -> None:
    """Whatever the hash seed and the folder: the same bytes."""
    script = (
        "import sys, hashlib, archspec\n"
        "from archspec.backends.torch.source import source\n"
        "digest = hashlib.sha256()\n"
        "for name in sys.argv[1:]:\n"
        "    file, _, variant = name.partition('@')\n"
        "    digest.update(source(archspec.load(file, variant or None)).encode())\n"
        "print(digest.hexdigest())\n"
    )
    names = [os.path.abspath(str(file)) + (f"@{variant}" if variant else "") for file, variant in NETWORKS]
    outputs = set()
    for seed, folder in (("1", tmp_path), ("2", SPECS)):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(SPECS.parent)}
        result = subprocess.run(
            [sys.executable, "-c", script, *names],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.add(result.stdout)
    assert len(outputs) == 1


def test_needs_no_torch() -> None:
    script = (
        "import sys, archspec; from archspec.backends.torch.source import source\n"
        f"source(archspec.load({str(SPECS / 'resnet.toml')!r}, 'resnet50'))\n"
        "assert not {'torch', 'numpy', 'onnx'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


# --- length ----------------------------------------------------------------------------------------------


def lines_of(text: str) -> int:
    """Lines that are neither blank nor comments."""
    return sum(1 for line in text.splitlines() if line.strip() and not line.strip().startswith("#"))


def torchvision_lines(stem: str) -> int:
    """What torchvision writes for a network: its classes and functions, without imports and weights."""
    name, names = WRITTEN[stem]
    module = import_module(f"torchvision.models.{name}")
    written = [getattr(module, name) for name in names]
    # of a function also the table that it reads: the configurations are half of VGG
    return sum(len(item) if isinstance(item, dict) else lines_of(inspect.getsource(item)) for item in written)


WRITTEN = {
    "alexnet": ("alexnet", ("AlexNet",)),
    "vgg": ("vgg", ("VGG", "make_layers", "cfgs", "_vgg")),
    "googlenet": ("googlenet", ("GoogLeNet", "Inception", "InceptionAux", "BasicConv2d")),
    "resnet": ("resnet", ("ResNet", "Bottleneck", "BasicBlock", "conv3x3", "conv1x1")),
    "densenet": ("densenet", ("DenseNet", "_DenseBlock", "_DenseLayer", "_Transition")),
    "mobilenet_v2": ("mobilenetv2", ("MobileNetV2", "InvertedResidual")),
    "squeezenet": ("squeezenet", ("SqueezeNet", "Fire")),
    "shufflenet_v2": ("shufflenetv2", ("ShuffleNetV2", "InvertedResidual", "channel_shuffle")),
}
"""The module of `torchvision.models` that has a network, and its classes, functions and tables."""


@pytest.mark.parametrize(("file", "variant"), NETWORKS, ids=NAMES)
def test_is_short(file: Path, variant: str | None) -> None:
    """At most half as much again as torchvision's code, for the one variant that it is."""
    if file.parent.name == "teaching" or file.stem not in WRITTEN:
        return
    length = lines_of(source(archspec.load(str(file), variant)))
    assert length <= 1.5 * torchvision_lines(file.stem)


def test_budgets() -> None:
    assert lines_of(source(network("resnet", "resnet152"))) <= 120
    assert lines_of(source(network("googlenet"))) <= 170


# --- classes ---------------------------------------------------------------------------------------------

HELPERS = ("ChannelsLayerNorm", "Permute", "StochasticDepth")
MORE_CLASSES = {
    "hrnet": 9,  # groups in groups, which are no chains: their modules have no typed access from outside
    "ssdlite": 2,  # the same
    "ssd300": 1,  # a group with a bare parameter, which no container can hold
    "vit": 1,  # the same
}
"""The families with more classes than blocks and the network, and how many more."""


@pytest.mark.parametrize("family", zoo.families(), ids=lambda family: family.name)
def test_a_block_is_one_class(family: zoo.Family) -> None:
    for entry in family.networks:
        model = archspec.load(family.file, entry.variant)
        blocks = {m.definition for m in walk(model.root) if m.op is None and m.is_block}
        classes = {*re.findall(r"^class (\w+)", text_of(model), re.MULTILINE)} - {*HELPERS}
        assert len(classes) <= len(blocks) + 1 + MORE_CLASSES.get(family.name, 0)


# --- what it looks like ----------------------------------------------------------------------------------


def test_a_stage_is_a_comprehension() -> None:
    text = source(network("resnet", "resnet152"))
    assert "*(Bottleneck(1024, 256) for _ in range(35))" in text
    assert text.count("class ") == 2


def test_a_class_has_arguments_for_what_differs() -> None:
    text = source(network("resnet", "resnet50"))
    assert "def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:" in text
    assert "if stride != 1 or in_channels != out:" in text


def test_an_op_is_an_argument_of_blocks_in_blocks() -> None:
    """Also where one call has a child that another lacks."""
    blocks = """[blocks.unit]
required = { out = "int", act = "op" }
layers = [
  { op = "conv_bn", when = "x.channels != out", out = "out", act = "{act}" },
  { op = "conv_bn", out = "out", act = "{act}" },
]
[blocks.conv_bn]
required = { out = "int", act = "op" }
layers = [{ op = "conv", out = "out", kernel = 1 }, "batchnorm", "{act}"]"""
    calls = '{ op = "unit", out = 3, act = "relu" }, { op = "unit", out = 5, act = "hardswish" }'
    text = source(spec(f'[{calls}, {{ op = "unit", out = 5, act = "relu" }}]', blocks))
    assert re.findall(r"^class (\w+)", text, re.MULTILINE) == ["ConvBN", "Unit", "Net"]
    assert text.count("act: type[nn.Module]") == 2


def test_dense_blocks_are_loops() -> None:
    text = source(network("densenet", "densenet121"))
    assert 'self[f"denselayer{i + 1}"] = DenseLayer(in_channels + 32 * i)' in text
    assert "x = torch.cat([x, layer(x)], 1)" in text


def test_numbers_of_functions_are_attributes() -> None:
    causal = """[blocks.causal]
    required = { dilation = "int" }
    layers = [
      { op = "conv", out = 3, kernel = 2, dilation = "dilation", padding = { left = "dilation", top = "2 * dilation" } },
      { op = "roll", axes = [2, 3], shifts = ["dilation", "-dilation"] },
    ]"""
    text = source(spec('[{ op = "causal", repeat = 4, dilation = "2 ** i" }]', causal))
    assert text.count("class ") == 2
    assert "        self.dilation = dilation\n" in text
    assert "        self.padding = 2 * dilation\n" in text
    assert "F.pad(x, (self.dilation, 0, self.padding, 0))" in text
    assert "torch.roll(x, (self.dilation, -self.dilation), (2, 3))" in text


def test_numbers_of_functions_are_sizes() -> None:
    text = source(network("unet", "unet"))
    assert text.count("class Up") == 1
    assert "(skip.shape[2] - up.shape[2]) // 2 : (skip.shape[2] + up.shape[2]) // 2," in text
    text = source(archspec.load("net.toml", source=CASES["sizes in another call of a block"]))
    assert text.count("class B(") == 1
    assert ".reshape(-1, 3, out.shape[2] * out.shape[3])" in text
    text = source(archspec.load("net.toml", source=CASES["numbers that follow from sizes"]))
    assert "F.interpolate(out, size=(x.shape[2], x.shape[3]))" in text


def test_long_numbers_of_functions_are_variables() -> None:
    text = source(archspec.load("net.toml", source=CASES["sizes of values with long names"]))
    assert "size = (encoded_features.shape[2] - decoded_features.shape[2]) // 2\n" in text
    assert "[:, :, size:size2, size3:size4]" in text


def test_stages_of_unequal_depth_are_one_class() -> None:
    text = source(archspec.load("net.toml", source=CASES["stages of unequal depth"]))
    assert re.findall(r"^class (\w+)", text, re.MULTILINE) == ["U", "S", "Net"]
    assert "*(U(out, out) for _ in range(depth - 1))" in text
    assert "S(5, depth=4, out=6)" in text


def test_names_that_count_are_comprehensions() -> None:
    text = source(archspec.load("net.toml", source=CASES["names with two counters"]))
    assert 'OrderedDict({f"u1-{i}": U(4) for i in range(4)})' in text


def test_ops_of_several_kinds_are_alternatives() -> None:
    blocks = '[blocks.unit]\nparams = { norm = "batchnorm" }\nlayers = [{ op = "{norm}" }, { op = "conv", out = 3, kernel = 1 }]'
    model = spec('[{ op = "unit" }, { op = "unit", norm = "layernorm" }]', blocks)
    text = source(model)
    assert re.findall(r"^class (\w+)", text, re.MULTILINE) == ["Unit", "Net"]
    assert 'nn.LayerNorm(8) if norm == "layernorm" else nn.BatchNorm2d(3)' in text


def test_the_network_has_its_name_though_a_block_has_it_too() -> None:
    text = source(spec('["net"]', '[blocks.net]\nlayers = [{ op = "conv", out = 3, kernel = 1 }, "relu"]'))
    assert main_class(text) == "Net"
    assert "class Net2(nn.Sequential):" in text


def test_helpers_that_nothing_needs_are_left_out() -> None:
    permute = '{ name = "order", op = "permute", axes = [0, 2, 3, 1] }'
    assert "class Permute(nn.Module):" in source(spec(f"[{permute}]"))
    text = source(
        spec(f'[{permute.replace("""name = "order", """, "")}, {{ op = "add", from = ["x", "x"] }}]')
    )
    assert "class Permute" not in text
    assert "x.permute(0, 2, 3, 1)" in text


def test_products_in_a_sum_have_no_parentheses() -> None:
    model = spec(
        """[
  { name = "a", op = "scale", factor = 0.5 },
  { op = "add", from = ["x", "input"] },
  { as = "b", op = "relu" },
  { op = "sub", from = ["b", "input"] },
  { op = "scale", factor = 0.25 },
]"""
    )
    text = source(model)
    assert "x * 0.5 + x" in text
    assert " - x) * 0.25" in text


def test_variables_are_called_as_in_the_spec() -> None:
    """The parts of a split by their numbers, the outputs of a block by their names."""
    layers = """[
  { name = "halves", op = "split", sections = 2 },
  { op = "sub", from = ["halves.1", "halves.0"] },
  { name = "backbone", op = "unit" },
  { op = "mul", from = ["x", "backbone.early"] },
]"""
    block = """[blocks.unit]
outputs = ["early"]
layers = [{ name = "early", op = "conv", out = 2, kernel = 1 }, { name = "late", op = "conv", out = 2, kernel = 1 }]"""
    text = source(spec(layers, block, '["N", 4, 8, 8]'))
    assert "halves0, halves1 = torch.chunk(x, 2, 1)" in text
    assert "halves1 - halves0" in text
    assert "backbone, early = self.backbone(" in text


def test_comments_leave_out_the_batch_and_no_other_axis() -> None:
    model = spec(
        '[{ op = "permute", axes = [1, 0, 2, 3] }, { op = "add", from = ["x", "x"] }, '
        '{ op = "permute", axes = [1, 0, 3, 2] }, { op = "mul", from = ["x", "x"] }]',
        shape='["N", 3, 8, 4]',
    )
    text = source(model)
    assert "  # 3×N×8×4\n" in text
    assert "  # 3×4×8\n" in text


def test_functions_of_one_condition_have_one_flag() -> None:
    block = """[blocks.unit]
required = { shift = "int" }
layers = [
  { when = "shift > 0", op = "roll", shifts = 1, axes = 2 },
  { name = "conv", op = "conv", out = 3, kernel = 1 },
  { when = "shift > 0", op = "roll", shifts = -1, axes = 2 },
  { when = "shift > 1", op = "roll", shifts = 1, axes = 3 },
]"""
    text = source(
        spec('[{ op = "unit", shift = 0 }, { op = "unit", shift = 1 }, { op = "unit", shift = 2 }]', block)
    )
    assert text.count("self.adds_roll = shift > 0") == 1
    assert text.count("if self.adds_roll:") == 2
    assert text.count("self.adds_roll2 = shift > 1") == 1


def test_docs_of_blocks_are_docstrings() -> None:
    assert '    """The columns of table 1:' in source(network("googlenet"))


def test_reuse_that_needs_another_module_is_refused() -> None:
    model = spec(
        '[{ name = "c", op = "conv", out = 3, kernel = 3, stride = 2, padding = "same_upper" }, '
        '{ op = "reuse", of = "c" }]',
        shape='["N", 3, 7, 7]',
    )  # 7 → 4 needs a pixel on both sides, 4 → 2 on one
    with pytest.raises(SpecError) as caught:
        source(model)
    (finding,) = caught.value.diagnostics
    assert (finding.code, finding.path) == ("AS703", ("model", "layers", 1))


def test_a_batch_that_cannot_be_seen_is_refused() -> None:
    """The class of a block sees its own inputs; none of these has the batch."""
    block = """[blocks.unit]
layers = [{ name = "token", op = "param", shape = [1, 7] }, { op = "expand", shape = ["N", -1] }]"""
    model = archspec.load(
        "net.toml",
        source=f"""archspec = 1
{block}
[model]
inputs = [{{ name = "fixed", shape = [1, 3] }}, {{ name = "free", shape = ["N"] }}]
layers = [{{ op = "unit", from = "fixed" }}]
""",
    )
    with pytest.raises(SpecError) as caught:
        source(model)
    assert [item.code for item in caught.value.diagnostics] == ["AS702"]


# --- hostile names and texts -----------------------------------------------------------------------------

WORDS = [
    *keyword.kwlist,
    *keyword.softkwlist,
    "self",
    "nn",
    "F",
    "torch",
    "Tensor",
    "super",
    "range",
    "tuple",
    "list",
    "int",
    "str",
    "print",
    "sum",
    "OrderedDict",
    "module",
    "model",
    "output",
    "layers",
    "layer",
    "i",
    "x",
    "out",
    "y",
    "z",
    "x2",
    "_",
    "_x",
    "input_",
    "main",
    "make_divisible",
    "Permute",
    "StochasticDepth",
    "T",
    "in_channels",
    "0",
    "1",
    "a-b",
    "a--b",
    "-",
    "9lives",
    "args",
    "kwargs",
    "property",
    "object",
    "Exception",
    "exec",
    "eval",
]


def builds(text: str) -> bool:
    """Whether the spec is refused by the language; else its module must be what it says."""
    from archspec.backends.proof.verify import verify

    try:
        model = archspec.load("net.toml", source=text)
    except SpecError:
        return False
    assert [finding for item in verify(model) for finding in item.findings] == []
    return True


@pytest.mark.parametrize("word", WORDS)
def test_names_are_harmless(word: str) -> None:
    conv = f'{{ name = "{word}", op = "conv", out = 4, kernel = 1 }}'
    twice = f'[blocks."{word}"]\nrequired = {{ n = "int" }}\nlayers = [{{ op = "conv", out = "n", kernel = 1 }}]\n'
    model = '[model]\ninput = ["N", 3, 4, 4]\n'
    specs = {
        "module": f'archspec = 1\n{model}layers = [{conv}, {{ op = "add", from = ["{word}", "{word}"] }}]',
        "relu": f'archspec = 1\n{model}layers = [{{ name = "{word}", op = "relu" }}, {{ op = "conv", out = 4, kernel = 1 }}]',
        "group": f'archspec = 1\n{model}layers = [{{ name = "{word}", layers = [{{ op = "residual", layers = ["relu"] }}] }}]',
        "label": f'archspec = 1\n{model}layers = [{{ op = "relu", as = "{word}" }}, "tanh", {{ op = "add", from = ["x", "{word}"] }}]',
        "param": f'archspec = 1\n{model}layers = [{{ op = "u", "{word}" = 4 }}, {{ op = "u", "{word}" = 5 }}]\n'
        f'[blocks.u]\nrequired = {{ "{word}" = "int" }}\nlayers = [{{ op = "conv", out = "{word}", kernel = 1 }}]',
        "let": f'archspec = 1\n{model}layers = [{{ op = "u", n = 4 }}, {{ op = "u", n = 5 }}]\n'
        f'[blocks.u]\nrequired = {{ n = "int" }}\nlet = {{ "{word}" = "2 * n" }}\n'
        f'layers = [{{ op = "conv", out = "{word}", kernel = 1 }}, {{ op = "conv", out = "{word}", kernel = 1 }}]',
        "block": f'archspec = 1\n{model}layers = [{{ op = "{word}", n = 4 }}, {{ op = "{word}", n = 5 }}]\n{twice}',
        "counter": f'archspec = 1\n{model}layers = [{{ name = "c", op = "u", repeat = 3, index = "{word}", n = "4 + {word}" }}]\n'
        f'[blocks.u]\nrequired = {{ n = "int" }}\nlayers = [{{ op = "residual", layers = [{{ op = "conv", out = 3, kernel = "2 * n + 1", padding = "half" }}] }}]',
        "input": f'archspec = 1\n[model]\ninputs = [{{ name = "{word}", shape = ["N", 3, 4, 4] }}]\n'
        f'layers = [{{ op = "conv", out = 4, kernel = 1 }}]',
        "model": f'archspec = 1\n[model]\nname = "{word}"\ninput = ["N", 3, 4, 4]\nlayers = ["relu"]',
    }
    accepted = {what for what, text in specs.items() if builds(text)}
    assert "model" in accepted


HOSTILE = [
    '"""',
    "'''",
    '"',
    "\\",
    "\\\\",
    '\\"""',
    "\n",
    "\r",
    "\t",
    "\x00",
    "\x1b[31m",
    "\u2028",
    "{0}",
    "{m}",
    "%s",
    "#",
    '"""\nimport os\n"""',
    "\\N{BULLET}",
    "\\x41",
    "ｅｖａｌ",
    "𝐬𝐞𝐥𝐟",
    "é",
    "\u202e",
    "end\\",
    '""" + __import__("os").system("echo") + """',
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("place", ["doc", "block doc", "name", "module", "mode"])
def test_texts_are_harmless(text: str, place: str) -> None:
    linear = {"op": "linear", "out": 4}
    model: dict[str, Any] = {"input": ["N", 3], "layers": [{"op": "unit"}]}
    blocks = {"unit": {"layers": [linear]}}
    data: dict[str, Any] = {"archspec": 1, "model": model, "blocks": blocks}
    match place:
        case "doc" | "name":
            model[place] = text
        case "block doc":
            blocks["unit"]["doc"] = text  # type: ignore[assignment]
        case "module":
            blocks["unit"]["layers"] = [{"name": text, **linear}]
        case "mode":
            data["params"] = {"p": text}
            model |= {
                "input": ["N", 3, 4, 4],
                "layers": [{"op": "pad", "padding": 1, "mode": "{p}"}, {"op": "unit"}],
            }
    try:
        loaded = archspec.load("net.json", source=json.dumps(data))
    except SpecError:
        assert place != "doc"
        return
    tree = ast.parse(source(loaded))
    names = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    calls = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert calls <= {"super", "print", "tuple", "sum", "model", *names}


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=30), st.text(max_size=60))
def test_any_text_is_harmless(name: str, doc: str) -> None:
    data = {
        "archspec": 1,
        "model": {"name": name, "doc": doc, "input": ["N", 3], "layers": [{"op": "linear", "out": 4}]},
    }
    try:
        model = archspec.load("net.json", source=json.dumps(data))
    except SpecError:
        return
    tree = ast.parse(source(model))
    kinds = [type(node).__name__ for node in tree.body]
    assert kinds == ["Expr", "Import", "ImportFrom", "ClassDef", "If"]


def test_file_names_are_harmless(tmp_path: Path) -> None:
    file = tmp_path / '"""; import os; """.toml'
    file.write_text('archspec = 1\n[model]\ninput = ["N", 3]\nlayers = [{ op = "linear", out = 4 }]\n')
    text = source(archspec.load(str(file)))
    assert str(tmp_path) not in text
    assert [type(node).__name__ for node in ast.parse(text).body] == [
        "Expr",
        "Import",
        "ImportFrom",
        "ClassDef",
        "If",
    ]


def test_generated_names_are_torchvisions() -> None:
    """A reader who knows torchvision finds the modules where they are."""
    ours = archspec.build(str(SPECS / "resnet.toml"), "resnet50", device="meta")
    with torch.device("meta"):
        theirs = torchvision.models.resnet50()
    stateful = {name for name, module in theirs.named_modules() if not isinstance(module, nn.ReLU)}
    assert stateful <= {name for name, _ in ours.named_modules()}
