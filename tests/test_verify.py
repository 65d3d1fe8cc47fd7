"""`archspec verify` and `archspec export`: what they prove, what they find, how they end."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nets import NAMES, NETWORKS, SPECS, network, spec
from verify_mutants import MUTANTS, Mutant, caught

import archspec
import archspec.ops
from archspec import UsageError
from archspec.backends.proof import alone, lockstep, verify
from archspec.backends.proof.item import Item
from archspec.backends.proof.size import smaller
from archspec.backends.proof.subject import batch, inputs, scale
from archspec.backends.proof.values import Values
from archspec.backends.torch import module
from archspec.backends.torch.source import source
from archspec.files import writing
from archspec.ir import walk
from archspec.model import Model


def cli(*arguments: str, cwd: Path | None = None, code: int = 0) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-m", "archspec", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert result.returncode == code, result.stdout + result.stderr
    return result


# --- verify ----------------------------------------------------------------------------------------------


def unlike() -> Iterator[Any]:
    """The networks without those that differ from an earlier variant in numbers alone."""
    seen = set()
    for (file, variant), name in zip(NETWORKS, NAMES, strict=True):
        used = walk(archspec.load(str(file), variant).root)
        fields = {(m.kind, *sorted(m.op.model_fields_set if m.op is not None else ())) for m in used}
        if (key := (file, frozenset(fields))) not in seen:
            seen.add(key)
            yield pytest.param(file, variant, id=name)


@pytest.mark.parametrize(("file", "variant"), [*unlike()])
def test_every_kind_of_network_is_proven(file: Path, variant: str | None) -> None:
    items = verify.verify(archspec.load(str(file), variant))
    assert [str(finding) for item in items for finding in item.findings] == []
    assert [item.name for item in items if not item.proven] == []
    assert {item.name for item in items} >= {
        "state_dict",
        "parameters",
        "shapes",
        "MACs",
        "settings",
        "outputs",
        "training",
        "sensitivity",
        "ONNX Runtime, as written",
        "ONNX Runtime, optimised",
    }


@pytest.mark.parametrize(("image", "regions"), [("'N'", "'R'"), ("2", "'R'"), ("'N'", "2"), ("2", "3")])
def test_macs_of_inputs_whose_numbers_differ(image: str, regions: str) -> None:
    """A detector has two batches, of images and of regions, each with MACs of its own."""
    text = f"""archspec = 1
[model]
inputs = [{{ name = "image", shape = [{image}, 3] }}, {{ name = "regions", shape = [{regions}, 4] }}]
outputs = ["p", "q"]
layers = [
  {{ name = "p", from = "image", op = "linear", out = 5 }},
  {{ name = "q", from = "regions", op = "linear", out = 7 }},
]
"""
    items = verify.verify(archspec.load("net.toml", source=text), only="torch")
    assert [str(finding) for item in items for finding in item.findings] == []


def test_training_is_proven_too() -> None:
    names = [item.name for item in verify.verify(network("googlenet"), only="torch")]
    assert names == [
        "state_dict",
        "parameters",
        "shapes",
        "MACs",
        "shapes in training",
        "MACs in training",
        "settings",
        "outputs",
        "training",
        "sensitivity",
    ]


NET = """archspec = 1
[model]
input = ["N", 3, 12, 12]
layers = [
  { name = "first", op = "conv", out = 4, kernel = 3 },
  { name = "norm", op = "batchnorm" },
  { name = "block", op = "unit" },
  { name = "pool", op = "maxpool", kernel = 2 },
]
[blocks.unit]
layers = [{ name = "inner", op = "conv", out = 5, kernel = 1 }]
"""


@pytest.mark.parametrize(
    ("old", "new", "item", "words", "path"),
    [
        (
            "nn.Conv2d(3, 4, 3)",
            "nn.Conv2d(3, 4, 3, bias=False)",
            "state_dict",
            "no weight `first.bias`",
            "model.layers[0]",
        ),
        (
            "nn.Conv2d(4, 5, 1)",
            "nn.Conv2d(4, 5, 1, groups=1, padding=1)",
            "shapes",
            "the output of `block.inner` is 2×5×10×10 here, 2×5×12×12",
            "blocks.unit.layers[0]",
        ),
        (
            "nn.Conv2d(4, 5, 1)",
            "nn.Conv2d(4, 5, (1, 2), padding=(0, 1))",
            "state_dict",
            "`block.inner.weight` is [5, 4, 1, 1] here, [5, 4, 1, 2]",
            "blocks.unit.layers[0]",
        ),
        (
            "nn.Conv2d(3, 4, 3)",
            "nn.Conv2d(3, 4, 3, stride=2)",
            "MACs",
            "`first` has 21,600 MACs here, 5,400",
            "model.layers[0]",
        ),
        (
            "nn.BatchNorm2d(4)",
            "nn.BatchNorm2d(4, affine=False)",
            "parameters",
            "145 parameters here, 137",
            "model",
        ),
        (
            "nn.MaxPool2d(2)",
            "nn.MaxPool2d(2, stride=1)",
            "shapes",
            "the network's output is 2×5×5×5 here, 2×5×9×9",
            "model",
        ),
        (
            "        x = self.norm(",
            "        self.pool(x)\n        x = self.norm(",
            "shapes",
            "`pool` is called 1 times here, 2 times",
            "model.layers[3]",
        ),
        (
            "        self.norm =",
            "        self.extra = nn.Linear(2, 2)\n        self.norm =",
            "state_dict",
            "an additional weight `extra.weight`",
            "model",
        ),
    ],
)
def test_finds_what_differs(
    monkeypatch: pytest.MonkeyPatch, old: str, new: str, item: str, words: str, path: str
) -> None:
    """Each by a source that does something else."""

    def changed(model: Any) -> str:
        text = source(model)
        assert old in text, text
        return text.replace(old, new)

    monkeypatch.setattr(module, "source", changed)
    items = verify.verify(archspec.load("net.toml", source=NET))
    findings = [(found.name, finding) for found in items for finding in found.findings]
    assert any(
        name == item and words in finding.message and finding.location == path and finding.code == "AS704"
        for name, finding in findings
    ), findings


@pytest.mark.parametrize("only", [None, "torch", "onnx"])
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("nn.Conv2d(3, 4, 3)", "nn.Conv(3, 4, 3)", "PyTorch raises AttributeError: module 'torch.nn' has no"),
        (
            "x = self.norm(",
            "x = self.absent(",
            "PyTorch raises AttributeError: 'Net' object has no attribute",
        ),
    ],
)
def test_source_that_crashes_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, old: str, new: str, words: str, only: str | None
) -> None:
    _source_with(monkeypatch, old, new)
    items = verify.verify(archspec.load("net.toml", source=NET), only)
    assert any(words in finding.message for item in items for finding in item.findings), items
    assert not any(item.ran for item in items if item.name == "ONNX Runtime")


def test_order_of_weights_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def swapped(model: Any) -> str:
        lines = source(model).split("\n")
        at = next(index for index, line in enumerate(lines) if "self.first =" in line)
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
        return "\n".join(lines)

    monkeypatch.setattr(module, "source", swapped)
    items = verify.verify(archspec.load("net.toml", source=NET))
    assert any("another order" in finding.message for item in items for finding in item.findings)


def test_calls_of_shared_weights_are_counted() -> None:
    model = spec(
        '[{ name = "b", op = "unit" }, { op = "reuse", of = "b" }, { op = "reuse", of = "b" }]',
        '[blocks.unit]\nlayers = [{ op = "conv", out = 3, kernel = 3, padding = 1 }, "relu"]',
    )
    assert not any(item.findings for item in verify.verify(model))


def test_fixed_batches_and_batches_of_the_analysis() -> None:
    fixed = spec('[{ op = "conv", out = 3, kernel = 3 }]', shape="[5, 3, 8, 8]")
    assert not any(item.findings for item in verify.verify(fixed))
    batched = archspec.load("net.toml", source=NET, batch=7)
    assert not any(item.findings for item in verify.verify(batched))


def test_verify_of_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "a.toml").write_text(NET)
    (tmp_path / "nets" / "library.toml").write_text("archspec = 1\n[blocks.b]\nlayers = []\n")
    (tmp_path / "nets" / "other.toml").write_text("[tool]\nx = 1\n")
    (tmp_path / "nets" / ".hidden").mkdir()
    (tmp_path / "nets" / ".hidden" / "b.toml").write_text("archspec = 1\n")
    data = {
        "archspec": 1,
        "params": {"n": 2},
        "variants": {"small": {}, "large": {"n": 9}},
        "model": {"input": ["N", 3], "layers": [{"op": "linear", "out": "n"}]},
    }
    (tmp_path / "nets" / "c.json").write_text(json.dumps(data))
    out = cli("verify", "nets", cwd=tmp_path).stdout
    heads = [line for line in out.splitlines() if line and not line.startswith(" ")]
    assert heads == ["nets/a.toml", "nets/c.json@small", "nets/c.json@large", "3 networks: all proven"]
    assert "  ok       MACs                 3,060 per sample" not in out
    one = cli("verify", "nets/c.json@large", "--json", cwd=tmp_path).stdout
    (proof,) = json.loads(one)["networks"]
    assert (proof["file"], proof["variant"], proof["proven"]) == ("nets/c.json", "large", True)
    assert all(item["ran"] and item["findings"] == [] for item in proof["items"])


def test_verify_reports_wrong_specs(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text(NET)
    (tmp_path / "wrong.toml").write_text(NET.replace("out = 4", "out = 0"))
    (tmp_path / "broken.toml").write_text("archspec = 1\n[model\n")
    result = cli("verify", ".", cwd=tmp_path, code=1)
    line = next(number for number, text in enumerate(NET.splitlines(), 1) if "out = 4" in text)
    assert "error[AS203]" in result.stdout
    assert f"--> ./wrong.toml:{line}:" in result.stdout
    assert NET.splitlines()[line - 1].replace("out = 4", "out = 0") in result.stdout
    assert "error[AS102]" in result.stdout
    assert "--> ./broken.toml:2:" in result.stdout
    assert "3 networks: 2 with findings" in result.stdout
    assert not result.stderr


def test_verify_goes_on_behind_a_file_that_is_missing(tmp_path: Path) -> None:
    gone = tmp_path / "gone.toml"
    command = [
        sys.executable,
        "-m",
        "archspec",
        "verify",
        str(gone),
        str(SPECS / "lenet.toml"),
        "--only",
        "torch",
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2, result.stderr
    assert "cannot read" in result.stdout
    assert "10 keys, in order" in result.stdout
    assert "2 networks: 1 not fully run" in result.stdout


def test_verify_of_nothing(tmp_path: Path) -> None:
    assert "there are no specs" in cli("verify", str(tmp_path), code=2).stdout
    assert "No such file" in cli("verify", str(tmp_path / "absent.toml"), code=2).stdout


TORCH = ["state_dict", "parameters", "shapes", "MACs", "settings", "outputs", "training", "sensitivity"]


@pytest.mark.parametrize(
    ("missing", "only", "ran"),
    [
        ("torch", [], ["ONNX checker", "ONNX shapes"]),
        ("torch", ["--only", "torch"], []),
        ("onnxruntime", [], [*TORCH, "ONNX checker", "ONNX shapes", "ONNX weights"]),
        ("onnxruntime", ["--only", "torch"], TORCH),
    ],
)
def test_what_cannot_be_run_is_not_passed(missing: str, only: list[str], ran: list[str]) -> None:
    script = f"import sys; sys.modules[{missing!r}] = None\nfrom archspec.cli import main\nsys.argv[0] = 'archspec'\nmain()"
    command = [sys.executable, "-c", script, "verify", str(SPECS / "lenet.toml"), *only]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    partial = (missing, only) != ("onnxruntime", ["--only", "torch"])
    assert result.returncode == (2 if partial else 0), result.stderr
    assert ("all proven" in result.stdout) != partial
    assert ("1 network: 1 not fully run" in result.stdout) == partial
    assert [line[11:37].strip() for line in result.stdout.splitlines() if line.startswith("  ok")] == ran
    assert (
        f"install `{'archspec-nn[torch]' if missing == 'torch' else missing}`" in result.stdout
    ) == partial
    told = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    (network_,) = json.loads(told.stdout)["networks"]
    assert [item["name"] for item in network_["items"] if item["ran"]] == ran
    assert network_["proven"] != partial


@pytest.mark.parametrize(
    ("op", "method", "made", "item", "words", "path"),
    [
        (
            "relu",
            "onnx",
            lambda _self, e, _inputs: e.node("Sigmoid", e.x),
            "ONNX Runtime, as written",
            "`pool` differs by",
            "model",
        ),
        (
            "maxpool",
            "onnx",
            lambda _self, e, inputs: e.node(
                "MaxPool", e.x, to=inputs[0].shape, kernel_shape=(2, 2), strides=(2, 2)
            ),
            "ONNX shapes",
            "is N×5×10×10 here, N×5×5×5 by inference",
            "model",
        ),
        (
            "maxpool",
            "onnx",
            lambda _self, e, _inputs: e.node("MaxPool", e.x),
            "ONNX checker",
            "kernel_shape",
            "model",
        ),
        (
            "batchnorm",
            "onnx",
            lambda _self, e, _inputs: e.node(
                "BatchNormalization",
                e.x,
                *map(e.weight, ("weight", "bias", "running_var", "running_mean")),
                epsilon=1e-5,
            ),
            "ONNX Runtime, optimised",
            "differs",
            "model",
        ),
        (
            "conv",
            "onnx",
            lambda _self, e, inputs: e.node("Add", e.x, e.weight("bias"), to=inputs[0].shape),
            "ONNX Runtime, as written",
            "ONNX Runtime says",
            "model",
        ),
    ],
)
def test_finds_what_differs_in_onnx(
    monkeypatch: pytest.MonkeyPatch, op: str, method: str, made: Any, item: str, words: str, path: str
) -> None:
    """Each by a lowering that does something else."""
    found = archspec.ops.lookup(op)
    monkeypatch.setattr(found, method, made)
    text = NET.replace('{ name = "pool"', '"relu",\n  { name = "pool"')
    items = verify.verify(archspec.load("net.toml", source=text), only="onnx")
    findings = [(found.name, finding) for found in items for finding in found.findings]
    assert any(
        name == item
        and words in finding.message
        and finding.location.startswith(path)
        and finding.code == "AS704"
        for name, finding in findings
    ), findings


def test_finds_other_weights_in_onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    from archspec.backends.weights import sources

    real = sources.encoded
    monkeypatch.setattr(
        "archspec.backends.onnx.export.encoded", lambda values, dtype: real(values * 2, dtype)
    )
    items = {item.name: item for item in verify.verify(archspec.load("net.toml", source=NET), only="onnx")}
    messages = [(finding.message, finding.location) for finding in items["ONNX weights"].findings]
    assert ("`block.inner.weight` has other values than in PyTorch", "blocks.unit.layers[0]") in messages


def test_what_has_no_form_in_onnx_did_not_run() -> None:
    model = spec('[{ op = "adaptive_maxpool", size = [2000, 3] }]')
    items = verify.verify(model)
    assert [(item.name, item.ran) for item in items][-1] == ("ONNX", False)
    assert "2000 are more than 1024" in items[-1].detail


def test_random_weights_give_attention_the_spread_asked_for() -> None:
    text = 'archspec = 1\n[model]\ninput = ["N", 5, 12]\nlayers = [{ name = "a", op = "attention", heads = 3 }]\n'
    model = archspec.load("net.toml", source=text)
    built: Any = archspec.build(model).eval()
    scale(built, model, 0.25)
    output = built(*inputs(model, batch(model), seed=0)).detach()
    assert float(output.std(unbiased=False)) == pytest.approx(0.25, rel=1e-3)


# --- what values show ------------------------------------------------------------------------------------

POOLED = [
    ("alexnet", None),
    ("densenet", "densenet121"),
    ("googlenet", None),
    ("nin", None),
    ("resnet", "resnet18"),
    ("squeezenet", "squeezenet1_0"),
    ("squeezenet", "squeezenet1_1"),
    ("teaching/alexnet", None),
    ("teaching/densenet", None),
    ("teaching/googlenet", None),
    ("teaching/lenet_max", None),
    ("teaching/nin", None),
    ("shufflenet_v2", "shufflenet_v2_x0_5"),
    ("small_unet", None),
]
"""Networks with max pools; those of VGG, whose weights take long, are left to the script."""


@pytest.mark.parametrize(("name", "variant"), POOLED, ids=lambda value: value)
def test_sees_averages_in_place_of_maxima_in_onnx(name: str, variant: str | None) -> None:
    found = caught(replace(MUTANTS["max pools average in ONNX"], only="onnx"), network(name, variant))
    assert found is not None
    assert {"ONNX Runtime, as written", "ONNX Runtime, optimised"} <= {*found}


@pytest.mark.parametrize("name", ["googlenet", "squeezenet", "small_unet"])
def test_sees_averages_in_place_of_maxima_in_source(name: str) -> None:
    model = network(name, {"squeezenet": "squeezenet1_1"}.get(name))
    found = caught(MUTANTS["max pools average in the source"], model)
    assert found is not None
    assert "outputs" in found


@pytest.mark.parametrize(
    ("mutant", "name", "variant", "item"),
    [
        ("max pools average in PyTorch", "teaching/lenet_max", None, "ONNX Runtime, as written"),
        ("batch norms have another eps in ONNX", "small_unet", None, "ONNX Runtime, as written"),
        ("batch norms have another eps in the source", "small_unet", None, "settings"),
        ("batch norms have another momentum", "small_unet", None, "training"),
        ("dropout has another rate", "squeezenet", "squeezenet1_1", "training"),
        ("layer norms have another eps in ONNX", "convnext", "convnext_tiny", "ONNX settings"),
        ("stochastic depth has another rate", "convnext", "convnext_tiny", "training"),
        ("rectifiers leak", "teaching/lenet_max", None, "outputs"),
        ("gates are smooth in ONNX", "mobilenet_v3", "mobilenet_v3_small", "ONNX Runtime, optimised"),
        (
            "channels are not shuffled in ONNX",
            "shufflenet_v2",
            "shufflenet_v2_x0_5",
            "ONNX Runtime, optimised",
        ),
    ],
)
def test_sees_faults(mutant: str, name: str, variant: str | None, item: str) -> None:
    """Each in one place of archspec, which these networks show."""
    found = caught(MUTANTS[mutant], network(name, variant))
    assert found is not None
    assert item in found


@pytest.mark.parametrize("persistent", ["true", "false"])
def test_sees_another_constant_in_source(persistent: str) -> None:
    """It is proven with the values of the spec, not with those that PyTorch's module has."""
    mean = f'"constant", values = [[[0.5]], [[0.4]], [[-0.3]]], persistent = {persistent}'
    layers = f'{{ op = "sub", branches = [[], {{ name = "mean", op = {mean} }}] }}, "relu"'
    text = f'archspec = 1\n[model]\ninput = ["N", 3, 5, 7]\nlayers = [{layers}]\n'
    model = archspec.load("net.toml", source=text)
    assert not [item for item in verify.verify(model) if item.findings]
    found = caught(Mutant("constant", edit=lambda source: source.replace("0.4", "0.6")), model)
    assert found is not None
    assert "outputs" in found


SETTINGS = """archspec = 1
[model]
input = ["N", 4, 13, 12]
layers = [
  { name = "c", op = "conv", out = 6, kernel = 3, padding = 2, dilation = 2, groups = 2 },
  { name = "i", op = "instancenorm", affine = true },
  { name = "l", op = "leaky_relu", negative_slope = 0.2 },
  { name = "a", op = "avgpool", kernel = 3, stride = 1, padding = 1 },
  { name = "u", op = "unit" },
  { name = "d", op = "dropout", p = 0.3 },
  { name = "s", op = "stochastic_depth", p = 0.4, mode = "batch" },
  { name = "up", op = "upsample", scale = 2, mode = "bilinear" },
]
[blocks.unit]
layers = [
  { name = "norm", op = "groupnorm", groups = 3, eps = 0.01 },
  { op = "elu", alpha = 0.7 },
  { op = "dropout", p = 0.2 },
]
"""


@pytest.mark.parametrize(
    ("old", "new", "item", "words"),
    [
        ("dilation=2", "dilation=1", "settings", "`c.dilation` is `(2, 2)` here, `(1, 1)`"),
        (
            "padding=2",
            "padding=2, padding_mode='reflect'",
            "settings",
            "`c.padding_mode` is `zeros` here, `reflect`",
        ),
        ("affine=True", "affine=True, eps=1e-3", "settings", "`i.eps` is `1e-05` here, `0.001`"),
        (
            "nn.LeakyReLU(negative_slope=0.2)",
            "nn.LeakyReLU(negative_slope=0.21)",
            "settings",
            "`l.negative_slope`",
        ),
        (
            "nn.LeakyReLU(negative_slope=0.2)",
            "nn.ELU(alpha=0.2)",
            "settings",
            "the class of `l` is `LeakyReLU` here, `ELU`",
        ),
        (
            "nn.AvgPool2d(3, ",
            "nn.AvgPool2d(3, count_include_pad=False, ",
            "outputs",
            "the output of `a` differs",
        ),
        (
            "nn.GroupNorm(3, 6, eps=0.01",
            "nn.GroupNorm(2, 6, eps=0.01",
            "outputs",
            "the output of `u.norm` differs",
        ),
        ("nn.Dropout(0.3)", "nn.Dropout(0.31)", "settings", "`d.p` is `0.3` here, `0.31`"),
        ('mode="batch"', 'mode="row"', "settings", "`s.mode` is `batch` here, `row`"),
        ("StochasticDepth(0.4", "StochasticDepth(0.35", "settings", "`s.p` is `0.4` here, `0.35`"),
        ("bilinear", "bicubic", "outputs", "the output of `up` differs"),
    ],
)
def test_sees_settings(monkeypatch: pytest.MonkeyPatch, old: str, new: str, item: str, words: str) -> None:
    _source_with(monkeypatch, old, new)
    messages = _messages(archspec.load("net.toml", source=SETTINGS))
    assert any(words in message for message in messages[item]), messages


@pytest.mark.parametrize(
    ("old", "new", "item"),
    [
        ("alpha=0.7", "alpha=0.71", "outputs"),
        ("0.2, self.training", "0.25, self.training", "training"),
        ("0.2, self.training", "0.2, False", "training"),
    ],
)
def test_sees_settings_of_functions(monkeypatch: pytest.MonkeyPatch, old: str, new: str, item: str) -> None:
    """Where an op is a function, its arguments are seen in what it computes."""
    _source_with(monkeypatch, old, new)
    messages = _messages(archspec.load("net.toml", source=SETTINGS))
    assert any("the output of `u" in message or "the output of `d" in message for message in messages[item])
    assert messages["settings"] == []


def _source_with(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    def changed(model: Any) -> str:
        text = source(model)
        assert old in text, text
        return text.replace(old, new)

    monkeypatch.setattr(module, "source", changed)


def _messages(model: archspec.Model) -> dict[str, list[str]]:
    items = verify.verify(model, only="torch")
    return {item.name: [finding.message for finding in item.findings] for item in items}


def test_training_keeps_few_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """The output of each op is made when that of the module is there, and forgotten when they are compared."""
    kept: list[int] = []
    step = lockstep.Lockstep._goes_on

    def counted(self: Any) -> bool:
        went = step(self)
        kept.append(len(self.waiting))
        return went

    monkeypatch.setattr(lockstep.Lockstep, "_goes_on", counted)
    model = network("squeezenet", "squeezenet1_1")
    values = Values.of(model)
    assert values.training().proven
    assert len(kept) > 50
    assert max(kept) == 1


BLIND = """archspec = 1
[model]
input = ["N", 3, 8, 8]
layers = ["global_avgpool", "flatten", { op = "linear", out = 1 }, "softmax"]
"""


def test_what_no_input_changes_is_not_proven(tmp_path: Path) -> None:
    """A softmax over one class is always 1: nothing before it can be seen."""
    (tmp_path / "net.toml").write_text(BLIND)
    result = cli("verify", "net.toml", cwd=tmp_path, code=2)
    assert "  unproven sensitivity                two inputs differ by 0 tolerances" in result.stdout
    assert "1 network: 1 not proven" in result.stdout
    told = json.loads(cli("verify", "net.toml", "--json", cwd=tmp_path, code=2).stdout)["networks"][0]
    assert not told["proven"]
    assert [item["name"] for item in told["items"] if not item["proven"]] == ["sensitivity"]
    assert all(item["ran"] for item in told["items"])
    other = verify.verify(archspec.load("net.toml", source=BLIND.replace("out = 1", "out = 2")))
    assert all(item.proven for item in other)


def test_outputs_that_depend_on_no_input_are_said() -> None:
    text = (
        'archspec = 1\n[model]\ninput = ["N", 3]\noutputs = ["q", "y"]\nlayers = ['
        '{ name = "q", op = "param", shape = [2, 3] }, { name = "y", op = "linear", out = 2, from = "input" }]\n'
    )
    items = {item.name: item for item in verify.verify(archspec.load("net.toml", source=text))}
    assert all(item.proven for item in items.values())
    assert "output 0 does not depend on the input" in items["sensitivity"].detail


@pytest.mark.parametrize(
    "layers",
    [
        '{ repeat = 100, layers = [{ op = "conv", out = 8, kernel = 3, padding = 1, bias = false }, "batchnorm", "relu"] }',
        '{ repeat = 60, layers = [{ op = "conv", out = 8, kernel = 3, padding = 1 }, "tanh"] }',
        '{ repeat = 30, layers = [{ op = "conv", out = 8, kernel = 3, padding = 1 }, "sigmoid"] }',
        '{ op = "conv", out = 8, kernel = 3, init = { weight = 0.0, bias = 0.0 } }, { op = "batchnorm", init = { weight = 0.0 } }',
        '{ op = "residual", layers = [{ op = "conv", out = 3, kernel = 1 }, { op = "stochastic_depth", p = 1.0 }] }',
        '"global_avgpool", "flatten", { op = "linear", out = 1000 }, "softmax"',
        '{ op = "conv", out = 8, kernel = 3 }, { op = "groupnorm", groups = 2 }, "gelu", { op = "batchnorm", affine = false }',
    ],
    ids=["deep norms", "deep tanh", "deep sigmoid", "zeros", "dropped", "softmax", "norms"],
)
def test_finds_weights_for(layers: str) -> None:
    """In deep networks rounding must not look like a fault, nor may what goes in be lost on the way."""
    items = verify.verify(spec(f"[{layers}]"))
    assert [(item.name, item.detail, *item.findings) for item in items if not item.proven] == []


def test_large_networks_are_computed_at_a_smaller_size() -> None:
    layers = '[{ op = "conv", out = 64, kernel = 3, padding = 1 }, { op = "conv", out = 8, kernel = 3, stride = 2 }]'
    model = spec(layers, shape='["N", 64, 480, 640]')
    details = {item.name: item.detail for item in verify.verify(model)}
    assert details["outputs"].endswith(", at N×64×32×64")
    assert details["ONNX Runtime, optimised"].endswith(", at N×64×32×64")
    assert "640" not in details["training"]


@pytest.mark.parametrize(
    ("last", "height"),
    [
        # every element of the kernel sees the image
        ('{ op = "conv", out = 8, kernel = 3, dilation = 90, padding = 90 }', 96),
        (
            '{ op = "adaptive_avgpool", size = [120, 160] }',
            480,
        ),  # other operators where the sizes do not divide
        ('"flatten", { op = "linear", out = 2 }', 480),  # other weights
        ('{ op = "reshape", shape = ["N", 64, 480, 2, 320] }', 480),
    ],
)
def test_sizes_that_show_less_are_not_taken(last: str, height: int) -> None:
    layers = f'[{{ op = "conv", out = 64, kernel = 3, padding = 1 }}, {last}]'
    small = smaller(spec(layers, shape='["N", 64, 480, 640]'))
    assert small.inputs["input"].shape[2] == height


def test_values_are_compared_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they are too many to be held at once, and a fault in a late portion is named as well."""
    whole = {item.name: item.detail for item in verify.verify(network("teaching/lenet_max"), only="onnx")}
    monkeypatch.setattr(lockstep, "KEPT", 3000)
    items = verify.verify(network("teaching/lenet_max"), only="onnx")
    assert {item.name: item.detail for item in items} == whole
    assert all(item.proven for item in items)
    relu = archspec.ops.lookup("relu")
    monkeypatch.setattr(relu, "onnx", lambda _self, e, _inputs: e.node("Sigmoid", e.x))
    text = NET.replace('  { name = "pool"', '  "flatten", { name = "last", op = "relu" },\n  { name = "pool"')
    text = text.replace(
        '{ name = "pool", op = "maxpool", kernel = 2 }', '{ name = "end", op = "linear", out = 2 }'
    )
    items = verify.verify(archspec.load("net.toml", source=text), only="onnx")
    (found,) = [item for item in items if item.name == "ONNX Runtime, as written"]
    assert [finding.message.split()[0] for finding in found.findings] == ["`end`", "`end`", "`last`"]


CANCELS = """archspec = 1
[model]
input = ["N", 3, 32, 32]
layers = [
  { name = "conv", op = "conv", out = 8, kernel = 5 },
  { name = "up", op = "scale", shift = 2000.0 },
  { name = "down", op = "scale", shift = -2000.0 },
  { op = "add", branches = [[], { name = "rest", op = "tanh" }] },
  { name = "pool", op = "avgpool", kernel = 7 },
]
"""


def _as_written() -> Item:
    items = verify.verify(archspec.load("net.toml", source=CANCELS), only="onnx")
    (found,) = [item for item in items if item.name == "ONNX Runtime, as written"]
    return found


def test_rounding_that_grows_in_an_op_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left of a sum that loses its digits differs; what the op computes from the same values does not."""
    assert _as_written().proven
    assert re.search(r"5 values as PyTorch's, \d of them from the same inputs, ", _as_written().detail)
    monkeypatch.setattr(alone, "AMPLIFIED", 0)
    assert [finding.message.split()[0] for finding in _as_written().findings] == ["`down`"]


@pytest.mark.parametrize("shift", [2e-4, 4e-4, 1e-2])
def test_a_small_fault_of_such_an_op_is_found(monkeypatch: pytest.MonkeyPatch, shift: float) -> None:
    """It differs from the same inputs as well."""
    scale = archspec.ops.lookup("scale")
    assert scale is not None
    real = scale.onnx

    def wrong(self: Any, e: Any, inputs: Any) -> Any:
        return real(self.model_copy(update={"shift": self.shift + shift * (self.shift < 0)}), e, inputs)

    monkeypatch.setattr(scale, "onnx", wrong)
    assert "`down`" in [finding.message.split()[0] for finding in _as_written().findings]


def test_values_are_let_go_after_their_last_use() -> None:
    import weakref

    import torch

    from archspec.backends.proof.reference import Reference

    model = spec('[{ repeat = 20, layers = [{ op = "conv", out = 3, kernel = 1 }, "tanh"] }]')
    state = {key: torch.ones(weight.shape) for key, weight in model.weights().items()}
    alive: list[weakref.ref[torch.Tensor]] = []
    for _, tensor in Reference().run(model.root, [torch.ones(1, 3, 8, 8)], state, training=False):
        alive.append(weakref.ref(tensor))
        del tensor
        assert sum(held() is not None for held in alive) <= 3
    assert len(alive) == 40


def test_progress_is_shown_on_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    from archspec.cli.verify import watched

    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    with watched("net[1].toml") as progress:
        assert progress is not None
        progress("computing it")
    assert "net[1].toml: computing it" in shown.getvalue()
    told: list[str] = []
    verify.verify(archspec.load("net.toml", source=NET), progress=told.append)
    assert told[0] == "shapes and MACs"
    assert told[-1] == "running it in ONNX Runtime"


# --- export ----------------------------------------------------------------------------------------------


def test_export_writes_a_program(tmp_path: Path) -> None:
    file = tmp_path / "resnet.py"
    cli(
        "export", f"{SPECS / 'resnet.toml'}@resnet18", str(file), "--set", "classes=7", "--input", "N,3,64,64"
    )
    text = file.read_text(encoding="utf-8")
    assert '"""resnet18: N×3×64×64 → N×7' in text
    result = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[0] == "output: (1, 7)"
    archspec.export(
        str(SPECS / "resnet.toml"),
        str(tmp_path / "same.py"),
        "resnet18",
        {"classes": 7},
        inputs={"input": ("N", 3, 64, 64)},
    )
    assert (tmp_path / "same.py").read_text(encoding="utf-8") == text


def test_export_errors(tmp_path: Path) -> None:
    spec_ = str(SPECS / "lenet.toml")
    assert "is not that of a format" in cli("export", spec_, str(tmp_path / "net.txt"), code=2).stderr
    assert "No such file" in cli("export", spec_, str(tmp_path / "absent" / "net.py"), code=2).stderr
    (tmp_path / "folder.py").mkdir()
    assert "folder" in cli("export", spec_, str(tmp_path / "folder.py"), code=2).stderr
    assert os.listdir(tmp_path) == ["folder.py"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text("old")
    with pytest.raises(TypeError), writing(str(file)) as stream:
        stream.write("text")  # type: ignore[call-overload]
    assert file.read_text() == "old"
    with pytest.raises(UsageError, match="cannot write"), writing(str(file)) as stream:
        raise OSError(28, "No space left on device")
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["net.py"]


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text("old")
    script = (
        "import signal, sys, time\nfrom archspec.files import writing\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background shell's child ignores it
        "with writing(sys.argv[1]) as stream:\n"
        "    stream.write(b'new'); stream.flush(); print('ready', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["net.py"]


def test_a_write_keeps_links_and_modes(tmp_path: Path) -> None:
    real = tmp_path / "real.py"
    real.write_text("old")
    real.chmod(0o640)
    link = tmp_path / "link.py"
    link.symlink_to(real)
    with writing(str(link)) as stream:
        stream.write(b"new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert real.stat().st_mode & 0o777 == 0o640


def test_outputs_in_training_depend_on_the_input() -> None:
    # behind zero padding and biases, norms by the batch would see borders more than samples
    unit = '{ op = "conv", out = 8, kernel = 3, padding = 1 }, "batchnorm", "relu"'
    layers = f'[{{ repeat = 6, layers = [{unit}] }}, {{ op = "conv", out = 2, kernel = 1 }}]'
    items = {item.name: item for item in verify.verify(spec(layers, "", '["N", 3, 32, 32]'), "torch")}
    assert items["training"].proven
    assert items["sensitivity"].proven, items["sensitivity"].detail


def test_a_missing_device_is_not_replaced_by_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a CUDA device nothing is computed, and what is static is still compared."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    items = {item.name: item for item in verify.verify(archspec.load("specs/lenet.toml"), device="cuda")}
    assert items["state_dict"].proven
    assert items["MACs"].proven
    for name in ("outputs", "ONNX weights", "ONNX Runtime"):
        assert (items[name].ran, items[name].detail) == (False, "PyTorch finds no CUDA device")


def test_a_device_that_is_not_one() -> None:
    for device in ("gpu", "meta", "cuda:", "cuda:x", ""):
        with pytest.raises(UsageError, match="is not a supported device"):
            verify.verify(archspec.load("specs/lenet.toml"), device=device)
    done = cli("verify", "--device", "gpu", "specs/lenet.toml", code=2)
    assert done.stderr.startswith("error: `gpu` is not a supported device")


def on_cuda(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the CPU stand in for a CUDA device in PyTorch; the devices that values were asked for on."""
    asked: list[str] = []
    made = Values.of

    def of(model: Model, device: str) -> Values:
        asked.append(device)
        values = made(model)
        values.device = device
        return values

    monkeypatch.setattr(Values, "of", of)
    monkeypatch.setattr(verify, "unusable", lambda _: "")
    return asked


def test_onnx_runtime_without_cuda_did_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ONNX Runtime falls back to by itself, with a warning, is not taken for the device."""
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this ONNX Runtime has a CUDA provider")
    asked = on_cuda(monkeypatch)
    monkeypatch.setattr(Values, "sensitivity", lambda _: Item("sensitivity", ""))
    last = verify.verify(archspec.load("specs/lenet.toml"), "onnx", device="cuda:1")[-1]
    assert asked == ["cuda:1"]
    assert (last.name, last.ran) == ("ONNX Runtime", False)
    assert "onnxruntime-gpu" in last.detail


def test_profiles_tell_where_nodes_ran(tmp_path: Path) -> None:
    """An ordinary session runs all of LeNet on the CPU."""
    import numpy as np
    import onnxruntime

    from archspec.backends.proof.placement import Placement

    archspec.export("specs/lenet.toml", str(tmp_path / "lenet.onnx"))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_profiling, options.profile_file_prefix = True, str(tmp_path / "profile")
    session = onnxruntime.InferenceSession(
        tmp_path / "lenet.onnx", options, providers=["CPUExecutionProvider"]
    )
    (given,) = session.get_inputs()
    session.run(None, {given.name: np.zeros([1, *given.shape[1:]], np.float32)})
    placement = Placement("cuda")
    placement.read(session)
    assert placement.there == 0
    assert str(placement).startswith("0 nodes on cuda; on the CPU: ")
    assert "3 Conv" in str(placement)  # C1, C3 and C5
    assert not list(tmp_path.glob("profile*"))
