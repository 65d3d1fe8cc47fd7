"""`archspec verify` and `archspec export`: what they prove, what they find, how they end."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nets import NAMES, NETWORKS, SPECS, network, spec

import archspec
import archspec.ops
from archspec import UsageError
from archspec.backends import torch_source, verify
from archspec.files import writing


def cli(*arguments: str, cwd: Path | None = None, code: int = 0) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-m", "archspec", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert result.returncode == code, result.stdout + result.stderr
    return result


# --- verify ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "variant"), NETWORKS, ids=NAMES)
def test_every_network_is_proven(file: Path, variant: str | None) -> None:
    items = verify.verify(archspec.load(str(file), variant))
    assert [str(finding) for item in items for finding in item.findings] == []
    assert all(item.ran for item in items)
    assert {"state_dict", "parameters", "shapes", "MACs"} <= {item.name for item in items}


def test_training_is_proven_too() -> None:
    names = [item.name for item in verify.verify(network("googlenet"), only="torch")]
    assert names[-2:] == ["shapes in training", "MACs in training"]


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
        ("nn.Conv2d(3, 4, 3)", "nn.Conv2d(3, 4, 3, bias=False)", "state_dict", "no weight `first.bias`", "model.layers[0]"),
        ("nn.Conv2d(4, 5, 1)", "nn.Conv2d(4, 5, 1, groups=1, padding=1)", "shapes", "the output of `block.inner` is 2×5×10×10 here, 2×5×12×12", "blocks.unit.layers[0]"),
        ("nn.Conv2d(4, 5, 1)", "nn.Conv2d(4, 5, (1, 2), padding=(0, 1))", "state_dict", "`block.inner.weight` is [5, 4, 1, 1] here, [5, 4, 1, 2]", "blocks.unit.layers[0]"),
        ("nn.Conv2d(3, 4, 3)", "nn.Conv2d(3, 4, 3, stride=2)", "MACs", "`first` has 21,600 MACs here, 5,400", "model.layers[0]"),
        ("nn.BatchNorm2d(4)", "nn.BatchNorm2d(4, affine=False)", "parameters", "145 parameters here, 137", "model"),
        ("nn.MaxPool2d(2)", "nn.MaxPool2d(2, stride=1)", "shapes", "the network's output is 2×5×5×5 here, 2×5×9×9", "model"),
        ("        x = self.norm(", "        self.pool(x)\n        x = self.norm(", "shapes", "`pool` is called 1 times here, 2 times", "model.layers[3]"),
        ("        self.norm =", "        self.extra = nn.Linear(2, 2)\n        self.norm =", "state_dict", "a further weight `extra.weight`", "model"),
    ],
)  # fmt: skip
def test_finds_what_differs(
    monkeypatch: pytest.MonkeyPatch, old: str, new: str, item: str, words: str, path: str
) -> None:
    """Each by a source that does something else."""
    from archspec.backends import torch_module

    def changed(model: Any) -> str:
        text = torch_source.source(model)
        assert old in text, text
        return text.replace(old, new)

    monkeypatch.setattr(torch_module, "source", changed)
    items = verify.verify(archspec.load("net.toml", source=NET))
    findings = [(found.name, finding) for found in items for finding in found.findings]
    assert any(
        name == item and words in finding.message and finding.location == path and finding.code == "AS704"
        for name, finding in findings
    ), findings


def test_order_of_weights_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    from archspec.backends import torch_module

    def swapped(model: Any) -> str:
        lines = torch_source.source(model).split("\n")
        at = next(index for index, line in enumerate(lines) if "self.first =" in line)
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
        return "\n".join(lines)

    monkeypatch.setattr(torch_module, "source", swapped)
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
    data = {"archspec": 1, "params": {"n": 2}, "variants": {"small": {}, "large": {"n": 9}},
            "model": {"input": ["N", 3], "layers": [{"op": "linear", "out": "n"}]}}  # fmt: skip
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
    assert "AS203" in result.stdout
    assert "AS102" in result.stdout
    assert "3 networks: 2 with findings" in result.stdout
    assert not result.stderr


def test_verify_of_nothing(tmp_path: Path) -> None:
    assert "there are no specs" in cli("verify", str(tmp_path), code=2).stderr
    assert "No such file" in cli("verify", str(tmp_path / "absent.toml"), code=2).stderr


@pytest.mark.parametrize(
    ("missing", "only", "ran"),
    [
        ("torch", [], ["ONNX checker", "ONNX shapes"]),
        ("torch", ["--only", "torch"], []),
        ("onnxruntime", [], ["state_dict", "parameters", "shapes", "MACs", "ONNX checker", "ONNX shapes", "ONNX weights"]),
        ("onnxruntime", ["--only", "torch"], ["state_dict", "parameters", "shapes", "MACs"]),
    ],
)  # fmt: skip
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
        ("relu", "onnx", lambda _self, e, _inputs: e.node("Sigmoid", e.x), "ONNX Runtime, as written", "`pool` differs by", "model"),
        ("maxpool", "onnx", lambda _self, e, inputs: e.node("MaxPool", e.x, to=inputs[0].shape, kernel_shape=(2, 2), strides=(2, 2)), "ONNX shapes", "is N×5×10×10 here, N×5×5×5 by inference", "model"),
        ("maxpool", "onnx", lambda _self, e, _inputs: e.node("MaxPool", e.x), "ONNX checker", "kernel_shape", "model"),
        ("batchnorm", "onnx", lambda _self, e, _inputs: e.node("BatchNormalization", e.x, *map(e.weight, ("weight", "bias", "running_var", "running_mean")), epsilon=1e-5), "ONNX Runtime, optimised", "differs", "model"),
        ("conv", "onnx", lambda _self, e, inputs: e.node("Add", e.x, e.weight("bias"), to=inputs[0].shape), "ONNX Runtime, as written", "ONNX Runtime says", "model"),
    ],
)  # fmt: skip
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
    from archspec.backends import weight_sources

    real = weight_sources.encoded
    monkeypatch.setattr(
        "archspec.backends.onnx_model.export.encoded", lambda values, dtype: real(values * 2, dtype)
    )
    items = {item.name: item for item in verify.verify(archspec.load("net.toml", source=NET), only="onnx")}
    messages = [(finding.message, finding.location) for finding in items["ONNX weights"].findings]
    assert ("`block.inner.weight` has other values than in PyTorch", "blocks.unit.layers[0]") in messages


def test_what_has_no_form_in_onnx_did_not_run() -> None:
    model = spec('[{ op = "adaptive_maxpool", size = [2000, 3] }]')
    items = verify.verify(model)
    assert [(item.name, item.ran) for item in items][-1] == ("ONNX", False)
    assert "2000 are more than 1024" in items[-1].detail


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
    archspec.export(str(SPECS / "resnet.toml"), str(tmp_path / "same.py"), "resnet18", {"classes": 7},
                    inputs={"input": ("N", 3, 64, 64)})  # fmt: skip
    assert (tmp_path / "same.py").read_text(encoding="utf-8") == text


def test_export_errors(tmp_path: Path) -> None:
    spec_ = str(SPECS / "lenet.toml")
    assert "tells no format" in cli("export", spec_, str(tmp_path / "net.txt"), code=2).stderr
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
