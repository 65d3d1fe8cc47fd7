"""What autograd keeps of random networks, in which values share storages, against what it really keeps."""

import json
from collections import Counter
from random import Random
from typing import Any
from weakref import WeakSet

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

import archspec
from archspec import Model
from archspec.analysis.memory import memory

Shape = tuple[int | str, ...]
NodeSpec = dict[str, Any]


class Held:
    """A tensor that autograd keeps, as long as it does."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


def trimmed(_module: Any, _inputs: Any, output: Tensor) -> Tensor:
    """The output in a storage of its own size: on CPUs ATen's slow_conv_transpose3d allocates as much as its input has."""
    return output.clone()


def kept(module: Any, *inputs: Tensor) -> int:
    """Bytes of the storages that autograd keeps when a call has returned, weights and inputs excluded."""
    held: WeakSet[Held] = WeakSet()

    def pack(tensor: Tensor) -> Held:
        holder = Held(tensor.detach())
        held.add(holder)
        return holder

    hooks = [m.register_forward_hook(trimmed) for m in module.modules() if isinstance(m, nn.ConvTranspose3d)]
    threads = torch.get_num_threads()
    # A single thread alone has another way to convolve volumes with kernels of 1, which does not keep channels last.
    torch.set_num_threads(max(threads, 2))
    try:
        with saved_tensors_hooks(pack, lambda holder: holder.tensor):
            result = module(*inputs)
    finally:
        torch.set_num_threads(threads)
    for hook in hooks:
        hook.remove()
    outside = {t.untyped_storage()._cdata for t in (*module.parameters(), *module.buffers(), *inputs)}
    storages = [holder.tensor.untyped_storage() for holder in held]
    found = {storage._cdata: storage.nbytes() for storage in storages if storage._cdata not in outside}
    del result
    return sum(found.values())


def check(model: Model, batch: int) -> None:
    """The bytes are those of the module, on random inputs."""
    torch.manual_seed(1)
    inputs = [
        torch.rand([batch if isinstance(dim, str) else dim for dim in x.shape]) for x in model.root.inputs
    ]
    module = archspec.build(model).train()
    assert memory(model.root, batch=batch).training.activations == kept(module, *inputs)


# --- random networks -----------------------------------------------------------------------------------


def size(shape: Shape, axis: int) -> int:
    found = shape[axis]
    return found if isinstance(found, int) else 1


PLAIN = [
    *(
        "relu",
        "relu6",
        "silu",
        "sigmoid",
        "tanh",
        "gelu",
        "softplus",
        "softsign",
        "hardswish",
        "identity",
        "elu",
    ),
    *("prelu", "dropout", "softmax", "log_softmax", "leaky_relu"),
]


def on_any(random: Random, shape: Shape) -> NodeSpec:
    """An op for every rank."""
    axis = random.randrange(1, len(shape))
    last = size(shape, -1)
    return random.choice(
        [
            {"op": random.choice(PLAIN)},
            {"op": random.choice(["relu", "identity"]), "name": "named"},
            {"op": "dropout", "p": random.choice([0.0, 0.3])},
            {
                "op": "stochastic_depth",
                "p": random.choice([0.0, 0.3]),
                "mode": random.choice(["row", "batch"]),
            },
            {"op": "linear", "out": random.randint(1, 7), "bias": random.random() < 0.5},
            {"op": "layernorm", "elementwise_affine": random.random() < 0.7},
            {"op": "layernorm", "axis": 1},
            {"op": "slice", "axis": axis, "start": random.randint(0, 2), "stride": random.randint(1, 2)},
            {"op": "permute", "axes": [0, *random.sample(range(1, len(shape)), len(shape) - 1)]},
            {"op": "permute", "axes": [0, *range(2, len(shape)), 1]},
            {"op": "reshape", "shape": ["N", -1, last]},
            {"op": "reshape", "shape": ["N", size(shape, 1), -1]},
            {"op": "reshape", "shape": ["N", *shape[2:], shape[1]]},
            {"op": "rmsnorm", "elementwise_affine": random.random() < 0.7},
            {"op": "rmsnorm", "axis": 1},
            {"op": "normalize", "axis": axis},
            {"op": "glu", "axis": axis},
            {
                "op": "roll",
                "shifts": [1, random.choice([-1, 0])][: len(shape) - 2],
                "axes": [1, 2][: len(shape) - 2],
            },
            {"op": "flatten", "start": random.choice([1, 2]), "stop": random.choice([-1, -2])},
            {"op": random.choice(["reduce_mean", "reduce_max", "reduce_sum"]), "axes": axis, "keepdim": True},
            {"op": "expand", "shape": [-1, *(random.randint(1, 4) if dim == 1 else -1 for dim in shape[1:])]},
            {
                "op": "batchnorm",
                "track_running_stats": random.random() < 0.7,
                "affine": random.random() < 0.7,
            },
            {"op": "groupnorm", "groups": random.choice([1, 2, 3]), "affine": random.random() < 0.7},
        ]
    )


def on_images(random: Random, shape: Shape) -> NodeSpec:
    """An op for spatial axes."""
    kernel, stride, side = random.randint(1, 3), random.randint(1, 2), random.randint(0, 1)
    sides = random.choice([side, {"left": side, "right": 1}])
    sequence = len(shape) == 3
    return random.choice(
        [
            {"op": "conv", "out": random.randint(1, 6), "kernel": kernel, "stride": stride, "padding": sides},
            {"op": "conv", "out": random.randint(1, 6), "kernel": 1, "bias": False},
            {"op": "conv_transpose", "out": random.randint(1, 4), "kernel": kernel, "stride": stride},
            {"op": "maxpool", "kernel": 2, "stride": stride, "padding": sides},
            {"op": "avgpool", "kernel": 2, "padding": sides, "count_include_pad": random.random() < 0.5},
            {"op": "adaptive_avgpool", "size": random.randint(1, 3)},
            {"op": "adaptive_maxpool", "size": random.randint(1, 3)},
            {"op": "lppool", "norm_type": 2, "kernel": 2},
            {"op": random.choice(["global_avgpool", "global_maxpool"])},
            {
                "op": "instancenorm",
                "affine": random.random() < 0.5,
                "track_running_stats": random.random() < 0.5,
            },
            {"op": "crop", "size": random.randint(1, 4)},
            {
                "op": "pad",
                "padding": sides,
                "mode": random.choice(["constant", "reflect", "replicate", "circular"]),
            },
            {"op": "upsample", "scale": 2, "mode": random.choice(["nearest", "linear"])},
            {"op": "channel_shuffle", "groups": 2},
            {"op": "attention", "heads": random.choice([1, 2])}
            if sequence
            else {"op": "pixel_unshuffle", "scale": 2},
            {"op": "attention", "heads": 1, "p": random.choice([0.2, 1.0])}
            if sequence
            else {"op": "pixel_shuffle", "scale": 2},
            {"op": "lrn", "size": random.randint(1, 3)},
        ]
    )


def joining(random: Random, names: list[str]) -> NodeSpec:
    """A join of earlier values, the input among them."""
    count = random.choice([2, 2, 3])
    return {
        "op": random.choice(["mul", "max", "add", "sub", "concat"]),
        "from": random.choices(names, k=count),
    }


def parts(random: Random, name: str, sections: int, axis: int) -> list[NodeSpec]:
    split = {"name": name, "op": "split", "sections": sections, "axis": axis}
    return [split, {"op": random.choice(["relu", "identity", "selu"]), "from": f"{name}.{sections - 1}"}]


def wiring(random: Random, name: str, shape: Shape) -> list[NodeSpec]:
    """Nodes inside others: a named group, a residual, a learnt scale, shared weights."""
    inner = [on_any(random, shape), on_any(random, shape)]
    scale = {"name": f"{name}p", "op": "param", "shape": [size(shape, -1)]}
    conv = {"name": name, "op": "linear", "out": size(shape, -1)}
    return random.choice(
        [
            [{"name": name, "layers": inner}],
            [{"op": "residual", "layers": inner[:1]}],
            [{"op": "mul", "branches": [[], scale]}],
            [{"name": name, "repeat": 2, "layers": inner[:1]}],
            [conv, {"op": "reuse", "of": name}],
        ]
    )


def loaded(nodes: list[NodeSpec], shape: Shape) -> Model | None:
    spec = {"archspec": 1, "model": {"input": list(shape), "layers": nodes}}
    try:
        return archspec.load("spec.json", source=json.dumps(spec))
    except archspec.SpecError:
        return None


def addition(random: Random, place: int, shape: Shape, labels: list[str]) -> list[NodeSpec]:
    """Nodes that may fit behind a value of this shape."""
    kind = random.choices(["any", "images", "join", "split", "wiring"], weights=(8, 10, 4, 2, 3))[0]
    if kind == "join":
        return [joining(random, ["x", *labels[-4:]])]
    if kind == "split":
        return parts(random, f"s{place}", 2, random.randrange(1, len(shape)))
    if kind == "wiring":
        return wiring(random, f"g{place}", shape)
    return [on_images(random, shape) if kind == "images" and len(shape) > 2 else on_any(random, shape)]


def network(seed: int) -> Model:
    """A network of nodes that fit, each with a label by which later ones find its value."""
    random = Random(seed)
    start: Shape = random.choice(
        [("N", 4, 6, 7), ("N", 4, 6, 7), ("N", 3, 5), ("N", 4, 8), ("N", 2, 3, 4, 5)]
    )
    nodes: list[NodeSpec] = []
    labels = ["input"]
    model = None
    for place in range(random.randint(3, 9)):
        shape = model.outputs[0].shape if model else start
        made = addition(random, place, shape, labels)
        if made[-1].get("name") == "named":
            made[-1]["name"] = f"m{place}"
        made[-1]["as"] = f"v{place}"
        grown = loaded([*nodes, *made], start)
        if grown is not None:
            nodes, model = [*nodes, *made], grown
            labels.append(f"v{place}")
    return model or network(seed + 1_000_000)


@pytest.mark.parametrize("seed", range(150))
def test_random_networks_keep_what_autograd_keeps(seed: int) -> None:
    model = network(seed)
    try:
        check(model, batch=1 + seed % 3)
    except ValueError as error:  # a norm of a single value, which has no variance
        assert str(error).startswith("Expected more than 1")
    except RuntimeError as error:  # of volumes, `F.local_response_norm` wants a view where there may be none
        assert str(error).startswith("view size is not compatible")
        assert any(row.kind == "lrn" and row.module.inputs[0].rank == 5 for row in model.modules())


def test_no_op_is_left_out() -> None:
    """The random networks have every op in which values share storages, many times."""
    found = Counter(row.kind for seed in range(150) for row in network(seed).modules())
    for op in (
        "identity",
        "crop",
        "slice",
        "split",
        "reshape",
        "permute",
        "expand",
        "flatten",
        "mul",
        "attention",
    ):
        assert found[op] >= 5, op


# --- single rules --------------------------------------------------------------------------------------

STEM = '{ op = "conv", out = 6, kernel = 1 }'
MEMORY = '{ name = "m", op = "linear", out = 6 }, { op = "linear", out = 6 }'
RULES = [
    # what it shows, layers, input, bytes at batch 1
    (
        "a crop that a norm copies",
        '{ repeat = 2, layers = [{ op = "instancenorm", affine = true }, { op = "crop", size = [1, 2] }] }',
        '"N", 3, 8, 11',
        96,
    ),
    (
        "a crop is a view",
        f'{STEM}, {{ op = "crop", size = 2 }}, "silu", {{ op = "crop", size = 1 }}',
        '"N", 3, 8, 11',
        4 * 6 * 88,
    ),
    (
        "identity is its input",
        f'{STEM}, {{ name = "same", op = "identity" }}, "selu"',
        '"N", 6, 12, 5',
        4 * 6 * 60,
    ),
    (
        "nobody asks for the noise",
        f'{STEM}, {{ name = "same", op = "identity" }}, "dropout", {{ op = "selu", from = "same" }}',
        '"N", 6, 12, 5',
        4 * 6 * 60,
    ),
    (
        "channels next to each other",
        '{ op = "layernorm", axis = 1 }, "relu", { op = "linear", out = 1 }',
        '"N", 3, 8, 13',
        3328,
    ),
    ("no gradient for the input", f'{STEM}, {{ op = "mul", from = ["input", "x"] }}', '"N", 6, 17', 0),
    (
        "a factor for the gradient of the other",
        f'{STEM}, {{ op = "mul", from = ["input", "x", "input"] }}',
        '"N", 6, 17',
        0,
    ),
    (
        "both for the mask of a maximum",
        f'{STEM}, {{ op = "max", from = ["input", "x"] }}',
        '"N", 6, 17',
        4 * 6 * 17,
    ),
    ("nothing to differentiate", '"tanh", "softmax", { op = "maxpool", kernel = 2 }', '"N", 6, 17', 0),
    (
        "two parts of one storage",
        f'{STEM}, {{ name = "s", op = "split", sections = 2 }}, {{ op = "mul", from = ["s.0", "s.1"] }}',
        '"N", 6, 17',
        4 * 6 * 17,
    ),
    (
        "norms of the batch",
        f'{STEM}, {{ op = "batchnorm", track_running_stats = false }}',
        '"N", 6, 17',
        4 * (6 * 17 + 2 * 6),
    ),
    (
        "keys that are values",
        f'{MEMORY}, {{ op = "attention", heads = 2, from = ["x", "m", "m"] }}',
        '"N", 7, 6',
        1064,
    ),
    (
        "keys that are queries",
        f'{MEMORY}, {{ op = "attention", heads = 2, from = ["m", "m", "m"] }}',
        '"N", 7, 6',
        896,
    ),
    (
        "queries that are keys, but not values",
        f'{MEMORY}, {{ op = "attention", heads = 2, from = ["m", "m", "x"] }}',
        '"N", 7, 6',
        1064,
    ),
    (
        "queries with dropout",
        f'{MEMORY}, {{ op = "attention", heads = 2, p = 0.5, from = ["m", "m"] }}',
        '"N", 7, 6',
        2352,
    ),
    (
        "a linear layer copies",
        f'{STEM}, {{ op = "permute", axes = [0, 2, 1] }}, {{ op = "linear", out = 3 }}',
        '"N", 6, 17',
        4 * 6 * 17,
    ),
]


@pytest.mark.parametrize(
    ("layers", "shape", "expected"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES]
)
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_rules(layers: str, shape: str, expected: int, batch: int) -> None:
    text = f"archspec = 1\n[model]\ninput = [{shape}]\nlayers = [{layers}]\n"
    model = archspec.load("spec.toml", source=text)
    check(model, batch)
    if batch == 1:
        assert memory(model.root).training.activations == expected


VOLUMES = [
    'op = "conv", kernel = 1',
    'op = "conv", kernel = 1, groups = 2',
    'op = "conv", kernel = [3, 4, 4]',
    'op = "conv", kernel = [4, 4, 3]',
    'op = "conv", kernel = 2, padding = "same_upper"',
    'op = "conv_transpose", kernel = 3',
    'op = "conv_transpose", kernel = 4',
]


@pytest.mark.parametrize("op", VOLUMES)
@pytest.mark.parametrize(
    ("size", "batch"), [("4, 6, 7, 5", 1), ("4, 6, 7, 5", 2), ("64, 17, 18, 5", 1), ("64, 18, 18, 5", 1)]
)
def test_channels_last_volumes_are_convolved_in_two_ways(op: str, size: str, batch: int) -> None:
    """A product with a matrix then keeps a copy of them or none."""
    text = (
        f'archspec = 1\n[model]\ninput = ["N", {size}]\nlayers = [{{ op = "rmsnorm", axis = 1, elementwise_affine = false }}, '
        f'{{ {op}, out = 6 }}, {{ op = "tanh", as = "t" }}, '
        '{ name = "m", op = "param", shape = ["t.width", 3] }, { op = "matmul", from = ["t", "x"] }]\n'
    )
    check(archspec.load("net.toml", source=text), batch)
