"""Files of weights as the world has them: what PyTorch's strict load takes, what lies around it, and what is none."""

import argparse
import contextlib
import io
import itertools
import json
import logging
import re
import runpy
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import safetensors.torch
import torch
from nets import SPECS, assert_equal, network, spec, torchvision_model
from torch import Tensor, nn

import archspec
from archspec import Model, SpecError, UsageError
from archspec.backends.onnx import model_of
from archspec.cli import main
from archspec.language.renaming import renamed
from archspec.testing.onnx_forms import close, session

State = dict[str, Tensor]


def small(weights: str = "") -> Model:
    """A convolution, a batch norm, an instance norm that counts, a linear layer."""
    return spec(
        "[{ name = 'conv', op = 'conv', out = 4, kernel = 3 }, { name = 'bn', op = 'batchnorm' }, "
        "{ name = 'norm', op = 'instancenorm', track_running_stats = true }, 'global_avgpool', 'flatten', "
        "{ name = 'fc', op = 'linear', out = 2 }]",
        weights,
    )


def state_of(model: Model) -> State:
    """Weights that are not PyTorch's initial ones."""
    torch.manual_seed(3)
    module = archspec.build(model)
    return {
        key: torch.tensor(7) if key.endswith("num_batches_tracked") else torch.rand(tensor.shape) + 0.5
        for key, tensor in module.state_dict().items()
    }


def stored(state: State, path: Path) -> str:
    if path.suffix == ".safetensors":
        safetensors.torch.save_file(state, path)
    else:
        torch.save(state, path)
    return str(path)


def cli(*arguments: str, code: int = 0) -> str:
    """Run a command in this process; what it writes to stderr."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stderr(io.StringIO()) as stderr:
        patch.setattr(sys, "argv", ["archspec", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
    assert end.value.code == code, stderr.getvalue()
    return stderr.getvalue()


def initialisers(path: Path) -> dict[str, Any]:
    """The weights of a model, without its constants."""
    tensors = onnx.load(str(path)).graph.initializer
    return {item.name: onnx.numpy_helper.to_array(item) for item in tensors if "/" not in item.name}


# --- what a strict load takes --------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_counters_may_be_missing(tmp_path: Path, suffix: str) -> None:
    """As in PyTorch: they are 0 then. The state_dict that is written has them."""
    model = small()
    whole = state_of(model)
    old = {key: value for key, value in whole.items() if not key.endswith("num_batches_tracked")}
    assert len(whole) - len(old) == 2
    reference = archspec.build(model)
    reference.load_state_dict(old, strict=True)
    path = stored(old, tmp_path / f"old{suffix}")
    assert_equal(archspec.build(model, weights=path).state_dict().values(), reference.state_dict().values())
    archspec.export(model, str(tmp_path / "new.safetensors"), weights=path)
    written = safetensors.torch.load_file(tmp_path / "new.safetensors")
    assert_equal([written[key] for key in whole], reference.state_dict().values())
    for external in ("inline", "data", "safetensors"):
        archspec.export(model, str(tmp_path / "m.onnx"), weights=path, external=external)
        for name, value in initialisers(tmp_path / "m.onnx").items():
            assert value.tobytes() == old[name].numpy().tobytes()
    with pytest.raises(UsageError, match=r"missing: `bn\.running_mean`$"):
        archspec.build(
            model,
            weights=stored({k: v for k, v in old.items() if k != "bn.running_mean"}, tmp_path / f"w{suffix}"),
        )


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize(("count", "wanted"), [(7.0, 7), (float("inf"), 2**53), (float("nan"), 0)])
def test_counters_of_a_state_that_was_converted_as_a_whole(
    tmp_path: Path, suffix: str, count: float, wanted: int
) -> None:
    """`{key: value.half()}` leaves no integers."""
    state = {key: value.half() for key, value in state_of(small()).items()}
    state["bn.num_batches_tracked"] = torch.tensor(count, dtype=torch.float16)
    path = stored(state, tmp_path / f"half{suffix}")
    archspec.export(small(), str(tmp_path / "o.safetensors"), weights=path)
    for made in (
        archspec.build(small(), weights=path).state_dict(),
        safetensors.torch.load_file(tmp_path / "o.safetensors"),
    ):
        assert_equal(made["bn.num_batches_tracked"], torch.tensor(wanted))
        assert_equal(made["conv.weight"], state["conv.weight"].float())


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_single_numbers_may_have_an_axis(tmp_path: Path, suffix: str) -> None:
    """As they had before PyTorch 0.4, and as its strict load takes them. Not two of them."""
    model = spec(
        '["batchnorm", { op = "mul", branches = ["identity", { name = "scale", op = "param", shape = [] }] }]'
    )
    state = {key: value.reshape(-1) for key, value in state_of(model).items()}
    state["0.num_batches_tracked"] += 7
    reference = archspec.build(model)
    reference.load_state_dict(state, strict=True)
    path = stored(state, tmp_path / f"old{suffix}")
    assert_equal(archspec.build(model, weights=path).state_dict().values(), reference.state_dict().values())
    archspec.export(model, str(tmp_path / "o.safetensors"), weights=path)
    written = safetensors.torch.load_file(tmp_path / "o.safetensors")
    assert_equal([written[key] for key in state], [reference.state_dict()[key] for key in state])
    archspec.export(model, str(tmp_path / "m.onnx"), weights=path)
    assert_equal(torch.tensor(initialisers(tmp_path / "m.onnx")["scale"]), state["scale"][0])
    state["scale"] = torch.ones(2)
    with pytest.raises(UsageError, match=r"`scale` is \[2\], not \[\]"):
        archspec.build(model, weights=stored(state, tmp_path / f"two{suffix}"))


TORCHVISION = [
    ("alexnet", None, "alexnet"),
    ("googlenet", None, "googlenet"),
    ("mobilenet_v2", None, "mobilenet_v2"),
    *(("densenet", name, name) for name in ("densenet121", "densenet161", "densenet169", "densenet201")),
    *(("squeezenet", name, name) for name in ("squeezenet1_0", "squeezenet1_1")),
    *(("vgg", f"vgg{depth}{bn}", f"vgg{depth}{bn}") for depth in (11, 13, 16, 19) for bn in ("", "_bn")),
    *(
        ("resnet", name, name)
        for name in (
            "resnet18",
            "resnet34",
            "resnet50",
            "resnet101",
            "resnet152",
            "resnext50_32x4d",
            "resnext101_32x8d",
            "resnext101_64x4d",
            "wide_resnet50_2",
            "wide_resnet101_2",
        )
    ),
]


@pytest.mark.parametrize(("name", "variant", "theirs"), TORCHVISION, ids=[item[2] for item in TORCHVISION])
def test_keys_and_shapes_of_torchvision(tmp_path: Path, name: str, variant: str | None, theirs: str) -> None:
    """On the meta device, from files whose tensors are one number each."""
    with torch.device("meta"):
        state = torchvision_model(theirs).state_dict()
    thin = {key: torch.zeros((), dtype=tensor.dtype).expand(tensor.shape) for key, tensor in state.items()}
    torch.save(thin, tmp_path / "w.pt")
    module = archspec.build(network(name, variant), weights=str(tmp_path / "w.pt"), device="meta")
    assert {key: tensor.shape for key, tensor in module.state_dict().items()} == {
        key: tensor.shape for key, tensor in state.items()
    }


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("name", ["densenet121", "mobilenet_v2", "squeezenet1_1"])
def test_values_of_torchvision(tmp_path: Path, name: str, suffix: str) -> None:
    theirs = torchvision_model(name).eval()
    family = name.rstrip("0123456789_") if name != "mobilenet_v2" else name
    model = network(family, None if family == name else name)
    path = stored(theirs.state_dict(), tmp_path / f"w{suffix}")
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        wanted = theirs(x)
        assert_equal(archspec.build(model, weights=path).eval()(x), wanted)
    archspec.export(model, str(tmp_path / "o.safetensors"), weights=path)
    written = safetensors.torch.load_file(tmp_path / "o.safetensors")
    assert_equal([written[key] for key in theirs.state_dict()], theirs.state_dict().values())
    resized = network(family, None if family == name else name, inputs={"input": ("N", 3, 64, 64)})
    archspec.export(resized, str(tmp_path / "m.onnx"), weights=path)
    close(session(str(tmp_path / "m.onnx")).run(None, {"input": x.numpy()}), [wanted.numpy()])


# --- what only training needs --------------------------------------------------------------------------------

HEADS = """
archspec = 1
[model]
input = ["N", 3, 8, 8]
outputs = ["fc"]
train_outputs = ["aux", "late"]
layers = [
  { name = "body", layers = [
    { name = "conv", op = "conv", out = 4, kernel = 3, padding = 1 },
    { name = "parts", op = "split", sections = 2 },
    { name = "first", op = "conv", from = "parts.0", out = 4, kernel = 1 },
    { name = "side", op = "head", from = "parts.1" },
    { name = "second", op = "batchnorm", from = "first" },
  ] },
  { name = "shared", op = "conv", out = 4, kernel = 1, from = "body.side" },
  { name = "aux", op = "head" },
  { name = "again", op = "reuse", of = "shared", from = "body" },
  { name = "pool", op = "global_avgpool" },
  "flatten",
  { name = "fc", op = "linear", out = 5 },
  { name = "late", op = "linear", out = 3, from = "fc" },
]
[blocks.head]
layers = [{ name = "conv", op = "conv", out = 4, kernel = 1 }, "relu"]
"""


def with_heads() -> Model:
    return archspec.load("heads.toml", source=HEADS)


INFERENCE = [
    "body.conv.weight",
    "body.conv.bias",
    "body.first.weight",
    "body.first.bias",
    "body.second.weight",
    "body.second.bias",
    "body.second.running_mean",
    "body.second.running_var",
    "body.second.num_batches_tracked",
    "shared.weight",
    "shared.bias",
    "fc.weight",
    "fc.bias",
]


def test_without_training_outputs(tmp_path: Path) -> None:
    """Inside of a group, and where a module belongs to a head and is called again: what inference needs is all there."""
    model = with_heads()
    full = archspec.build(model)
    assert [key for key in full.state_dict() if key not in INFERENCE] == [
        "body.side.conv.weight",
        "body.side.conv.bias",
        "aux.conv.weight",
        "aux.conv.bias",
        "late.weight",
        "late.bias",
    ]
    path = stored(full.state_dict(), tmp_path / "w.pt")
    slim = archspec.build(model, weights=path, training_outputs=False)
    assert list(slim.state_dict()) == INFERENCE
    assert sum(parameter.numel() for parameter in slim.parameters()) == model.totals.params
    x = torch.randn(2, 3, 8, 8)
    assert slim.train()(x).shape == (2, 5)
    with torch.no_grad():
        slim = archspec.build(model, weights=path, training_outputs=False)
        assert_equal(slim.eval()(x), full.eval()(x))


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_heads_are_not_asked_for_in_inference(tmp_path: Path, suffix: str) -> None:
    model, state = with_heads(), state_of(with_heads())
    slim = stored({key: state[key] for key in INFERENCE}, tmp_path / f"slim{suffix}")
    module = archspec.build(model, weights=slim, training_outputs=False).eval()
    assert_equal(module.state_dict().values(), [state[key] for key in INFERENCE])
    x = torch.randn(2, 3, 8, 8)
    for external in ("inline", "data", "safetensors"):
        archspec.export(model, str(tmp_path / "m.onnx"), weights=slim, external=external)
        with torch.no_grad():
            close(session(str(tmp_path / "m.onnx")).run(None, {"input": x.numpy()}), [module(x).numpy()])
    assert set(safetensors.torch.load_file(tmp_path / "m.safetensors")) == set(INFERENCE)
    archspec.export(model, str(tmp_path / "o.safetensors"), weights=slim, training_outputs=False)
    assert set(safetensors.torch.load_file(tmp_path / "o.safetensors")) == set(INFERENCE)
    for call in (
        lambda: archspec.build(model, weights=slim),
        lambda: archspec.export(model, str(tmp_path / "o.safetensors"), weights=slim),
    ):
        with pytest.raises(
            UsageError, match=r"only training needs the missing weights: .* `--no-training-outputs`"
        ):
            call()
    other = stored({**state, "late.weight": torch.zeros(7, 5)}, tmp_path / f"other{suffix}")
    archspec.export(model, str(tmp_path / "m.onnx"), weights=other)  # a head for other classes
    archspec.build(model, weights=other, training_outputs=False)
    with pytest.raises(UsageError, match=r"`late.weight` is \[7, 5\], not \[3, 5\]"):
        archspec.build(model, weights=other)


def test_the_source_without_training_outputs(tmp_path: Path) -> None:
    (tmp_path / "heads.toml").write_text(HEADS)
    cli("export", str(tmp_path / "heads.toml"), str(tmp_path / "heads.py"), "--no-training-outputs")
    text = (tmp_path / "heads.py").read_text()
    assert "self.training" not in text
    assert "class Head(" not in text
    with contextlib.redirect_stdout(io.StringIO()) as stdout:
        runpy.run_path(str(tmp_path / "heads.py"), run_name="__main__")
    assert "output: (1, 5)" in stdout.getvalue()
    cli("export", str(tmp_path / "heads.toml"), str(tmp_path / "heads.safetensors"), "--no-training-outputs")
    assert set(safetensors.torch.load_file(tmp_path / "heads.safetensors")) == set(INFERENCE)
    cli("export", str(tmp_path / "heads.toml"), str(tmp_path / "a.onnx"))
    cli("export", str(tmp_path / "heads.toml"), str(tmp_path / "b.onnx"), "--no-training-outputs")
    protos = [onnx.load(str(tmp_path / name)) for name in ("a.onnx", "b.onnx")]
    assert protos[0].graph == protos[1].graph


def test_googlenet_as_torchvision_saves_it_for_inference(tmp_path: Path) -> None:
    theirs = torchvision_model("googlenet", aux_logits=False).eval()
    path = stored(theirs.state_dict(), tmp_path / "w.pt")
    model = network("googlenet")
    x = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        wanted = theirs(x)
        slim = archspec.build(model, weights=path, training_outputs=False)
        assert list(slim.state_dict()) == list(theirs.state_dict())
        assert_equal(slim.eval()(x), wanted)
    archspec.export(model, str(tmp_path / "m.onnx"), weights=path)
    close(session(str(tmp_path / "m.onnx")).run(None, {"input": x.numpy()}), [wanted.numpy()])


# --- what lies around the weights ----------------------------------------------------------------------------


class Bomb:
    def __reduce__(self) -> Any:
        return (open, (str(Path(__file__).parent / "exploded"), "w"))


def prefixed(state: State, prefix: str) -> State:
    return {prefix + key: value for key, value in state.items()}


AROUND: dict[str, Callable[[State], Any]] = {
    "bare": lambda s: s,
    "model_state_dict": lambda s: {
        "model_state_dict": s,
        "optimizer_state_dict": {"state": {0: {"m": torch.ones(1)}}},
        "epoch": 3,
    },
    "state_dict_ema": lambda s: {"state_dict_ema": s},
    "one in the other": lambda s: {"model": {"state_dict": s}},
    "a name of one's own": lambda s: {"best": s, "epoch": 3, "losses": [0.5]},
    "the weights, not their average": lambda s: {
        "model_ema": {key: value * 0 for key, value in s.items()},
        "model": s,
    },
    "an empty one": lambda s: {"state_dict": {}, "ema": s},
    "DataParallel": lambda s: prefixed(s, "module."),
    "Lightning": lambda s: {"state_dict": prefixed(s, "net."), "hyper_parameters": {"lr": 0.1}},
    "compiled and parallel": lambda s: prefixed(s, "_orig_mod.module.model."),
    "AveragedModel": lambda s: {"model_ema": {"n_averaged": torch.tensor(3), **prefixed(s, "module.")}},
    "a NumPy scalar": lambda s: {"state_dict": s, "best": np.float64(0.5), "seen": np.int64(3)},
    "a NumPy array": lambda s: {"state_dict": s, "mean": np.ones(3)},
    "arguments": lambda s: {"model": s, "args": argparse.Namespace(lr=0.1, path=Path("x"))},
    "code": lambda s: {"model": s, "args": Bomb()},
    "parameters": lambda s: {k: nn.Parameter(v) if v.is_floating_point() else v for k, v in s.items()},
}


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("case", AROUND)
def test_what_training_scripts_save(tmp_path: Path, case: str, zipped: bool) -> None:
    """The weights are read, and nothing else is: no class in the file is made, no function called."""
    state = state_of(small())
    path = str(tmp_path / "w.pt")
    torch.save(AROUND[case](state), path, _use_new_zipfile_serialization=zipped)
    assert_equal(archspec.build(small(), weights=path).state_dict().values(), state.values())
    archspec.export(small(), str(tmp_path / "m.onnx"), weights=path)
    for name, value in initialisers(tmp_path / "m.onnx").items():
        assert value.tobytes() == state[name].numpy().tobytes()
    assert not (Path(__file__).parent / "exploded").exists()


NAMES = ("state_dict", "model_state_dict", "model", "module", "net", "network", "weights", "params")
AVERAGES = ("state_dict_ema", "model_ema_state_dict", "model_ema", "ema_state_dict", "ema", "params_ema")


@pytest.mark.parametrize("name", [*NAMES, *AVERAGES])
def test_usual_names_go_before_others(tmp_path: Path, name: str) -> None:
    """Those of weights before those of their averages, and these before what is called anything else."""
    state = state_of(small())
    other = {key: value * 0 for key, value in state.items()}
    path = str(tmp_path / "w.pt")
    torch.save({"teacher": other, **({"model_ema": other} if name in NAMES else {}), name: state}, path)
    assert_equal(archspec.build(small(), weights=path).state_dict().values(), state.values())


def test_averaged_models_are_what_is_tested() -> None:
    averaged = torch.optim.swa_utils.AveragedModel(nn.Linear(2, 2))
    assert set(averaged.state_dict()) == {"n_averaged", "module.weight", "module.bias"}


def test_prefixes_in_safetensors(tmp_path: Path) -> None:
    """Of the file that the model points into, too."""
    state = state_of(small())
    path = stored(prefixed(state, "module."), tmp_path / "m.safetensors")
    assert_equal(archspec.build(small(), weights=path).state_dict().values(), state.values())
    archspec.export(small(), str(tmp_path / "m.onnx"), weights=path, external="safetensors")
    assert set(safetensors.torch.load_file(path)) == set(prefixed(state, "module."))
    for name, value in initialisers(tmp_path / "m.onnx").items():
        assert value.tobytes() == state[name].numpy().tobytes()


def test_a_prefix_that_is_the_network_s_own_stays(tmp_path: Path) -> None:
    model = spec("[{ name = 'module', layers = [{ name = 'conv', op = 'conv', out = 4, kernel = 3 }] }]")
    state = state_of(model)
    for prefix in ("", "module.", "net."):
        path = stored(prefixed(state, prefix), tmp_path / "w.safetensors")
        assert_equal(archspec.build(model, weights=path).state_dict().values(), state.values())


def test_what_was_done_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """On stderr; to Python as messages of the logger, which are no warnings."""
    (tmp_path / "net.toml").write_text(
        'archspec = 1\n[model]\ninput = ["N", 3, 8, 8]\nlayers = [{ name = "conv", op = "conv", out = 4, kernel = 3 }]\n'
    )
    model = archspec.load(str(tmp_path / "net.toml"))
    state = state_of(model)
    path, out = str(tmp_path / "w.pt"), str(tmp_path / "m.onnx")
    torch.save({"model": prefixed(state, "module."), "model_ema": state}, path)
    archspec.export(model, out, external="data")
    with caplog.at_level(logging.INFO, "archspec"):
        archspec.export(model, out, weights=path)
    wanted = [
        f"of `{path}`, the weights in `model` are used, not those in `model_ema`",
        f"the keys in `{path}` are read without their prefix `module.`",
        f"`{out}` does not use `{out}.data`, which remains from an earlier export",
    ]
    assert caplog.messages == wanted
    stderr = cli("export", str(tmp_path / "net.toml"), out, "--weights", path)
    assert stderr == "".join(f"note: {line}\n" for line in wanted)
    (tmp_path / "m.onnx.data").unlink()
    stored(state, tmp_path / "plain.pt")
    for external in ("inline", "data", "data", "safetensors"):
        left = external == "safetensors"
        stderr = cli(
            "export",
            str(tmp_path / "net.toml"),
            out,
            "--weights",
            str(tmp_path / "plain.pt"),
            "--external",
            external,
        )
        assert stderr == (f"note: {wanted[2]}\n" if left else "")


# --- what is no file of weights ------------------------------------------------------------------------------


def saved(value: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


def scripted() -> bytes:
    file = io.BytesIO()
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), file)
    return file.getvalue()


def zipped(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, b"data")
    return file.getvalue()


def arrays() -> bytes:
    file = io.BytesIO()
    np.savez(file, a=np.ones(3))
    return file.getvalue()


def tensor_in(tensor: Callable[[], Any]) -> Callable[[], bytes]:
    return lambda: saved({**state_of(small()), "conv.weight": tensor()})


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 123\n"
NONE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a pointer": (".safetensors", lambda: LFS, "is a Git LFS pointer.*`git lfs pull`"),
    "a pointer as pt": (".pt", lambda: LFS, "is a Git LFS pointer"),
    "a page": (".safetensors", lambda: b"\n<!DOCTYPE html><html>404</html>", "is an HTML or XML page"),
    "a page as pt": (".pth", lambda: b"<html>404</html>", "is an HTML or XML page"),
    "JSON": (".safetensors", lambda: b'{"error": "not found"}', "is a text file"),
    "umlauts": (".pt", lambda: "ä".encode() * 400, "is a text file"),
    "empty": (".pt", lambda: b"", "is empty"),
    "safetensors as pt": (
        ".pt",
        lambda: safetensors.torch.save(state_of(small())),
        "is a safetensors file: .*suffix `.safetensors`",
    ),
    "pt as safetensors": (".safetensors", lambda: saved(state_of(small())), "is a pickle .*suffix `.pt`"),
    "an old pt as safetensors": (
        ".safetensors",
        lambda: saved(state_of(small()), _use_new_zipfile_serialization=False),
        "is a pickle",
    ),
    "a module": (
        ".pt",
        lambda: saved(nn.Linear(2, 2)),
        r"holds a whole pickled object, `torch.nn.modules.linear.Linear`.*`state_dict\(\)`",
    ),
    "a module in a table": (
        ".pt",
        lambda: saved({"model": nn.Linear(2, 2), "epoch": 3}),
        "a whole pickled object, `torch.nn",
    ),
    "a module, in the old format": (
        ".pt",
        lambda: saved(nn.Linear(2, 2), _use_new_zipfile_serialization=False),
        "`torch.nn.modules.linear.Linear`",
    ),
    "TorchScript": (".pt", scripted, "is a TorchScript archive"),
    "ONNX": (".pt", lambda: model_of(small()).SerializeToString(), "is an ONNX model"),
    "ONNX as safetensors": (
        ".safetensors",
        lambda: model_of(small()).SerializeToString(),
        "is an ONNX model",
    ),
    "arrays": (".pt", arrays, "is a NumPy archive"),
    "a zip": (".pt", lambda: zipped("model.json"), "is a zip archive that was not written by `torch.save`"),
    "a download that stopped": (
        ".pt",
        lambda: saved(state_of(small()))[:-200],
        "is a damaged or truncated archive",
    ),
    "compressed": (".pt", lambda: b"\x1f\x8b\x08" + bytes(100), "is compressed with gzip"),
    "Keras": (".pt", lambda: b"\x89HDF\r\n\x1a\n" + bytes(100), "is an HDF5 file"),
    "a number": (".pt", lambda: saved(3), "holds no state_dict: .* of the type `int`"),
    "several": (
        ".pt",
        lambda: saved({"a": state_of(small()), "b": state_of(small())}),
        "holds several state_dicts, `a`, `b`",
    ),
    "a number in the table": (
        ".pt",
        lambda: saved({**state_of(small()), "epoch": 3}),
        "`epoch` is of the type `int`",
    ),
    "code of the system": (
        ".pt",
        lambda: saved({"state_dict": state_of(small()), "x": System()}),
        "holds more than tensors: `(posix|nt).system`",
    ),
    "on meta": (
        ".pt",
        tensor_in(lambda: torch.zeros(4, 3, 3, 3, device="meta")),
        "`conv.weight` is on the meta device",
    ),
    "sparse": (".pt", tensor_in(lambda: torch.zeros(4, 3, 3, 3).to_sparse()), "`conv.weight` is sparse"),
    "sparse rows": (".pt", tensor_in(lambda: torch.zeros(4, 27).to_sparse_csr()), "`conv.weight` is sparse"),
    "quantised": (
        ".pt",
        tensor_in(lambda: torch.quantize_per_tensor(torch.zeros(4, 3, 3, 3), 0.1, 0, torch.qint8)),
        r"`conv.weight` is quantised \(qint8\)",
    ),
    "complex": (
        ".pt",
        tensor_in(lambda: torch.zeros(4, 3, 3, 3, dtype=torch.complex64)),
        "`conv.weight` is complex",
    ),
    "complex as safetensors": (
        ".safetensors",
        lambda: safetensors.torch.save(
            {**state_of(small()), "conv.weight": torch.zeros(4, 3, 3, 3, dtype=torch.complex64)}
        ),
        "`conv.weight` has the unsupported element type `C64`",
    ),
}


class System:
    def __reduce__(self) -> Any:
        import os

        return (os.system, (f"echo > {Path(__file__).parent / 'exploded'}",))


@pytest.mark.filterwarnings("ignore")  # PyTorch's, of formats that it would rather not write
@pytest.mark.parametrize("case", NONE)
def test_what_is_no_file_of_weights(tmp_path: Path, case: str) -> None:
    suffix, data, words = NONE[case]
    path = tmp_path / f"w{suffix}"
    path.write_bytes(data())
    with pytest.raises(UsageError, match=words):
        archspec.build(small(), weights=str(path))
    with pytest.raises(UsageError, match=words):
        archspec.export(small(), str(tmp_path / "m.onnx"), weights=str(path))
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    assert not (Path(__file__).parent / "exploded").exists()


def test_what_is_no_file_of_weights_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(LFS)
    torch.save({"c1.weight": torch.zeros(2, device="meta")}, tmp_path / "meta.pt")
    for name, words in (
        ("w.pt", "is a Git LFS pointer"),
        ("meta.pt", "on the meta device"),
        ("", "it is a folder"),
    ):
        stderr = cli(
            "export",
            f"{SPECS}/lenet.toml",
            str(tmp_path / "m.onnx"),
            "--weights",
            str(tmp_path / name),
            code=2,
        )
        assert stderr.startswith("error: ")
        assert words in stderr


@pytest.mark.parametrize(
    "start", [b"\x80\x02", b"\x80\x04", b"PK", b"\x1f\x8b"], ids=["pickle", "pickle 4", "zip", "gzip"]
)
def test_the_length_of_a_header_may_look_like_another_format(tmp_path: Path, start: bytes) -> None:
    state = {"fc.weight": torch.ones(2, 3), "fc.bias": torch.zeros(2)}
    plain = safetensors.torch.save(state)
    length, wanted = int.from_bytes(plain[:8], "little"), int.from_bytes(start, "little")
    path = tmp_path / "w.safetensors"
    padded = plain[8 : 8 + length] + b" " * (wanted - length)
    path.write_bytes(wanted.to_bytes(8, "little") + padded + plain[8 + length :])
    assert path.read_bytes().startswith(start)
    assert set(safetensors.torch.load_file(path)) == set(state)
    archspec.build(
        spec("['global_avgpool', 'flatten', { name = 'fc', op = 'linear', out = 2 }]", ""), weights=str(path)
    )


# --- renaming ------------------------------------------------------------------------------------------------


def test_patterns_match_as_regular_expressions_would() -> None:
    """Each `*` as `.*?`, over every pattern and name of two letters up to a length."""
    words = ["".join(word) for size in range(6) for word in itertools.product("ab", repeat=size)]
    patterns = ["".join(word) for size in range(5) for word in itertools.product("ab*", repeat=size)]
    for pattern in patterns:
        count = pattern.count("*")
        compiled = re.compile(re.escape(pattern).replace(r"\*", "(.*?)"))
        new = "<" + "*-" * count + ">"
        for word in words:
            match = compiled.fullmatch(word)
            wanted = match and "<" + "".join(f"{group}-" for group in match.groups()) + ">"
            assert renamed(word, pattern, new) == wanted, (word, pattern)


def old_densenet(name: str) -> State:
    """The keys of torchvision's files, as its own pattern in `densenet._load_state_dict` has them."""
    pattern = re.compile(
        r"^(.*denselayer\d+\.(?:norm|relu|conv))([12])\.((?:weight|bias|running_mean|running_var))$"
    )
    state = torchvision_model(name).state_dict()
    old = {pattern.sub(r"\1.\2.\3", key): value for key, value in state.items()}
    old = {key: value for key, value in old.items() if not key.endswith("num_batches_tracked")}
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    return old


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_old_keys_of_densenet(tmp_path: Path, suffix: str) -> None:
    """torchvision's files for DenseNet, which it renames when it loads them."""
    old = old_densenet("densenet121")
    theirs = torchvision_model("densenet121").state_dict()
    for prefix in ("", "module."):
        path = stored(prefixed(old, prefix), tmp_path / f"w{suffix}")
        state = archspec.build(network("densenet", "densenet121"), weights=path).state_dict()
        assert_equal(state.values(), theirs.values())


def test_a_renaming_is_offered(tmp_path: Path) -> None:
    """In few lines; and what it offers is right."""
    path = stored(old_densenet("densenet121"), tmp_path / "w.safetensors")
    text = re.sub(r"(?s)\[weights\.rename\].*?\n\n", "", (SPECS / "densenet.toml").read_text())
    with pytest.raises(UsageError) as found:
        archspec.build(archspec.load("d.toml", "densenet121", source=text), weights=path)
    lines = str(found.value).splitlines()
    assert len(lines) == 5
    assert len(str(found.value)) < 1200
    assert "`features.denseblock*.denselayer*.norm*.weight` (116 keys)" in lines[1]
    section, _, rename = lines[4].strip().partition(" ")
    fixed = f"{text}\n{section}\n{rename}\n"
    archspec.build(archspec.load("d.toml", "densenet121", source=fixed), weights=path)


@pytest.mark.parametrize(
    ("change", "offered"),
    [
        (lambda key: "backbone." + key if "fc" not in key else key, '"backbone.*" = "*"'),
        (lambda key: key.replace("bn.weight", "bn.gamma"), '"*.gamma" = "*.weight"'),
        (lambda key: key.replace("fc.", "head.fc."), '"head.*" = "*"'),
        (lambda key: "".join(reversed(key)), None),
    ],
)
def test_the_renaming_that_is_nearest(
    tmp_path: Path, change: Callable[[str], str], offered: str | None
) -> None:
    path = stored(
        {change(key): value for key, value in state_of(small()).items()}, tmp_path / "w.safetensors"
    )
    with pytest.raises(UsageError) as found:
        archspec.build(small(), weights=path)
    assert (f"{{ {offered} }}" in str(found.value)) if offered else ("rename" not in str(found.value))
    if offered:
        archspec.build(small(f"weights = {{ rename = {{ {offered} }} }}"), weights=path)


def test_renaming_is_for_names_that_are_not_there(tmp_path: Path) -> None:
    """Of what the network asks for nothing is renamed, and nothing takes the place of what the file has."""
    state = state_of(small())
    both = small('weights = { rename = { "old.*" = "*", "*.gamma" = "*.weight", "conv.*" = "fc.*" } }')
    for changed in (
        state,
        {"old." + key.replace("bn.weight", "bn.gamma"): value for key, value in state.items()},
    ):
        path = stored(changed, tmp_path / "w.safetensors")
        assert_equal(archspec.build(both, weights=path).state_dict().values(), state.values())
    path = stored({**state, "old.fc.bias": torch.zeros(2)}, tmp_path / "w.safetensors")
    with pytest.raises(UsageError, match=r"unexpected: `old\.fc\.bias`"):
        archspec.build(both, weights=path)


def test_the_section_is_checked() -> None:
    with pytest.raises(SpecError) as found:
        small('weights = { rename = { "*.a.*" = "*.b", "a" = 3 }, ranme = {} }')
    places = {(item.code, item.location) for item in found.value.diagnostics}
    assert ("AS203", "weights.rename.*.a.*") in places or ("AS203", "weights.rename.a") in places
    assert ("AS201", "weights.ranme") in places
    with pytest.raises(SpecError) as found:
        small('weights = { rename = { "*.a.*" = "*.b" } }')
    (only,) = found.value.diagnostics
    assert (only.code, only.message) == ("AS203", "`*.a.*` has 2 `*`, and `*.b` has 1")
    assert only.path == ("weights", "rename", "*.a.*")


def test_the_section_survives_expand(tmp_path: Path) -> None:
    from archspec.analysis.expand import canonical

    model = network("densenet", "densenet121")
    expanded = archspec.load("d.json", source=canonical(model.network, model.costs))
    path = stored(old_densenet("densenet121"), tmp_path / "w.safetensors")
    archspec.build(expanded, weights=path, device="meta")
    assert json.loads(canonical(expanded.network, expanded.costs))["weights"] == {
        "rename": {
            "*.norm.1.*": "*.norm1.*",
            "*.norm.2.*": "*.norm2.*",
            "*.conv.1.*": "*.conv1.*",
            "*.conv.2.*": "*.conv2.*",
        }
    }
