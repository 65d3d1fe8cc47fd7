"""The networks of `specs/`, against torchvision, plain torch and published numbers.

Literal numbers come from torchvision and from torch's flop counter, never from archspec.
"""

from collections import OrderedDict
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import tomli
import torch
import torchvision
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.regnet import BlockParams
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
from torchvision.ops import StochasticDepth

import archspec
from archspec import Model, zoo
from archspec.ir import Module
from archspec.types import TensorType

FROM_INIT_PARAMS = BlockParams.from_init_params
SPECS = Path(__file__).parent.parent / "specs"

BUDGETS = {"resnet": 75, "googlenet": 75, "densenet": 60, "vgg": 45, "alexnet": 35}
"""Lines that say something, at most."""

BUDGET = 110
"""Those of all other specs but these, at most."""
LONGER = {"inception_v3": 160, "inception_v4": 170, "hrnet": 170}

TORCHVISION = {
    # model: spec, parameters, MACs and entries of the state_dict, for inference on one image of the spec's size
    "alexnet": ("alexnet", 61_100_840, 714_188_480, 16),
    "vgg11": ("vgg", 132_863_336, 7_609_090_048, 22),
    "vgg13": ("vgg", 133_047_848, 11_308_466_176, 26),
    "vgg16": ("vgg", 138_357_544, 15_470_264_320, 32),
    "vgg19": ("vgg", 143_667_240, 19_632_062_464, 38),
    "vgg11_bn": ("vgg", 132_868_840, 7_609_090_048, 62),
    "vgg13_bn": ("vgg", 133_053_736, 11_308_466_176, 76),
    "vgg16_bn": ("vgg", 138_365_992, 15_470_264_320, 97),
    "vgg19_bn": ("vgg", 143_678_248, 19_632_062_464, 118),
    "googlenet": ("googlenet", 6_624_904, 1_498_376_192, 344),
    "resnet18": ("resnet", 11_689_512, 1_814_073_344, 122),
    "resnet34": ("resnet", 21_797_672, 3_663_761_408, 218),
    "resnet50": ("resnet", 25_557_032, 4_089_184_256, 320),
    "resnet101": ("resnet", 44_549_160, 7_801_405_440, 626),
    "resnet152": ("resnet", 60_192_808, 11_513_626_624, 932),
    "resnext50_32x4d": ("resnet", 25_028_904, 4_230_479_872, 320),
    "resnext101_32x8d": ("resnet", 88_791_336, 16_414_015_488, 626),
    "resnext101_64x4d": ("resnet", 83_455_272, 15_460_270_080, 626),
    "wide_resnet50_2": ("resnet", 68_883_240, 11_398_021_120, 320),
    "wide_resnet101_2": ("resnet", 126_886_696, 22_753_050_624, 626),
    "densenet121": ("densenet", 7_978_856, 2_834_161_664, 727),
    "densenet161": ("densenet", 28_681_000, 7_727_907_072, 967),
    "densenet169": ("densenet", 14_149_480, 3_359_843_328, 1015),
    "densenet201": ("densenet", 20_013_928, 4_291_365_888, 1207),
    "shufflenet_v2_x0_5": ("shufflenet_v2", 1_366_792, 40_476_448, 338),
    "shufflenet_v2_x1_0": ("shufflenet_v2", 2_278_604, 144_907_992, 338),
    "shufflenet_v2_x1_5": ("shufflenet_v2", 3_503_624, 295_759_392, 338),
    "shufflenet_v2_x2_0": ("shufflenet_v2", 7_393_996, 583_253_464, 338),
    "convnext_tiny": ("convnext", 28_589_128, 4_455_531_264, 182),
    "convnext_small": ("convnext", 50_223_688, 8_683_712_256, 344),
    "convnext_base": ("convnext", 88_591_464, 15_354_729_472, 344),
    "convnext_large": ("convnext", 197_767_336, 34_361_433_600, 344),
    "mnasnet0_5": ("mnasnet", 2_218_512, 104_455_968, 314),
    "mnasnet0_75": ("mnasnet", 3_170_208, 215_493_104, 314),
    "mnasnet1_0": ("mnasnet", 4_383_312, 314_415_872, 314),
    "mnasnet1_3": ("mnasnet", 6_282_256, 526_362_432, 314),
    "mobilenet_v2": ("mobilenet_v2", 3_504_872, 300_774_272, 314),
    "mobilenet_v3_large": ("mobilenet_v3", 5_483_032, 216_589_760, 312),
    "mobilenet_v3_small": ("mobilenet_v3", 2_542_856, 56_510_400, 244),
    "squeezenet1_0": ("squeezenet", 1_248_424, 818_924_576, 52),
    "squeezenet1_1": ("squeezenet", 1_235_496, 349_151_936, 52),
    "inception_v3": ("inception_v3", 23_834_568, 5_713_216_096, 566),
    "vit_b_16": ("vit", 86_567_656, 17_563_828_224, 152),
    "vit_b_32": ("vit", 88_224_232, 4_409_186_304, 152),
    "vit_l_16": ("vit", 304_326_632, 61_554_712_576, 296),
    "vit_l_32": ("vit", 306_535_400, 15_377_539_072, 296),
    "vit_h_14": ("vit", 632_045_800, 167_295_109_120, 392),
    "efficientnet_b0": ("efficientnet", 5_288_548, 385_814_752, 360),
    "efficientnet_b1": ("efficientnet", 7_794_184, 686_802_832, 508),
    "efficientnet_b2": ("efficientnet", 9_109_994, 1_087_529_456, 508),
    "efficientnet_b3": ("efficientnet", 12_233_232, 1_827_141_392, 574),
    "efficientnet_b4": ("efficientnet", 19_341_616, 4_393_771_024, 706),
    "efficientnet_b5": ("efficientnet", 30_389_784, 10_266_384_752, 854),
    "efficientnet_b6": ("efficientnet", 43_040_704, 19_067_593_536, 986),
    "efficientnet_b7": ("efficientnet", 66_347_960, 37_745_884_192, 1200),
    "efficientnet_v2_s": ("efficientnet_v2", 21_458_488, 8_365_617_152, 782),
    "efficientnet_v2_m": ("efficientnet_v2", 54_139_356, 24_582_460_384, 1120),
    "efficientnet_v2_l": ("efficientnet_v2", 118_515_272, 56_079_699_008, 1548),
    "regnet_y_400mf": ("regnet", 4_344_144, 401_842_848, 384),
    "regnet_y_800mf": ("regnet", 6_432_512, 833_856_256, 340),
    "regnet_y_1_6gf": ("regnet", 11_202_430, 1_612_076_160, 626),
    "regnet_y_3_2gf": ("regnet", 19_436_338, 3_176_482_752, 494),
    "regnet_y_8gf": ("regnet", 39_381_472, 8_473_070_592, 406),
    "regnet_y_16gf": ("regnet", 83_590_140, 15_911_510_272, 428),
    "regnet_y_32gf": ("regnet", 145_046_770, 32_279_552_832, 472),
    "regnet_y_128gf": ("regnet", 644_812_894, 127_517_815_680, 626),
    "regnet_x_400mf": ("regnet", 5_495_976, 413_812_608, 428),
    "regnet_x_800mf": ("regnet", 7_259_656, 799_699_712, 320),
    "regnet_x_1_6gf": ("regnet", 9_190_136, 1_602_849_792, 356),
    "regnet_x_3_2gf": ("regnet", 15_296_552, 3_176_621_952, 482),
    "regnet_x_8gf": ("regnet", 39_572_648, 7_995_132_416, 446),
    "regnet_x_16gf": ("regnet", 54_278_536, 15_940_755_456, 428),
    "regnet_x_32gf": ("regnet", 107_811_560, 31_735_929_792, 446),
}

NEWER = {
    "convnext_tiny",
    "efficientnet_b0",
    "efficientnet_v2_s",
    "inception_v3",
    "mnasnet0_5",
    "mobilenet_v2",
} | {
    *("mobilenet_v3_large", "mobilenet_v3_small", "regnet_x_400mf", "regnet_y_400mf", "shufflenet_v2_x0_5"),
    *("squeezenet1_0", "squeezenet1_1", "vit_b_32"),
}
"""One of each kind among the families that came later, for what their other members share."""

OLDER = {name for name, entry in TORCHVISION.items() if entry[0] in BUDGETS}
"""All of the others."""

BUFFERS = {
    "alexnet": 0,
    "vgg16": 0,
    "vgg16_bn": 8_461,
    "resnet18": 9_620,
    "resnet50": 53_173,
    "resnext50_32x4d": 68_277,
    "densenet121": 83_769,
}

TEACHING = {
    # spec, variant: parameters, MACs and the shape after each stage
    ("lenet", None): (61_706, 416_520, "6×28×28, 6×14×14, 16×10×10, 16×5×5, 400, 120, 84, 10"),
    ("lenet_bn", None): (44_878, 281_640, "6×24×24, 6×12×12, 16×8×8, 16×4×4, 256, 120, 84, 10"),
    ("lenet_max", None): (44_426, 281_640, "6×24×24, 6×12×12, 16×8×8, 16×4×4, 256, 120, 84, 10"),
    ("alexnet", None): (
        46_764_746,
        938_146_176,
        "96×54×54, 96×26×26, 256×26×26, 256×12×12, 384×12×12, 384×12×12, 256×12×12, 256×5×5, 6400, 4096, 4096, 10",
    ),
    ("vgg11", None): (
        128_806_154,
        7_547_232_256,
        "64×112×112, 128×56×56, 256×28×28, 512×14×14, 512×7×7, 25088, 4096, 4096, 10",
    ),
    ("nin", None): (
        1_992_166,
        762_297_352,
        "96×54×54, 96×26×26, 256×26×26, 256×12×12, 384×12×12, 384×5×5, 10×5×5, 10",
    ),
    ("googlenet", None): (5_977_530, 276_066_304, "64×24×24, 192×12×12, 480×6×6, 832×3×3, 1024×1×1, 10"),
    ("resnet18", "resnet18"): (
        11_178_378,
        1_734_890_496,
        "64×56×56, 64×56×56, 128×28×28, 256×14×14, 512×7×7, 512, 10",
    ),
    ("resnet18", "resnet18_96"): (11_178_378, 318_657_536, "64×24×24, 64×24×24, 128×12×12, 256×6×6, 512×3×3"),
    ("densenet", None): (
        758_226,
        129_077_168,
        "64×24×24, 192×24×24, 96×12×12, 224×12×12, 112×6×6, 240×6×6, 120×3×3, 248×3×3, 10",
    ),
}

OURS = [family.name for family in zoo.families()]
"""The specs whose expectations are exact: all."""


# --- archspec's side -----------------------------------------------------------------------------------


@cache
def network(spec: str, variant: str | None = None) -> Model:
    return archspec.load(str(SPECS / f"{spec}.toml"), variant)


def variant_of(name: str) -> Model:
    """The network that is torchvision's model `name`."""
    spec = TORCHVISION[name][0]
    return network(spec, None if spec == name else name)


def shapes_of_weights(model: Model) -> list[tuple[str, tuple[int, ...]]]:
    return [(key, tuple(weight.shape)) for key, weight in model.weights().items()]


def modules(model: Model) -> dict[str, Module]:
    return {row.path: row.module for row in model.modules() if row.is_module}


def shapes_of_layers(model: Model) -> list[tuple[int, ...]]:
    """The shape after each op, in the order of computation."""
    return [shape_after(row.module) for row in model.modules() if row.module.op is not None]


def shape_after(module: Module) -> tuple[int, ...]:
    """The shape of a module's output, for a batch of 1."""
    return sized(module.outputs[0])


def sized(type_: TensorType) -> tuple[int, ...]:
    return tuple(1 if dim == "N" else int(dim) for dim in type_.shape)


# --- torch's side --------------------------------------------------------------------------------------


HEADED = {"googlenet", "inception_v3"}
"""Those with auxiliary heads in training."""


def block_params(*args: Any, **options: Any) -> Any:
    """RegNet's widths, which torchvision computes with tensors: on the meta device there would be none."""
    with torch.device("cpu"):
        return FROM_INIT_PARAMS(*args, **options)


@cache
def reference(name: str, **options: Any) -> Any:
    """A model of torchvision without memory for its weights."""
    if name in HEADED:
        options["init_weights"] = False
    with torch.device("meta"), patch.object(BlockParams, "from_init_params", block_params):
        return torchvision.models.get_model(name, weights=None, **options).eval()


def weights_of(model: Any) -> list[tuple[str, tuple[int, ...]]]:
    return [(key, tuple(tensor.shape)) for key, tensor in model.state_dict().items()]


def params_of(model: Any) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def macs_of(model: Any, shape: tuple[int, ...]) -> int:
    """Half of the flops of a call."""
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(shape, device="meta"))
    macs, rest = divmod(counter.get_total_flops(), 2)
    assert rest == 0
    return int(macs)


def shapes_of_calls(model: Any, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """The shape of each submodule's output. Of several calls, the last."""
    shapes: dict[str, tuple[int, ...]] = {}

    def record(path: str) -> Any:
        def hook(_module: Any, _inputs: Any, output: Any) -> None:
            first = output[0] if isinstance(output, tuple) else output  # attention gives its weights too
            shapes[path] = tuple(first.shape)

        return hook

    handles = [module.register_forward_hook(record(path)) for path, module in model.named_modules() if path]
    model(torch.empty(shape, device="meta"))
    for handle in handles:
        handle.remove()
    return shapes


KINDS = {"Conv2d": "conv", "LayerNorm2d": "layernorm", "Permute": "permute"} | {
    name: name.lower()
    for name in "Linear ReLU ReLU6 GELU SiLU Tanh Sigmoid Hardsigmoid Hardswish Identity".split()
}


def settings(module: Any) -> tuple[Any, ...]:
    """A torch module as archspec calls it, with what neither shapes nor weights tell."""
    match module:
        case nn.BatchNorm2d():
            return "batchnorm", module.eps, module.momentum
        case nn.Dropout():
            return "dropout", module.p
        case nn.MaxPool2d():
            return "maxpool", module.ceil_mode
        case nn.AvgPool2d():
            return "avgpool", module.ceil_mode
        case nn.LayerNorm():
            return "layernorm", module.eps
        case StochasticDepth():
            return "stochastic_depth", module.p, module.mode
        case nn.AdaptiveAvgPool2d():
            return ("global_avgpool" if module.output_size in (1, (1, 1)) else "adaptive_avgpool",)
    return (KINDS.get(type(module).__name__, "flatten"),)


def settings_of(model: Any) -> dict[str, tuple[Any, ...]]:
    """The settings of all modules without submodules."""
    return {path: settings(module) for path, module in model.named_modules() if not list(module.children())}


def our_settings(module: Module) -> tuple[Any, ...]:
    keys = {"batchnorm": ("eps", "momentum"), "dropout": ("p",), "maxpool": ("ceil",), "avgpool": ("ceil",)}
    keys |= {"layernorm": ("eps",), "stochastic_depth": ("p", "mode")}
    return module.kind, *(getattr(module.op, key) for key in keys.get(module.kind, ()))


# --- torchvision ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TORCHVISION)
def test_numbers_are_those_of_torchvision(name: str) -> None:
    _, params, macs, entries = TORCHVISION[name]
    totals = variant_of(name).totals
    assert (totals.params, totals.macs, totals.weights) == (params, macs, entries)
    assert totals.buffers == BUFFERS.get(name, totals.buffers)
    bare = reference(name, aux_logits=False) if name in HEADED else reference(name)
    shape = sized(variant_of(name).inputs["input"])
    assert (params_of(bare), macs_of(bare, shape), len(bare.state_dict())) == (params, macs, entries)
    assert totals.buffers == sum(buffer.numel() for buffer in bare.buffers())


@pytest.mark.parametrize("name", TORCHVISION)
def test_weights_are_those_of_torchvision(name: str) -> None:
    """All keys in the same order, all shapes."""
    assert shapes_of_weights(variant_of(name)) == weights_of(reference(name))


@pytest.mark.parametrize("name", sorted(OLDER | NEWER))
def test_outputs_of_modules_are_those_of_torchvision(name: str) -> None:
    ours = modules(variant_of(name))
    theirs = shapes_of_calls(reference(name), sized(variant_of(name).inputs["input"]))
    shared = shared_by(name, theirs, ours)
    assert {path: shape_after(ours[path]) for path in shared} == {path: theirs[path] for path in shared}


@pytest.mark.parametrize("name", sorted(OLDER | NEWER))
def test_settings_of_modules_are_those_of_torchvision(name: str) -> None:
    """What only the output would tell: eps, momentum, p, rounding."""
    ours = modules(variant_of(name))
    theirs = settings_of(reference(name))
    shared = shared_by(name, theirs, ours)
    assert {path: our_settings(ours[path]) for path in shared} == {path: theirs[path] for path in shared}
    dropouts = [path for path, module in ours.items() if module.kind == "dropout"]
    assert dropouts == [path for path in dropouts if path in shared or name.startswith("vit")]


def shared_by(name: str, theirs: dict[str, Any], ours: dict[str, Module]) -> list[str]:
    """The modules that both have. In the newer families torchvision has modules without weights that do nothing."""
    if name in OLDER:
        return called_once(theirs, ours)
    modules_ = reference(name).named_modules()
    found = {path: module for path, module in modules_ if path and path not in ours}
    inside = ".self_attention."  # attention is an op here
    assert not any(list(found[path].parameters(recurse=False)) for path in found if inside not in path)
    return [path for path in theirs if path in ours and not path.endswith("self_attention")]


def called_once(theirs: dict[str, Any], ours: dict[str, Module]) -> list[str]:
    """The modules of torchvision, without the rectifiers of residual blocks: one each, called again and again."""
    several = {path for path in theirs if path not in ours}
    assert all(path.startswith("layer") and path.endswith(".relu") for path in several)
    return [path for path in theirs if path not in several]


def test_googlenet_has_auxiliary_heads_in_training() -> None:
    model = network("googlenet")
    training = model.training_totals
    assert len(training.outputs) == 3
    assert training.weights == len(model.weights()) == len(reference("googlenet").state_dict()) == 364
    assert training.params == params_of(reference("googlenet")) == 13_004_888
    heads = reference("googlenet", aux_logits=True).train()
    try:
        assert 2 * training.macs == macs_of(heads, (2, 3, 224, 224))
    finally:
        heads.eval()


@pytest.mark.parametrize(
    ("spec", "params", "build"),
    [
        ("alexnet", {"classes": 7}, lambda: torchvision.models.AlexNet(7)),
        (
            "resnet",
            {"unit": "basic", "depths": [1, 2, 1, 3], "classes": 7},
            lambda: ResNet(BasicBlock, [1, 2, 1, 3], 7),
        ),
        (
            "resnet",
            {"depths": [2, 1, 1, 1], "groups": 2, "base_width": 48},
            lambda: ResNet(Bottleneck, [2, 1, 1, 1], groups=2, width_per_group=48),
        ),
        (
            "densenet",
            {"depths": [2, 3, 1, 2], "growth": 13, "stem": 22, "classes": 7},
            lambda: torchvision.models.DenseNet(13, (2, 3, 1, 2), 22, num_classes=7),
        ),
        ("googlenet", {"classes": 7}, lambda: torchvision.models.GoogLeNet(7, init_weights=False)),
    ],
)
@pytest.mark.parametrize("size", [224, 197])
def test_parameters_make_other_networks(spec: str, params: dict[str, Any], build: Any, size: int) -> None:
    shape = (1, 3, size, size)
    model = archspec.load(str(SPECS / f"{spec}.toml"), params=params, inputs={"input": shape})
    with torch.device("meta"):
        theirs = build().eval()
    assert shapes_of_weights(model) == weights_of(theirs)
    assert model.totals.macs == macs_of(theirs, shape)


# --- the teaching networks -----------------------------------------------------------------------------


@pytest.mark.parametrize(("spec", "variant"), TEACHING)
def test_teaching_networks(spec: str, variant: str | None) -> None:
    params, macs, stages = TEACHING[spec, variant]
    model = network(f"teaching/{spec}", variant)
    assert (model.totals.params, model.totals.macs) == (params, macs)
    shapes = iter(shapes_of_layers(model))
    for stage in stages.split(", "):
        shape = (1, *map(int, stage.split("×")))
        assert shape in shapes, f"no {stage} after the stages before"


def mlp_conv(channels: int, out: int, last: int, **geometry: int) -> Any:
    """A convolution and its perceptron: `conv`, `cccp1`, `cccp2`."""
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(channels, out, **geometry),
            relu1=nn.ReLU(),
            cccp1=nn.Conv2d(out, out, 1),
            relu2=nn.ReLU(),
            cccp2=nn.Conv2d(out, last, 1),
            relu3=nn.ReLU(),
        )
    )


def plain(block: Any) -> Any:
    """The layers of a sequence, by position."""
    return nn.Sequential(*block)


def vgg_block(channels: int, out: int, depth: int) -> Any:
    widths = pairwise([channels, *[out] * depth])
    return nn.Sequential(
        *[layer for pair in widths for layer in (nn.Conv2d(*pair, 3, padding=1), nn.ReLU())],
        nn.MaxPool2d(2, 2),
    )


def classifier(*widths: int) -> list[Any]:
    """Linear layers with dropout between them."""
    *hidden, last = pairwise(widths)
    return [
        *[layer for pair in hidden for layer in (nn.Linear(*pair), nn.ReLU(), nn.Dropout(0.5))],
        nn.Linear(*last),
    ]


def by_hand(spec: str) -> Any:
    """The network of a spec, written in torch."""
    match spec:
        case "lenet":
            return nn.Sequential(
                OrderedDict(
                    c1=nn.Conv2d(1, 6, 5),
                    t1=nn.Tanh(),
                    s2=nn.AvgPool2d(2),
                    c3=nn.Conv2d(6, 16, 5),
                    t3=nn.Tanh(),
                    s4=nn.AvgPool2d(2),
                    c5=nn.Conv2d(16, 120, 5),
                    t5=nn.Tanh(),
                    flat=nn.Flatten(),
                    f6=nn.Linear(120, 84),
                    t6=nn.Tanh(),
                    output=nn.Linear(84, 10),
                )
            )
        case "nin":
            return nn.Sequential(
                OrderedDict(
                    mlpconv1=mlp_conv(3, 96, 96, kernel_size=11, stride=4),
                    pool1=nn.MaxPool2d(3, 2, ceil_mode=True),
                    mlpconv2=mlp_conv(96, 256, 256, kernel_size=5, padding=2),
                    pool2=nn.MaxPool2d(3, 2, ceil_mode=True),
                    mlpconv3=mlp_conv(256, 384, 384, kernel_size=3, padding=1),
                    pool3=nn.MaxPool2d(3, 2, ceil_mode=True),
                    drop=nn.Dropout(0.5),
                    mlpconv4=mlp_conv(384, 1024, 1000, kernel_size=3, padding=1),
                    pool4=nn.AdaptiveAvgPool2d(1),
                    flat=nn.Flatten(),
                )
            )
        case "teaching/lenet":
            return nn.Sequential(
                nn.Conv2d(1, 6, 5, padding=2),
                nn.Sigmoid(),
                nn.AvgPool2d(2),
                nn.Conv2d(6, 16, 5),
                nn.Sigmoid(),
                nn.AvgPool2d(2),
                nn.Flatten(),
                nn.Linear(400, 120),
                nn.Sigmoid(),
                nn.Linear(120, 84),
                nn.Sigmoid(),
                nn.Linear(84, 10),
            )
        case "teaching/lenet_max":
            return nn.Sequential(
                nn.Conv2d(1, 6, 5),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Conv2d(6, 16, 5),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Flatten(),
                nn.Linear(256, 120),
                nn.ReLU(),
                nn.Linear(120, 84),
                nn.ReLU(),
                nn.Linear(84, 10),
            )
        case "teaching/alexnet":
            return nn.Sequential(
                nn.Conv2d(1, 96, 11, stride=4, padding=1),
                nn.ReLU(),
                nn.MaxPool2d(3, 2),
                nn.Conv2d(96, 256, 5, padding=2),
                nn.ReLU(),
                nn.MaxPool2d(3, 2),
                nn.Conv2d(256, 384, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(384, 384, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(384, 256, 3, padding=1),
                nn.ReLU(),
                nn.MaxPool2d(3, 2),
                nn.Flatten(),
                *classifier(6400, 4096, 4096, 10),
            )
        case "teaching/vgg11":
            return nn.Sequential(
                vgg_block(1, 64, 1),
                vgg_block(64, 128, 1),
                vgg_block(128, 256, 2),
                vgg_block(256, 512, 2),
                vgg_block(512, 512, 2),
                nn.Flatten(),
                *classifier(25088, 4096, 4096, 10),
            )
        case "teaching/nin":
            return nn.Sequential(
                plain(mlp_conv(1, 96, 96, kernel_size=11, stride=4)),
                nn.MaxPool2d(3, 2),
                plain(mlp_conv(96, 256, 256, kernel_size=5, padding=2)),
                nn.MaxPool2d(3, 2),
                plain(mlp_conv(256, 384, 384, kernel_size=3, padding=1)),
                nn.MaxPool2d(3, 2),
                nn.Dropout(0.5),
                plain(mlp_conv(384, 10, 10, kernel_size=3, padding=1)),
                nn.AdaptiveAvgPool2d(1),
                nn.Flatten(),
            )
    raise AssertionError(spec)


@pytest.mark.parametrize(
    ("spec", "params", "macs"),
    [
        ("lenet", 61_706, 416_520),
        ("nin", 7_595_176, 1_100_188_800),
        ("teaching/lenet", 61_706, 416_520),
        ("teaching/lenet_max", 44_426, 281_640),
        ("teaching/alexnet", 46_764_746, 938_146_176),
        ("teaching/vgg11", 128_806_154, 7_547_232_256),
        ("teaching/nin", 1_992_166, 762_297_352),
    ],
)
def test_sequential_networks_by_hand(spec: str, params: int, macs: int) -> None:
    model = network(spec)
    shape = sized(model.inputs["input"])
    with torch.device("meta"):
        theirs = by_hand(spec).eval()
    assert (
        (model.totals.params, model.totals.macs)
        == (params_of(theirs), macs_of(theirs, shape))
        == (params, macs)
    )
    assert shapes_of_weights(model) == weights_of(theirs)
    calls = shapes_of_calls(theirs, shape)
    layers = [module for module in modules(model).values() if module.op is not None]
    expected = settings_of(theirs)
    assert [shape_after(layer) for layer in layers] == [calls[path] for path in expected]
    assert [our_settings(layer) for layer in layers] == list(expected.values())


# --- the files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", zoo.families(), ids=lambda family: family.name)
def test_specs_are_short(family: zoo.Family) -> None:
    """Blank lines, comments, expectations, papers and what files of weights call keys do not count."""
    assert family.lines <= (BUDGETS | LONGER).get(family.name, BUDGET)


@pytest.mark.parametrize("path", sorted(SPECS.rglob("*.toml")), ids=lambda path: str(path.relative_to(SPECS)))
def test_every_spec_loads(path: Path) -> None:
    """All variants, and the parameters' defaults. A library of blocks has nothing more to show."""
    text = path.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 110
    data = tomli.loads(text)
    if "model" not in data:
        with pytest.raises(archspec.UsageError, match="library"):
            archspec.load(str(path))
        return
    for variant in (None, *data.get("variants", {})):
        assert archspec.load(str(path), variant).totals.modules


@pytest.mark.parametrize("spec", OURS)
def test_spec_meets_its_expectations(spec: str) -> None:
    path = SPECS / f"{spec}.toml"
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    data = tomli.loads(text)
    assert data["about"].keys() >= {"paper", "authors", "year", "url"}
    assert data["model"]["doc"]
    variants = list(data.get("variants", {})) or [None]
    expectations = data["expect"] if variants != [None] else {None: data["expect"]}
    assert list(expectations) == variants
    for variant, expected in expectations.items():
        model = network(spec, variant)
        facts = {
            "params": model.totals.params,
            "macs": model.totals.macs,
            "buffers": model.totals.buffers,
            "output": list(model.totals.outputs[0].shape),
            "training": {"params": model.training_totals.params},
        }
        assert {"params", "macs", "output"} <= expected.keys() <= facts.keys()
        assert {key: facts[key] for key in expected} == expected
