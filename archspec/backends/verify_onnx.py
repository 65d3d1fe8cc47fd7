"""Proving the ONNX model of a network: the checker, inferred shapes, its weights, and what ONNX Runtime computes."""

import os
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

from archspec.backends.onnx_model.export import write_onnx
from archspec.backends.options import Options
from archspec.backends.verify import Item, finding
from archspec.backends.weight_sources import write_weights
from archspec.diagnostics import Diagnostic, SpecError, UsageError
from archspec.diagnostics.diagnostic import shown

if TYPE_CHECKING:
    import onnx
    from torch import nn

    from archspec.api import Model

BATCHES = (1, 3)
"""The sizes of a free batch that are run, on one file."""
RELATIVE, ABSOLUTE = 1e-4, 1e-5
"""What outputs in single precision may differ by: of each value, and of the largest."""


class Proof:
    """The comparison of one network with its ONNX model, in files of a temporary folder.

    The weights are PyTorch's initial ones, but for the statistics and factors of norms: as 0 and 1 they hide errors.
    """

    def __init__(self, model: "Model") -> None:
        self.model = model
        self.origins = {row.path: row.origin for row in reversed(list(model.modules()))}
        self.folder = TemporaryDirectory(prefix="archspec")
        self.path = os.path.join(self.folder.name, "model.onnx")
        self.module: nn.Module | None = None
        self.missing = ""
        try:
            weights = self._weights()
            write_onnx(model, self.path, Options(weights=weights, external="data"))
        except BaseException:
            self.folder.cleanup()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.folder.cleanup()

    def _weights(self) -> str | None:
        """A file with the weights of the module, if there is one."""
        from archspec.backends.torch_module import build, import_torch

        weights = self.model.weights()
        try:
            torch = import_torch()
            state = build(self.model, device="meta").state_dict()
        except (UsageError, SpecError) as error:
            self.missing = str(error)
            return None
        if {key: tuple(tensor.shape) for key, tensor in state.items()} != {
            key: weight.shape for key, weight in weights.items()
        }:
            self.missing = "PyTorch's module has other weights"
            return None
        seeded = os.path.join(self.folder.name, "seeded.safetensors")
        write_weights(self.model, seeded, Options())
        self.module = build(self.model, weights=seeded, device="cpu").eval()
        generator = torch.Generator().manual_seed(0)
        state = self.module.state_dict()
        with torch.no_grad():
            for key, tensor in state.items():
                low, high = (0.5, 1.5) if key.endswith(("weight", "var")) else (-0.2, 0.2)
                if tensor.ndim == 1 and tensor.is_floating_point():
                    tensor.uniform_(low, high, generator=generator)
        path = os.path.join(self.folder.name, "weights.pt")
        torch.save(state, path)
        return path

    def items(self) -> Iterator[Item]:
        """All statements, one after the other."""
        import onnx

        proto = onnx.load(self.path, load_external_data=False)
        yield self.checked()
        yield self.shapes(proto)
        yield self.initialisers(proto)
        yield from self.runs()

    def finding(self, message: str, path: str = "") -> Diagnostic:
        """Something differs, in the module at `path`."""
        return finding(self.model, self.origins, message, path)

    # --- the file --------------------------------------------------------------------------------------

    def checked(self) -> Item:
        """The full check of the onnx package, with strict inference of shapes."""
        import onnx

        item = Item("ONNX checker", "full check, opset 20")
        try:
            onnx.checker.check_model(self.path, full_check=True)
        except Exception as error:  # of several types, that the package does not document
            item.findings.append(self.finding(f"the ONNX checker says: {shown(str(error), limit=500)}"))
        return item

    def shapes(self, proto: "onnx.ModelProto") -> Item:
        """What the onnx package infers of every tensor, without being told ours."""
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

    def initialisers(self, proto: "onnx.ModelProto") -> Item:
        """Every weight, byte for byte as in PyTorch's state_dict."""
        import onnx

        weights = [tensor for tensor in proto.graph.initializer if "/" not in tensor.name]
        item = Item("ONNX weights", f"{len(weights):,} initialisers, byte for byte as in the state_dict")
        if self.module is None:
            return Item(item.name, self.missing, ran=False)
        state = self.module.state_dict()
        for tensor in weights:
            if tensor.name not in state:
                item.findings.append(
                    self.finding(f"PyTorch has no weight `{shown(tensor.name)}`", tensor.name)
                )
                continue
            theirs = state[tensor.name].numpy()
            ours = onnx.numpy_helper.to_array(tensor, self.folder.name)
            if ours.shape != theirs.shape or ours.tobytes() != theirs.tobytes():
                message = f"`{shown(tensor.name)}` has other values than in PyTorch"
                item.findings.append(self.finding(message, tensor.name))
        return item

    # --- running it ------------------------------------------------------------------------------------

    def runs(self) -> Iterator[Item]:
        """What ONNX Runtime computes, as written and after all of its optimisations, against PyTorch."""
        name = "ONNX Runtime"
        try:
            import onnxruntime
        except ImportError:
            yield Item(name, "this needs ONNX Runtime: install `onnxruntime`", ran=False)
            return
        if self.module is None:
            yield Item(name, self.missing, ran=False)
            return
        cases = [self._case(batch) for batch in (BATCHES if self.model.fixed_batch is None else (0,))]
        levels = onnxruntime.GraphOptimizationLevel
        for label, level in (("as written", levels.ORT_DISABLE_ALL), ("optimised", levels.ORT_ENABLE_ALL)):
            yield self._run(f"{name}, {label}", level, cases)

    def _case(self, batch: int) -> tuple[dict[str, Any], list[Any]]:
        """Random inputs, and what the module makes of them."""
        import torch

        assert self.module is not None  # noqa: S101 — asked for only where there is one
        generator = torch.Generator().manual_seed(batch)
        inputs = {
            name: torch.randn(
                [dim if isinstance(dim, int) else batch for dim in type_.shape], generator=generator
            )
            for name, type_ in self.model.inputs.items()
        }
        with torch.no_grad():
            outputs = self.module(*inputs.values())
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        return {name: tensor.numpy() for name, tensor in inputs.items()}, [
            tensor.numpy() for tensor in outputs
        ]

    def _run(self, name: str, level: Any, cases: list[tuple[dict[str, Any], list[Any]]]) -> Item:
        import numpy as np
        import onnxruntime

        batches = " and ".join(str(len(next(iter(inputs.values())))) for inputs, _ in cases)
        item = Item(name, f"outputs as PyTorch's, at batch size {batches}")
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level, options.log_severity_level = level, 4
        try:
            session = onnxruntime.InferenceSession(self.path, options, providers=["CPUExecutionProvider"])
            results = [session.run(None, inputs) for inputs, _ in cases]
        except Exception as error:  # each failure has a type of its own
            item.findings.append(self.finding(f"ONNX Runtime says: {shown(str(error), limit=500)}"))
            return item
        names = [output.name for output in session.get_outputs()]
        for ours, (_, theirs) in zip(results, cases, strict=True):
            for output, mine, other in zip(names, ours, theirs, strict=True):
                scale = float(np.nan_to_num(np.abs(other)).max(initial=0.0))
                if mine.shape != other.shape:
                    message = (
                        f"`{output}` is {_text(mine.shape)} in ONNX Runtime, {_text(other.shape)} in PyTorch"
                    )
                elif not np.allclose(mine, other, rtol=RELATIVE, atol=ABSOLUTE * scale, equal_nan=True):
                    worst = float(np.nan_to_num(np.abs(mine - other), nan=np.inf).max())
                    message = f"`{output}` differs by {worst:.3g} from PyTorch's, whose largest value is {scale:.3g}"
                else:
                    continue
                item.findings.append(self.finding(message, output))
        return item


def _shape(info: "onnx.ValueInfoProto") -> tuple[int | str, ...]:
    """The shape of a value; a size that is not known is a text."""
    return tuple(
        dim.dim_value if dim.HasField("dim_value") else dim.dim_param or "?"
        for dim in info.type.tensor_type.shape.dim
    )


def _agree(ours: int | str, theirs: int | str) -> bool:
    """Whether a size is what was inferred; of a free one only that it is free, for its name is no matter."""
    return ours == theirs or isinstance(theirs, str)


def _text(shape: tuple[int | str, ...]) -> str:
    return "×".join(map(str, shape)) or "scalar"
