"""Identify a file by its first bytes, for a clear message where it is not a weight file."""

import os
import zipfile
from contextlib import suppress

from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import reason, shown_file

HEAD = 512
"""How many bytes at the start of a file are examined."""
_STARTS = {
    b"version https://git-lfs.github.com/spec/": "a Git LFS pointer, not the weights: `git lfs pull` fetches them",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file, as written by Keras",
    b"\x93NUMPY": "a NumPy array",
    b"\x1f\x8b": "compressed with gzip: unpack it first",
    b"BZh": "compressed with bzip2: unpack it first",
    b"\xfd7zXZ": "compressed with xz: unpack it first",
    b"(\xb5/\xfd": "compressed with zstd: unpack it first",
    b"GGUF": "a GGUF file",
}
_PAGES = (b"<!doctype html", b"<html", b"<?xml")
_PICKLE = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
MAX_HEADER = 100_000_000
"""The longest header of a safetensors file, in bytes, as in the reference implementation."""


def check_kind(path: str, suffix: str) -> None:
    """Raise `UsageError` if a file is recognised as something other than what its suffix says.

    `suffix` is `.safetensors` or `.pt`, which stands for every format of `torch.save`. An unrecognised file passes.
    """
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            head = file.read(HEAD)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read `{shown_file(path)}`: {reason(error)}") from None
    if is_safetensors(
        head, size
    ):  # checked first: the length at its start can look like any other magic number
        wrong = "a safetensors file: give it the suffix `.safetensors`"
        found = None if suffix == ".safetensors" else wrong
    else:
        found = _by_content(head, size) or _saved_by_torch(path, head, suffix)
    if found is not None:
        raise UsageError(f"`{shown_file(path)}` is {found}")


def is_safetensors(head: bytes, size: int) -> bool:
    """Whether a file starts with a header length and a JSON header."""
    length = int.from_bytes(head[:8], "little")
    return 2 <= length <= min(size - 8, MAX_HEADER) and head[8:9] == b"{"


def _by_content(head: bytes, size: int) -> str | None:
    if not size:
        return "empty"
    for start, what in _STARTS.items():
        if head.startswith(start):
            return what
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(_PAGES):
        return "an HTML or XML page, perhaps from a failed download"
    if head[:1] == b"\x08" and head[1:2] < b"\x40" and head[2:3] in (b"\x12", b":", b"\x1a", b"\x22", b"B"):
        return "an ONNX model, not a weight file"
    return "a text file" if _is_text(head) else None


def _is_text(head: bytes) -> bool:
    """Whether every character is printable. The last one may be truncated."""
    for end in range(len(head), max(len(head) - 4, 0), -1):
        with suppress(UnicodeDecodeError):
            return all(char.isprintable() or char in "\r\n\t" for char in head[:end].decode())
    return False


def _saved_by_torch(path: str, head: bytes, suffix: str) -> str | None:
    """What is wrong with an archive, or with a pickle whose suffix is `.safetensors`; `None` if nothing is."""
    if head.startswith(b"PK"):
        wrong = _archive(path)
        if wrong is not None:
            return wrong
    elif not head.startswith(_PICKLE):
        return None
    if suffix == ".safetensors":
        return "a pickle as written by `torch.save`, not a safetensors file: give it the suffix `.pt`"
    return None


def _archive(path: str) -> str | None:
    """What is wrong with a zip archive: `torch.save` writes a `data.pkl`, `torch.jit.save` also writes code."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.rpartition("/")[2] for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "a damaged or truncated archive, perhaps from an interrupted download"
    if "constants.pkl" in names:
        return "a TorchScript archive: load it with `torch.jit.load`, and save its `state_dict()`"
    if "data.pkl" in names:
        return None
    if any(name.endswith(".npy") for name in names):
        return "a NumPy archive"
    return "a zip archive that was not written by `torch.save`"
