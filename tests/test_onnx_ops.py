"""Every example of every op, and random fields of each, in ONNX Runtime against PyTorch."""

import json
from math import prod
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from onnx_runs import node
from op_examples import FIXED, VALID, name_case

import archspec
from archspec import Model, SpecError
from archspec.backends.onnx import model_of
from archspec.backends.options import Options
from archspec.ops import Example, Op
from archspec.testing import onnx_forms
from archspec.testing.cases import FORMS, applies
from archspec.testing.onnx_forms import agree, levels, session

Fields = dict[str, Any]


@pytest.mark.parametrize("opset", onnx_forms.OPSETS)
@pytest.mark.parametrize(("op", "example"), FIXED, ids=name_case)
def test_example_of_a_module(op: type[Op], example: Example, opset: int) -> None:
    onnx_forms.form(op, example, "named", opset)


@pytest.mark.parametrize("form", FORMS[1:])
@pytest.mark.parametrize(("op", "example"), FIXED, ids=name_case)
def test_example_in_other_forms(op: type[Op], example: Example, form: str) -> None:
    """Without a name, in a group, and as a function of the model."""
    if applies(op, example, form):
        onnx_forms.form(op, example, form)


@pytest.mark.parametrize(("op", "example"), FIXED, ids=name_case)
def test_example_for_inference(op: type[Op], example: Example) -> None:
    """No step is left that only rearranges a weight, in the graph or in a function."""
    form = "in a block" if applies(op, example, "in a block") else "named"
    onnx_forms.for_inference(op, example, form)


@pytest.mark.parametrize("opset", [18, 22])
@pytest.mark.parametrize(("op", "example"), FIXED, ids=name_case)
def test_example_in_half_precision(op: type[Op], example: Example, opset: int) -> None:
    """Of small and of large numbers, since runtimes write out what they have no kernel of 16 bits for."""
    onnx_forms.half_precision(op, example, opset)


def test_softplus_in_half_precision_overflows_nowhere() -> None:
    x = np.array([[-1000, -80, 0, 9, 80, 89, 1000, 60000]], np.float16)
    wanted = torch.nn.functional.softplus(torch.tensor(x)).numpy()
    for opset in range(18, 25):
        proto = model_of(node("softplus", {}, ("N", 8)), Options(dtype="float16", opset=opset))
        for level in levels():
            (ours,) = session(proto, level).run(None, {"in0": x})
            np.testing.assert_allclose(ours, wanted, rtol=1e-3)


@pytest.mark.parametrize(("momentum", "written"), [(0.1, []), (0.3, [0.7]), (0.0, [1.0])])
@pytest.mark.parametrize("op", ["batchnorm", "instancenorm"])
def test_momentum_is_that_of_the_old_statistics(op: str, momentum: float, written: list[float]) -> None:
    """0.9 is ONNX's default, 0.1 that of PyTorch: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html"""
    proto = model_of(node(op, {"momentum": momentum, "track_running_stats": True}, ("N", 3, 5)))
    (norm,) = [step for step in proto.graph.node if step.op_type == "BatchNormalization"]
    found = [attribute.f for attribute in norm.attribute if attribute.name == "momentum"]
    assert found == pytest.approx(written)


SIZES: tuple[dict[int | str, int | str], ...] = ({"H": 11, "W": 7}, {"H": 13, "W": 5})


def free_spatial(example: Example) -> bool:
    """Whether sizes of images are free. Of a sequence (N, L, features) it is the length, which is no such size."""
    return any(isinstance(dim, str) for shape in example.inputs for dim in shape[2:])


@pytest.mark.parametrize(("op", "example"), [case for case in VALID if free_spatial(case[1])], ids=name_case)
def test_example_with_free_sizes(op: type[Op], example: Example) -> None:
    """The examples of ops that take free sizes: exported once, run at the sizes of two spec files."""
    fields = {key: value for key, value in example.fields.items() if value is not None}
    model, other = (
        node(op.name, fields, *[tuple([sizes.get(dim, dim) for dim in shape]) for shape in example.inputs])
        for sizes in SIZES
    )
    agree(model, dynamic=True, opset=22)
    assert same_graph(model_of(model, Options(dynamic=True)), model_of(other, Options(dynamic=True)))


def same_graph(left: onnx.ModelProto, right: onnx.ModelProto) -> bool:
    """The same nodes and constants, so that the one file is right for both sizes."""
    del left.metadata_props[:], right.metadata_props[:]
    return bool(left == right)


def positions(sizes: tuple[int | str, ...]) -> int:
    return prod(size for size in sizes if isinstance(size, int))


# --- random fields -------------------------------------------------------------------------------------------

quick = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
data = st.data()


def loaded(op: str, fields: Fields, *shapes: tuple[int | str, ...]) -> Model:
    """The network of one node; what the language refuses is not the question here."""
    try:
        return node(op, {key: value for key, value in fields.items() if value is not None}, *shapes)
    except SpecError:
        assume(False)
        raise


@st.composite
def shapes(
    draw: st.DrawFn, largest: int = 13, channels: int = 6, axes: tuple[int, int] = (1, 3)
) -> tuple[int | str, ...]:
    count = draw(st.integers(*axes))
    sizes = draw(st.lists(st.integers(1, largest), min_size=count, max_size=count))
    return ("N", draw(st.integers(1, channels)), *sizes)


@st.composite
def per_axis(draw: st.DrawFn, axes: int, least: int, most: int) -> int | list[int]:
    value = st.integers(least, most)
    return draw(value | st.lists(value, min_size=axes, max_size=axes))


@st.composite
def paddings(draw: st.DrawFn, axes: int, most: int, *, words: bool = True) -> Any:
    sides = (("left", "right"), ("top", "bottom"), ("front", "back"))[:axes]
    tables = st.fixed_dictionaries(
        {}, optional={side: st.integers(0, most) for pair in sides for side in pair}
    )
    keywords = (
        st.sampled_from(["half", "same", "same_upper", "same_lower", "valid"]) if words else st.nothing()
    )
    return draw(per_axis(axes, 0, most) | tables | keywords)


@quick
@given(data)
def test_conv(data: st.DataObject) -> None:
    x = data.draw(shapes())
    axes = len(x) - 2
    fields = {
        "out": data.draw(st.integers(1, 6)),
        "kernel": data.draw(per_axis(axes, 1, 4)),
        "stride": data.draw(per_axis(axes, 1, 3)),
        "padding": data.draw(paddings(axes, 3)),
        "dilation": data.draw(per_axis(axes, 1, 3)),
        "groups": data.draw(st.sampled_from([1, 1, 2, 3])),
        "bias": data.draw(st.booleans()),
    }
    agree(loaded("conv", fields, x))


@quick
@given(data)
def test_conv_transpose(data: st.DataObject) -> None:
    x = data.draw(shapes(7))
    axes = len(x) - 2
    fields = {
        "out": data.draw(st.integers(1, 6)),
        "kernel": data.draw(per_axis(axes, 1, 4)),
        "stride": data.draw(per_axis(axes, 1, 3)),
        "padding": data.draw(per_axis(axes, 0, 3)),
        "output_padding": data.draw(per_axis(axes, 0, 3)),
        "dilation": data.draw(per_axis(axes, 1, 4)),
        "groups": data.draw(st.sampled_from([1, 1, 2, 3])),
        "bias": data.draw(st.booleans()),
    }
    agree(loaded("conv_transpose", fields, x))


@settings(quick, max_examples=200)
@given(data, st.sampled_from([18, 20, 22, 24]))
def test_maxpool(data: st.DataObject, opset: int) -> None:
    x = data.draw(shapes())
    axes = len(x) - 2
    fields = {
        "kernel": data.draw(per_axis(axes, 1, 5)),
        "stride": data.draw(st.none() | per_axis(axes, 1, 6)),
        "padding": data.draw(paddings(axes, 2)),
        "dilation": data.draw(per_axis(axes, 1, 3)),
        "ceil": data.draw(st.booleans()),
    }
    try:
        agree(loaded("maxpool", fields, x), opset=opset)
    except SpecError as error:  # a window in the padding alone, which takes a dilation and a small input
        assert error.diagnostics[0].code == "AS705"
        assert fields["dilation"] != 1


@settings(quick, max_examples=200)
@given(data, st.sampled_from([18, 20, 22, 24]))
def test_avgpool(data: st.DataObject, opset: int) -> None:
    x = data.draw(shapes())
    axes = len(x) - 2
    fields = {
        "kernel": data.draw(per_axis(axes, 1, 5)),
        "stride": data.draw(st.none() | per_axis(axes, 1, 6)),
        "padding": data.draw(paddings(axes, 2)),
        "ceil": data.draw(st.booleans()),
        "count_include_pad": data.draw(st.booleans()),
        "divisor_override": data.draw(st.none() | st.integers(1, 9)) if axes > 1 else None,
    }
    agree(loaded("avgpool", fields, x), opset=opset)


@quick
@given(data)
def test_lppool(data: st.DataObject) -> None:
    x = data.draw(shapes())
    axes = len(x) - 2
    fields = {
        # odd and broken powers of negative numbers have no root: PyTorch's answer is no number either
        "norm_type": data.draw(st.sampled_from([1.0, 2.0, 4.0, 3.0, 1.5])),
        "kernel": data.draw(st.integers(1, 4)),  # in 1-D PyTorch multiplies by a kernel given as a list
        "stride": data.draw(st.none() | per_axis(axes, 1, 4)),
        "ceil": data.draw(st.booleans()),
    }
    agree(loaded("lppool", fields, x))


@quick
@given(data, st.sampled_from(["adaptive_avgpool", "adaptive_maxpool", "global_avgpool", "global_maxpool"]))
def test_adaptive_pools(data: st.DataObject, op: str) -> None:
    x = data.draw(shapes())
    fields = {"size": data.draw(per_axis(len(x) - 2, 1, 14))} if op.startswith("adaptive") else {}
    agree(loaded(op, fields, x))


@quick
@given(
    data,
    st.integers(1, 9),
    st.sampled_from([1e-4, 0.02, 0.5]),
    st.sampled_from([0.75, 0.5, 1.3]),
    st.sampled_from([1.0, 2.0]),
)
def test_lrn(data: st.DataObject, size: int, alpha: float, beta: float, k: float) -> None:
    agree(loaded("lrn", {"size": size, "alpha": alpha, "beta": beta, "k": k}, data.draw(shapes(7, 11))))


@quick
@given(data, st.booleans(), st.booleans(), st.sampled_from([1e-5, 1e-2]))
def test_norms(data: st.DataObject, affine: bool, track: bool, eps: float) -> None:
    x = data.draw(shapes(7))
    for op in ("batchnorm", "instancenorm"):
        fields = {"affine": affine, "track_running_stats": track, "eps": eps}
        # a variance of two values that are nearly equal is all rounding
        if track or positions(x[2:]) > 2:
            agree(loaded(op, fields, x))
    groups = data.draw(st.sampled_from([1, 2, 3, x[1]]))
    if positions(x[1:]) // int(groups) > 2:
        agree(loaded("groupnorm", {"groups": groups, "affine": affine, "eps": eps}, x))


@quick
@given(data, st.booleans(), st.booleans())
def test_layernorm(data: st.DataObject, affine: bool, bias: bool) -> None:
    x = ("N", data.draw(st.integers(3, 7)), *data.draw(shapes(7))[2:])
    agree(loaded("layernorm", {"axis": 1, "elementwise_affine": affine, "bias": bias}, x))


@settings(quick, max_examples=200)
@given(data, st.sampled_from([18, 20, 24]))
def test_upsample(data: st.DataObject, opset: int) -> None:
    x = data.draw(shapes())
    axes = len(x) - 2
    mode = data.draw(st.sampled_from(["nearest", "nearest-exact", "linear", "bicubic"]))
    fields: Fields = {"mode": mode}
    if data.draw(st.booleans()):
        fields["size"] = data.draw(per_axis(axes, 1, 19))
    else:
        scale = st.sampled_from(
            [0.1, 0.29, 0.4, 0.5, 0.7, 1.0, 1.05, 1.1, 1.3, 1.3333, 1.5, 2.0, 2.3, 3.0, 7.0]
        )
        fields["scale"] = data.draw(scale | st.lists(scale, min_size=axes, max_size=axes))
    if not mode.startswith("nearest"):
        fields["align_corners"] = data.draw(st.booleans())
    agree(loaded("upsample", fields, x), opset=opset)


@quick
@given(data, st.sampled_from([18, 20]))
def test_pad(data: st.DataObject, opset: int) -> None:
    x = data.draw(shapes())
    mode = data.draw(st.sampled_from(["constant", "reflect", "replicate", "circular"]))
    fields: Fields = {"padding": data.draw(paddings(len(x) - 2, 5, words=False)), "mode": mode}
    if mode == "constant":
        fields["value"] = data.draw(st.sampled_from([0.0, -1.5]))
    agree(loaded("pad", fields, x), opset=opset)


@quick
@given(data, st.integers(1, 4), st.booleans(), st.integers(1, 3))
def test_attention(data: st.DataObject, heads: int, bias: bool, count: int) -> None:
    features = heads * data.draw(st.integers(1, 4))
    lengths = data.draw(st.lists(st.integers(1, 5), min_size=2, max_size=2))
    x, y = (("N", length, features) for length in lengths)
    agree(loaded("attention", {"heads": heads, "bias": bias}, *((x,), (x, y), (x, y, y))[count - 1]))


@quick
@given(st.floats(0.1, 4), st.sampled_from([-3.0, 0.5, 2.0, 14.0, 20.0]))
def test_softplus(beta: float, threshold: float) -> None:
    agree(loaded("softplus", {"beta": beta, "threshold": threshold}, ("N", 5, 31)))


@quick
@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5))
def test_shuffles(scale: int, channels: int, size: int) -> None:
    agree(loaded("pixel_shuffle", {"scale": scale}, ("N", channels * scale**2, size, 3)))
    agree(loaded("pixel_unshuffle", {"scale": scale}, ("N", channels, size * scale, 2 * scale)))
    agree(loaded("channel_shuffle", {"groups": scale}, ("N", scale * channels, size)))


# --- forms that most runtimes read right, not the shortest ------------------------------------------------------------

GROUPS = ["Reshape", "Transpose", "Reshape"]
FREE_GROUPS = ["Unsqueeze", *GROUPS, "Squeeze"]
BORDER = ["Slice", "Slice", "Concat"]


@pytest.mark.parametrize(
    ("op", "fields", "shape", "dynamic", "forms"),
    [
        # OpenVINO computes other values for a Gather of channels between convolutions; ncnn cannot run it
        ("channel_shuffle", {"groups": 2}, ("N", 6, 5, 7), False, GROUPS),
        ("channel_shuffle", {"groups": 2}, ("N", 6, 7), False, GROUPS),
        ("channel_shuffle", {"groups": 2}, ("N", 6, 5, 7), True, FREE_GROUPS),
        ("pixel_unshuffle", {"scale": 2}, ("N", 3, 4, 6), False, GROUPS),
        ("pixel_unshuffle", {"scale": 2}, ("N", 3, 4, 6), True, ["SpaceToDepth", *FREE_GROUPS]),
        # nor do they know the mode `wrap` of Pad
        ("pad", {"padding": 2, "mode": "circular"}, ("N", 3, 5, 7), False, BORDER * 2),
        ("pad", {"padding": 2, "mode": "circular"}, ("N", 3, 5), True, BORDER),
    ],
)
def test_forms(
    op: str, fields: Fields, shape: tuple[int | str, ...], dynamic: bool, forms: list[str]
) -> None:
    proto = agree(node(op, fields, shape), opset=22, dynamic=dynamic)
    assert [step.op_type for step in proto.graph.node] == forms


@pytest.mark.parametrize("op", [{"op": "groupnorm", "groups": 2}, {"op": "instancenorm", "affine": True}])
@pytest.mark.parametrize("shape", [("N", 6, 5), ("N", 6, 5, 7)])
def test_instances_are_images(op: Fields, shape: tuple[int | str, ...]) -> None:
    """ncnn cannot read InstanceNormalization of sequences, of three axes."""
    proto = agree(node(op["op"], {key: value for key, value in op.items() if key != "op"}, shape))
    ranks = {
        value.name: len(value.type.tensor_type.shape.dim)
        for value in (*proto.graph.input, *proto.graph.value_info)
    }
    (norm,) = [step for step in proto.graph.node if step.op_type == "InstanceNormalization"]
    assert ranks[norm.input[0]] == 4


@pytest.mark.parametrize("fields", [{"scale": 2}, {"size": [10, 14]}])
def test_resize_has_a_scale_for_every_axis(fields: Fields) -> None:
    """ncnn's converter reads neither `axes` nor `sizes`."""
    proto = agree(node("upsample", fields, ("N", 3, 5, 7)))
    (resize,) = proto.graph.node
    assert "axes" not in {attribute.name for attribute in resize.attribute}
    (scales,) = proto.graph.initializer
    assert list(resize.input) == ["in0", "", scales.name]
    assert list(onnx.numpy_helper.to_array(scales)) == [1, 1, 2, 2]


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("op", ["channel_shuffle", "pad"])
def test_an_empty_batch(op: str, dynamic: bool) -> None:
    fields: Fields = {"groups": 2} if op == "channel_shuffle" else {"padding": 1, "mode": "circular"}
    run = session(model_of(node(op, fields, ("N", 6, 5, 7)), Options(dynamic=dynamic)))
    (found,) = run.run(None, {"in0": np.zeros((0, 6, 5, 7), np.float32)})
    assert found.shape == ((0, 6, 5, 7) if op == "channel_shuffle" else (0, 6, 7, 9))


# --- what cannot be lowered ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "options", "code", "words", "path"),
    [
        (
            {"op": "adaptive_avgpool", "size": 3},
            {"dynamic": True},
            "AS407",
            "the free dimension `H`",
            "model.layers[0]",
        ),
        (
            {"op": "adaptive_maxpool", "size": 3},
            {"dynamic": True},
            "AS407",
            "the free dimension `H`",
            "model.layers[0]",
        ),
        (
            {"op": "conv", "out": 4, "kernel": 3, "stride": 2, "padding": "same_upper"},
            {"dynamic": True},
            "AS407",
            "the free dimension `H`",
            "model.layers[0]",
        ),
        (
            {"op": "maxpool", "kernel": 3, "stride": 2, "ceil": True},
            {"dynamic": True},
            "AS705",
            "opset 22",
            "model.layers[0].ceil",
        ),
        (
            {"op": "avgpool", "kernel": 3, "stride": 2, "ceil": True},
            {"dynamic": True, "opset": 22},
            "AS407",
            "the free dimension",
            "model.layers[0]",
        ),
        ({"op": "crop", "size": 3}, {"dynamic": True}, "AS407", "the free dimension `H`", "model.layers[0]"),
        (
            {"op": "conv", "out": 4, "kernel": "x.height"},
            {"dynamic": True},
            "AS407",
            "`x.height` is the free dimension `H`",
            "model.layers[0].kernel",
        ),
        (
            {"op": "conv", "out": 4, "kernel": 3, "when": "x.width > 3"},
            {"dynamic": True},
            "AS407",
            "`x.width` is the free dimension `W`",
            "model.layers[0].when",
        ),
        ({"op": "flatten"}, {"dynamic": True}, "AS407", "the free dimension `H`", "model.layers[0]"),
        (
            {"op": "upsample", "scale": 1.5},
            {"dynamic": True},
            "AS407",
            "the free dimension `H`",
            "model.layers[0]",
        ),
        (
            {"op": "maxpool", "kernel": 2, "dilation": 10, "padding": 1},
            {},
            "AS705",
            "in the padding alone",
            "model.layers[0].padding",
        ),
        (
            {"op": "adaptive_maxpool", "size": [2000, 3]},
            {},
            "AS705",
            "2000 are more than 1024",
            "model.layers[0].size",
        ),
        (
            {"op": "adaptive_avgpool", "size": [2000000, 3]},
            {},
            "AS705",
            "18,000,000 elements",
            "model.layers[0]",
        ),
    ],
)
def test_what_cannot_be_lowered(layer: Fields, options: Fields, code: str, words: str, path: str) -> None:
    spec = {"archspec": 1, "model": {"input": ["N", 3, 9, 11], "layers": [layer]}}
    model = archspec.load("net.json", source=json.dumps(spec))
    with pytest.raises(SpecError) as caught:
        model_of(model, Options(**options))
    (found,) = caught.value.diagnostics
    assert (found.code, found.location) == (code, path)
    assert words in found.message
