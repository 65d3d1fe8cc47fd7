"""Writing a network to a file, in the format that its suffix tells."""

from pathlib import PurePath
from typing import TYPE_CHECKING

from archspec.backends.torch_source import source
from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown_file
from archspec.files import writing

if TYPE_CHECKING:
    from archspec.api import Model

FORMATS = {".py": "PyTorch source"}
"""The formats by their suffixes."""


def export(model: "Model", path: str) -> None:
    """Write the network to `path`. Raises `UsageError` for a suffix that is none of `FORMATS`, or a file error."""
    suffix = PurePath(path).suffix
    if suffix not in FORMATS:
        known = ", ".join(f"`{name}` ({what})" for name, what in FORMATS.items())
        raise UsageError(f"the suffix of `{shown_file(path)}` tells no format; there is {known}")
    text = source(model)  # before the file is touched
    with writing(path) as file:
        file.write(text.encode())
