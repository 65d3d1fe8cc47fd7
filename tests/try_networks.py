"""Many random networks against the reference: `python tests/try_networks.py --seeds 5000`.

Prints the disagreements, and at the end how often each op and each key of the language was met.
"""

import argparse
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

import torch
from random_networks.build import spec_of
from random_networks.checks import Case, disagreements
from random_networks.notation import universe, used, write

ENOUGH = 50
"""In how many networks each op, field and key should be met."""


def trial(
    seed: int, forms: int = 2, keep: Path | None = None
) -> tuple[int, list[str], Counter[str], list[str]]:
    """The disagreements of a seed, what its spec has, and its generated sources."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    spec = spec_of(seed)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) if keep is None else keep
        path = write(spec, place, seed)
        found: list[str] = []
        sources = []
        for variant in spec.variants:
            case = Case(spec, variant, path, Random(seed), forms)
            try:
                found += [f"{variant}: {text}" if variant else text for text in disagreements(case)]
            except Exception as error:
                found.append(f"{variant}: {type(error).__name__}: {error}")
            sources += [source.read_text() for source in case.sources if source.exists()]
        return seed, found, used(spec) + Counter([f"file {path.suffix}"]), sources


def badly_formatted(sources: list[str]) -> list[int]:
    """Which of some source texts `ruff format` or `ruff check` would change."""
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(sources):
            Path(folder, f"s{number}.py").write_text(text)
        ruff = [sys.executable, "-m", "ruff"]
        done = [
            subprocess.run([*ruff, *command, "--isolated", folder], capture_output=True, text=True)
            for command in (["format", "--check"], ["check", "--output-format=concise", "-q"])
        ]
        named = " ".join(run.stdout for run in done)
    return [number for number in range(len(sources)) if f"s{number}.py" in named]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--forms", type=int, default=2, help="ONNX forms for each network")
    parser.add_argument("--keep", type=Path, help="write the files of the one seed there")
    given = parser.parse_args()
    if given.keep is not None:
        given.keep.mkdir(parents=True, exist_ok=True)
        _, found, _, _ = trial(given.start, given.forms, given.keep)
        print("\n".join(found) or "no disagreement")
        return bool(found)
    total: Counter[str] = Counter()
    wrong, started = 0, time.monotonic()
    seeds = range(given.start, given.start + given.seeds)
    with ProcessPoolExecutor(given.jobs) as pool:
        for seed, found, used, sources in pool.map(trial, seeds, [given.forms] * len(seeds), chunksize=5):
            found += [f"source {number} is not formatted" for number in badly_formatted(sources)]
            total += Counter(set(used))
            wrong += bool(found)
            for text in found:
                print(f"seed {seed}: {' '.join(text.split())[:600]}", flush=True)
    wanted = universe()
    for word in sorted(wanted):
        print(f"{total[word]:6}  {word}")
    rare = sorted(word for word in wanted if total[word] < ENOUGH)
    print(
        f"{len(wanted)} ops, fields and keys, {len(rare)} of them in fewer than {ENOUGH} networks: {', '.join(rare)}"
    )
    print(f"{len(seeds)} networks, {wrong} with disagreements, {time.monotonic() - started:.0f} s")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
