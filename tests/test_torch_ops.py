"""Every example of every op, as PyTorch source in all its forms, against the example's own PyTorch."""

import json
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from op_examples import CASES, make, name_case, types
from torch import Tensor, nn

import archspec
from archspec import ops
from archspec.backends.torch_module import build
from archspec.ops import Example, Op
from archspec.ops.core.checks import sizes

VALID = [
    (op, example) for op, example in CASES
    if example.valid and not any(isinstance(dim, str) for shape in example.inputs for dim in shape[1:])
]  # fmt: skip
FORMS = ("named", "by position", "in a chain", "in a block")


def spec_of(op: type[Op], example: Example, form: str) -> str:
    """A network of one node: as a module with a name, as a function, in an `nn.Sequential`, in a class."""
    inputs = [{"name": f"in{index}", "shape": list(shape)} for index, shape in enumerate(example.inputs)]
    node: dict[str, Any] = {"op": op.name, **example.fields}
    if inputs:
        node["from"] = [item["name"] for item in inputs]
    if form == "named" or op.is_parameter:
        node["name"] = "node"
    elif form == "in a chain":
        del node["from"]
        node = {"name": "node", "from": inputs[0]["name"], "layers": [node]}
    blocks = {}
    if form == "in a block":
        node["from"] = ["input", *(item["name"] for item in inputs[1:])]
        names = ["input", *(item["name"] for item in inputs[1:])]
        blocks["unit"] = {"inputs": names, "layers": [node]}
        node = {"name": "node", "op": "unit", "from": [item["name"] for item in inputs]}
    # so that there is an `N` in any case, and a name for what comes out of a node without one
    model: dict[str, Any] = {"inputs": [*inputs, {"name": "batch", "shape": ["N"]}], "layers": [node]}
    if form in ("named", "by position"):
        parts = len(make(op, example).outputs(types(example)))
        node["as"] = "value"
        model["outputs"] = ["value"] if parts == 1 else [f"value.{part}" for part in range(parts)]
    spec = {"archspec": 1, "model": model}
    return json.dumps({**spec, "blocks": blocks} if blocks else spec)


def applies(op: type[Op], example: Example, form: str) -> bool:
    """Whether an op can take the form: a chain has one value, a parameter needs its name."""
    if form == "named":
        return True
    if form == "by position":
        return not op.is_parameter
    if op.name == "expand" and "N" in example.fields["shape"] and "N" not in example.inputs[0]:
        return False  # the size of the batch is not to be seen there: AS702
    single = len(example.inputs) == 1 and len(make(op, example).outputs(types(example))) == 1
    return (single or form == "in a block") and op.is_module and not op.is_parameter and op.name != "split"


def oracle_of(example: Example, batch: int) -> Any:
    names = {"torch": torch, "nn": nn, "F": F, "N": batch}
    return eval(example.torch, names)  # noqa: S307 — text from our op classes


def module_in(oracle: Any) -> nn.Module | None:
    candidates = [oracle, *(getattr(oracle, "__defaults__", None) or ())]
    return next((value for value in candidates if isinstance(value, nn.Module)), None)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("op", "example"), VALID, ids=name_case)
def test_agrees_with_torch(op: type[Op], example: Example, form: str) -> None:
    if not applies(op, example, form):
        return
    ours = build(archspec.load("example.json", source=spec_of(op, example, form))).eval()
    for batch in (1, 3):
        oracle = oracle_of(example, batch)
        theirs = module_in(oracle)
        if theirs is not None:
            theirs.eval()
            copy_weights(theirs, ours)
        torch.manual_seed(batch)
        inputs = [
            torch.randn([batch if isinstance(dim, str) else dim for dim in shape]) for shape in example.inputs
        ]
        want, got = oracle(*inputs), ours(*inputs, torch.zeros(batch))
        for left, right in zip(listed(got), listed(want), strict=True):
            if "trunc_normal" in example.torch:
                assert left.shape == right.shape
            else:
                torch.testing.assert_close(left, right, rtol=1e-5, atol=1e-5, equal_nan=True)


def listed(value: Any) -> list[Tensor]:
    return [value] if isinstance(value, Tensor) else list(value)


def copy_weights(theirs: nn.Module, ours: nn.Module) -> None:
    """Random weights for both; the keys differ in what is in front of them."""
    state = theirs.state_dict()
    for tensor in state.values():
        if tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5)
    keys = list(ours.state_dict())
    assert len(keys) == len(state)
    ours.load_state_dict(dict(zip(keys, state.values(), strict=True)))


@pytest.mark.parametrize(("op", "example"), VALID, ids=name_case)
def test_initial_values_are_those_of_torch(op: type[Op], example: Example) -> None:
    """Where the spec asks for nothing else: the same random numbers from the same seed."""
    theirs_source = example.torch
    if "init" in example.fields or op.is_parameter or not make(op, example).weights(types(example)):
        return
    torch.manual_seed(5)
    theirs = module_in(oracle_of(example, 1))
    assert theirs is not None, theirs_source
    torch.manual_seed(5)
    ours = build(archspec.load("example.json", source=spec_of(op, example, "named")))
    for left, right in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True):
        assert torch.equal(left, right)


@pytest.mark.parametrize(
    ("padding", "kernel", "stride", "size"),
    [
        ({"bottom": 1, "right": 1}, 2, 2, (7, 9)),
        ({"top": 1}, 3, 2, (8, 7)),
        ({"left": 1, "bottom": 1}, [2, 3], [3, 2], (9, 11)),
        ("same_upper", 3, 2, (8, 11)),
        ("same_lower", 2, 2, (7, 8)),
        ({"right": 1}, 2, 3, (6, 6)),
        ({"bottom": 1}, 3, 3, (9, 10)),
    ],
)
@pytest.mark.parametrize("ceil", [False, True])
@pytest.mark.parametrize("pool", ["maxpool", "avgpool", "avgpool_real"])
def test_uneven_padding_of_pools(
    padding: Any, kernel: Any, stride: Any, size: Any, ceil: bool, pool: str
) -> None:
    """By definition: per window the maximum, or the sum over the number of elements that count."""
    fields = {"kernel": kernel, "stride": stride, "padding": padding, "ceil": ceil}
    if pool == "avgpool_real":
        fields["count_include_pad"] = False
    op = ops.lookup(pool.partition("_")[0])
    assert op is not None
    made = op.model_validate(
        {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    )
    node = {"op": op.name, **fields}
    model = {"input": ["N", 2, *size], "layers": [node]}
    ours = build(archspec.load("p.json", source=json.dumps({"archspec": 1, "model": model})))
    x = torch.randn(2, 2, *size)
    types_ = (archspec.load("p.json", source=json.dumps({"archspec": 1, "model": model})).root.inputs[0],)
    rows, columns = made.windows(types_)
    height, width = sizes((rows.count, columns.count))
    want = torch.empty(2, 2, height, width)
    for i in range(height):
        for j in range(width):
            (top, bottom, high), (left, right, wide) = (
                span(window, index) for window, index in ((rows, i), (columns, j))
            )
            inside = x[:, :, top:bottom, left:right]
            if pool == "maxpool":
                want[:, :, i, j] = inside.amax((2, 3))
            else:
                number = high * wide if pool == "avgpool" else inside.shape[2] * inside.shape[3]
                want[:, :, i, j] = inside.sum((2, 3)) / number
    torch.testing.assert_close(ours(x), want)


def span(window: Any, index: int) -> tuple[int, int, int]:
    """The elements that a window sees, and how many places it has inside the padded input."""
    start = index * window.stride - window.before
    stop = min(start + window.kernel, window.n + window.after)
    return max(start, 0), min(stop, window.n), stop - start
