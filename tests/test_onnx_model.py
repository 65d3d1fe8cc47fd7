"""ONNX models of whole networks: what they compute, what they are called, what is in them, and where."""

import copy
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import onnxslim
import pytest
import torch
from nets import MORE, NAMES, NETWORKS, SPECS, network, spec

import archspec
from archspec import Model, SpecError, UsageError
from archspec.backends.onnx import model_of
from archspec.backends.options import Options
from archspec.diagnostics.diagnostic import show_path
from archspec.language.document import Document
from archspec.testing.onnx_forms import agree, close, module_with, randomise, session

SMALL = [
    network(name, variant)
    for name, variant in (
        ("lenet", None),
        ("nin", None),
        ("googlenet", None),
        ("resnet", "resnet18"),
        ("resnet", "resnext50_32x4d"),
        ("densenet", "densenet121"),
        ("mobilenet_v2", None),
        ("squeezenet", "squeezenet1_1"),
        ("teaching/nin", None),
        ("teaching/densenet", None),
        ("teaching/googlenet", None),
        ("convnext", "convnext_tiny"),
        ("mobilenet_v3", "mobilenet_v3_small"),
        ("shufflenet_v2", "shufflenet_v2_x0_5"),
        ("small_unet", None),
    )
]
names = pytest.mark.parametrize(
    "model", SMALL, ids=lambda model: f"{model.network.document.name}-{model.name}"
)


def reduced(model: Model, size: int = 96) -> Model:
    """The network on smaller images: what is compared does not depend on their size."""
    shape = model.root.inputs[0].shape
    if len(shape) != 4 or not isinstance(shape[2], int) or shape[2] <= size:
        return model
    try:
        return archspec.load(model.file, model.variant, inputs={"input": (*shape[:2], size, size + 7)})
    except SpecError:  # the classifier wants its size
        return model


# --- options -------------------------------------------------------------------------------------------------


def blocks_of(document: Document) -> set[str]:
    """The names of the blocks of a file and of all its libraries."""
    libraries = [library for library in document.libraries.values() if library is not None]
    return set(document.blocks).union(*map(blocks_of, libraries))


@names
def test_functions_compute_the_same(model: Model) -> None:
    proto = agree(reduced(model), functions=True, batches=(2,))
    blocks = blocks_of(model.network.document)
    assert bool(proto.functions) == bool(blocks)
    assert {function.name.rsplit("_", 1)[0] for function in proto.functions} <= {
        part for name in blocks for part in (name, name.rsplit("_", 1)[0])
    }


def test_functions_are_written_once() -> None:
    proto = model_of(network("resnet", "resnet152"), Options(functions=True))
    # the first of the first stage widens, the others narrow: two forms for each of the four widths
    assert [function.name for function in proto.functions] == [
        "bottleneck",
        *(f"bottleneck_{number}" for number in range(2, 9)),
    ]
    calls = Counter(step.op_type for step in proto.graph.node)
    assert sum(calls[function.name] for function in proto.functions) == 3 + 8 + 36 + 3
    assert calls["bottleneck_6"] == 35
    assert [node.name for node in proto.graph.node if node.op_type == "bottleneck"] == ["layer1.0"]


def test_a_function_that_cannot_see_the_batch_is_written_in_place() -> None:
    blocks = '[blocks.token]\nlayers = [{ name = "t", op = "param", shape = [1, 1, 6] }, { op = "expand", shape = ["N", -1, -1] }]'
    text = f'archspec = 1\n[model]\ninput = ["N", 4, 6]\nlayers = [{{ op = "concat", branches = [{{ op = "token" }}, []] }}]\n{blocks}\n'
    proto = agree(archspec.load("token.toml", source=text), functions=True)
    assert not proto.functions


@pytest.mark.parametrize("functions", [False, True])
def test_a_batch_that_is_given_needs_no_shape(functions: bool) -> None:
    """`N` stands for it wherever the spec names it: in `expand`, in `reshape`, in an asserted shape."""
    text = """archspec = 1
    [model]
    input = ["N", 4, 6]
    layers = [
      { as = "tokens", op = "reshape", shape = ["N", 12, 2] },
      { name = "token", op = "param", shape = [1, 1, 2] }, { op = "expand", shape = ["N", -1, -1] },
      { op = "concat", axis = 1, from = ["x", "tokens"] }, { layers = ["tanh"], shape = ["N", 13, 2] },
    ]
    """
    model = archspec.load("token.toml", source=text, inputs={"input": (2, 4, 6)})
    proto = agree(model, functions=functions)
    assert [node.op_type for node in proto.graph.node] == ["Reshape", "Expand", "Concat", "Tanh"]
    free = agree(archspec.load("token.toml", source=text), functions=functions)
    assert "Shape" in {node.op_type for node in free.graph.node}


@names
def test_folded_norms_compute_the_same(model: Model) -> None:
    """With random statistics, through a file of weights."""
    agree(reduced(model), fold_bn=True, batches=(2,))


def test_folding_with_statistics(tmp_path: Path) -> None:
    layers = """[
      { name = "c", op = "conv", out = 6, kernel = 3, groups = 3, bias = false }, { name = "n", op = "batchnorm" },
      { name = "t", op = "conv_transpose", out = 8, kernel = 3, groups = 2 }, { name = "m", op = "batchnorm", affine = false },
      { name = "pool", op = "global_avgpool" }, "flatten",
      { name = "l", op = "linear", out = 5 }, { name = "o", op = "batchnorm", eps = 0.01 },
    ]"""
    model = spec(layers)
    proto = model_of(model)
    randomise(proto)
    module = module_with(model, proto)
    torch.save(module.state_dict(), tmp_path / "w.pt")
    archspec.export(model, str(tmp_path / "m.onnx"), weights=str(tmp_path / "w.pt"), fold_bn=True)
    folded = onnx.load(str(tmp_path / "m.onnx"))
    onnx.checker.check_model(folded, full_check=True)
    assert "BatchNormalization" not in {node.op_type for node in folded.graph.node}
    changed = [tensor.name for tensor in folded.graph.initializer]
    assert changed == ["c/weight", "c/bias", "t/weight", "t/bias", "l/weight", "l/bias"]
    x = torch.randn(3, 3, 8, 8)
    with torch.no_grad():
        close(session(folded).run(None, {"input": x.numpy()}), [module(x).numpy()])


def test_folding_of_norms_in_a_row(tmp_path: Path) -> None:
    """The first goes into the layer, whose weights then are others: the second stays."""
    model = spec(
        '[{ name = "c", op = "conv", out = 6, kernel = 3 }, { name = "n", op = "batchnorm" }, { name = "m", op = "batchnorm" }]'
    )
    proto = model_of(model)
    randomise(proto)
    module = module_with(model, proto)
    torch.save(module.state_dict(), tmp_path / "w.pt")
    archspec.export(model, str(tmp_path / "m.onnx"), weights=str(tmp_path / "w.pt"), fold_bn=True)
    folded = onnx.load(str(tmp_path / "m.onnx"))
    assert [node.name for node in folded.graph.node] == ["c", "m"]
    x = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        close(session(folded).run(None, {"input": x.numpy()}), [module(x).numpy()])


def test_folding_leaves_alone_what_others_read() -> None:
    """An output between layer and norm, a layer whose output goes two ways, weights that are used again."""
    layers = """[
      { name = "a", op = "conv", out = 4, kernel = 1 }, { name = "n1", op = "batchnorm" },
      { name = "b", op = "conv", out = 4, kernel = 1 }, { name = "n2", op = "batchnorm" },
      { op = "add", from = ["n2", "b"] },
      { name = "c", op = "conv", out = 4, kernel = 1 }, { name = "n3", op = "batchnorm" },
      { op = "reuse", of = "c" }, { name = "n4", op = "batchnorm" },
    ]"""
    text = f'archspec = 1\n[model]\ninput = ["N", 3, 8, 8]\noutputs = ["a", "n4"]\nlayers = {layers}\n'
    proto = agree(archspec.load("net.toml", source=text), fold_bn=True)
    kept = [node.name for node in proto.graph.node if node.op_type == "BatchNormalization"]
    assert kept == ["n1", "n2"]


# --- for inference -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("functions", [False, True])
def test_weights_for_inference_are_constants(functions: bool) -> None:
    """Of `linear` with more axes, of attention, of what is used again; and norms are folded."""
    layers = """[
      { name = "c", op = "conv", out = 6, kernel = 3, bias = false }, { name = "n", op = "batchnorm" },
      { op = "permute", axes = [0, 2, 3, 1] }, { name = "wide", op = "linear", out = 8, bias = false },
      { op = "flatten", start = 1, stop = 2 }, { name = "a", op = "attention", heads = 2 },
      { op = "reuse", of = "a" }, { name = "b", op = "tail" },
    ]"""
    blocks = '[blocks.tail]\nlayers = [{ name = "fc", op = "linear", out = 5 }]'
    proto = agree(spec(layers, blocks), for_="inference", functions=functions)
    weights = {
        tensor.name: tuple(tensor.dims)
        for tensor in proto.graph.initializer
        if not tensor.name.startswith("/")
    }
    assert weights == {
        "c/weight": (6, 3, 3, 3),
        "c/bias": (6,),
        "wide/weight": (6, 8),
        "a/in_proj_weight/0": (8, 8),
        "a/in_proj_weight/8": (8, 8),
        "a/in_proj_weight/16": (8, 8),
        "a/in_proj_bias/0": (8,),
        "a/in_proj_bias/8": (8,),
        "a/in_proj_bias/16": (8,),
        "a.out_proj/weight": (8, 8),
        "a.out_proj.bias": (8,),
        "b.fc/weight": (8, 5),
        "b.fc.bias": (5,),
    }
    assert not {step.op_type for step in proto.graph.node} & {"Split", "BatchNormalization"}
    named = {value.name for value in proto.graph.value_info}
    made = {value for step in proto.graph.node for value in step.output}
    assert named <= made


def test_a_weight_that_is_arranged_in_two_ways() -> None:
    """A part of it turned, and the same part again as it is."""
    layers = """[
      { name = "p", op = "param", shape = [4, 6] }, { as = "one", op = "split", sections = 2, axis = 0 },
      { as = "turned", op = "permute", axes = [1, 0], from = "one.0" },
      { as = "two", op = "split", sections = 2, axis = 0, from = "p" },
      { op = "add", from = ["input", "turned"] }, { op = "permute", axes = [0, 2, 1] }, { op = "add", from = ["x", "two.0"] },
    ]"""
    proto = agree(spec(layers, shape='["N", 6, 2]'), for_="inference")
    assert [step.op_type for step in proto.graph.node] == ["Add", "Transpose", "Add"]


@pytest.mark.parametrize("external", ["inline", "data", "safetensors"])
def test_a_network_for_inference_from_a_file(tmp_path: Path, external: str) -> None:
    model = network("convnext", "convnext_tiny", inputs={"input": ("N", 3, 32, 39)})
    proto = model_of(model)
    randomise(proto)
    module = module_with(model, proto)
    torch.save(module.state_dict(), tmp_path / "w.pt")
    file = str(tmp_path / "m.onnx")
    archspec.export(model, file, weights=str(tmp_path / "w.pt"), for_="inference", external=external)
    onnx.checker.check_model(file, full_check=True)
    x = torch.randn(2, 3, 32, 39)
    with torch.no_grad():
        close(session(file).run(None, {"input": x.numpy()}), [module(x).numpy()])


def test_quantisers_see_the_weights_for_inference(tmp_path: Path) -> None:
    """Integers of 8 bits take a quarter of the bytes; without the preset they would be left as they are."""
    from onnxruntime.quantization import quantize_dynamic

    layers = """[
      { name = "stem", op = "conv", out = 128, kernel = 4, stride = 4 },
      { op = "residual", repeat = 2, layers = [
        { op = "conv", out = 128, kernel = 7, padding = "half", groups = 128 }, { op = "permute", axes = [0, 2, 3, 1] },
        "layernorm", { op = "linear", out = 512 }, "gelu", { op = "linear", out = 128 },
        { op = "permute", axes = [0, 3, 1, 2] },
      ] },
      { op = "flatten", start = 2 }, { op = "permute", axes = [0, 2, 1] }, { op = "attention", heads = 4 },
    ]"""
    model = spec(layers, shape='["N", 3, 32, 32]')
    full, small = str(tmp_path / "m.onnx"), str(tmp_path / "q.onnx")
    archspec.export(model, full, for_="inference")
    quantize_dynamic(full, small)
    assert Path(small).stat().st_size < 0.28 * Path(full).stat().st_size
    x = {"input": np.random.default_rng(0).standard_normal((2, 3, 32, 32), np.float32)}
    (wanted,), (got,) = (session(file).run(None, x) for file in (full, small))
    np.testing.assert_allclose(got, wanted, atol=0.1 * np.abs(wanted).max())


DYNAMIC = [
    ("resnet", "resnet18"),
    ("densenet", "densenet121"),
    ("mobilenet_v2", None),
    ("squeezenet", "squeezenet1_0"),
    ("shufflenet_v2", "shufflenet_v2_x0_5"),
    ("mobilenet_v3", "mobilenet_v3_small"),
    ("convnext", "convnext_tiny"),
]


@pytest.mark.parametrize(("name", "variant"), DYNAMIC)
def test_free_height_and_width(name: str, variant: str | None) -> None:
    """One file, run at sizes that the spec does not give; every inferred size is a formula of height and width."""
    model = network(name, variant)
    proto = model_of(model, Options(dynamic=True, opset=22))
    randomise(proto)
    onnx.checker.check_model(proto, full_check=True)
    assert [dim.dim_param for dim in proto.graph.input[0].type.tensor_type.shape.dim][2:] == ["H", "W"]
    run = session(proto)
    for batch, height, width in ((1, 97, 131), (3, 64, 75)):
        other = network(name, variant, inputs={"input": ("N", model.root.inputs[0].shape[1], height, width)})
        x = torch.randn(batch, *[dim for dim in other.root.inputs[0].shape[1:] if isinstance(dim, int)])
        module = module_with(other, proto)
        with torch.no_grad():
            close(run.run(None, {"input": x.numpy()}), [module(x).numpy()])


PYRAMID = """archspec = 1
[model]
input = ["N", 3, 51, 51]
layers = [
  { name = "c1", op = "conv", out = 4, kernel = 3, padding = 1 },
  { name = "c2", op = "conv", out = 4, kernel = 3, stride = 2, padding = 1 },
  { name = "c3", op = "maxpool", kernel = 3, stride = 2, padding = 1 },
  { name = "up2", op = "up", from = ["c3", "c2"] },
  { name = "up1", op = "up", from = ["up2", "c1"] },
]
[blocks.up]
inputs = ["input", "skip"]
layers = [
  { op = "upsample", size = ["skip.height", "skip.shape[3]"], mode = "MODE" },
  { op = "add", from = ["x", "skip"] },
  { op = "conv", out = 4, kernel = 3, padding = 1 },
]
"""


@pytest.mark.parametrize("mode", ["nearest", "bilinear", 'bilinear", align_corners = true, doc = "'])
@pytest.mark.parametrize("functions", [False, True])
def test_sizes_of_other_values_stay_free(mode: str, *, functions: bool) -> None:
    """A pyramid is resized to what it is added to, whatever that is."""
    text = PYRAMID.replace("MODE", mode)
    proto = model_of(archspec.load("net.toml", source=text), Options(dynamic=True, functions=functions))
    randomise(proto)
    onnx.checker.check_model(proto, full_check=True)
    run = session(proto)
    for height, width in ((51, 51), (52, 97), (33, 64), (30, 45)):
        shapes: Any = {"input": ("N", 3, height, width)}
        module = module_with(archspec.load("net.toml", source=text, inputs=shapes), proto)
        x = torch.randn(2, 3, height, width)
        with torch.no_grad():
            close(run.run(None, {"input": x.numpy()}), [module(x).numpy()])


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        ("nearest", "nearest-exact", "AS705", "blocks.up.layers[0].mode"),
        ("skip.height", "skip.height * 1", "AS407", "blocks.up.layers[0].size[0]"),
        ('stride = 2, padding = 1 },\n  { name = "c3"', 'stride = 3 },\n  { name = "c3"', "AS705", "blocks.up.layers[0].mode"),
    ],
)  # fmt: skip
def test_other_free_sizes_are_refused(old: str, new: str, code: str, path: str) -> None:
    """What runtimes would compute otherwise at some sizes, and sizes that are computed with."""
    text = PYRAMID.replace("MODE", "nearest").replace(old, new)
    with pytest.raises(SpecError) as caught:
        model_of(archspec.load("net.toml", source=text), Options(dynamic=True))
    (found,) = caught.value.diagnostics
    assert (found.code, show_path(found.path)) == (code, path)


def test_free_sizes_of_several_inputs() -> None:
    text = """archspec = 1
    [model]
    inputs = [{ name = "a", shape = ["N", 2, 8, 8] }, { name = "b", shape = ["N", 2, 8, 4] }]
    layers = [
      { name = "up", op = "upsample", scale = 2, from = "b" }, { name = "wide", op = "conv", out = 2, kernel = [2, 1], stride = [2, 1] },
      { op = "add", from = ["a", "wide"] },
    ]
    """
    model = archspec.load("two.toml", source=text)
    with pytest.raises(SpecError, match=r"2 \* W_b is not W"):  # whatever the widths are
        model_of(model, Options(dynamic=True))
    single = spec(
        '[{ name = "up", op = "conv_transpose", out = 3, kernel = 2, stride = 2 }, { name = "down", op = "maxpool", kernel = 2 }, { op = "add", from = ["input", "down"] }]'
    )
    proto = model_of(single, Options(dynamic=True))
    info = {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in proto.graph.value_info
    }
    assert info["up"] == ["N", 3, "2 * H", "2 * W"]
    assert info["down"] == ["N", 3, "H", "W"]  # and so it can be added to the input


@pytest.mark.parametrize("opset", range(18, 25))
def test_opsets(opset: int) -> None:
    proto = agree(
        network("mobilenet_v3", "mobilenet_v3_small", inputs={"input": ("N", 3, 64, 71)}),
        opset=opset,
        batches=(2,),
    )
    assert [(item.domain, item.version) for item in proto.opset_import] == [("", opset)]
    # https://github.com/onnx/onnx/blob/main/docs/Versioning.md; 10 is what ONNX Runtime 1.18 reads
    assert proto.ir_version == {23: 11, 24: 12}.get(opset, 10)


def test_half_precision() -> None:
    model = network("resnet", "resnet18", inputs={"input": ("N", 3, 64, 64)})
    full, half = model_of(model), model_of(model, Options(dtype="float16"))
    onnx.checker.check_model(half, full_check=True)
    assert {tensor.data_type for tensor in half.graph.initializer} == {onnx.TensorProto.FLOAT16}
    x = np.random.default_rng(0).standard_normal((2, 3, 64, 64), np.float32)
    (wanted,), (got,) = (
        session(proto).run(None, {"input": x.astype(kind)})
        for proto, kind in ((full, np.float32), (half, np.float16))
    )
    np.testing.assert_allclose(got, wanted, atol=0.01 * np.abs(wanted).max())


def test_bfloat16() -> None:
    """Which ONNX Runtime cannot run on a CPU: the checker knows the types, torch the values."""
    model = network("resnet", "resnet18")
    proto = model_of(model, Options(dtype="bfloat16", opset=22))
    onnx.checker.check_model(proto, full_check=True)
    assert {tensor.data_type for tensor in proto.graph.initializer} == {onnx.TensorProto.BFLOAT16}
    full = {tensor.name: tensor for tensor in model_of(model).graph.initializer}
    for tensor in proto.graph.initializer:
        wanted = torch.tensor(onnx.numpy_helper.to_array(full[tensor.name])).to(torch.bfloat16)
        assert tensor.raw_data == wanted.view(torch.int16).numpy().tobytes()


def test_without_weights() -> None:
    """The weights are inputs, which a state_dict fills."""
    model = network("teaching/lenet")
    proto = model_of(model, Options(no_weights=True))
    onnx.checker.check_model(proto, full_check=True)
    assert len(proto.SerializeToString()) < 5000
    assert not [tensor for tensor in proto.graph.initializer if "/" not in tensor.name]
    module = archspec.build(model).eval()
    x = torch.randn(2, 1, 28, 28)
    feed = {"input": x.numpy(), **{key: value.numpy() for key, value in module.state_dict().items()}}
    with torch.no_grad():
        close(session(proto).run(None, feed), [module(x).numpy()])


# --- what the graph is like ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "variant"), NETWORKS, ids=NAMES)
def test_names_and_shapes(file: Path, variant: str | None) -> None:
    """Initialisers are the state_dict's keys, nodes the modules' paths, and every value has a type."""
    model = archspec.load(str(file), variant)
    proto = model_of(model, Options(no_weights=True))
    inputs = [value.name for value in proto.graph.input]
    keys = [key for key, weight in model.weights().items() if weight.dtype == "float"]
    assert inputs[: len(model.inputs)] == list(model.inputs)
    training = {row.path for row in model.modules() if row.training}
    wanted = [key for key in keys if not any(key.startswith(f"{path}.") for path in training)]
    assert sorted(inputs[len(model.inputs) :]) == sorted(wanted)
    paths = {row.path for row in model.modules() if row.is_module}
    own = [node.name for node in proto.graph.node if "/" not in node.name]
    assert set(own) - set(proto.metadata_props[0].value) <= paths
    assert len(own) == len(set(own))
    made = {value for node in proto.graph.node for value in node.output}
    typed = {value.name for value in (*proto.graph.value_info, *proto.graph.output)}
    assert made == typed
    assert [value.name for value in proto.graph.output] == [own[-1]]


def test_outputs_are_called_as_in_the_spec() -> None:
    layers = '[{ name = "stem", op = "conv", out = 4, kernel = 1 }, { as = "act", op = "relu" }, { name = "parts", op = "split", sections = 2 }, { name = "last", op = "flatten", from = "parts.1" }]'
    text = f'archspec = 1\n[model]\ninput = ["N", 3, 4, 4]\noutputs = ["last", "act", "parts.0", "input", {{ name = "skip", of = "stem" }}]\nlayers = {layers}\n'
    proto = agree(archspec.load("net.toml", source=text))
    assert [value.name for value in proto.graph.output] == ["last", "act", "0", "output", "skip"]


def test_outputs_have_their_names_before_what_is_inside() -> None:
    layers = '[{ name = "a", op = "relu" }, { name = "b", op = "conv", out = 4, kernel = 1 }, { name = "c", op = "tanh" }, { name = "s", op = "split", sections = 2 }, { op = "add", from = ["s.0", "s.1"] }]'
    outputs = '[{ name = "b", of = "a" }, { name = "a", of = "b" }, { name = "c", of = "s.0" }, { name = "s", of = "s.1" }, { name = "4", of = "input" }]'
    text = f'archspec = 1\n[model]\ninput = ["N", 4, 8, 8]\noutputs = {outputs}\nlayers = {layers}\n'
    proto = agree(archspec.load("net.toml", source=text))
    assert [value.name for value in proto.graph.output] == ["b", "a", "c", "s", "4"]


def test_a_copy_for_an_output_is_no_second_node_of_a_name() -> None:
    """ONNX Runtime refuses that: the node `a` makes what is called `b` outside."""
    text = 'archspec = 1\n[model]\ninput = ["N", 4, 8, 8]\noutputs = [{ name = "b", of = "a" }, { name = "a", of = "input" }]\nlayers = [{ name = "a", op = "relu" }]\n'
    proto = agree(archspec.load("net.toml", source=text))
    assert [value.name for value in proto.graph.output] == ["b", "a"]
    names = [node.name for node in proto.graph.node]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("layers", "outputs", "expected"),
    [
        ('["dropout"]', [], ["output"]),
        ('[{ name = "scale", op = "param", shape = [3, 1, 1] }]', [], ["output"]),
        (
            '[{ name = "scale", op = "param", shape = [3, 1, 1] }, { name = "y", op = "mul", from = ["input", "scale"] }]',
            ["scale", "y"],
            ["scale/2", "y"],
        ),
        ('[{ op = "add", from = ["input", "input"] }]', [], ["output"]),
        ('[{ name = "a", op = "relu" }, { as = "b", op = "identity" }]', ["a", "b"], ["a", "b"]),
        (
            '[{ name = "output", op = "relu" }, { as = "b", op = "tanh" }]',
            ["input", "output"],
            ["output/2", "output"],
        ),
    ],
)
def test_outputs_that_no_node_makes(layers: str, outputs: list[str], expected: list[str]) -> None:
    """What is an input, a weight or an output already goes through a node of its own."""
    lines = f"outputs = {json.dumps(outputs)}\n" if outputs else ""
    model = archspec.load(
        "net.toml", source=f'archspec = 1\n[model]\ninput = ["N", 3, 4, 4]\n{lines}layers = {layers}\n'
    )
    proto = agree(model)
    assert [value.name for value in proto.graph.output] == expected


def test_shared_weights_are_there_once() -> None:
    layers = '[{ name = "head", op = "conv", out = 3, kernel = 1 }, { op = "reuse", of = "head" }, { op = "reuse", of = "head" }]'
    proto = agree(spec(layers))
    assert [tensor.name for tensor in proto.graph.initializer] == ["head.weight", "head.bias"]
    assert [node.name for node in proto.graph.node] == ["head", "head/2", "head/3"]


def test_what_inference_does_not_need_is_not_there() -> None:
    """GoogLeNet's heads, dropout, and nodes that reach no output."""
    proto = model_of(network("googlenet"))
    assert not [tensor.name for tensor in proto.graph.initializer if tensor.name.startswith("aux")]
    assert not {node.op_type for node in proto.graph.node} & {"Dropout", "Identity"}
    text = 'archspec = 1\n[model]\ninput = ["N", 3, 4, 4]\noutputs = ["a"]\nlayers = [{ name = "a", op = "relu" }, { name = "b", op = "conv", out = 3, kernel = 1 }]\n'
    proto = model_of(archspec.load("net.toml", source=text))
    assert [node.name for node in proto.graph.node] == ["a"]
    assert not proto.graph.initializer


def test_what_an_unused_result_of_a_block_takes_is_not_there() -> None:
    """`b` goes into the half of the block that nobody takes the result of."""
    text = """archspec = 1
[blocks.two]
inputs = ["p", "q"]
outputs = ["left", "right"]
layers = [
    { name = "l", op = "conv", out = 2, kernel = 1, from = "p", as = "left" },
    { name = "r", op = "conv", out = 2, kernel = 1, from = "q", as = "right" },
]
[model]
input = ["N", 3, 5, 5]
outputs = ["out"]
layers = [
    { name = "a", op = "conv", out = 3, kernel = 1 },
    { name = "b", op = "conv", out = 3, kernel = 3, from = "a" },
    { name = "t", op = "two", from = ["a", "b"] },
    { name = "out", op = "relu", from = "t.left" },
]
"""
    proto = model_of(archspec.load("net.toml", source=text))
    assert [tensor.name for tensor in proto.graph.initializer] == [
        "a.weight",
        "a.bias",
        "t.l.weight",
        "t.l.bias",
    ]


def test_metadata() -> None:
    model = network("resnet", "resnet50")
    proto = model_of(model, Options(no_weights=True))
    expanded = subprocess.run(
        [sys.executable, "-m", "archspec", "expand", f"{SPECS}/resnet.toml@resnet50"],
        capture_output=True,
        check=True,
    )
    from hashlib import sha256

    assert {item.key: item.value for item in proto.metadata_props} == {
        "archspec.version": archspec.__version__,
        "archspec.model": "resnet",
        "archspec.variant": "resnet50",
        "archspec.spec_sha256": sha256(expanded.stdout).hexdigest(),
        "archspec.params": "25557032",
        "archspec.macs": "4089184256",
    }
    assert (proto.producer_name, proto.producer_version) == ("archspec", archspec.__version__)


@pytest.mark.parametrize("flags", [[], ["--functions"], ["--fold-bn"], ["--dynamic"], ["--for", "inference"]])
def test_same_bytes_everywhere(tmp_path: Path, flags: list[str]) -> None:
    """For two hash seeds and folders; and nothing of either is in the file."""
    written = []
    for seed, folder in (("1", tmp_path / "one"), ("2", tmp_path / "another")):
        folder.mkdir()
        spec_file = folder / "resnet.toml"
        spec_file.write_text((SPECS / "resnet.toml").read_text())
        command = [sys.executable, "-m", "archspec", "export", f"{spec_file}@resnet18", "m.onnx", *flags]
        subprocess.run(command, cwd=folder, env={"PYTHONHASHSEED": seed, "PATH": ""}, check=True)
        written.append((folder / "m.onnx").read_bytes())
    assert written[0] == written[1]
    assert b"/tmp" not in written[0]
    assert str(tmp_path).encode() not in written[0]


REMOVABLE = {"convnext": {"Transpose"}}
"""A block ends with a permutation that the next one's norm undoes: each is one of the spec's."""


@names
def test_nothing_is_left_to_remove(model: Model, tmp_path: Path) -> None:
    """Neither onnxslim nor ONNX Runtime's basic level finds more than norms to fold; folded, none at all."""
    if Path(model.file).parent == MORE:
        return  # the promise is about the networks of `specs/`
    for options_ in ({}, {"fold_bn": True}, {"for_": "inference"}):
        proto = model_of(model, Options(**options_))
        ours = operators(proto)
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath, options.log_severity_level = str(tmp_path / "basic.onnx"), 4
        onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
        norms = set() if options_ else {"BatchNormalization"}
        for theirs in (onnx.load(str(tmp_path / "basic.onnx")), onnxslim.slim(copy.deepcopy(proto))):
            found, written = operators(theirs), Counter(ours)
            if "HardSwish" not in found:  # ONNX Runtime writes it as what it is made of
                count = written.pop("HardSwish", 0)
                written += Counter({"HardSigmoid": count, "Mul": count})
            assert not found - written
            assert set(written - found) <= norms | REMOVABLE.get(Path(model.file).stem, set())


def operators(proto: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in proto.graph.node)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"opset": 17}, "opset 17 is not supported"),
        ({"opset": 25}, "opset 25"),
        ({"opset": True}, "opset"),
        ({"dtype": "float64"}, "there is no dtype `float64`"),
        ({"dtype": "bfloat16"}, "use `--opset 22`"),
        ({"external": "file"}, "there is no external `file`"),
        ({"seed": -1}, "a seed must be from 0"),
        ({"seed": 1, "weights": "w.pt"}, "`--seed` and `--weights` contradict"),
        ({"no_weights": True, "seed": 1}, "`--no-weights` and `--seed`"),
        ({"no_weights": True, "fold_bn": True}, "`--no-weights` and `--fold-bn`"),
        ({"no_weights": True, "for_": "inference"}, "`--no-weights` and `--for` contradict"),
        ({"for_": "training"}, "there is no purpose `training`"),
        ({"align": 0}, "an alignment must be from 1"),
        ({"align": 4096, "external": "safetensors"}, "`--align`"),
    ],
)
def test_options_that_cannot_be(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        archspec.export(network("lenet"), str(tmp_path / "m.onnx"), **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "option", [{"seed": 1}, {"opset": 21}, {"fold_bn": True}, {"weights": "w.pt"}, {"dtype": "float16"}]
)
def test_source_takes_no_options(tmp_path: Path, option: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="does not apply to PyTorch source"):
        archspec.export(network("lenet"), str(tmp_path / "m.py"), **option)
