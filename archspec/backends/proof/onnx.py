"""Verify the ONNX model of a network: by the checker, inferred shapes, its weights, and ONNX Runtime."""

import os
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

from archspec.backends.onnx.export import write_onnx
from archspec.backends.options import Options
from archspec.backends.proof.device import CPU, provider, providers
from archspec.backends.proof.item import Item, VerifyProgress, finding
from archspec.backends.proof.placement import Placement
from archspec.diagnostics import Diagnostic
from archspec.diagnostics.diagnostic import shown

if TYPE_CHECKING:
    import onnx
    from torch import Tensor

    from archspec.backends.proof.values import Case, Values
    from archspec.model import Model

PART = 2**24
"""The number of bytes of a weight that are read at a time."""
NO_PROVIDER = "ONNX Runtime could not start its CUDA provider: are the CUDA and cuDNN libraries installed?"


class OnnxComparison:
    """The comparison of one network with its ONNX model, which is written to a temporary folder.

    `values` has the weights and the values that PyTorch computes; if it is `None`, `missing` says why.
    """

    def __init__(self, model: "Model", values: "Values | None", missing: str = "") -> None:
        self.model, self.values, self.missing = model, values, missing
        self.origins = {row.path: row.origin for row in reversed(list(model.modules()))}
        self.device = CPU if values is None else values.device
        self.folder = TemporaryDirectory(prefix="archspec")
        self.path = self.run_path = os.path.join(self.folder.name, "model.onnx")
        self.weights: str | None = None
        self.alone = 0
        """How many outputs of ops agree only with those of the op alone."""
        try:
            self.weights = self._weights()
            options = Options(weights=self.weights, external="data")
            write_onnx(model, self.path, options)
            if values is not None and values.small is not model:
                self.run_path = os.path.join(self.folder.name, "small.onnx")
                write_onnx(values.small, self.run_path, options)
        except BaseException:
            self.folder.cleanup()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.folder.cleanup()

    def _weights(self) -> str | None:
        """A file with the weights of the module, if there are values."""
        if self.values is None:
            return None
        import torch

        path = os.path.join(self.folder.name, "weights.pt")
        torch.save(self.values.module.state_dict(), path)
        return path

    def items(self, progress: VerifyProgress) -> Iterator[Item]:
        """Check all statements in turn."""
        import onnx

        proto = onnx.load(self.path, load_external_data=False)
        progress("checking the ONNX model")
        yield self.checked()
        yield self.shapes(proto)
        yield from self.settings(proto)
        yield self.initialisers(proto)
        progress("running it in ONNX Runtime")
        yield from self.runs()

    def finding(self, message: str, path: str = "") -> Diagnostic:
        """The finding for a difference in the module at `path`."""
        return finding(self.model, self.origins, message, path)

    # --- the file --------------------------------------------------------------------------------------

    def checked(self) -> Item:
        """Run the full check of the onnx package, with strict shape inference."""
        import onnx

        item = Item("ONNX checker", "full check, opset 20")
        try:
            onnx.checker.check_model(self.path, full_check=True)
        except Exception as error:  # the package does not document its exceptions
            item.findings.append(self.finding(f"the ONNX checker says: {shown(str(error), limit=500)}"))
        return item

    def shapes(self, proto: "onnx.ModelProto") -> Item:
        """Compare the shapes in `value_info` with those that the onnx package infers without them."""
        import onnx

        ours = {info.name: _shape(info) for info in (*proto.graph.value_info, *proto.graph.output)}
        bare = onnx.ModelProto()
        bare.CopyFrom(proto)
        del bare.graph.value_info[:]
        for output in bare.graph.output:
            output.type.tensor_type.ClearField("shape")
        try:
            inferred = onnx.shape_inference.infer_shapes(
                bare, check_type=True, strict_mode=True, data_prop=True
            )
        except Exception as error:  # likewise
            message = f"shapes cannot be inferred: {shown(str(error), limit=500)}"
            return Item("ONNX shapes", "", [self.finding(message)])
        theirs = {info.name: _shape(info) for info in (*inferred.graph.value_info, *inferred.graph.output)}
        item = Item("ONNX shapes", f"{len(ours):,} tensors, {len(theirs):,} inferred")
        for name, shape in ours.items():
            other = theirs.get(name, shape)
            if len(shape) != len(other) or any(not _agree(*pair) for pair in zip(shape, other, strict=True)):
                message = f"`{shown(name)}` is {_text(shape)} here, {_text(other)} by inference"
                item.findings.append(self.finding(message, name))
        return item

    def settings(self, proto: "onnx.ModelProto") -> Iterator[Item]:
        """Compare the `eps` of every norm, which hardly affects values."""
        found = {
            node.name.partition("/")[0]: attribute.f
            for node in proto.graph.node
            for attribute in node.attribute
            if attribute.name == "epsilon"
        }
        if not found:
            return
        item = Item("ONNX settings", f"eps of {len(found):,} norms")
        for row in self.model.modules():
            eps, theirs = getattr(row.module.op, "eps", None), found.get(row.path)
            if eps is not None and theirs is not None and abs(theirs - eps) > 1e-6 * eps:
                message = f"`{row.path}.eps` is {eps:g} here, {theirs:g} in ONNX"
                item.findings.append(self.finding(message, row.path))
        yield item

    def initialisers(self, proto: "onnx.ModelProto") -> Item:
        """Compare every weight byte for byte with PyTorch's state_dict."""
        weights = [tensor for tensor in proto.graph.initializer if "/" not in tensor.name]
        item = Item("ONNX weights", f"{len(weights):,} initialisers, byte for byte as in the state_dict")
        if self.values is None:
            return Item(item.name, self.missing, ran=False)
        state = self.values.module.state_dict()
        for tensor in weights:
            if tensor.name not in state:
                item.findings.append(
                    self.finding(f"PyTorch has no weight `{shown(tensor.name)}`", tensor.name)
                )
            elif not self._equal(tensor, state[tensor.name]):
                message = f"`{shown(tensor.name)}` has other values than in PyTorch"
                item.findings.append(self.finding(message, tensor.name))
        return item

    def _equal(self, ours: "onnx.TensorProto", theirs: "Tensor") -> bool:
        """Whether an initialiser has the shape, element type and bytes of a weight; large ones are read in chunks."""
        import onnx

        array = theirs.cpu().numpy()
        if (tuple(ours.dims), onnx.helper.tensor_dtype_to_np_dtype(ours.data_type)) != (
            array.shape,
            array.dtype,
        ):
            return False
        if ours.data_location != onnx.TensorProto.EXTERNAL:
            return bool(onnx.numpy_helper.to_array(ours).tobytes() == array.tobytes())
        place = {entry.key: entry.value for entry in ours.external_data}
        values = array.reshape(-1).view("u1")
        if int(place["length"]) != values.nbytes:
            return False
        with open(os.path.join(self.folder.name, place["location"]), "rb") as file:
            file.seek(int(place.get("offset", "0")))
            starts = range(0, values.nbytes, PART)
            return all(
                file.read(PART)[: values.nbytes - at] == values[at : at + PART].tobytes() for at in starts
            )

    # --- execution ------------------------------------------------------------------------------------

    def runs(self) -> Iterator[Item]:
        """Compare the outputs of ONNX Runtime, without and with all optimisations, with PyTorch's."""
        name = "ONNX Runtime"
        try:
            import onnxruntime
        except ImportError:
            yield Item(name, "this needs ONNX Runtime: install `onnxruntime`", ran=False)
            return
        if self.values is None:
            yield Item(name, self.missing, ran=False)
            return
        if provider(self.device) not in onnxruntime.get_available_providers():
            yield Item(name, "it has no CUDA provider: install `onnxruntime-gpu`", ran=False)
            return
        self.values.release()
        levels = onnxruntime.GraphOptimizationLevel
        yield self._as_written(f"{name}, as written", levels.ORT_DISABLE_ALL, self.values)
        yield self._optimised(f"{name}, optimised", levels.ORT_ENABLE_ALL, self.values)

    def _as_written(self, name: str, level: Any, values: "Values") -> Item:
        """Compare the outputs and, for the first batch, every op's output that is a value of the model."""
        import onnx

        proto = onnx.load(self.run_path, load_external_data=False)
        infos = {info.name for info in proto.graph.value_info}
        outputs = [output.name for output in proto.graph.output]
        item, placement = Item(name, ""), Placement(self.device)
        count = len(outputs)
        for tensors in values.portions():
            inner = {path: tensor for path, tensor in tensors.items() if path in infos}
            count += len(inner)
            path = self._with_outputs(proto, [*inner, *outputs])
            if not self._portion(item, placement, path, level, inner, outputs):
                break
            outputs = []
        if item.ran:
            alone = f", {self.alone:,} of them from the same inputs" * (self.alone > 0)
            item.detail = f"{count:,} values as PyTorch's{alone}, {values.compared_at}"
        self._placed(item, placement)
        return item

    def _portion(
        self,
        item: Item,
        placement: Placement,
        path: str,
        level: Any,
        inner: "dict[str, Tensor]",
        outputs: list[str],
    ) -> bool:
        """Compare some of the values; return whether to go on."""
        assert self.values is not None  # noqa: S101 — there is something to compare with
        if not inner and not outputs:
            return True
        session = self._session(path, level, item)
        if session is None:
            return False
        first, *others = self.values.cases
        agrees = self._run(item, session, first, inner, outputs)
        if self.device != CPU:
            placement.read(session)
        del session  # a session holds all outputs of its graph, requested or not
        plain = self._session(self.run_path, level, item) if outputs and others else None
        for case in others if plain is not None else ():
            self._run(item, plain, case, {}, outputs)
        return agrees

    def _with_outputs(self, proto: "onnx.ModelProto", names: list[str]) -> str:
        """Write the model with other outputs, pruned to what these need."""
        import onnx

        model = onnx.ModelProto()
        model.CopyFrom(proto)
        graph = model.graph
        infos = {info.name: info for info in (*graph.value_info, *graph.output)}
        chosen = [infos[name] for name in names]
        del graph.output[:]
        graph.output.extend(chosen)
        last = max((place for place, node in enumerate(graph.node) if {*node.output} & {*names}), default=0)
        del graph.node[last + 1 :]
        path = os.path.join(self.folder.name, "tensors.onnx")
        with open(path, "wb") as file:
            file.write(model.SerializeToString())
        return path

    def _optimised(self, name: str, level: Any, values: "Values") -> Item:
        item = Item(name, f"outputs as PyTorch's, {values.compared_at}")
        session = self._session(self.run_path, level, item)
        if session is not None:
            for case in values.cases:
                self._run(item, session, case, {}, [output.name for output in session.get_outputs()])
            placement = Placement(self.device)
            if self.device != CPU:
                placement.read(session)
            self._placed(item, placement)
        return item

    def _placed(self, item: Item, placement: Placement) -> None:
        """Record where the nodes ran; an item without a node on the device counts as not run."""
        if self.device == CPU or not item.ran:
            return
        item.detail += f", {placement}"
        if not placement.there:
            item.ran, item.detail = False, f"ONNX Runtime ran no node on {self.device}"

    def _session(self, path: str, level: Any, item: Item) -> Any:
        """The model in ONNX Runtime; `None`, with a finding, if it is rejected."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.graph_optimization_level, options.log_severity_level = level, 4
        if self.device != CPU:
            onnxruntime.set_default_logger_severity(
                3
            )  # suppress a warning for every session with this provider
            options.enable_profiling = True  # the profile tells where each node ran
            options.profile_file_prefix = os.path.join(self.folder.name, "profile")
        options.enable_cpu_mem_arena = False  # the arena grows in powers of two and never shrinks
        try:
            session = onnxruntime.InferenceSession(path, options, providers=providers(self.device))
        except Exception as error:  # every kind of failure has its own exception type
            item.findings.append(self.finding(f"ONNX Runtime says: {shown(str(error), limit=500)}"))
            return None
        if provider(self.device) in session.get_providers():
            return session
        item.ran, item.detail = False, NO_PROVIDER
        return None

    def _run(
        self, item: Item, session: Any, case: "Case", inner: "dict[str, Tensor]", outputs: list[str]
    ) -> bool:
        """Report the first op that differs, since later ones differ as a consequence, and every output that differs.

        Returns whether all ops agree.
        """
        from archspec.backends.proof.tolerance import difference

        assert self.values is not None  # noqa: S101 — there is something to compare with
        try:
            made = self._computed(session, case, [*inner, *outputs])
        except Exception as error:  # likewise
            item.findings.append(self.finding(f"ONNX Runtime says: {shown(str(error), limit=500)}"))
            return False
        agrees = True
        theirs = [*inner.items(), *(zip(outputs, case.outputs, strict=True) if outputs else ())]
        for mine, (name, other) in zip(made, theirs, strict=True):
            words = difference(mine, other.cpu(), "in ONNX Runtime", self.values.slack)
            if words and name not in outputs and (not agrees or self._agrees_alone(item, name, mine, other)):
                continue
            if words:
                item.findings.append(self.finding(f"`{name}` {words}", name))
            agrees = agrees and (not words or name in outputs)
        return agrees

    def _computed(self, session: Any, case: "Case", names: list[str]) -> "list[Tensor]":
        """Values of the graph."""
        import torch

        given = {
            name: tensor.cpu().numpy() for name, tensor in zip(self.model.inputs, case.inputs, strict=True)
        }
        return [torch.from_numpy(value) for value in session.run(names, given)]

    def _agrees_alone(self, item: Item, path: str, theirs: "Tensor", ours: "Tensor") -> bool:
        """Whether the op at a path, whose output differs a little, is right from the inputs that it has."""
        import onnx
        import onnxruntime
        import torch

        from archspec.backends.proof.alone import AMPLIFIED, agrees_alone
        from archspec.backends.proof.tolerance import worst

        values, level = self.values, onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        assert values is not None  # noqa: S101 — there is something to compare with
        assert self.weights is not None  # noqa: S101 — likewise
        if theirs.shape != ours.shape or worst(theirs, ours.cpu()) > AMPLIFIED * values.slack:
            return False
        proto = onnx.load(self.run_path, load_external_data=False)
        state = torch.load(self.weights, map_location=self.device, mmap=True, weights_only=True)

        def run(names: list[str]) -> "list[Tensor]":
            session = self._session(self._with_outputs(proto, names), level, item)
            return [value.to(self.device) for value in self._computed(session, values.cases[0], names)]

        self.alone += (agrees := agrees_alone(path, values, state, proto.graph, run))
        return agrees


def _shape(info: "onnx.ValueInfoProto") -> tuple[int | str, ...]:
    """The shape of a value; an unknown size is a string."""
    return tuple(
        dim.dim_value if dim.HasField("dim_value") else dim.dim_param or "?"
        for dim in info.type.tensor_type.shape.dim
    )


def _agree(ours: int | str, theirs: int | str) -> bool:
    """Whether a size matches the inferred one; the name of a free dimension is ignored."""
    return ours == theirs or isinstance(theirs, str)


def _text(shape: tuple[int | str, ...]) -> str:
    return "×".join(map(str, shape)) or "scalar"
