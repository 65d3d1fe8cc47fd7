"""Validate damaged specs: `python tests/fuzz.py` does so with 20,000, in some minutes.

Whatever a spec says, `archspec validate` ends with exit code 0, 1 or 2 and without a traceback, in 2 seconds of
processor time, and in 300 MB of memory. A mutant that breaks this is printed with its number:
`python tests/fuzz.py --only NUMBER` runs it alone. `--seed` makes other mutants.
"""

import argparse
import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from mutants import mutant

from archspec.cli.app import app
from archspec.cli.errors import guarded
from archspec.diagnostics.render import FORMATS

MUTANTS, SECONDS, KILOBYTES = 20_000, 2, 300_000


class Late(BaseException):
    """It takes too long. No `except Exception` stops it."""


def late(*_: object) -> None:
    raise Late


def validate(text: bytes, name: str, number: int) -> str:
    """How it ends: the exit code, or what is wrong."""
    Path(name).write_bytes(text)
    command = [
        "validate",
        name,
        "--output-format",
        FORMATS[number % len(FORMATS)],
        "--extend-select",
        "AS611,AS612",
    ]
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    code: object = 0
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            guarded(lambda: app(command, prog_name="archspec"))
    except SystemExit as stop:
        code = stop.code or 0
    except Late:
        return f"more than {SECONDS} s"
    except BaseException as error:  # the very thing that must not happen
        return f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return str(code) if code in (0, 1, 2) else f"exit code {code}"


def work(seed: int, numbers: range) -> None:
    """Validate some mutants; print how often each end came, what broke, and the peak of the memory in KiB."""
    signal.signal(signal.SIGVTALRM, late)
    ends: Counter[str] = Counter()
    broken = []
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for number in numbers:
            text, name = mutant(seed, number)
            end = validate(text, name, number)
            ends[end if len(end) == 1 else "broken"] += 1
            if len(end) > 1:
                broken.append([number, end, name, repr(text)])
    # not `ru_maxrss`, which begins with what the parent had
    peak = re.search(r"VmHWM:\s*([0-9]+) kB", Path("/proc/self/status").read_text())
    print(json.dumps({"ends": ends, "broken": broken, "peak": int(peak[1]) if peak else 0}))


def run(seed: int, count: int, jobs: int) -> tuple[Counter[str], list[list[str]], int]:
    """Share the mutants among processes. How often each end came, what broke, the largest peak in KiB."""
    commands = [
        [sys.executable, __file__, "--seed", str(seed), "--slice", str(job), str(count), str(jobs)]
        for job in range(jobs)
    ]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    outputs = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise SystemExit("a process broke down")
    results = [json.loads(output.splitlines()[-1]) for output in outputs]
    ends = sum((Counter(result["ends"]) for result in results), Counter[str]())
    broken = [item for result in results for item in result["broken"]]
    return ends, broken, max(result["peak"] for result in results)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=MUTANTS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int, help="the number of a mutant")
    parser.add_argument("--slice", type=int, nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.slice:
        work(options.seed, range(*options.slice))
        return
    if options.only is not None:
        work(options.seed, range(options.only, options.only + 1))
        return
    ends, broken, peak = run(options.seed, options.mutants, options.jobs)
    for number, end, name, text in broken:
        print(f"{number}: {end}\n  {name}: {text}")
    listed = ", ".join(f"{ends[code]:,} with exit code {code}" for code in "012")
    print(f"{options.mutants:,} mutants: {listed}; {len(broken)} broken; peak {peak / 1000:.0f} MB")
    if broken or peak > KILOBYTES:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
