"""How fast the built modules are, as ratios to torchvision's with the same weights, measured in the same run.

    python benchmarks/pytorch.py            about a minute
    python benchmarks/pytorch.py --rounds 5 less exact

Calls alternate between the two modules; the figures are the minimum of all rounds, in milliseconds, on one thread.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torchvision

import archspec
from archspec.backends.torch.source import source

ROOT = Path(__file__).resolve().parents[1]
NETWORKS = (("resnet", "resnet50"), ("densenet", "densenet121"), ("mobilenet_v2", None))
BATCH = 4
SIZE = 128


def fastest(runs: list[Callable[[], object]], rounds: int) -> list[float]:
    """The least time of each, in milliseconds; they take turns, in changing order, after a warm-up."""
    for run in runs:
        run()
    times = [float("inf")] * len(runs)
    for turn in range(rounds):
        order = range(len(runs)) if turn % 2 else reversed(range(len(runs)))
        for index in order:
            start = time.perf_counter()
            runs[index]()
            times[index] = min(times[index], time.perf_counter() - start)
    return [1000 * best for best in times]


def show(name: str, ours: float, theirs: float) -> None:
    print(f"{name:40} {ours:9.1f} ms {theirs:9.1f} ms   {ours / theirs:5.2f} x")
    sys.stdout.flush()


def pair(file: str, variant: str | None) -> tuple[Any, Any]:
    """Our module and torchvision's, with the same weights."""
    theirs = torchvision.models.get_model(variant or file, weights=None)
    ours = archspec.build(str(ROOT / "specs" / f"{file}.toml"), variant)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def forward(module: Any, x: torch.Tensor) -> Callable[[], object]:
    def run() -> object:
        with torch.no_grad():
            return module(x)

    return run


def backward(module: Any, x: torch.Tensor) -> Callable[[], object]:
    def run() -> object:
        module.zero_grad()
        return module(x).sum().backward()

    return run


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    print(f"{'':40} {'archspec':>12} {'torchvision':>12}")
    x = torch.randn(BATCH, 3, SIZE, SIZE)
    for file, variant in NETWORKS:
        name = variant or file
        ours, theirs = pair(file, variant)
        ours.eval(), theirs.eval()
        show(f"{name}, forward", *fastest([forward(ours, x), forward(theirs, x)], rounds))
        ours.train(), theirs.train()
        show(f"{name}, forward and backward", *fastest([backward(ours, x), backward(theirs, x)], rounds))
    for variant in ("resnet50", "resnet152"):
        model = archspec.load(str(ROOT / "specs" / "resnet.toml"), variant)

        def build(model: archspec.Model = model) -> object:
            return archspec.build(model, device="meta")

        def construct(variant: str = variant) -> object:
            with torch.device("meta"):
                return torchvision.models.get_model(variant)

        show(f"{variant}, built on meta", *fastest([build, construct], rounds))
        (text,) = fastest([lambda model=model: source(model)], rounds)  # type: ignore[misc]
        print(f"{f'{variant}, source':40} {text:9.1f} ms")


if __name__ == "__main__":
    main()
