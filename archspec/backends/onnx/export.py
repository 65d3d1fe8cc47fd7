"""An ONNX file, and the file of its weights beside it where they are large."""

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
from archspec.backends.weights.prefetch import ahead
from archspec.backends.weights.safetensors import SafeTensors, header
from archspec.backends.weights.sources import Entry, Source, encoded, source_in, source_of, state_entries
from archspec.diagnostics import SpecError, UsageError
from archspec.diagnostics.diagnostic import shown_file
from archspec.elaborate.network import Network, with_free_sizes
from archspec.files import writing_together
from archspec.types import DTYPES

if TYPE_CHECKING:
    import onnx

    from archspec.model import Model

MAX_PROTO = 2**31 - 1
"""The bytes that a protobuf message can have."""
_log = getLogger(__name__)
Place = tuple[str, int, int]
"""Where a tensor lies: a file beside the model, the first byte, the number of bytes."""


def model_of(model: "Model", options: Options | None = None) -> "onnx.ModelProto":
    """The network as an ONNX model in memory, with its weights inside."""
    options = options or Options()
    exporter = Exporter(model, options)
    with source_of(options, exporter.asked) as source:
        return exporter.proto(lambda key: exporter.data(source, key), {})


def write_onnx(model: "Model", path: str, options: Options) -> None:
    """Write the network to the file `path`, and its weights to one beside it if they are many.

    Raises `SpecError` where a part has no form in ONNX, `UsageError` where weights do not fit or a file cannot be
    written. Old files are replaced when the new ones are complete.
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
        places = exporter.places_in(beside)
        with writing_together(path) as (file,):
            file.write(_serialised(exporter.proto(None, places)))
        _tell_of_leftovers(path, beside)
        return
    with source_of(options, exporter.asked) as source:
        start, places = exporter.plan(os.path.basename(beside), source)
        text = _serialised(exporter.proto(None, {key: places[key] for key in exporter.weights}))
        with writing_together(beside, path) as (data, file):
            exporter.write(data, start, places, source)
            file.write(text)
    _tell_of_leftovers(path, beside)


def _tell_of_leftovers(path: str, beside: str = "") -> None:
    """Say that the weights of an earlier export are still there. They may be large, and may be wanted."""
    data = data_file(path)
    if data != beside and os.path.isfile(data):
        _log.info("`%s` does not read `%s`, which an earlier export left", shown_file(path), shown_file(data))


def data_file(path: str) -> str:
    """The file of the weights of a model that has them beside it."""
    return f"{path}.data"


def _serialised(proto: "onnx.ModelProto") -> bytes:
    from google.protobuf.message import EncodeError

    try:
        text: bytes = proto.SerializeToString(deterministic=True)
    except EncodeError:  # beyond the limit of the format
        raise _too_large() from None
    return text


def _too_large() -> UsageError:
    return UsageError("an ONNX file has at most 2 GiB: store the weights beside it, with `--external data`")


class Exporter:
    """One network on its way into a file."""

    def __init__(self, model: "Model", options: Options) -> None:
        if options.dtype == "bfloat16" and options.opset < 22:
            raise UsageError(
                "with opsets below 22, convolutions and pools know no bfloat16: use `--opset 22`"
            )
        self.model, self.options = model, options
        self.state = model.weights()  # refuses what is too large, before it is written out
        self.asked = wanted(model, inference=True)
        self.lowering = _lowered(model.network, options)
        self.weights, self.derived = self.lowering.graph.weights, self.lowering.graph.derived
        self.size = sum(weight.size for weight in self.weights.values()) * DTYPES[options.dtype].bytes
        self.done = 0

    def is_external(self) -> bool:
        """Whether the weights go into a file of their own."""
        external = self.options.external
        return external in ("data", "safetensors") or (external == "auto" and self.size > INLINE)

    def beside(self, path: str) -> str:
        """The file of the weights."""
        if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
            raise UsageError(f"there is no place for weights beside `{shown_file(path)}`")
        if self.options.external == "safetensors":
            found = f"{path.removesuffix('.onnx')}.safetensors"
        else:
            found = data_file(path)
        if os.path.islink(found):
            raise UsageError(f"`{shown_file(found)}` is a link, which runtimes refuse to read weights from")
        return found

    # --- the model -------------------------------------------------------------------------------------

    def proto(self, data: Callable[[str], bytes] | None, places: Mapping[str, Place]) -> "onnx.ModelProto":
        """The model, with the data of its weights inside or the places where they lie."""
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
            for name, value in zip(("location", "offset", "length"), places[key], strict=True):
                tensor.external_data.add(key=name, value=str(value))
        return proto

    def metadata(self) -> dict[str, str]:
        """What the file says of where it comes from."""
        totals = self.model.totals
        found = {"archspec.version": __version__, "archspec.model": self.model.network.document.name}
        if self.model.variant is not None:
            found["archspec.variant"] = self.model.variant
        with suppress(UsageError):  # what has no expansion has no hash
            found["archspec.spec_sha256"] = sha256(
                canonical(self.model.network, self.model.costs).encode()
            ).hexdigest()
        return {**found, "archspec.params": str(totals.params), "archspec.macs": str(totals.macs)}

    # --- the weights -----------------------------------------------------------------------------------

    def pieces(self, source: Source, key: str, dtype: str) -> Iterator[memoryview]:
        """The bytes of a tensor, piece by piece."""
        derived = self.derived.get(key)
        chunks = (
            derived_values(derived, source, self.state) if derived else source.chunks(key, self.state[key])
        )
        for values in chunks:
            yield encoded(values, dtype)

    def told(self, pieces: Iterator[memoryview]) -> Iterator[memoryview]:
        """The same, counted for whoever waits."""
        for data in pieces:
            yield data
            self.done += len(data)
            if self.options.progress is not None:
                self.options.progress(self.done, self.size)

    def data(self, source: Source, key: str) -> bytes:
        """The bytes of an initialiser."""
        return b"".join(self.told(self.pieces(source, key, self.options.dtype)))

    def entries(self, source: Source) -> list[Entry]:
        """What is stored beside the model: the initialisers; in safetensors all of the state_dict, for torch too."""
        if self.options.external != "safetensors" or self.derived:
            return [(key, self.options.dtype, weight.shape) for key, weight in self.weights.items()]
        state = {key: weight for key, weight in self.state.items() if source.has(key)}
        return state_entries(state, self.options.dtype)

    def plan(self, location: str, source: Source) -> tuple[bytes, dict[str, Place]]:
        """The start of the file beside the model, and where each tensor will lie."""
        entries = self.entries(source)
        if self.options.external == "safetensors":
            start, tensors = header(entries)
            self.size = max((tensor.stop for tensor in tensors.values()), default=0) - len(start)
            return start, {
                key: (location, tensor.start, tensor.stop - tensor.start) for key, tensor in tensors.items()
            }
        places, offset = {}, 0
        for key, dtype, shape in entries:
            offset += -offset % self.options.align
            length = prod(shape) * DTYPES[dtype].bytes
            places[key] = location, offset, length
            offset += length
        self.size = offset
        return b"", places

    def write(self, file: BinaryIO, start: bytes, places: Mapping[str, Place], source: Source) -> None:
        """Write the file beside the model."""
        file.write(start)
        for data in self.told(ahead(self._padded(len(start), places, source))):
            file.write(data)

    def _padded(self, at: int, places: Mapping[str, Place], source: Source) -> Iterator[memoryview]:
        """The bytes of all tensors from the place `at` on, with zeros between them where they are aligned."""
        types = {key: dtype for key, dtype, _ in self.entries(source)}
        for key, (_, offset, length) in places.items():
            if offset > at:
                yield memoryview(b"\0" * (offset - at))
            yield from self.pieces(source, key, types[key])
            at = offset + length

    # --- weights that lie beside the model already -----------------------------------------------------

    def shares(self, beside: str) -> bool:
        """Whether the weights are read from the very file that they would be stored in."""
        given = self.options.weights
        if given is None or not (os.path.exists(given) and os.path.exists(beside)):
            return False
        return os.path.samefile(given, beside)

    def places_in(self, path: str) -> dict[str, Place]:
        """Where the tensors lie in a file of weights that stays as it is."""
        with source_in(path, self.asked) as source, SafeTensors(path) as file:
            names = source.names
            dtype = DTYPES[self.options.dtype].safetensors
            if self.derived or any(file.tensors[names[key]].dtype != dtype for key in self.weights):
                raise UsageError(
                    f"`{shown_file(path)}`, which the weights are read from, would be replaced by others: "
                    "write the model elsewhere"
                )
            tensors = {key: file.tensors[names[key]] for key in self.weights}
        name = os.path.basename(path)
        return {key: (name, tensor.start, tensor.stop - tensor.start) for key, tensor in tensors.items()}


def _lowered(network: Network, options: Options) -> Lowering:
    """The network as steps. Raises `SpecError` where it cannot be written."""
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
        advice = "here the size must be known: export without `--dynamic`"
        raise SpecError(
            [
                replace(found, help=advice) if options.dynamic and found.code == "AS407" else found
                for found in error.diagnostics
            ]
        ) from None
