"""Write an ONNX file, with large weights as external data in a file beside it."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from logging import getLogger
from math import prod
from typing import TYPE_CHECKING, BinaryIO

from archspec._version import __version__
from archspec.analysis.expand import canonical
from archspec.backends.onnx.derived import derived_values
from archspec.backends.onnx.lowering import Lowering
from archspec.backends.onnx.proto import Writer
from archspec.backends.options import INLINE, Options
from archspec.backends.weights.fitting import wanted
from archspec.backends.weights.prefetch import prefetched
from archspec.backends.weights.safetensors import SafeTensors, header
from archspec.backends.weights.sources import (
    Source,
    StoredTensor,
    encoded,
    source_in,
    source_of,
    state_entries,
)
from archspec.diagnostics import SpecError, UsageError
from archspec.diagnostics.diagnostic import shown_file
from archspec.elaborate.network import Network, with_free_sizes
from archspec.files import writing_together
from archspec.types import DTYPES

if TYPE_CHECKING:
    import onnx

    from archspec.model import Model

MAX_PROTO = 2**31 - 1
"""The most bytes in a protobuf message."""
_log = getLogger(__name__)
Location = tuple[str, int, int]
"""The location of external data: a file beside the model, an offset and a length in bytes."""


def model_of(model: "Model", options: Options | None = None) -> "onnx.ModelProto":
    """The network as an ONNX model in memory, weights included."""
    options = options or Options()
    exporter = Exporter(model, options)
    with source_of(options, exporter.asked) as source:
        return exporter.proto(lambda key: exporter.data(source, key), {})


def write_onnx(model: "Model", path: str, options: Options) -> None:
    """Write the network to the file `path`, and large weights to a file beside it.

    Raises `SpecError` if the network cannot be expressed in ONNX, `UsageError` if the weights do not match or a file
    cannot be written. Existing files are replaced once the new ones are complete.
    """
    exporter = Exporter(model, options)
    if options.no_weights or not exporter.is_external():
        if exporter.size > MAX_PROTO and not options.no_weights:
            raise _too_large()
        with source_of(options, exporter.asked) as source:
            proto = exporter.proto(lambda key: exporter.data(source, key), {})
        text = _serialised(proto)
        with writing_together(path) as (file,):
            file.write(text)
        _tell_of_leftovers(path)
        return
    beside = exporter.beside(path)
    if exporter.shares(beside):
        locations = exporter.locations_in(beside)
        with writing_together(path) as (file,):
            file.write(_serialised(exporter.proto(None, locations)))
        _tell_of_leftovers(path, beside)
        return
    with source_of(options, exporter.asked) as source:
        start, locations = exporter.plan(os.path.basename(beside), source)
        text = _serialised(exporter.proto(None, {key: locations[key] for key in exporter.weights}))
        with writing_together(beside, path) as (data, file):
            exporter.write(data, start, locations, source)
            file.write(text)
    _tell_of_leftovers(path, beside)


def _tell_of_leftovers(path: str, beside: str = "") -> None:
    """Log that the data file of an earlier export remains: it may be large, and may still be wanted."""
    data = data_file(path)
    if data != beside and os.path.isfile(data):
        _log.info(
            "`%s` does not use `%s`, which remains from an earlier export", shown_file(path), shown_file(data)
        )


def data_file(path: str) -> str:
    """The path of the external data of the model at `path`."""
    return f"{path}.data"


def _serialised(proto: "onnx.ModelProto") -> bytes:
    from google.protobuf.message import EncodeError

    try:
        text: bytes = proto.SerializeToString(deterministic=True)
    except EncodeError:  # above the size limit of protobuf
        raise _too_large() from None
    return text


def _too_large() -> UsageError:
    return UsageError("an ONNX file has at most 2 GiB: store the weights beside it, with `--external data`")


class Exporter:
    """Exports one network to a file."""

    def __init__(self, model: "Model", options: Options) -> None:
        if options.dtype == "bfloat16" and options.opset < 22:
            raise UsageError("convolutions and pools support bfloat16 from opset 22 on: use `--opset 22`")
        self.model, self.options = model, options
        self.state = model.weights()  # raises `UsageError` for a network that is too large
        self.asked = wanted(model, inference=True)
        self.lowering = _lowered(model.network, options)
        self.weights, self.derived = self.lowering.graph.weights, self.lowering.graph.derived
        self.size = sum(weight.size for weight in self.weights.values()) * DTYPES[options.dtype].bytes
        self.done = 0

    def is_external(self) -> bool:
        """Whether the weights are stored as external data."""
        external = self.options.external
        return external in ("data", "safetensors") or (external == "auto" and self.size > INLINE)

    def beside(self, path: str) -> str:
        """The path of the external data."""
        if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
            raise UsageError(f"weights cannot be stored beside `{shown_file(path)}`")
        if self.options.external == "safetensors":
            found = f"{path.removesuffix('.onnx')}.safetensors"
        else:
            found = data_file(path)
        if os.path.islink(found):
            raise UsageError(
                f"`{shown_file(found)}` is a symbolic link, from which runtimes refuse to read weights"
            )
        return found

    # --- the model -------------------------------------------------------------------------------------

    def proto(
        self, data: Callable[[str], bytes] | None, locations: Mapping[str, Location]
    ) -> "onnx.ModelProto":
        """The model, with the data of its weights or their external locations."""
        document = self.model.network.document
        writer = Writer(self.lowering, self.options.dtype)
        proto = writer.model(
            self.model.name,
            document.model.doc if document.model else "",
            self.metadata(),
            weights_as_inputs=self.options.no_weights,
        )
        if self.options.no_weights:
            return proto
        for key, weight in self.weights.items():
            tensor = proto.graph.initializer.add(name=key, data_type=writer.element, dims=weight.shape)
            if data is not None:
                tensor.raw_data = data(key)
                continue
            tensor.data_location = 1  # EXTERNAL
            for name, value in zip(("location", "offset", "length"), locations[key], strict=True):
                tensor.external_data.add(key=name, value=str(value))
        return proto

    def metadata(self) -> dict[str, str]:
        """The metadata of the model: where it comes from."""
        totals = self.model.totals
        found = {"archspec.version": __version__, "archspec.model": self.model.network.document.name}
        if self.model.variant is not None:
            found["archspec.variant"] = self.model.variant
        with suppress(UsageError):  # a network without an expansion has no hash
            found["archspec.spec_sha256"] = sha256(
                canonical(self.model.network, self.model.costs).encode()
            ).hexdigest()
        return {**found, "archspec.params": str(totals.params), "archspec.macs": str(totals.macs)}

    # --- the weights -----------------------------------------------------------------------------------

    def pieces(self, source: Source, key: str, dtype: str) -> Iterator[memoryview]:
        """The bytes of a tensor, in chunks."""
        derived = self.derived.get(key)
        chunks = (
            derived_values(derived, source, self.state) if derived else source.chunks(key, self.state[key])
        )
        for values in chunks:
            yield encoded(values, dtype)

    def reported(self, pieces: Iterator[memoryview]) -> Iterator[memoryview]:
        """The same chunks, with progress reported."""
        for data in pieces:
            yield data
            self.done += len(data)
            if self.options.progress is not None:
                self.options.progress(self.done, self.size)

    def data(self, source: Source, key: str) -> bytes:
        """The bytes of an initialiser."""
        return b"".join(self.reported(self.pieces(source, key, self.options.dtype)))

    def entries(self, source: Source) -> list[StoredTensor]:
        """The tensors stored beside the model: initialisers, or in safetensors the whole state_dict."""
        if self.options.external != "safetensors" or self.derived:
            return [(key, self.options.dtype, weight.shape) for key, weight in self.weights.items()]
        state = {key: weight for key, weight in self.state.items() if source.has(key)}
        return state_entries(state, self.options.dtype)

    def plan(self, location: str, source: Source) -> tuple[bytes, dict[str, Location]]:
        """The header of the file beside the model, and the location of each tensor."""
        entries = self.entries(source)
        if self.options.external == "safetensors":
            start, tensors = header(entries)
            self.size = max((tensor.stop for tensor in tensors.values()), default=0) - len(start)
            return start, {
                key: (location, tensor.start, tensor.stop - tensor.start) for key, tensor in tensors.items()
            }
        locations, offset = {}, 0
        for key, dtype, shape in entries:
            offset += -offset % self.options.align
            length = prod(shape) * DTYPES[dtype].bytes
            locations[key] = location, offset, length
            offset += length
        self.size = offset
        return b"", locations

    def write(self, file: BinaryIO, start: bytes, locations: Mapping[str, Location], source: Source) -> None:
        """Write the external data."""
        file.write(start)
        for data in self.reported(prefetched(self._padded(len(start), locations, source))):
            file.write(data)

    def _padded(self, at: int, locations: Mapping[str, Location], source: Source) -> Iterator[memoryview]:
        """The bytes of all tensors from the offset `at` on, padded with zeros for alignment."""
        types = {key: dtype for key, dtype, _ in self.entries(source)}
        for key, (_, offset, length) in locations.items():
            if offset > at:
                yield memoryview(b"\0" * (offset - at))
            yield from self.pieces(source, key, types[key])
            at = offset + length

    # --- weights that are already beside the model -----------------------------------------------------

    def shares(self, beside: str) -> bool:
        """Whether the weights are read from the file in which they would be stored."""
        given = self.options.weights
        if (
            given is None
            or self.options.from_ is not None
            or not (os.path.exists(given) and os.path.exists(beside))
        ):
            return False
        return os.path.samefile(given, beside)

    def locations_in(self, path: str) -> dict[str, Location]:
        """The locations of the tensors in an existing weight file, which is left unchanged."""
        with source_in(path, self.asked) as source, SafeTensors(path) as file:
            names = source.names
            dtype = DTYPES[self.options.dtype].safetensors
            if self.derived or any(file.tensors[names[key]].dtype != dtype for key in self.weights):
                raise UsageError(
                    f"the export would overwrite `{shown_file(path)}`, from which the weights are read: "
                    "write the model elsewhere"
                )
            tensors = {key: file.tensors[names[key]] for key in self.weights}
        name = os.path.basename(path)
        return {key: (name, tensor.start, tensor.stop - tensor.start) for key, tensor in tensors.items()}


def _lowered(network: Network, options: Options) -> Lowering:
    """The network lowered to ONNX. Raises `SpecError` if it cannot be expressed."""
    try:
        return Lowering(
            with_free_sizes(network) if options.dynamic else network,
            opset=options.opset,
            half=options.dtype != "float32",
            functions=options.functions,
            fold_bn=options.fold_bn or options.for_ == "inference",
            arranged=options.for_ == "inference",
        )
    except SpecError as error:
        advice = "the size must be known here: export without `--dynamic`"
        raise SpecError(
            [
                replace(found, help=advice) if options.dynamic and found.code == "AS407" else found
                for found in error.diagnostics
            ]
        ) from None
