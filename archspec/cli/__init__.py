"""The command line. One module a command, imported when it runs: `archspec --help` pays for none of them."""

import os
import sys


def main() -> None:
    """Run `archspec`. Exit codes: 0 clean, 1 findings, 2 could not run."""
    # Looking for pydantic's plug-ins costs a tenth of the start, and none of them has a say in a spec.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    from archspec.cli.app import app
    from archspec.cli.errors import guarded

    sys.exit(guarded(lambda: app(prog_name="archspec")))
