"""The command line. What a command needs is imported when it runs, so that `archspec --help` is fast."""

import os
import signal
import sys


def main() -> None:
    """Run `archspec`. Exit codes: 0 clean, 1 findings, 2 could not run, 130 interrupted."""
    try:
        # The search for pydantic plug-ins takes a tenth of the start-up time, and no plug-in affects a spec.
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
        from archspec.cli.errors import guarded

        signal.signal(signal.SIGTERM, _terminated)
        code = guarded(lambda: _run(sys.argv[1:]))
    except KeyboardInterrupt:  # before there is anyone to say so
        code = 130
    sys.exit(code)


def _terminated(number: int, _frame: object) -> None:
    """Raise an exception, so that incomplete files are removed."""
    sys.exit(128 + number)


def _run(arguments: list[str]) -> None:
    """Run a command. The most frequent form bypasses typer, whose import takes as long as everything else."""
    match arguments:
        case ["summary", spec] | ["summary", spec, "--json"] if not spec.startswith("-"):
            from archspec.cli.loading import load
            from archspec.cli.printing import drawn, write
            from archspec.report.summary import summary

            format_ = "table" if len(arguments) == 2 else "json"
            write(summary(load(spec), lambda draw: drawn(draw, None, ascii_only=False), format_=format_))
        case _:
            from archspec.cli.app import app

            app(prog_name="archspec")
