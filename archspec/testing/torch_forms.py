"""An op against the PyTorch of its examples: shapes, weights and MACs, and the source that is generated for it."""

from importlib.abc import InspectLoader
from types import ModuleType
from typing import TYPE_CHECKING, Any

from archspec.api import load
from archspec.backends.torch.importing import import_torch
from archspec.backends.torch.module import build
from archspec.ops import Example, Op
from archspec.ops.core.checks import sizes
from archspec.testing.cases import check, make, same, spec_of, types

if TYPE_CHECKING:
    from torch import Tensor, nn


class _Oracle(InspectLoader):
    """The PyTorch of an example as a module with the function `oracle`, which makes it for a batch size `N`."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get_source(self, fullname: str) -> str:
        """The text of the module."""
        del fullname
        imports = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
        return f"{imports}\n\ndef oracle(N):\n    return (\n{self.text}\n)\n"


def oracle_of(example: Example, batch: int) -> Any:
    """The function, or the module, that an example stands for, at a batch size."""
    import_torch()
    loader = _Oracle(example.torch)
    module = ModuleType("example")
    loader.exec_module(module)
    return module.oracle(batch)


def modules_of(oracle: Any) -> "list[nn.Module]":
    """The modules that have the weights: the oracle itself, or the default arguments of a function around them."""
    torch = import_torch()
    candidates = [oracle, *(getattr(oracle, "__defaults__", None) or ())]
    return [value for value in candidates if isinstance(value, torch.nn.Module)]


def module_of(oracle: Any) -> "nn.Module | None":
    """The one module of an oracle, if it has one."""
    return next(iter(modules_of(oracle)), None)


def listed(value: Any) -> "list[Tensor]":
    """What a module returns, as a list."""
    return list(value) if isinstance(value, list | tuple) else [value]


def shapes(op: type[Op], example: Example, batch: int) -> None:
    """Outputs, weights and MACs are those of PyTorch on the meta device."""
    torch = import_torch()
    from torch.utils.flop_counter import FlopCounterMode

    ours, inputs = make(op, example), types(example)
    ours.fits(inputs)
    outputs = ours.outputs(inputs)

    def shape(type_: Any) -> list[int]:
        counts = zip(type_.shape, sizes(type_.shape), strict=True)
        return [batch * n if isinstance(dim, str) else n for dim, n in counts]

    oracle = oracle_of(example, batch)
    values = [torch.empty(shape(type_), device="meta") for type_ in inputs]
    module = module_of(oracle)
    if module is not None:
        module.to("meta").eval()
    with FlopCounterMode(display=False) as counter:
        result = listed(oracle(*values))
    same("the outputs", [shape(type_) for type_ in outputs], [list(value.shape) for value in result])
    same("the MACs", 2 * batch * ours.macs(inputs, outputs), counter.get_total_flops())
    weights(ours, example, module)


def weights(ours: Op, example: Example, module: "nn.Module | None") -> None:
    """The parameters and buffers are those of the module, in the order of its state_dict."""
    state = {} if module is None else module.state_dict()
    if "Sequential" in example.torch:
        state = {key.removeprefix("0.").removeprefix("1."): value for key, value in state.items()}
    said = {weight.name: weight for weight in ours.weights(types(example)) if weight.name}
    same("the weights", [*said], [*state])
    for key, value in state.items():
        same(f"`{key}`", said[key].shape, tuple(value.shape))
        same(f"`{key}` is floating", said[key].dtype == "float", value.is_floating_point())
    if module is not None:
        trained = {key for key, _ in module.named_parameters()}
        same(
            "the parameters",
            [not weight.buffer for weight in said.values()],
            [key in trained for key in module.state_dict()],
        )


def source(op: type[Op], example: Example, form: str, *, values: bool = True) -> None:
    """Generated source computes what the example's PyTorch computes, with the same random weights.

    Without `values` only shapes are compared, for what draws random numbers.
    """
    torch = import_torch()
    ours = build(load("example.json", source=spec_of(op, example, form))).eval()
    for batch in (1, 3):
        oracle = oracle_of(example, batch)
        theirs = module_of(oracle)
        if theirs is not None:
            theirs.eval()
            copy_weights(theirs, ours)
        torch.manual_seed(batch)
        inputs = [torch.randn([batch if isinstance(dim, str) else dim for dim in x]) for x in example.inputs]
        got, wanted = listed(ours(*inputs, torch.zeros(batch))), listed(oracle(*inputs))
        for left, right in zip(got, wanted, strict=True):
            if values:
                torch.testing.assert_close(left, right, rtol=1e-5, atol=1e-5, equal_nan=True)
            else:
                same("the outputs", left.shape, right.shape)


def copy_weights(theirs: "nn.Module", ours: "nn.Module") -> None:
    """Random weights for both; the keys differ in what is in front of them."""
    state = theirs.state_dict()
    for tensor in state.values():
        if tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5)
    keys = list(ours.state_dict())
    same("the number of weights in source", len(keys), len(state))
    ours.load_state_dict(dict(zip(keys, state.values(), strict=True)))


def initial_values(op: type[Op], example: Example) -> None:
    """The module starts with what PyTorch's starts with: the same random numbers from the same seed."""
    if "init" in example.fields or op.is_parameter or not make(op, example).weights(types(example)):
        return
    torch = import_torch()
    torch.manual_seed(5)
    theirs = module_of(oracle_of(example, 1))
    torch.manual_seed(5)
    ours = build(load("example.json", source=spec_of(op, example, "named")))
    if theirs is None:
        raise AssertionError("the op has weights, but there is no module in the example's PyTorch")
    pairs = zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True)
    for (key, left), right in pairs:
        check(torch.equal(left, right), f"`{key}` does not start with the values of PyTorch")
