"""Receptive fields against published values, and against what torch's gradients reach."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 — as everyone calls it
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from op_examples import VALID, name_case
from torch import Tensor

import archspec
from archspec.analysis.cost import Costs
from archspec.analysis.field import AxisField, ReceptiveField
from archspec.analysis.modules import rows
from archspec.analysis.receptive_field import (
    Seen,
    Transfers,
    along,
    fields,
    inputs,
    is_aligned,
    output_fields,
)
from archspec.ir import Module, Node
from archspec.ops import Example, Op
from archspec.ops.core.reach import MAX_PERIOD, Interval
from archspec.testing import gradients

SPECS = Path(__file__).parents[1] / "specs"


def net(layers: str, more: str = "", *, shape: str = '["N", 3, 224, 224]') -> Module:
    text = f"archspec = 1\n[model]\ninput = {shape}\nlayers = [{layers}]\n{more}"
    return archspec.load("test.toml", source=text).root


def output(root: Module) -> ReceptiveField:
    (found,) = output_fields(root)
    assert found is not None
    return found


def axis(root: Module) -> AxisField:
    """The field of the only output along the last axis."""
    return output(root).axes[-1]


# --- published values -----------------------------------------------------------------------------------------

ALEXNET_V2 = """
  { op = "conv", out = 64, kernel = 11, stride = 4 }, { op = "maxpool", kernel = 3, stride = 2 },
  { op = "conv", out = 192, kernel = 5, padding = 2 }, { op = "maxpool", kernel = 3, stride = 2 },
  { op = "conv", out = 384, kernel = 3, padding = 1 }, { op = "conv", out = 384, kernel = 3, padding = 1 },
  { op = "conv", out = 256, kernel = 3, padding = 1 }, { name = "pool5", op = "maxpool", kernel = 3, stride = 2 },
"""

RESNET_V1_50 = """
  { op = "conv", out = 64, kernel = 7, stride = 2, padding = 3 },
  { op = "maxpool", kernel = 3, stride = 2, padding = "same_upper" },
  { op = "unit", repeat = 2, width = 64 }, { op = "unit", width = 64, stride = 2 },
  { op = "unit", repeat = 3, width = 128 }, { op = "unit", width = 128, stride = 2 },
  { op = "unit", repeat = 5, width = 256 }, { op = "unit", width = 256, stride = 2 },
  { name = "block4", op = "unit", repeat = 3, width = 512 },
"""
UNIT = """
[blocks.unit]
required = { width = "int" }
params = { stride = 1 }
layers = [
  { op = "residual", layers = [
    { op = "conv", out = "width", kernel = 1 },
    { op = "conv", out = "width", kernel = 3, stride = "stride", padding = 1 },
    { op = "conv", out = "4 * width", kernel = 1 },
  ], shortcut = [
    { op = "maxpool", kernel = 1, stride = "stride", when = "x.channels == 4 * width and stride != 1" },
    { op = "conv", kernel = 1, out = "4 * width", stride = "stride", when = "x.channels != 4 * width" },
  ] },
]
"""


@pytest.mark.parametrize(
    ("root", "path", "size", "stride", "padding"),
    [
        # https://github.com/google-research/receptive_field: slim's networks
        (net(ALEXNET_V2), "pool5", 195, 32, 64),
        (net(RESNET_V1_50, UNIT), "block4", 483, 32, 239),
        (archspec.load(str(SPECS / "vgg.toml"), "vgg16").root, "features", 212, 32, 90),
        # with torchvision's placement of strides
        (archspec.load(str(SPECS / "resnet.toml"), "resnet18").root, "layer4", 435, 32, 217),
        (archspec.load(str(SPECS / "resnet.toml"), "resnet50").root, "layer4", 427, 32, 213),
    ],
    ids=["alexnet_v2", "resnet_v1_50", "vgg16", "resnet18", "resnet50"],
)
def test_published(root: Module, path: str, size: int, stride: int, padding: int) -> None:
    found = fields(root)[path]
    assert found.size == (size, size)
    assert found.stride == (stride, stride)
    assert found.start == (-padding, -padding)
    assert found.centre == (-padding + Fraction(size - 1, 2),) * 2
    assert found.aligned
    assert not list(misaligned(root))
    assert found.exceeds == (size > 224)


def misaligned(root: Module) -> Iterator[tuple[str, Node]]:
    """The joins whose inputs have different centres or strides, each with the path of its module.

    Joins that only propagate a misalignment are omitted, so equal copies in a chain are reported once.
    """
    transfers = Transfers()

    def inside(module: Module, given: list[Seen], path: str) -> Iterator[tuple[str, Node]]:
        for node, taken, made in transfers.walk(module, given):
            if all(map(is_aligned, made)) or not all(map(is_aligned, taken)):
                continue
            if node.module.op is not None:
                yield path, node
            else:
                yield from inside(node.module, taken, ".".join(filter(None, (path, node.name))))

    yield from inside(root, [seen if index == 0 else {} for index, seen in enumerate(inputs(root))], "")


MISALIGNED = {
    "bn_inception",  # joins convolutions with padding and a pool without
    *(
        "faster_rcnn",
        "fcos",
        "keypoint_rcnn",
        "mask_rcnn",
        "retinanet",
    ),  # nearest upsampling, by half a pixel
    "hrnet",  # likewise
}
LOCAL = {
    *("fcn", "unet"),  # a convolutional head at every position
    "deeplabv3",  # the auxiliary head
    *("faster_rcnn", "keypoint_rcnn", "mask_rcnn"),  # the fine levels of the pyramid
}
"""With an output whose positions see less than the whole image."""
WINDOWED = {"dcgan_discriminator", "dcgan_generator"}
"""One window covers the whole image, and another position would have another window."""


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.toml")), ids=lambda path: path.stem)
def test_specs_are_aligned_and_see_the_whole_image(path: Path) -> None:
    root = archspec.load(str(path)).root
    assert bool(list(misaligned(root))) == (path.stem in MISALIGNED)
    found = [
        field for field in output_fields(root) if field is not None
    ]  # else the head of regions, another input
    assert found
    assert all(field.everything for field in found) == (path.stem not in LOCAL)
    same = [field.stride == (0,) * len(field.axes) for field in found]
    assert all(same) == (path.stem not in LOCAL | WINDOWED)


# --- single rules ---------------------------------------------------------------------------------------------


def test_axes_are_apart() -> None:
    found = output(net('{ op = "conv", out = 4, kernel = [3, 5], stride = [1, 2], padding = [0, 2] }'))
    assert (found.size, found.stride, found.start) == ((3, 5), (1, 2), (0, -2))
    assert found.centre == (1, 0)
    assert found.axes[1].at(3) == (4, 8)
    assert not found.exceeds
    assert not found.everything


def test_axes_are_followed_through_permute_and_reshape() -> None:
    """ConvNeXt's block is channels-last inside."""
    found = output(
        net(
            """{ op = "conv", out = 8, kernel = [5, 3], stride = [2, 1] }, { op = "permute", axes = [0, 2, 3, 1] },
            "layernorm", { op = "linear", out = 32 }, "gelu", { op = "reshape", shape = ["N", 110, 222, 4, 8] },
            { op = "reshape", shape = ["N", 110, 222, 32] }, { op = "permute", axes = [0, 3, 2, 1] }"""
        )
    )
    assert (found.size, found.stride) == ((5, 3), (2, 1))
    assert [axis.positions for axis in found.axes] == [110, 222]


def test_linear_sees_the_last_axis() -> None:
    found = output(net('{ op = "linear", out = 7 }'))
    assert (found.size, found.stride) == ((1, 224), (1, 0))


def test_a_gate_sees_everything() -> None:
    gate = (
        '{ op = "mul", branches = [[], ["global_avgpool", { op = "conv", out = 3, kernel = 1 }, "sigmoid"]] }'
    )
    found = output(net(f'{gate}, {{ op = "conv", out = 4, kernel = 3, padding = 1 }}'))
    assert (found.size, found.stride) == ((224, 224), (0, 0))
    assert found.everything
    assert found.aligned
    assert not found.exceeds


def test_attention() -> None:
    layers = """{ op = "conv", out = 8, kernel = 16, stride = 16 }, { op = "flatten", start = 2 },
    { op = "permute", axes = [0, 2, 1] }, { op = "attention", heads = 2 }"""
    assert output(net(layers)).everything


def test_a_value_that_does_not_depend_on_the_input_has_no_field() -> None:
    root = net('{ name = "p", op = "param", shape = [3, 1, 1] }, { op = "mul", from = ["input", "p"] }', "")
    assert "p" not in fields(root)
    assert axis(root).size == 1
    assert output_fields(net('{ name = "p", op = "param", shape = [3, 1, 1] }')) == (None,)


def test_the_first_input_counts() -> None:
    text = """archspec = 1
[model]
inputs = [{ name = "a", shape = ["N", 3, 64] }, { name = "b", shape = ["N", 3, 32] }]
layers = [
  { name = "c", op = "conv", out = 3, kernel = 2, stride = 2, from = "a" },
  { name = "d", op = "conv", out = 3, kernel = 9, padding = 4, from = "b" },
  { op = "add", from = ["c", "d"] },
]
"""
    root = archspec.load("test.toml", source=text).root
    assert set(fields(root)) == {"c"}
    assert (axis(root).size, axis(root).stride) == (2, 2)


def test_parts_of_a_split() -> None:
    text = """archspec = 1
[model]
input = ["N", 3, 10]
outputs = ["s.0", "s.1"]
layers = [{ name = "s", op = "split", axis = 2, sections = [3, 7] }]
"""
    found = output_fields(archspec.load("test.toml", source=text).root)
    assert [field.start for field in found if field] == [(0,), (3,)]


UNET = """archspec = 1
[model]
input = ["N", 3, 64, 64]
layers = [
  { name = "e1", op = "double", out = 4 },
  { name = "p1", op = "maxpool", kernel = 2 },
  { name = "e2", op = "double", out = 8 },
  { name = "p2", op = "maxpool", kernel = 2 },
  { name = "e3", op = "double", out = 16 },
  { name = "d2", op = "up", out = 8, from = ["e3", "e2"] },
  { name = "d1", op = "up", out = 4, from = ["d2", "e1"] },
]
[blocks.double]
required = { out = "int" }
layers = [{ op = "conv", out = "out", kernel = 3, padding = 1 }, { op = "conv", out = "out", kernel = 3, padding = 1 }]
[blocks.up]
required = { out = "int" }
inputs = ["input", "skip"]
layers = [
  { op = "conv_transpose", out = "out", kernel = 2, stride = 2 },
  { op = "concat", from = ["x", "skip"] },
  { name = "convs", op = "double", out = "out" },
]
"""


def test_unet() -> None:
    """Blocks of two inputs; the field varies with the place in a 4×4 cell, but the middles agree on average."""
    root = archspec.load("test.toml", source=UNET).root
    found = fields(root)
    assert [
        (name, found[name].size[0], found[name].stride[0]) for name in ("e1", "e2", "e3", "d2", "d1")
    ] == [("e1", 5, 1), ("e2", 14, 2), ("e3", 32, 4), ("d2", 40, 2), ("d1", 44, 1)]
    assert found["d1.convs.1"] == found["d1"] == output(root)
    assert found["d1"].centre == (0, 0)
    assert found["d1"].aligned
    assert not list(misaligned(root))


# --- alignment ------------------------------------------------------------------------------------------------


def test_misaligned_residual() -> None:
    layers = """{ name = "stem", op = "conv", out = 3, kernel = 3, padding = 1 },
    { name = "body", op = "res" }, { name = "next", op = "res" }, { name = "head", op = "conv", out = 3, kernel = 1 }"""
    block = """
[blocks.res]
layers = [{ name = "inner", layers = [
  { op = "residual", layers = [{ op = "conv", out = 3, kernel = 3 }], shortcut = [SHORT] },
] }]"""
    centred = net(layers, block.replace("SHORT", '{ op = "crop", size = ["x.height - 2", "x.width - 2"] }'))
    assert output(centred).aligned
    assert not list(misaligned(centred))
    first = '{ op = "slice", axis = 2, stop = -2 }, { op = "crop", size = ["x.height", "x.width - 2"] }'
    root = net(layers, block.replace("SHORT", first))
    found = fields(root)
    assert [axis.aligned for axis in found["body"].axes] == [False, True]
    assert found["stem"].aligned
    assert not found["head"].aligned
    assert found["body"].size == (5, 5)
    assert [(path, node.module.kind) for path, node in misaligned(root)] == [("body.inner", "add")]


def test_strides_that_disagree() -> None:
    """Every position is taken to see what all see together."""
    layers = """{ op = "add", branches = [{ op = "conv", out = 3, kernel = 2, stride = 2 },
    { op = "slice", axis = 2, start = 4, stop = 54 }] }"""
    root = net(layers, shape='["N", 3, 100]')
    assert (axis(root).size, axis(root).stride, axis(root).start) == (100, 0, 0)
    assert [(path, node.module.kind) for path, node in misaligned(root)] == [("", "add")]


def test_an_image_and_its_transpose() -> None:
    layers = '{ op = "add", branches = [[], { op = "permute", axes = [0, 1, 3, 2] }] }'
    root = net(layers, shape='["N", 3, 9, 9]')
    assert output(root).everything
    assert not output(root).aligned


def test_half_a_pixel() -> None:
    """A stride of 2 with a kernel of 3 and nearest upsampling do not undo each other."""
    layers = """{ name = "c2", op = "conv", out = 4, kernel = 1 },
    { op = "conv", out = 4, kernel = KERNEL, stride = 2, padding = 1 }, { name = "up", op = "upsample", scale = 2 },
    { op = "add", from = ["c2", "up"] }"""
    for kernel, centre in ((3, Fraction(-1, 2)), (4, 0)):
        root = net(layers.replace("KERNEL", str(kernel)))
        assert output(root).aligned == (centre == 0)
        assert fields(root)["up"].centre == (centre, centre)


# --- what positions see of the input itself -------------------------------------------------------------------


def test_holes() -> None:
    """Kernel 2, dilation 2, stride 3: of three outputs one gets nothing, which a dilated kernel skips or meets."""
    layers = """{ op = "conv_transpose", out = 1, kernel = 2, stride = 3, dilation = 2, bias = false },
    { op = "conv", out = 1, kernel = 3, dilation = 2, padding = 1, bias = false }"""
    found = axis(net(layers, shape="[1, 1, 61, 64]"))
    assert found.at(95) == (32, 32)  # PyTorch's gradient
    assert not found.at_most


def test_borders() -> None:
    """What is cut off or left over is not seen, though the arithmetic goes on."""
    cut = '{ op = "slice", axis = 2, start = 4, stop = 9 }, { op = "conv", out = 1, kernel = 5, padding = 2 }'
    found = axis(net(cut, shape='["N", 1, 12]'))
    assert [found.at(index) for index in range(5)] == [(4, 6), (4, 7), (4, 8), (5, 8), (6, 8)]
    assert (found.size, found.start) == (5, 2)
    wide = axis(net('{ op = "conv", out = 1, kernel = 1, padding = 2 }', shape='["N", 1, 3]'))
    assert [wide.at(index) for index in range(7)] == [None, None, (0, 0), (1, 1), (2, 2), None, None]
    around = '{ op = "pad", padding = 1, mode = "circular" }, { op = "conv", out = 1, kernel = 3 }'
    round_ = axis(net(around, shape='["N", 1, 5]'))
    assert [round_.at(index) for index in range(5)] == [(0, 4), (0, 2), (1, 3), (2, 4), (0, 4)]


NORMS = [
    ('{ op = "batchnorm" }', (1, 1)),
    ('{ op = "batchnorm", track_running_stats = false }', (7, 11)),
    ('{ op = "instancenorm" }', (7, 11)),
    ('{ op = "instancenorm", track_running_stats = true }', (1, 1)),
    ('{ op = "groupnorm", groups = 3 }', (7, 11)),
    ('{ op = "layernorm" }', (1, 11)),
    ('{ op = "layernorm", axis = 1 }', (1, 1)),
    ('{ op = "lrn", size = 3 }', (1, 1)),
    ('{ op = "softmax" }', (1, 1)),
]


@pytest.mark.parametrize(("norm", "size"), NORMS)
def test_norms_see_what_they_normalise(norm: str, size: tuple[int, int]) -> None:
    found = output(net(norm, shape='["N", 3, 7, 11]'))
    assert found.size == size
    assert found.everything == (size == (7, 11))


def test_what_is_an_upper_bound_is_called_one() -> None:
    text = """archspec = 1
[model]
input = ["N", 1, 100]
layers = [{ name = "sum", layers = [{ op = "add", branches = [
  { op = "slice", axis = 2, stride = 2, stop = 40 }, { op = "slice", axis = 2, start = 4, stop = 24 },
] }] }]
"""
    model = archspec.load("test.toml", source=text)
    assert output(model.root).at_most
    assert "sees        at most 39 of the input" in model.summary(explain="sum")
    assert "≤ 39 !" in model.summary(columns=("op", "field"))


# --- structure ------------------------------------------------------------------------------------------------


def test_rows_and_depth() -> None:
    model = archspec.load(str(SPECS / "resnet.toml"), "resnet50")
    everything = fields(model.root)
    shallow = fields(model.root, 1)
    assert set(shallow) == {path for path in everything if "." not in path}
    assert all(everything[path] == found for path, found in shallow.items())
    grouped = [
        (row.path, row.last, found)
        for row, found in along(model.root, rows(model.root, model.costs, grouped=True, depth=2))
    ]
    assert ("layer3.1", "5", everything["layer3.5"]) in grouped
    assert [row.path for row, _ in along(model.root, model.modules())] == [
        row.path for row in model.modules()
    ]


def test_rows_of_a_network_with_training_outputs() -> None:
    model = archspec.load(str(SPECS / "googlenet.toml"))
    found = {row.path: field for row, field in along(model.root, model.modules())}
    assert found["aux1.conv.conv"] is not None
    assert found["inception5b"] == fields(model.root, 1)["inception5b"]


def test_reuse_and_removed_nodes() -> None:
    root = net(
        """{ name = "c", op = "conv", out = 3, kernel = 3, padding = 1 }, { op = "relu", when = false },
        { op = "reuse", of = "c" }, { op = "reuse", of = "c" }, { name = "last", op = "relu" }"""
    )
    found = fields(root)
    assert found["c"].size == (3, 3)
    assert found["last"].size == (7, 7)


def nested(leaf: str) -> str:
    return f"""archspec = 1
[model]
input = ["N", 4, 32, 32]
layers = [{{ op = "outer", repeat = 1000 }}]
[blocks.outer]
layers = [{{ op = "inner", repeat = 1000 }}]
[blocks.inner]
layers = [{leaf}]
"""


def test_cost_follows_the_description() -> None:
    """A million convolutions, in a thousand equal blocks of a thousand."""
    leaf = '{ op = "residual", layers = [{ op = "conv", out = 4, kernel = 3, padding = 1 }, "relu"] }'
    root = archspec.load("test.toml", source=nested(leaf)).root
    start = time.perf_counter()
    found = fields(root, 1)
    assert time.perf_counter() - start < 5
    assert found["999"].size == (2_000_001, 2_000_001)
    assert found["0"].size == (2_001, 2_001)
    assert found["999"].everything


def test_numbers_stay_small() -> None:
    """Strides and sizes beyond 64 bits do not grow, and grids that hardly repeat are given up."""
    down = '{ op = "conv", out = 4, kernel = 3, padding = 1, stride = 2 }'
    found = output(archspec.load("test.toml", source=nested(down)).root)
    assert max(found.size) < 2**70
    assert found.everything
    layers = '{ op = "upsample", scale = 2 }, { op = "conv", out = 1, kernel = 1, stride = 3 }'
    root = net(f"{{ repeat = 13, layers = [{layers}] }}", shape='["N", 1, 6000]')
    assert (axis(root).reach.period, axis(root).stride) == (1, 0)
    assert axis(root).size > 5000
    root = net(f"{{ repeat = 11, layers = [{layers}] }}", shape='["N", 1, 6000]')
    assert (axis(root).reach.period, axis(root).stride) == (2**11, Fraction(3, 2) ** 11)
    assert axis(root).size == 1
    assert output(net('{ op = "upsample", scale = 0.123456789 }')).everything


def test_equal_grids_are_one() -> None:
    """Down and up again, a thousand times: the period does not grow."""
    text = nested('{ op = "conv", out = 4, kernel = 2, stride = 2 }, { op = "upsample", scale = 2 }')
    found = output(archspec.load("test.toml", source=text).root)
    assert found.size == (2, 2)
    assert found.centre == (0, 0)
    assert found.axes[0].reach.period == 2 <= MAX_PERIOD
    assert found.aligned


# --- every op against torch's gradients -----------------------------------------------------------------------

EXACT = {
    "adaptive_avgpool",
    "add",
    "avgpool",
    "batchnorm",
    "conv",
    "conv_transpose",
    "crop",
    "expand",
    "global_avgpool",
    "glu",
    "groupnorm",
    "identity",
    "instancenorm",
    "linear",
    "pad",
    "permute",
    "pixel_shuffle",
    "pixel_unshuffle",
    "reduce_mean",
    "reduce_sum",
    "roll",
    "slice",
    "split",
    "upsample",
}
"""Their gradients are not zero by chance, and no positions are lost."""


@pytest.mark.parametrize(("op", "example"), VALID, ids=name_case)
def test_ops(op: type[Op], example: Example) -> None:
    """What the gradients of an example reach is what `reach` says, as far as it is in the input."""
    if op.name == "upsample" and example.fields.get("scale") == 1.1:
        return  # of volumes that keep their size, PyTorch's gradient is not that of what it computes
    gradients.receptive_field(op, example, exact=op.name in EXACT)


# --- random networks against torch's gradients ----------------------------------------------------------------

LENGTH = 400


@dataclass
class Step:
    """A layer: as a spec has it, as torch does it, and where its position 0 looks at and at what stride."""

    node: dict[str, Any]
    run: Callable[[Tensor], Tensor]
    centre: Fraction
    stride: Fraction

    def __call__(self, x: Tensor) -> Tensor:
        assume(x.shape[-1] >= 10)  # the largest window
        return self.run(x)


def weight(kernel: int) -> Tensor:
    return torch.rand(1, 1, kernel, dtype=torch.float64) + 0.5


def half(value: int) -> Fraction:
    return Fraction(value, 2)


@st.composite
def steps(draw: st.DrawFn, *, keep: bool = False) -> Step:
    """Any layer, or one that keeps the stride."""
    small = st.integers(1, 4)
    kinds = ["conv", "conv", "avgpool", "conv_transpose", "pad", "slice", *["upsample"] * (not keep)]
    kind = draw(st.sampled_from(kinds))
    kernel, stride, dilation = draw(small), 1 if keep else draw(st.integers(1, 3)), draw(st.integers(1, 3))
    before, after = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    if kind == "conv":
        w = weight(kernel)
        return Step(
            {
                "op": "conv",
                "out": 1,
                "kernel": kernel,
                "stride": stride,
                "dilation": dilation,
                "bias": False,
                "padding": {"left": before, "right": after},
            },
            lambda x: F.conv1d(F.pad(x, (before, after)), w, stride=stride, dilation=dilation),
            half(dilation * (kernel - 1)) - before,
            Fraction(stride),
        )
    if kind == "avgpool":
        side = min(before, kernel // 2)
        return Step(
            {"op": "avgpool", "kernel": kernel, "stride": stride, "padding": side},
            lambda x: F.avg_pool1d(x, kernel, stride, side),
            half(kernel - 1) - side,
            Fraction(stride),
        )
    if kind == "upsample":
        scale, mode = draw(st.integers(2, 4)), draw(st.sampled_from(["nearest", "nearest-exact", "linear"]))
        return Step(
            {"op": "upsample", "scale": scale, "mode": mode},
            lambda x: F.interpolate(x, scale_factor=scale, mode=mode),
            Fraction(1 - scale, 2 * scale),
            Fraction(1, scale),
        )
    if kind == "conv_transpose":
        kernel += stride - 1  # a smaller one would leave gaps, over which a dilated kernel can see less
        w = weight(kernel)
        side = min(before, kernel - 1)
        return Step(
            {
                "op": "conv_transpose",
                "out": 1,
                "kernel": kernel,
                "stride": stride,
                "padding": side,
                "bias": False,
            },
            lambda x: F.conv_transpose1d(x, w, stride=stride, padding=side),
            Fraction(2 * side - (kernel - 1), 2 * stride),
            Fraction(1, stride),
        )
    if kind == "pad":
        return Step(
            {"op": "pad", "padding": {"left": before, "right": after}},
            lambda x: F.pad(x, (before, after)),
            Fraction(-before),
            Fraction(1),
        )
    return Step(
        {"op": "slice", "axis": 2, "start": before, "stride": stride},
        lambda x: x[..., before::stride],
        Fraction(before),
        Fraction(stride),
    )


chains = st.lists(steps(), max_size=3)
keeping = st.lists(steps(keep=True), max_size=3)
networks = st.lists(st.tuples(keeping, keeping) | st.tuples(chains, chains) | steps(), min_size=1, max_size=4)
Ways = frozenset[tuple[Fraction, Fraction]]
"""Where the ways from the input look at: centre and stride of each."""


def after(ways: Ways, step: Step) -> Ways:
    return frozenset((centre + step.centre * stride, step.stride * stride) for centre, stride in ways)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks)
def test_random_networks(network: list[tuple[list[Step], list[Step]] | Step]) -> None:
    torch.manual_seed(2)
    x = torch.rand(1, 1, LENGTH, dtype=torch.float64, requires_grad=True)
    value, ways, nodes = x, frozenset({(Fraction(0), Fraction(1))}), list[dict[str, Any]]()
    for index, item in enumerate(network):
        if isinstance(item, Step):
            value, ways = item(value), after(ways, item)
            nodes.append(item.node)
            continue
        ends, branches, joined = [], list[list[dict[str, Any]]](), list[Ways]()
        for side, chain in enumerate(item):
            end, way = value, ways
            for step in chain:
                end, way = step(end), after(way, step)
            ends.append(end)
            joined.append(way)
            branches.append([{"name": f"b{index}{side}", "layers": [step.node for step in chain]}])
        length = min(end.shape[-1] for end in ends)
        for branch in branches:
            branch.append({"op": "slice", "axis": 2, "stop": length})
        value, ways = ends[0][..., :length] + ends[1][..., :length], joined[0] | joined[1]
        nodes.append({"op": "add", "branches": branches})
    spec = {"archspec": 1, "model": {"input": ["N", 1, LENGTH], "layers": nodes}}
    root = archspec.load("test.json", source=json.dumps(spec)).root
    (found,) = output(root).axes
    assert list(root.outputs[0].shape[1:]) == list(value.shape[1:])

    same_stride = len({stride for _, stride in ways}) == 1
    assert found.aligned == (len(ways) == 1)
    assert found.aligned == (not list(misaligned(root)))
    assert [field for _, field in along(root, rows(root, Costs()))][-1] == output(root)
    if found.aligned:
        assert [(found.centre, found.stride)] == list(ways)
    check_gradients(found, x, value, exact=same_stride)


def check_gradients(found: AxisField, x: Tensor, value: Tensor, *, exact: bool) -> None:
    """Some positions in the middle see what is predicted, if that is far from the borders."""
    stride = Fraction(LENGTH, value.shape[-1])
    first = int((LENGTH // 2 - found.centre) / (found.stride or stride))
    checked = []
    for index in range(first - 3, first + 4):
        seen = found.at(index)
        if not 0 <= index < value.shape[-1]:
            continue
        (gradient,) = torch.autograd.grad(value[0, 0, index], x, retain_graph=True)
        actual = (gradient.flatten() > 1e-12 * float(gradient.max())).nonzero().flatten().tolist()
        if not exact:
            assert not actual or (seen and seen[0] <= actual[0] and actual[-1] <= seen[1])
        elif seen and seen[0] >= LENGTH / 4 and seen[1] <= 3 * LENGTH / 4:
            assert (actual[0], actual[-1]) == seen
            checked.append(seen[1] - seen[0] + 1)
    if len(checked) >= found.reach.period:
        assert max(checked) == found.size


# --- exact fields: every position of random stacks --------------------------------------------------------------


Tail = tuple[dict[str, Any], Callable[[Tensor], Tensor]]


def layer(random: Random, n: int) -> Tail | None:
    """A layer for a sequence of `n` positions, as a spec has it and as torch does it; `None` if it does not fit."""
    kernel, stride, dilation = random.randint(1, 4), random.randint(1, 3), random.randint(1, 3)
    before, after = random.randint(0, 4), random.randint(0, 4)
    kind = random.choice(
        ["conv", "conv", "conv_transpose", "avgpool", "upsample", "pad", "slice", "crop", "adaptive"]
    )
    weight_ = torch.rand(1, 1, kernel, dtype=torch.float64) + 0.5
    if kind == "conv" and n + before + after > dilation * (kernel - 1):
        node = {
            "op": "conv",
            "out": 1,
            "kernel": kernel,
            "stride": stride,
            "dilation": dilation,
            "bias": False,
        }
        return {**node, "padding": {"left": before, "right": after}}, lambda x: F.conv1d(
            F.pad(x, (before, after)), weight_, stride=stride, dilation=dilation
        )
    if kind == "conv_transpose" and n < 60 and (n - 1) * stride + dilation * (kernel - 1) + 1 > 2 * before:
        side = before
        node = {"op": "conv_transpose", "out": 1, "kernel": kernel, "stride": stride, "dilation": dilation}
        return {**node, "padding": side, "bias": False}, lambda x: F.conv_transpose1d(
            x, weight_, stride=stride, dilation=dilation, padding=side
        )
    if kind == "avgpool" and n >= kernel:
        ceil, side = random.random() < 0.5, min(before, kernel // 2)
        return {
            "op": "avgpool",
            "kernel": kernel,
            "stride": stride,
            "padding": side,
            "ceil": ceil,
        }, lambda x: F.avg_pool1d(x, kernel, stride, side, ceil)
    if kind == "upsample" and 1 < n < 60:
        mode, corners = random.choice(["nearest", "nearest-exact", "linear", "linear"]), random.random() < 0.5
        scale, align = random.choice([2, 3, 1.5, 0.5]), True if mode == "linear" and corners else None
        return {
            "op": "upsample",
            "scale": scale,
            "mode": mode,
            "align_corners": bool(align),
        }, lambda x: F.interpolate(x, scale_factor=scale, mode=mode, align_corners=align)
    if kind == "pad" and n > max(before, after):
        mode = random.choice(["constant", "reflect", "replicate", "circular"])
        return {"op": "pad", "padding": {"left": before, "right": after}, "mode": mode}, lambda x: F.pad(
            x, (before, after), mode=mode
        )
    if kind == "slice" and n > before:
        return {"op": "slice", "axis": 2, "start": before, "stride": stride}, lambda x: x[..., before::stride]
    if kind == "crop" and n > after:
        start = round((after) / 2)
        return {"op": "crop", "size": n - after}, lambda x: x[..., start : start + n - after]
    if kind == "adaptive":
        return {"op": "adaptive_avgpool", "size": kernel}, lambda x: F.adaptive_avg_pool1d(x, kernel)
    return None


def stack(random: Random, x: Tensor, depth: int) -> tuple[list[dict[str, Any]], Tensor]:
    """Layers in a row, and some of them beside others, whose sum begins at the first position of all."""
    nodes: list[dict[str, Any]] = []
    for _ in range(depth):
        if random.random() < 0.15:
            inner, x = stack(random, x, random.randint(1, 3))
            nodes.append({"name": f"group{random.getrandbits(30)}", "layers": inner})
        elif random.random() < 0.2:
            ways = [stack(random, x, random.randint(0, 2)) for _ in range(2)]
            length = min(value.shape[-1] for _, value in ways)
            cut = {"op": "slice", "axis": 2, "stop": length}
            nodes.append({"op": "add", "branches": [[*inner, cut] for inner, _ in ways]})
            x = ways[0][1][..., :length] + ways[1][1][..., :length]
        elif made := layer(random, x.shape[-1]):
            nodes.append(made[0])
            x = made[1](x)
    return nodes, x


def differences(seed: int) -> tuple[AxisField | None, list[tuple[Interval | None, Interval | None]]]:
    """The field of a random stack; for each position what it sees, and what its gradient reaches."""
    random = Random(seed)
    torch.manual_seed(seed)
    length = random.choice([5, 11, 23, 40])
    x = torch.rand(1, 1, length, dtype=torch.float64, requires_grad=True)
    nodes, value = stack(random, x, random.randint(1, 5))
    spec = {"archspec": 1, "model": {"input": ["N", 1, length], "layers": nodes or [{"op": "identity"}]}}
    root = archspec.load("test.json", source=json.dumps(spec)).root
    (field,) = output_fields(root)
    assert field is not None
    found = field.axes[0]
    pairs = []
    for index in range(value.shape[-1]):
        (gradient,) = torch.autograd.grad(value[0, 0, index], x, retain_graph=True, allow_unused=True)
        reached = [] if gradient is None else (gradient.flatten().abs() > 1e-9).nonzero().flatten().tolist()
        pairs.append((found.at(index), (reached[0], reached[-1]) if reached else None))
    return found, pairs


@pytest.mark.parametrize("seeds", range(5))
def test_every_position_sees_what_its_gradient_reaches(seeds: int) -> None:
    """At the ends and in holes, too; at most where the field says so."""
    exact = 0
    for seed in range(100 * seeds, 100 * (seeds + 1)):
        found, pairs = differences(seed)
        assert found is not None
        for seen, reached in pairs:
            assert reached is None or (seen and seen[0] <= reached[0] and reached[1] <= seen[1]), seed
            assert found.at_most or seen == reached, seed
        exact += not found.at_most
    assert exact >= 50  # the others have sums whose ways go on at different strides
