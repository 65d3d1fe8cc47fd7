"""Turn exceptions into messages and exit codes: 1 for findings in a spec, 2 if the command could not run."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.diagnostics import Diagnostic


def guarded(run: Callable[[], object]) -> int:
    """Run a command and return its exit code. User errors give a message on stderr, never a traceback.

    Typer itself exits with 2 for arguments that it cannot parse.
    """
    from archspec.diagnostics import SpecError, UsageError

    if sys.stdout is None:  # it was closed before the start
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 — open to the end
    try:
        code = run()
        sys.stdout.flush()
    except SpecError as error:
        return _say(_findings(error.diagnostics), 1)
    except UsageError as error:
        return _say(f"error: {error}", 2)
    except BrokenPipeError:
        # The reader is gone. Python would flush stdout again at exit, and fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # for example, the disk is full or the terminal is gone
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
    """The findings and their number."""
    texts = located(diagnostics)
    return "\n\n".join([*texts, f"{len(texts)} error{'s' * (len(texts) != 1)}"])


def located(diagnostics: "Sequence[Diagnostic]") -> list[str]:
    """The findings with their source lines."""
    from archspec.diagnostics.locate import Locator, reader
    from archspec.diagnostics.render.full_ import one
    from archspec.language.reading import taken

    texts = {path: data.decode("utf-8", "replace") for path, data in taken.items()}
    return [*map(one, Locator(reader(texts)).findings(diagnostics))]
