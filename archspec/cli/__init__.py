"""The command line. One module a command, imported when it runs: `archspec --help` pays for none of them."""

import os
import signal
import sys


def main() -> None:
    """Run `archspec`. Exit codes: 0 clean, 1 findings, 2 could not run, 130 interrupted."""
    try:
        # Looking for pydantic's plug-ins costs a tenth of the start, and none of them has a say in a spec.
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
        from archspec.cli.errors import guarded

        signal.signal(signal.SIGTERM, _terminated)
        code = guarded(lambda: _run(sys.argv[1:]))
    except KeyboardInterrupt:  # before there is anyone to say so
        code = 130
    sys.exit(code)


def _terminated(number: int, _frame: object) -> None:
    """End as by an error, so that half-written files are taken away."""
    sys.exit(128 + number)


def _run(arguments: list[str]) -> None:
    """Run a command. The plainest, and most frequent, does not wait for typer: that takes as long as all the rest."""
    match arguments:
        case ["summary", spec] | ["summary", spec, "--json"] if not spec.startswith("-"):
            from archspec.cli.loading import load
            from archspec.cli.summary import run

            run(load(spec), "table" if len(arguments) == 2 else "json")
        case _:
            from archspec.cli.app import app

            app(prog_name="archspec")
