"""Read and write `.safetensors` files. Files are untrusted: every offset is checked before any tensor is read.

The format: 8 bytes with the length of the header, the header as JSON, then the tensors' bytes, without gaps.
https://huggingface.co/docs/safetensors
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod
from stat import S_ISDIR, S_ISREG
from typing import Any, BinaryIO, Self

from archspec.backends.weights.file_kinds import MAX_HEADER, check_kind
from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import reason, shown, shown_file
from archspec.types import DTYPES

READ = {dtype.safetensors: dtype for dtype in DTYPES.values()}
"""The supported element types, by their names in the file format."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor in a file: its element type, its shape, and its bytes from `start` to `stop` in the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


class SafeTensors:
    """An open `.safetensors` file. Raises `UsageError` if it is malformed."""

    def __init__(self, path: str) -> None:
        self.path = path
        check_regular(path)
        check_kind(path, ".safetensors")
        try:
            self.file: BinaryIO = open(path, "rb")  # noqa: SIM115 — closed by `close`
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot read `{shown_file(path)}`: {reason(error)}") from None
        try:
            self.metadata: dict[str, str] = {}
            self.tensors = self._tensors()
        except BaseException:
            self.file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def chunks(self, name: str, size: int) -> Iterator[bytes]:
        """The bytes of a tensor in chunks of at most `size`."""
        tensor = self.tensors[name]
        for start in range(tensor.start, tensor.stop, size):
            count = min(size, tensor.stop - start)
            self.file.seek(start)
            data = self.file.read(count)
            if len(data) != count:
                raise self._wrong(f"`{shown(name)}` ends early")
            yield data

    def read(self, name: str) -> bytearray:
        """The little-endian bytes of a tensor in a new buffer."""
        tensor = self.tensors[name]
        data = bytearray(tensor.stop - tensor.start)
        self.file.seek(tensor.start)
        if self.file.readinto(data) != len(data):  # type: ignore[attr-defined]
            raise self._wrong(f"`{shown(name)}` ends early")
        return data

    def _wrong(self, what: str) -> UsageError:
        return UsageError(f"`{shown_file(self.path)}` is not a valid safetensors file: {what}")

    def _tensors(self) -> dict[str, Tensor]:
        total = os.fstat(self.file.fileno()).st_size
        length = int.from_bytes(self.file.read(8), "little")
        if total < 8 or not 2 <= length <= min(total - 8, MAX_HEADER):
            raise self._wrong("its header is longer than the file")
        try:
            header = json.loads(self.file.read(length).decode(), object_pairs_hook=self._unique)
        except (ValueError, RecursionError):
            raise self._wrong("its header is not JSON") from None
        if not isinstance(header, dict):
            raise self._wrong("its header is not a JSON object")
        metadata = header.pop("__metadata__", None)
        if metadata is None:  # the reference implementation accepts an explicit null
            metadata = {}
        if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
            raise self._wrong("its metadata values are not strings")
        self.metadata = metadata
        begin = 8 + length
        tensors = {name: self._tensor(name, entry, begin) for name, entry in header.items()}
        end = begin
        for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].stop)):
            if tensor.start != end:
                raise self._wrong(f"`{shown(name)}` leaves a gap, or overlaps another tensor")
            end = tensor.stop
        if end != total:
            raise self._wrong(f"it has {total:,} bytes, but its header describes {end:,} bytes")
        return tensors

    def _unique(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) < len(pairs):
            raise self._wrong("a name occurs twice in its header")
        return table

    def _tensor(self, name: str, entry: Any, begin: int) -> Tensor:
        match entry:
            case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [int(start), int(stop)]} if (
                len(entry) == 3
            ):
                pass
            case _:
                raise self._wrong(f"`{shown(name)}` has a malformed header entry")
        if dtype not in READ:
            raise self._wrong(f"`{shown(name)}` has the unsupported element type `{shown(dtype)}`")
        if not all(type(size) is int and 0 <= size < 2**63 for size in shape) or len(shape) > 64:
            raise self._wrong(f"`{shown(name)}` has an invalid shape")
        if not 0 <= start <= stop or stop - start != prod(shape) * READ[dtype].bytes:
            raise self._wrong(f"`{shown(name)}` has a shape that does not match its number of bytes")
        return Tensor(dtype, tuple(shape), begin + start, begin + stop)


def check_regular(path: str) -> None:
    """Raise `UsageError` unless `path` is a regular file: reading a pipe could block forever."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read `{shown_file(path)}`: {reason(error)}") from None
    if not S_ISREG(mode):
        what = "it is a folder" if S_ISDIR(mode) else "it is not a regular file"
        raise UsageError(f"cannot read `{shown_file(path)}`: {what}")


def header(tensors: Iterable[tuple[str, str, tuple[int, ...]]]) -> tuple[bytes, dict[str, Tensor]]:
    """The header of a file with these tensors, each a name, an element type and a shape; and their offsets.

    The data begins at a multiple of 64 bytes. List tensors with larger elements first, so that each one is aligned.
    """
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset, locations = 0, {}
    for name, dtype, shape in tensors:
        type_ = DTYPES[dtype]
        stop = offset + prod(shape) * type_.bytes
        entries[name] = {"dtype": type_.safetensors, "shape": list(shape), "data_offsets": [offset, stop]}
        locations[name] = Tensor(type_.safetensors, shape, offset, stop)
        offset = stop
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % 64)
    begin = 8 + len(text)
    moved = {
        name: Tensor(place.dtype, place.shape, begin + place.start, begin + place.stop)
        for name, place in locations.items()
    }
    return len(text).to_bytes(8, "little") + text, moved
