"""Weights: what a seed draws, what files hold, where models look for them, and what is not believed."""

import io
import itertools
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import NormalDist
from typing import Any, BinaryIO

import numpy as np
import onnx
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from nets import SPECS, assert_equal, network, spec, torchvision_model

import archspec
from archspec import UsageError
from archspec.backends.onnx import model_of
from archspec.backends.options import Options
from archspec.backends.weights.prefetch import prefetched
from archspec.backends.weights.random import CHUNK, initial_values
from archspec.files import writing, writing_together
from archspec.ops import Weight
from archspec.ops.core.init import Init
from archspec.testing.onnx_forms import close, session
from archspec.types import DTYPES, DType


def cli(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-m", "archspec", *arguments], capture_output=True, text=True, check=False
    )
    assert result.returncode == code, result.stdout + result.stderr
    return result


# --- random values -------------------------------------------------------------------------------------------


def drawn(init: Init, shape: tuple[int, ...], key: str = "layer.weight", seed: int = 0) -> Any:
    return np.concatenate(list(initial_values(key, Weight("weight", shape, init), seed)))


def bits(key: str, seed: int, count: int) -> Any:
    """The random words, as NumPy's own generator has them."""
    words = np.frombuffer(sha256(f"{seed}:{key}".encode()).digest()[:16], "<u8")
    raw = np.random.Philox(key=words).random_raw((count + 1) // 2)
    return [int(half) for word in raw for half in (word & 0xFFFFFFFF, word >> 32)][:count]


def test_uniform_numbers_are_made_of_24_bits() -> None:
    values = drawn(Init("uniform", (-0.5, 0.25)), (7, 11), seed=3)
    wanted = [
        np.float32(word >> 8) * np.float32(0.75 * 2**-24) + np.float32(-0.5)
        for word in bits("layer.weight", 3, 77)
    ]
    assert values.tolist() == [float(value) for value in wanted]


def test_normal_numbers_are_quantiles() -> None:
    values = drawn(Init("normal", (1.0, 0.5)), (CHUNK + 5,))
    wanted = [
        NormalDist(1.0, 0.5).inv_cdf((word + 0.5) / 2**32) for word in bits("layer.weight", 0, CHUNK + 5)
    ]
    np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("init", "fill"),
    [
        (Init("uniform", (-0.1, 0.1)), lambda w: torch.nn.init.uniform_(w, -0.1, 0.1)),
        (Init("normal", (0.5, 2.0)), lambda w: torch.nn.init.normal_(w, 0.5, 2.0)),
        (Init("trunc_normal", (0.0, 1.5)), lambda w: torch.nn.init.trunc_normal_(w, 0.0, 1.5)),
        (Init("trunc_normal", (1.9, 0.3)), lambda w: torch.nn.init.trunc_normal_(w, 1.9, 0.3)),
        (
            Init("kaiming_normal", ("fan_in",)),
            lambda w: torch.nn.init.kaiming_normal_(w, nonlinearity="relu"),
        ),
        (
            Init("kaiming_normal", ("fan_out",)),
            lambda w: torch.nn.init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"),
        ),
        (
            Init("kaiming_uniform", ("fan_in",)),
            lambda w: torch.nn.init.kaiming_uniform_(w, nonlinearity="relu"),
        ),
        (
            Init("kaiming_uniform", ("fan_out",)),
            lambda w: torch.nn.init.kaiming_uniform_(w, mode="fan_out", nonlinearity="relu"),
        ),
        (Init("xavier_uniform", (1.5,)), lambda w: torch.nn.init.xavier_uniform_(w, 1.5)),
        (Init("xavier_normal", (1.0,)), lambda w: torch.nn.init.xavier_normal_(w)),
    ],
)
def test_distributions_are_those_of_torch(init: Init, fill: Callable[[torch.Tensor], object]) -> None:
    """Two samples of 300,000: the largest distance of their distribution functions is below 2.2 / sqrt(n / 2).

    By Kolmogorov and Smirnov equal distributions are further apart once in 8,000 times, and the seeds are fixed.
    """
    shape = (60, 50, 10, 10)
    torch.manual_seed(1)
    theirs = torch.empty(shape)
    fill(theirs)
    ours, theirs_ = np.sort(drawn(init, shape)), np.sort(theirs.numpy().ravel())
    both = np.concatenate([ours, theirs_])
    distance = np.abs(
        np.searchsorted(ours, both, "right") - np.searchsorted(theirs_, both, "right")
    ).max() / len(ours)
    assert distance < 2.2 / np.sqrt(len(ours) / 2)


def test_constants() -> None:
    assert drawn(Init("constant", (0.25,)), (3,)).tolist() == [0.25] * 3
    assert drawn(Init("trunc_normal", (5.0, 0.0)), (3,)).tolist() == [2.0] * 3


def test_a_tensor_depends_on_its_key_and_the_seed_alone() -> None:
    init = Init("uniform", (0.0, 1.0))
    same = drawn(init, (100,))
    assert (drawn(init, (100,)) == same).all()
    assert (drawn(init, (250,))[:100] == same).all()
    assert not (drawn(init, (100,), key="layer.bias") == same).any()
    assert not (drawn(init, (100,), seed=1) == same).any()


def test_defaults_are_those_of_torch() -> None:
    """The bounds of every tensor of a network are those of PyTorch's modules."""
    model = network("squeezenet", "squeezenet1_1")
    proto = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model_of(model).graph.initializer}
    module = archspec.build(model)
    for key, theirs in module.state_dict().items():
        assert proto[key].shape == theirs.shape
        if theirs.numel() > 2000:
            assert abs(proto[key].std() / float(theirs.std()) - 1) < 0.1


# --- one start for both worlds -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [None, 7])
def test_torch_and_onnx_start_from_the_same_numbers(tmp_path: Path, seed: int | None) -> None:
    model = network("googlenet")
    path = str(tmp_path / "w.safetensors")
    archspec.export(model, path, seed=seed)
    module = archspec.build(model, weights=path)
    state = module.state_dict()
    assert list(safetensors.torch.load_file(path)) != []
    assert set(safetensors.torch.load_file(path)) == set(state)
    weights = {tensor.name: tensor for tensor in model_of(model, Options(seed=seed)).graph.initializer}
    for key, tensor in weights.items():
        assert onnx.numpy_helper.to_array(tensor).tobytes() == state[key].numpy().tobytes()
    archspec.export(model, str(tmp_path / "m.onnx"), weights=path)
    assert onnx.load(str(tmp_path / "m.onnx")) == model_of(model, Options(seed=seed))


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
def test_element_types_are_called_as_elsewhere(dtype: DType) -> None:
    """By torch, NumPy, ONNX and safetensors, with as many bytes."""
    values = torch.zeros(3, dtype=getattr(torch, dtype.name))
    assert values.element_size() == np.dtype(dtype.numpy).itemsize == dtype.bytes
    assert values.is_floating_point() == dtype.is_floating
    number = getattr(onnx.TensorProto, dtype.onnx)
    assert onnx.helper.tensor_dtype_to_np_dtype(number).name == dtype.name
    text = safetensors.torch.save({"x": values})
    assert json.loads(text[8 : 8 + int.from_bytes(text[:8], "little")])["x"]["dtype"] == dtype.safetensors


@pytest.mark.parametrize("kind", ["pt", "safetensors"])
def test_a_checkpoint_of_torchvision(tmp_path: Path, kind: str) -> None:
    theirs = torchvision_model("resnet18").eval()
    path = str(tmp_path / f"w.{kind}")
    if kind == "pt":
        torch.save(theirs.state_dict(), path)
    else:
        safetensors.torch.save_file(theirs.state_dict(), path)
    for external in ("inline", "data", "safetensors"):
        out = str(tmp_path / f"{external}.onnx")
        archspec.export(network("resnet", "resnet18"), out, weights=path, external=external)
        onnx.checker.check_model(out, full_check=True)
        x = torch.randn(2, 3, 224, 224)
        with torch.no_grad():
            close(session(out).run(None, {"input": x.numpy()}), [theirs(x).numpy()])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("kind", ["pt", "safetensors"])
def test_files_of_other_types(tmp_path: Path, dtype: torch.dtype, kind: str) -> None:
    model = network("lenet")
    state = {key: value.to(dtype) for key, value in archspec.build(model).state_dict().items()}
    path = str(tmp_path / f"w.{kind}")
    if kind == "pt":
        torch.save(state, path)
    else:
        safetensors.torch.save_file(state, path)
    for wanted in ("float32", "float16", "bfloat16"):
        out = str(tmp_path / f"{wanted}.safetensors")
        archspec.export(model, out, weights=path, dtype=wanted)
        for key, value in safetensors.torch.load_file(out).items():
            assert_equal(
                value,
                state[key].to(torch.float32 if dtype != torch.float64 else dtype).to(getattr(torch, wanted)),
            )


def test_numbers_beyond_a_type(tmp_path: Path) -> None:
    values = np.array([1e9, -1e9, np.nan, np.inf, 3.3895e38, 65504.0, 0.0, 1e-40], np.float32)
    model = archspec.load(
        "p.toml",
        source='archspec = 1\n[model]\ninput = ["N", 8]\nlayers = [{ name = "p", op = "param", shape = [8] }]\n',
    )
    safetensors.numpy.save_file({"p": values}, tmp_path / "w.safetensors")
    for dtype in ("float16", "bfloat16"):
        out = str(tmp_path / "o.safetensors")
        archspec.export(model, out, weights=str(tmp_path / "w.safetensors"), dtype=dtype)
        wanted = torch.tensor(values).to(getattr(torch, dtype))
        torch.testing.assert_close(
            safetensors.torch.load_file(out)["p"], wanted, rtol=0, atol=0, equal_nan=True
        )


# --- where weights lie ---------------------------------------------------------------------------------------


def places(path: Path) -> dict[str, tuple[str, int, int]]:
    proto = onnx.load(str(path), load_external_data=False)
    found = {}
    for tensor in proto.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            entries = {item.key: item.value for item in tensor.external_data}
            found[tensor.name] = entries["location"], int(entries["offset"]), int(entries["length"])
    return found


def test_small_networks_are_one_file(tmp_path: Path) -> None:
    archspec.export(network("squeezenet", "squeezenet1_0"), str(tmp_path / "m.onnx"))
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]
    assert not places(tmp_path / "m.onnx")


@pytest.mark.parametrize(
    "options", [{}, {"external": "data"}, {"align": 4096}, {"external": "safetensors"}, {"fold_bn": True}]
)
def test_large_networks_have_a_file_beside(tmp_path: Path, options: dict[str, Any]) -> None:
    model = network("resnet", "resnet34")
    archspec.export(model, str(tmp_path / "m.onnx"), seed=4, **options)
    onnx.checker.check_model(str(tmp_path / "m.onnx"), full_check=True)
    beside = "m.safetensors" if options.get("external") == "safetensors" else "m.onnx.data"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["m.onnx", beside])
    found = places(tmp_path / "m.onnx")
    assert {location for location, _, _ in found.values()} == {beside}
    if beside == "m.onnx.data":
        assert all(offset % options.get("align", 64) == 0 for _, offset, _ in found.values())
    else:
        assert set(safetensors.numpy.load_file(tmp_path / beside)) == set(model.weights())
        module = archspec.build(model, weights=str(tmp_path / beside))
        theirs = safetensors.torch.load_file(tmp_path / beside)
        assert_equal([*module.state_dict().values()], [theirs[key] for key in model.weights()])
    inline = {
        tensor.name: tensor
        for tensor in model_of(model, Options(seed=4, fold_bn="fold_bn" in options)).graph.initializer
    }
    for tensor in onnx.load(str(tmp_path / "m.onnx")).graph.initializer:
        assert (
            onnx.numpy_helper.to_array(tensor).tobytes()
            == onnx.numpy_helper.to_array(inline[tensor.name]).tobytes()
        )


def test_a_model_can_share_the_file_that_it_is_given(tmp_path: Path) -> None:
    model = network("lenet")
    weights, out = tmp_path / "net.safetensors", tmp_path / "net.onnx"
    archspec.export(model, str(weights), seed=9)
    before = weights.stat()
    archspec.export(model, str(out), weights=str(weights), external="safetensors")
    assert (weights.stat().st_ino, weights.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    wanted = {tensor.name: tensor.raw_data for tensor in model_of(model, Options(seed=9)).graph.initializer}
    assert {tensor.name: tensor.raw_data for tensor in onnx.load(str(out)).graph.initializer} == wanted
    with pytest.raises(UsageError, match="would overwrite"):
        archspec.export(model, str(out), weights=str(weights), external="safetensors", dtype="float16")


def test_more_than_2_gib(tmp_path: Path) -> None:
    """Of zeros, which a sparse file holds without taking any space."""
    text = 'archspec = 1\n[model]\ninput = ["N", 20000]\nlayers = [{ name = "fc", op = "linear", out = 27000, bias = false }]\n'
    model = archspec.load("large.toml", source=text)
    size = 20000 * 27000 * 4
    header = json.dumps(
        {"fc.weight": {"dtype": "F32", "shape": [27000, 20000], "data_offsets": [0, size]}}
    ).encode()
    with open(tmp_path / "m.safetensors", "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)
    out = str(tmp_path / "m.onnx")
    archspec.export(model, out, weights=str(tmp_path / "m.safetensors"), external="safetensors")
    assert os.path.getsize(out) < 5000
    onnx.checker.check_model(out, full_check=True)
    (result,) = session(out).run(None, {"input": np.ones((2, 20000), np.float32)})
    assert result.shape == (2, 27000)
    assert not result.any()
    with pytest.raises(UsageError, match="at most 2 GiB"):
        archspec.export(
            archspec.load("large.toml", source=text.replace("bias = false", "init = { weight = 0.0 }")),
            out,
            external="inline",
        )
    assert os.path.getsize(out) < 5000


@pytest.mark.parametrize("beside", ["m.onnx.data", "m.safetensors"])
def test_weights_are_not_written_through_a_link(tmp_path: Path, beside: str) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / beside).symlink_to(tmp_path / "precious")
    external = "data" if beside.endswith("data") else "safetensors"
    with pytest.raises(UsageError, match="is a symbolic link"):
        archspec.export(network("lenet"), str(tmp_path / "m.onnx"), external=external)
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert not (tmp_path / "m.onnx").exists()


# --- files that are not believed -----------------------------------------------------------------------------


class Bomb:
    def __reduce__(self) -> Any:
        return (open, (str(Path(__file__).parent / "exploded"), "w"))


def lenet_state() -> dict[str, torch.Tensor]:
    return dict(archspec.build(network("lenet")).state_dict())


def as_safetensors(state: dict[str, torch.Tensor]) -> bytes:
    return safetensors.torch.save(state)


def edited(change: Callable[[dict[str, Any]], object]) -> bytes:
    """LeNet's weights with a changed header."""
    data = as_safetensors(lenet_state())
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def with_gap(index: int) -> bytes:
    """LeNet's weights with eight more bytes before one of the tensors, of which the header knows."""
    places: list[list[int]] = []

    def move(header: dict[str, Any]) -> None:
        places.extend(entry["data_offsets"] for entry in header.values())
        places.sort()
        for place in places[index:]:
            place[:] = [end + 8 for end in place]

    data = edited(move)
    start = 8 + int.from_bytes(data[:8], "little") + places[index][0] - 8
    return data[:start] + b"\0" * 8 + data[start:]


def with_overlap() -> bytes:
    """LeNet's weights without the bytes of the last tensor, which shares those of the ones before."""
    sizes: list[int] = []

    def move(header: dict[str, Any]) -> None:
        start, stop = last = max(entry["data_offsets"] for entry in header.values())
        sizes.append(stop - start)
        last[:] = [start - sizes[0], start]

    return edited(move)[: -sizes[0]]


def without_first(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return dict(list(state.items())[1:])


BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty": ("w.safetensors", lambda: b"", "is empty"),
    "shorter than a length": ("w.safetensors", lambda: b"\x10\0\0", "header is longer than the file"),
    "truncated": ("w.safetensors", lambda: as_safetensors(lenet_state())[:-5], "describes"),
    "longer": ("w.safetensors", lambda: as_safetensors(lenet_state()) + b"\0", "describes"),
    "header too long": (
        "w.safetensors",
        lambda: (2**62).to_bytes(8, "little") + b"{}",
        "header is longer than the file",
    ),
    "beyond the end": (
        "w.safetensors",
        lambda: edited(lambda h: h["c1.bias"].update(data_offsets=[2**40, 2**40 + 24])),
        "gap|describes",
    ),
    "overlapping": (
        "w.safetensors",
        lambda: edited(lambda h: h["c1.weight"].update(data_offsets=[0, 600])),
        "gap|overlaps",
    ),
    "two in one place": ("w.safetensors", lambda: with_overlap(), "overlaps"),
    "a gap before the first": ("w.safetensors", lambda: with_gap(0), "gap"),
    "a gap between two": ("w.safetensors", lambda: with_gap(1), "gap"),
    "negative": (
        "w.safetensors",
        lambda: edited(lambda h: h["c1.bias"].update(data_offsets=[-24, 0])),
        "bytes",
    ),
    "another shape": (
        "w.safetensors",
        lambda: edited(lambda h: h["c1.bias"].update(shape=[2, 3])),
        r"shapes differ: `c1.bias` is \[2, 3\], not \[6\]",
    ),
    "more bytes than its shape": (
        "w.safetensors",
        lambda: edited(lambda h: h["c1.bias"].update(shape=[7])),
        "does not match its number of bytes",
    ),
    "unknown type": (
        "w.safetensors",
        lambda: edited(lambda h: h["c1.bias"].update(dtype="F8")),
        "element type `F8`",
    ),
    "integers": (
        "w.safetensors",
        lambda: edited(lambda h: h["c1.bias"].update(dtype="I32")),
        "`c1.bias` is I32, not float",
    ),
    "missing": (
        "w.safetensors",
        lambda: as_safetensors(without_first(lenet_state())),
        "missing: `c1.weight`",
    ),
    "extra": (
        "w.safetensors",
        lambda: as_safetensors({**lenet_state(), "more": torch.zeros(1)}),
        "unexpected: `more`",
    ),
    "pickle in disguise": ("w.safetensors", lambda: pickle.dumps(Bomb()), "is a pickle"),
    "code in a pickle": ("w.pt", lambda: pickle.dumps(Bomb()), "is not a weight file"),
    "code in an archive": (
        "w.pt",
        lambda: saved({**lenet_state(), "c1.weight": Bomb()}),
        "`c1.weight` is of the type `_?io.open`",
    ),
    "no table": ("w.pt", lambda: saved([1, 2]), "holds no state_dict"),
    "integers in a pickle": (
        "w.pt",
        lambda: saved({**lenet_state(), "c1.bias": torch.zeros(6, dtype=torch.int32)}),
        "`c1.bias` is int32, not float",
    ),
    "text": ("w.pt", lambda: b"hello", "is a text file"),
    "noise": ("w.pt", lambda: bytes(range(255, 100, -1)), "is not a weight file"),
}


@pytest.mark.parametrize("index", [0, 1])
def test_the_reference_refuses_gaps_too(index: int) -> None:
    with pytest.raises(safetensors.SafetensorError):
        safetensors.numpy.load(with_gap(index))


def test_metadata_may_be_null(tmp_path: Path) -> None:
    """As in the reference implementation."""
    data = edited(lambda header: header.update(__metadata__=None))
    assert set(safetensors.numpy.load(data)) == set(lenet_state())
    (tmp_path / "w.safetensors").write_bytes(data)
    module = archspec.build(network("lenet"), weights=str(tmp_path / "w.safetensors"))
    assert set(module.state_dict()) == set(lenet_state())


def saved(value: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


@pytest.mark.parametrize("out", ["m.onnx", "m.safetensors"])
@pytest.mark.parametrize("case", BAD)
def test_bad_files(tmp_path: Path, case: str, out: str) -> None:
    """A clear error, nothing is executed, and the old files stay."""
    name, data, words = BAD[case]
    (tmp_path / name).write_bytes(data())
    for old in ("m.onnx", "m.onnx.data", "m.safetensors"):
        (tmp_path / old).write_bytes(b"old")
    for external in ("auto", "data", "safetensors") if out == "m.onnx" else ("auto",):
        with pytest.raises(UsageError, match=words):
            archspec.export(
                network("lenet"), str(tmp_path / out), weights=str(tmp_path / name), external=external
            )
        assert {path.name for path in tmp_path.iterdir()} == {name, "m.onnx", "m.onnx.data", "m.safetensors"}
        assert {(tmp_path / old).read_bytes() for old in ("m.onnx", "m.onnx.data", "m.safetensors")} == {
            b"old"
        }
    assert not (Path(__file__).parent / "exploded").exists()


def test_bad_files_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(as_safetensors(lenet_state())[:-5])
    result = cli(
        "export",
        f"{SPECS}/lenet.toml",
        str(tmp_path / "m.onnx"),
        "--weights",
        str(tmp_path / "w.safetensors"),
        code=2,
    )
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    cli(
        "export",
        f"{SPECS}/lenet.toml",
        str(tmp_path / "m.onnx"),
        "--weights",
        str(tmp_path / "none.pt"),
        code=2,
    )
    assert (
        "contradict"
        in cli("export", f"{SPECS}/lenet.toml", "m.onnx", "--half", "--dtype", "bfloat16", code=2).stderr
    )
    assert (
        "is no folder"
        not in cli("export", f"{SPECS}/lenet.toml", str(tmp_path / "none" / "m.onnx"), code=2).stderr
    )


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt"])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(UsageError, match="it is not a regular file"):
        archspec.export(network("lenet"), str(tmp_path / "m.onnx"), weights=str(tmp_path / name))
    with pytest.raises(UsageError, match="it is not a regular file"):
        archspec.build(network("lenet"), weights=str(tmp_path / name))
    with pytest.raises(UsageError, match="it is a folder"):
        archspec.export(network("lenet"), str(tmp_path / "m.onnx"), weights=str(tmp_path))


# --- writing -------------------------------------------------------------------------------------------------


class BrokenError(Exception):
    pass


@pytest.mark.parametrize("old", [b"old", None])
def test_an_interrupted_export_leaves_the_old_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bytes | None
) -> None:
    from archspec.backends.onnx import export as module

    def write(_self: Any, file: Any, *_rest: Any) -> None:
        file.write(b"some")
        raise KeyboardInterrupt

    monkeypatch.setattr(module.Exporter, "write", write)
    if old is not None:
        for name in ("m.onnx", "m.onnx.data"):
            (tmp_path / name).write_bytes(old)
    with pytest.raises(KeyboardInterrupt):
        archspec.export(network("lenet"), str(tmp_path / "m.onnx"), external="data")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == (
        {} if old is None else {"m.onnx": old, "m.onnx.data": old}
    )


@pytest.mark.parametrize("existing", [(), ("one",), ("two",), ("one", "two")])
@pytest.mark.parametrize("failing", [0, 1])
@pytest.mark.parametrize("links", [True, False])
def test_of_two_files_both_are_replaced_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: tuple[str, ...], failing: int, links: bool
) -> None:
    """Whichever of the two renamings fails, before or after it has happened."""
    paths = [tmp_path / "one", tmp_path / "two"]
    for name in existing:
        (tmp_path / name).write_bytes(b"old")
    real, count = os.replace, 0

    def replace(source: str, target: str) -> None:
        nonlocal count
        count += 1
        if count == failing + 1:
            raise BrokenError
        real(source, target)

    def no_link(*_: Any) -> None:
        raise OSError

    monkeypatch.setattr(os, "replace", replace)
    if not links:
        monkeypatch.setattr(os, "link", no_link)
    with pytest.raises(BrokenError), writing_together(*map(str, paths)) as files:
        fill(files)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == dict.fromkeys(existing, b"old")


def fill(files: Sequence[BinaryIO]) -> None:
    for file in files:
        file.write(b"new")


def test_two_files_are_replaced(tmp_path: Path) -> None:
    paths = [tmp_path / "one", tmp_path / "two"]
    paths[0].write_bytes(b"old")
    with writing_together(*map(str, paths)) as files:
        fill(files)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"one": b"new", "two": b"new"}


def test_progress_is_shown_to_people_who_wait(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from archspec.cli import export as command

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for patience, shown in ((-1.0, True), (1000.0, False)):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setattr(command, "PATIENCE", patience)
        command.run(network("resnet", "resnet18"), str(tmp_path / "m.onnx"))
        assert ("MiB" in terminal.getvalue()) == shown
    told: list[tuple[int, int]] = []
    archspec.export(spec("['relu']"), str(tmp_path / "n.onnx"))
    from archspec.backends.export import export

    export(
        network("lenet"),
        str(tmp_path / "n.onnx"),
        Options(progress=lambda done, total: told.append((done, total))),
    )
    assert told[-1][0] == told[-1][1] == 61706 * 4


def test_what_is_made_ahead_comes_in_order() -> None:
    assert list(prefetched(iter(range(1000)))) == list(range(1000))


def test_an_error_ahead_comes_where_the_item_would_have_come() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise BrokenError

    made = prefetched(items())
    assert next(made) == 1
    with pytest.raises(BrokenError):
        next(made)


def test_nothing_is_made_for_nobody() -> None:
    """Whoever stops listening stops the thread, however many items there would be."""
    before = threading.active_count()
    made = prefetched(itertools.count())
    assert next(made) == 0
    made.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_process_leaves_the_old_files(tmp_path: Path, sent: signal.Signals, code: int) -> None:
    for name in ("m.onnx", "m.onnx.data"):
        (tmp_path / name).write_bytes(b"old")
    script = (
        "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background shell's child ignores it
        "from archspec.backends.onnx import export\nreal = export.encoded\n"
        "def encoded(*arguments):\n    print('ready', flush=True)\n    return real(*arguments)\n"
        "export.encoded = encoded\nfrom archspec.cli import main\nsys.argv[0] = 'archspec'\nmain()"
    )
    command = [sys.executable, "-c", script, "export", f"{SPECS}/vgg.toml@vgg19", str(tmp_path / "m.onnx")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(sent)
        _, messages = process.communicate()
    assert process.returncode == code
    assert not messages
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "m.onnx": b"old",
        "m.onnx.data": b"old",
    }


def test_what_a_killed_process_left_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # in a container every process has the number of the one before
    monkeypatch.setattr(os, "getpid", lambda: 7)
    target = tmp_path / "m.txt"
    for text in (b"one", b"two"):
        (tmp_path / "m.txt.7.tmp").write_bytes(b"half")
        with writing(str(target)) as outer, writing(str(target)) as inner:
            outer.write(text)
            inner.write(b"another")
        assert target.read_bytes() == text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.txt", "m.txt.7.tmp"]
