"""How fast archspec is, as ratios against peers measured in the same run.

    python benchmarks/speed.py              everything
    python benchmarks/speed.py --quick      without torchinfo, which takes seconds a round

Times are medians of warm rounds, in milliseconds. The parsers of TOML take turns; `tomllib` is that of the standard
library, which has no TOML 1.1. "torchinfo" and "torch meta" do the same job for torchvision's
ResNet-152: parameters, output shapes and MACs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import tomli

import archspec

ROOT = Path(__file__).resolve().parents[1]
RESNET = ROOT / "specs" / "resnet.toml"
SCRIPT = """
import typer
from pydantic import BaseModel
from rich import print
from rich.table import Table
print(Table("module", "op", "output", "parameters", "MACs"))
"""


def median(run: Callable[[], object], rounds: int) -> float:
    """The median time of `rounds` rounds after a warm-up, in milliseconds."""
    run()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def totals(source: str, variant: str | None = None) -> archspec.Model:
    model = archspec.load("benchmark.toml", variant, source=source)
    assert model.totals.modules
    return model


def spec(layers: str, blocks: str = "") -> str:
    return f'archspec = 1\n[model]\ninput = ["N", 8, 32, 32]\nlayers = [\n{layers}]\n{blocks}'


def written(nodes: int) -> str:
    return spec(
        "".join(
            f'  {{ name = "c{i}", op = "conv", out = {8 + i % 5}, kernel = 3, padding = 1 }},\n'
            for i in range(nodes)
        )
    )


DIFFERENT = spec('{ op = "conv", out = "i + 1", kernel = 3, padding = 1, repeat = 10000 }')
NESTED = spec(
    '{ op = "outer", repeat = 1000 }',
    '[blocks.outer]\nlayers = [{ op = "inner", repeat = 1000 }]\n'
    '[blocks.inner]\nlayers = [{ op = "conv", out = 8, kernel = 3, padding = 1 }, "relu"]\n',
)


def torch_meta() -> None:
    import torch
    import torchvision
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):
        net = torchvision.models.resnet152().eval()
        with FlopCounterMode(display=False) as counter:
            net(torch.empty(1, 3, 224, 224))
    assert counter.get_total_flops() == 2 * 11_513_626_624


def torchinfo_summary() -> None:
    import torchinfo
    import torchvision

    result = torchinfo.summary(torchvision.models.resnet152(), (1, 3, 224, 224), device="cpu", verbose=0)
    assert result.total_params == 60_192_808


def processes(rounds: int) -> dict[str, float]:
    """Whole processes, interleaved: the summary, its JSON, and a script that only imports and prints a table."""
    commands = {
        "script that prints a table": [sys.executable, "-c", SCRIPT],
        "archspec summary alexnet": [sys.executable, "-m", "archspec", "summary", "specs/alexnet.toml"],
        "archspec summary --json": [
            sys.executable,
            "-m",
            "archspec",
            "summary",
            "specs/alexnet.toml",
            "--json",
        ],
    }
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True, env=environment)
            if number:  # the first round writes bytecode
                times[name].append(time.perf_counter() - start)
    return {name: 1000 * statistics.median(values) for name, values in times.items()}


def parsers(text: str, rounds: int) -> dict[str, float]:
    """The parsers of TOML, interleaved."""
    loads = {"10,000 nodes, tomli": tomli.loads, "10,000 nodes, tomllib": tomllib.loads}
    times: dict[str, list[float]] = {name: [] for name in loads}
    for _ in range(rounds):
        for name, load in loads.items():
            start = time.perf_counter()
            load(text)
            times[name].append(time.perf_counter() - start)
    return {name: 1000 * statistics.median(values) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="leave torchinfo out")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    resnet = RESNET.read_text()
    results = processes(21)
    results["ResNet-152, text to totals"] = median(lambda: totals(resnet, "resnet152"), 30)
    results["10,000 copies that all differ"] = median(lambda: totals(DIFFERENT), 7)
    results["1000 x 1000 nested equal copies"] = median(lambda: totals(NESTED), 7)
    for nodes in (5_000, 10_000):
        source = written(nodes)
        results[f"{nodes:,} nodes written out"] = median(lambda text=source: totals(text), 3)  # type: ignore[misc]
    results |= parsers(written(10_000), 7)
    # The peers come last: torch makes everything in its process slower.
    results["ResNet-152, torch meta + FlopCounter"] = median(torch_meta, 5)
    if not arguments.quick:
        results["ResNet-152, torchinfo"] = median(torchinfo_summary, 3)
    if arguments.json:
        print(json.dumps(results, indent=2))
        return
    base = results["ResNet-152, text to totals"]
    script = results["script that prints a table"]
    for name, milliseconds in results.items():
        ratio = ""
        if "torch" in name:
            ratio = f"{milliseconds / base:8.0f} x"
        elif name.endswith("tomllib"):
            ratio = f"{milliseconds / results['10,000 nodes, tomli']:8.2f} x tomli"
        elif name.startswith("archspec summary"):
            ratio = f"{milliseconds / script:8.2f} x the script"
        print(f"{name:<38}{milliseconds:10.1f} ms{ratio}")


if __name__ == "__main__":
    main()
