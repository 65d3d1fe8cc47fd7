"""What goes wrong, as a message and an exit code: 1 for findings in a spec, 2 for what could not run."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.diagnostics import Diagnostic


def guarded(run: Callable[[], object]) -> int:
    """Run a command; its exit code. Messages go to stderr, never a traceback for what a user can cause.

    Typer itself ends the process with 2 for arguments that it cannot parse.
    """
    from archspec.diagnostics import SpecError, UsageError

    if sys.stdout is None:  # it was closed before we began
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 — open to the end
    try:
        code = run()
        sys.stdout.flush()
    except SpecError as error:
        return _say(_findings(error.diagnostics), 1)
    except UsageError as error:
        return _say(f"error: {error}", 2)
    except BrokenPipeError:
        # The reader has gone. Python would flush stdout once more at exit, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # the disk is full, or the terminal is gone
        from archspec.diagnostics.diagnostic import reason

        return _say(f"error: {reason(error)}", 2)
    except KeyboardInterrupt:
        return _say("interrupted", 130)
    return code if isinstance(code, int) else 0


def _say(text: str, code: int) -> int:
    stream = sys.stderr
    if stream is None:
        return code
    encoding = stream.encoding or "ascii"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    return code


def _findings(diagnostics: "Sequence[Diagnostic]") -> str:
    """Findings, and how many there are."""
    texts = located(diagnostics)
    return "\n\n".join([*texts, f"{len(texts)} error{'s' * (len(texts) != 1)}"])


def located(diagnostics: "Sequence[Diagnostic]") -> list[str]:
    """Findings with the lines that they are about."""
    from archspec.diagnostics.locate import Locator, reader
    from archspec.diagnostics.render.full_ import one
    from archspec.language.reading import taken

    texts = {path: data.decode("utf-8", "replace") for path, data in taken.items()}
    return [*map(one, Locator(reader(texts)).findings(diagnostics))]
