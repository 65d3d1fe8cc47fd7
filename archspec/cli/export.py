"""`archspec export`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archspec.backends.options import ExportProgress
    from archspec.model import Model

PATIENCE = 1.0
"""The seconds after which a progress bar is shown."""


def run(
    model: "Model",
    path: str,
    *,
    dtype: str | None = None,
    half: bool = False,
    training_outputs: bool = True,
    old: "Model | None" = None,
    **options: Any,
) -> None:
    """Write the network to a file. `old` is the network that the file of weights is from, if it is another one."""
    from archspec.backends.carry import carry_between
    from archspec.backends.export import export
    from archspec.backends.options import Options, floating
    from archspec.model import without_training

    with notes(), progress() as report:
        carry = None if old is None else carry_between(old, model)
        chosen = Options(**options, from_=carry, dtype=floating(dtype, half=half), progress=report)
        export(model if training_outputs else without_training(model), path, chosen)


@contextmanager
def notes() -> Iterator[None]:
    """Within the context, log messages about files are written to stderr, such as that a prefix of keys is ignored."""
    import logging

    logger, handler = logging.getLogger("archspec"), logging.StreamHandler()
    level = logger.level
    handler.setFormatter(logging.Formatter("note: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextmanager
def progress() -> "Iterator[ExportProgress | None]":
    """A context for a progress bar on stderr, if that is a terminal, which is shown after a second."""
    if not sys.stderr.isatty():
        yield None
        return
    bar: Any = None
    start = monotonic()

    def report(done: int, total: int) -> None:
        nonlocal bar
        if bar is None and monotonic() - start > PATIENCE:
            bar = _bar()
            bar.start()
            bar.add_task("", total=total)
        if bar is not None:
            bar.update(bar.task_ids[0], completed=done)

    try:
        yield report
    finally:
        if bar is not None:
            bar.stop()


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), DownloadColumn(binary_units=True), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
