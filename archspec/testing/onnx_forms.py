"""An op in ONNX: the checker of the onnx package, and what ONNX Runtime computes beside the PyTorch module."""

from typing import TYPE_CHECKING, Any

from archspec.api import load
from archspec.backends.onnx import model_of
from archspec.backends.options import Options
from archspec.backends.torch.importing import import_torch
from archspec.backends.torch.module import build
from archspec.model import Model
from archspec.ops import Example, Op
from archspec.testing.cases import check, same, spec_of
from archspec.testing.torch_forms import listed

if TYPE_CHECKING:
    from onnx import ModelProto
    from torch import Tensor, nn

OPSETS = (18, 20, 22, 24)
"""The versions of ONNX's operators that are tried."""


def levels() -> tuple[Any, Any]:
    """As the model is written, and as ONNX Runtime optimises it."""
    from onnxruntime import GraphOptimizationLevel

    return (GraphOptimizationLevel.ORT_DISABLE_ALL, GraphOptimizationLevel.ORT_ENABLE_ALL)


def session(model: "ModelProto | str", level: Any = None) -> Any:
    """A model, or the file of one, in ONNX Runtime; optimised, unless `level` says otherwise."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = levels()[1] if level is None else level
    options.log_severity_level = 4
    source = model if isinstance(model, str) else model.SerializeToString()
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def weights_of(proto: "ModelProto") -> "dict[str, Tensor]":
    """The weights of the network in a model, by their keys."""
    from onnx import numpy_helper

    torch = import_torch()
    initializers = (tensor for tensor in proto.graph.initializer if "/" not in tensor.name)
    return {tensor.name: torch.tensor(numpy_helper.to_array(tensor)) for tensor in initializers}


def randomise(proto: "ModelProto") -> None:
    """Give norms other statistics and factors than 0 and 1, which hide errors: all vectors are drawn anew."""
    import numpy as np

    generator = np.random.default_rng(0)
    for tensor in proto.graph.initializer:
        if "/" not in tensor.name and len(tensor.dims) == 1:
            tensor.raw_data = generator.uniform(0.5, 1.5, tensor.dims).astype(np.float32).tobytes()


def module_with(model: Model, proto: "ModelProto") -> "nn.Module":
    """The PyTorch module with the weights of the ONNX model. Counters, and what is not in it, stay as they are."""
    module = build(model).eval()
    weights = weights_of(proto)
    state = module.state_dict()
    check(
        set(weights) <= set(state),
        f"of the weights {[*weights]} of the ONNX model, the module has {[*state]}",
    )
    module.load_state_dict({key: weights.get(key, value) for key, value in state.items()})
    return module


def agree(model: Model, *, batches: tuple[int, ...] = (1, 3), **options: Any) -> "ModelProto":
    """The full check, then what ONNX Runtime computes as written and optimised, against PyTorch."""
    import onnx

    torch = import_torch()
    proto = model_of(model, Options(**options))
    derived = options.get("fold_bn") or options.get("for_")
    if not derived:
        randomise(proto)
    onnx.checker.check_model(proto, full_check=True)
    module = module_with(model, proto) if not derived else module_with(model, model_of(model))
    runs = [session(proto, level) for level in levels()]
    names = [item.name for item in runs[0].get_inputs()]
    same("the inputs of the ONNX model", names, list(model.inputs))
    for batch in batches if model.fixed_batch is None else (model.fixed_batch,):
        torch.manual_seed(batch)
        inputs = [
            torch.randn([dim if isinstance(dim, int) else batch for dim in type_.shape])
            for type_ in model.inputs.values()
        ]
        with torch.no_grad():
            wanted = [value.detach().numpy() for value in listed(module(*inputs))]
        feed = dict(zip(names, (value.numpy() for value in inputs), strict=True))
        for run in runs:
            close(run.run(None, feed), wanted)
    return proto


def close(ours: list[Any], theirs: list[Any]) -> None:
    """The same up to rounding in single precision; where PyTorch has no number, neither have we."""
    import numpy as np

    for mine, other in zip(ours, theirs, strict=True):
        same("the shape in ONNX Runtime", mine.shape, other.shape)
        scale = float(np.nan_to_num(np.abs(other), posinf=0).max(initial=0.0))
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5 * scale, equal_nan=True)


def form(op: type[Op], example: Example, where: str, opset: int = 20) -> None:
    """The op in one of the forms of a spec: in a block it is in a function of the model."""
    model = load("example.json", source=spec_of(op, example, where))
    agree(model, opset=opset, functions=where == "in a block", batches=(1, 3) if where == "named" else (3,))


def for_inference(op: type[Op], example: Example, where: str) -> None:
    """No step is left that only rearranges a weight, in the graph or in a function."""
    model = load("example.json", source=spec_of(op, example, where))
    proto = agree(model, for_="inference", functions=where == "in a block", batches=(3,))
    weights = {tensor.name for tensor in proto.graph.initializer if not tensor.name.startswith("/")}
    steps = [*proto.graph.node, *(step for function in proto.functions for step in function.node)]
    made = {value for step in steps for value in step.output}
    for step in steps:
        if step.op_type in ("Transpose", "Split", "Unsqueeze", "Reshape") and step.input[0] not in made:
            # an input of the model or of the function
            given = step.input[0] not in weights and step.input[0].startswith(("in", "x"))
            check(given, f"`{step.op_type}` of the weight `{step.input[0]}` is left in a model for inference")


def half_precision(op: type[Op], example: Example, opset: int) -> None:
    """Of small and of large numbers, since runtimes write out what they have no kernel of 16 bits for."""
    import numpy as np

    torch = import_torch()
    model = load("example.json", source=spec_of(op, example, "named"))
    proto = model_of(model, Options(dtype="float16", opset=opset))
    module, run = module_with(model, proto), session(proto)
    for scale in (1e-3, 100.0):
        torch.manual_seed(1)
        shapes = [
            [dim if isinstance(dim, int) else 3 for dim in type_.shape] for type_ in model.inputs.values()
        ]
        inputs = [(scale * torch.randn(shape)).half() for shape in shapes]
        with torch.no_grad():
            wanted = listed(module(*(value.float() for value in inputs)))
        feed = {name: value.numpy() for name, value in zip(model.inputs, inputs, strict=True)}
        for ours, theirs in zip(run.run(None, feed), wanted, strict=True):
            rounded = theirs.detach().half().numpy()
            largest = float(np.abs(rounded[np.isfinite(rounded)]).max(initial=0))
            np.testing.assert_allclose(ours, rounded, rtol=0.02, atol=0.002 * largest + 1e-7)
