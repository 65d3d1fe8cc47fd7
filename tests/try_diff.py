"""Many pairs of networks, `archspec diff` against PyTorch: `python tests/try_diff.py --pairs 1000`."""

import argparse
import sys
import time
import traceback
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import torch
from diff_mutants import pair
from diff_oracle import disagreements

from archspec.report.difference import Comparison
from archspec.report.difference_set import Entry, set_json
from archspec.report.difference_text import text


def trial(seed: int) -> tuple[int, str, str, list[str]]:
    """A pair: what it is, the verdict, and the disagreements."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    what = ""
    try:
        found = pair(seed)
        if found is None:
            return seed, "", "", []
        what, old, new = found
        comparison = Comparison(old, new)
        text(comparison, verbose=True)
        set_json([Entry("pair", "compared", comparison)])
        verdict = str(comparison.verdict)
        if verdict == "renames":
            verdict += ", same outputs" if comparison.difference.same_function else ", other outputs"
        return seed, what, verdict, [*disagreements(old, new, seed)]
    except Exception:
        return seed, what, "failed", [traceback.format_exc()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    verdicts: Counter[str] = Counter()
    edits: Counter[str] = Counter()
    beside: Counter[str] = Counter()
    wrong, started, seed = 0, time.monotonic(), given.start
    with ProcessPoolExecutor(given.jobs) as pool:
        while verdicts.total() < given.pairs:
            left = given.pairs - verdicts.total()
            for number, what, verdict, found in pool.map(trial, range(seed, seed + left), chunksize=5):
                if not verdict:
                    continue  # no valid pair
                verdicts[verdict] += 1
                if verdicts.total() % 100 == 0:
                    print(
                        f"{verdicts.total()} pairs, {time.monotonic() - started:.0f} s",
                        file=sys.stderr,
                        flush=True,
                    )
                edits.update(
                    what.partition(": ")[2].split(" + ") if " against " not in what else ["variants"]
                )
                kinds = {line.partition(":")[0] for line in found} & {"unsure", "cautious"}
                beside.update(kinds)
                wrong += any(not line.startswith(("unsure", "cautious")) for line in found)
                for line in found:
                    print(f"seed {number}: {what}: {line}", flush=True)
            seed += left
    for name, count in (*sorted(verdicts.items()), *sorted(edits.items())):
        print(f"{count:6}  {name}")
    print(f"{beside['cautious']} pairs said to differ, equal for all weights that were tried")
    print(f"{beside['unsure']} pairs of which nothing can be said")
    print(f"{verdicts.total()} pairs, {wrong} with disagreements, {time.monotonic() - started:.0f} s")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
