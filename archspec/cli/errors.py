"""What goes wrong, as a message and an exit code: 1 for findings in a spec, 2 for what could not run."""

import os
import sys
from collections.abc import Callable


def guarded(run: Callable[[], object]) -> int:
    """Run a command; its exit code. Messages go to stderr, never a traceback for what a user can cause.

    Typer itself ends the process with 2 for arguments that it cannot parse.
    """
    from archspec.diagnostics import SpecError, UsageError

    try:
        code = run()
        sys.stdout.flush()
    except SpecError as error:
        return _say("\n\n".join(map(str, error.diagnostics)) + f"\n\n{_count(len(error.diagnostics))}", 1)
    except UsageError as error:
        return _say(f"error: {error}", 2)
    except BrokenPipeError:
        # The reader has gone. Python would flush stdout once more at exit, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _say("interrupted", 130)
    return code if isinstance(code, int) else 0


def _say(text: str, code: int) -> int:
    stream = sys.stderr
    encoding = stream.encoding or "ascii"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    return code


def _count(findings: int) -> str:
    return f"{findings} error{'s' * (findings != 1)}"
