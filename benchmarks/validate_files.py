"""How fast specs are validated, beside the dry run that finds the same mistakes: building the network and running it on
PyTorch's meta device, where nothing is computed.

    python benchmarks/validate_files.py            about half a minute
    taskset -c 0 python benchmarks/validate_files.py   on one core

Both are whole processes: a thousand files of ResNet-50 with one variant each, and as many dry runs as are asked for.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
FILES = 1000
DRY_RUN = """
import sys, torch, torchvision
with torch.device("meta"):
    for _ in range(int(sys.argv[1])):
        torchvision.models.resnet50()(torch.empty(2, 3, 224, 224))
"""
MEASURE = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(json.dumps([time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024]))
"""


def process(*command: str) -> tuple[float, float]:
    """The seconds and the peak MiB of a process."""
    full = [sys.executable, "-c", MEASURE, sys.executable, *command]
    seconds, memory = json.loads(subprocess.run(full, check=True, capture_output=True, text=True).stdout)
    return seconds, memory


def write(folder: Path) -> None:
    """ResNet-50 as a file of its own, a thousand times."""
    lines = (ROOT / "specs" / "resnet.toml").read_text(encoding="utf-8").splitlines()
    start, stop = lines.index("[variants]"), lines.index("[defaults]")
    about, params = lines.index("[about]"), lines.index("[params]")
    kept = lines[:about] + lines[params:start] + lines[stop : lines.index("[expect]")]
    expected = next(line for line in lines if line.startswith("resnet50 = { params"))
    kept.insert(kept.index("archspec = 1") + 1, expected.replace("resnet50", "expect"))
    for index in range(FILES):
        (folder / f"net{index}.toml").write_text("\n".join([*kept, ""]), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--dry-runs", type=int, default=100)
    count = parser.parse_args().dry_runs
    with TemporaryDirectory() as folder:
        write(Path(folder))
        ours, memory = process("-m", "archspec", "validate", folder)
        theirs, other = process("-c", DRY_RUN, str(count))
    ratio = theirs / count / (ours / FILES)
    print(
        f"archspec validate, {FILES:,} files {ours:8.2f} s {memory:7.0f} MiB {1000 * ours / FILES:7.1f} ms each"
    )
    print(
        f"dry run on meta, {count:,} networks {theirs:7.2f} s {other:7.0f} MiB {1000 * theirs / count:7.1f} ms each"
        f" {ratio:6.1f} x"
    )


if __name__ == "__main__":
    main()
