"""The command line. One module a command, imported when it runs: `archspec --help` pays for none of them."""

import sys


def main() -> None:
    """Run `archspec`. Exit codes: 0 clean, 1 findings, 2 could not run."""
    from archspec.cli.app import app
    from archspec.cli.errors import guarded

    sys.exit(guarded(lambda: app(prog_name="archspec")))
