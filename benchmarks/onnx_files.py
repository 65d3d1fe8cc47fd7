"""How fast ONNX files are written, and how fast they run, beside those of `torch.onnx.export`, in the same run.

    python benchmarks/onnx_files.py            about five minutes
    python benchmarks/onnx_files.py --rounds 5 less exact

Exports are whole processes that write the file with random weights: time and peak memory. Runs take turns between the
two files of the same network with the same weights; the figures are the minimum of all rounds, on one thread.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import archspec

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = (("resnet", "resnet152"), ("vgg", "vgg19"))
RUN = (("resnet", "resnet50"), ("densenet", "densenet121"), ("mobilenet_v2", None), ("googlenet", None))
EXPORT = """
import sys, torch, torchvision
options = {"init_weights": False} if sys.argv[1] == "googlenet" else {}
model = torchvision.models.get_model(sys.argv[1], **options).eval()
if len(sys.argv) > 3:
    model.load_state_dict(torch.load(sys.argv[3]))
batch = torch.export.Dim("N")
torch.onnx.export(model, (torch.randn(2, 3, 224, 224),), sys.argv[2], dynamo=True, dynamic_shapes=({0: batch},),
                  verbose=False)
"""
MEASURE = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(json.dumps([time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024]))
"""


def process(*command: str) -> tuple[float, float]:
    """The seconds and the peak MiB of a process."""
    text = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], check=True, capture_output=True, text=True
    ).stdout
    seconds, memory = json.loads(text)
    return seconds, memory


def ours(name: str, file: str, out: Path, *options: str) -> tuple[float, float]:
    spec = f"{ROOT / 'specs' / file}.toml" + (f"@{name}" if name != file else "")
    return process(sys.executable, "-m", "archspec", "export", spec, str(out), *options)


def fastest(runs: list[Callable[[], object]], rounds: int) -> list[float]:
    """The least time of each, in milliseconds; they take turns, in changing order, after a warm-up."""
    times = [float("inf")] * len(runs)
    for turn in range(rounds + 1):
        order = range(len(runs)) if turn % 2 else reversed(range(len(runs)))
        for index in order:
            start = time.perf_counter()
            runs[index]()
            if turn:
                times[index] = min(times[index], time.perf_counter() - start)
    return [1000 * best for best in times]


def graph() -> None:
    """ResNet-152 from its spec's text to the bytes of the graph, without weights."""
    from archspec.backends.onnx import model_of
    from archspec.backends.options import Options

    def write() -> object:
        model = archspec.load(str(ROOT / "specs" / "resnet.toml"), "resnet152")
        return model_of(model, Options(no_weights=True)).SerializeToString(deterministic=True)

    (best,) = fastest([write], 10)
    print(f"resnet152, text to graph without weights {best:7.1f} ms")


def written(folder: Path) -> None:
    print(f"\n{'':24} {'archspec':>20} {'torch.onnx.export':>20}")
    for file, name in WRITTEN:
        mine = min(ours(name, file, folder / "ours.onnx") for _ in range(3))
        theirs = process(sys.executable, "-c", EXPORT, name, str(folder / "theirs.onnx"))
        ratio = f"{theirs[0] / mine[0]:5.1f} x faster"
        print(
            f"{name:24} {mine[0]:6.2f} s {mine[1]:7.0f} MiB {theirs[0]:6.2f} s {theirs[1]:7.0f} MiB   {ratio}"
        )
        sys.stdout.flush()


def latency(folder: Path, rounds: int) -> None:
    import onnxruntime
    import torch
    import torchvision

    print(f"\n{'':24} {'archspec':>20} {'torch.onnx.export':>20}")
    for file, variant in RUN:
        name = variant or file
        options = {"init_weights": False} if name == "googlenet" else {}
        torch.save(torchvision.models.get_model(name, **options).state_dict(), folder / "w.pt")
        ours(name, file, folder / "ours.onnx", "--weights", str(folder / "w.pt"))
        process(sys.executable, "-c", EXPORT, name, str(folder / "theirs.onnx"), str(folder / "w.pt"))
        x = np.random.default_rng(0).standard_normal((4, 3, 224, 224), np.float32)
        sessions = [_session(onnxruntime, str(folder / f"{who}.onnx")) for who in ("ours", "theirs")]
        outputs = [session.run(None, {session.get_inputs()[0].name: x})[0] for session in sessions]
        np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-3, atol=1e-4 * np.abs(outputs[1]).max())
        mine, theirs = fastest([_runner(session, x) for session in sessions], rounds)
        print(f"{name + ', batch 4':24} {mine:17.1f} ms {theirs:17.1f} ms   {mine / theirs:5.2f} x")
        sys.stdout.flush()


def _session(runtime: Any, path: str) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _runner(session: Any, x: Any) -> Callable[[], object]:
    feed = {session.get_inputs()[0].name: x}
    return lambda: session.run(None, feed)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    graph()
    with TemporaryDirectory() as name:
        written(Path(name))
        latency(Path(name), rounds)


if __name__ == "__main__":
    main()
