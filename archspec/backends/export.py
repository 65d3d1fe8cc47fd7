"""Write a network to a file, in the format given by its suffix."""

from pathlib import PurePath
from typing import TYPE_CHECKING

from archspec.backends.options import Options
from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown_file
from archspec.files import writing

if TYPE_CHECKING:
    from archspec.model import Model

FORMATS = {".py": "PyTorch source", ".onnx": "an ONNX model", ".safetensors": "the weights alone"}
"""The formats by their suffixes."""


def export(model: "Model", path: str, options: Options) -> None:
    """Write the network to `path`.

    Raises `UsageError` for an unknown suffix, options that do not apply to the format, or a file error; `SpecError` if
    the network cannot be expressed in the format.
    """
    suffix = PurePath(path).suffix
    if suffix == ".py":
        from archspec.backends.torch.source import family, is_family, source

        options.only(set(), FORMATS[suffix])
        text = family(model) if is_family(model) else source(model)  # fails before the file is opened
        with writing(path) as file:
            file.write(text.encode())
    elif suffix == ".onnx":
        from archspec.backends.onnx import write_onnx

        write_onnx(model, path, options)
    elif suffix == ".safetensors":
        from archspec.backends.weights.sources import write_weights

        options.only({"seed", "weights", "from_", "dtype"}, FORMATS[suffix])
        write_weights(model, path, options)
    else:
        known = ", ".join(f"`{name}` ({what})" for name, what in FORMATS.items())
        raise UsageError(f"the suffix of `{shown_file(path)}` is not that of a format; use {known}")
