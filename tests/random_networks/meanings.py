"""What each op means, by torch's own modules and functions."""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 — as everyone calls it
import torchvision
from torch import Tensor, nn

Fields = dict[str, Any]
Shape = tuple[int, ...]
SIDES = (("left", "right"), ("top", "bottom"), ("front", "back"))


class Function(nn.Module):  # type: ignore[misc]
    """A function of tensors as a module."""

    def __init__(self, apply: Callable[..., Any]) -> None:
        super().__init__()
        self.apply_to = apply

    def forward(self, *inputs: Tensor) -> Any:
        return self.apply_to(*inputs)


def per_axis(value: Any, axes: int) -> list[Any]:
    return list(value) if isinstance(value, list) else [value] * axes


def borders(fields: Fields, shape: Shape, kernel: Any, step: Any) -> list[tuple[int, int]]:
    """The padding of each axis, before and after. It is never negative in the language; torch minds it only at times."""
    axes = len(shape) - 2
    padding = fields.get("padding", 0)
    if isinstance(padding, dict):
        assert min(padding.values(), default=0) >= 0
        assert padding.keys() <= {side for pair in SIDES[:axes] for side in pair}
        return [(padding.get(near, 0), padding.get(far, 0)) for near, far in reversed(SIDES[:axes])]
    if not isinstance(padding, str):
        assert min(per_axis(padding, axes)) >= 0
        return [(n, n) for n in per_axis(padding, axes)]
    found = []
    dilations = per_axis(fields.get("dilation", 1), axes)
    for n, k, s, d in zip(shape[2:], per_axis(kernel, axes), per_axis(step, axes), dilations, strict=True):
        reach = d * (k - 1)
        match padding:
            case "valid":
                found.append((0, 0))
            case "half":
                found.append((reach // 2, reach // 2))
            case _:
                assert padding != "same" or s == 1
                total = reach if padding == "same" else max((math.ceil(n / s) - 1) * s + reach + 1 - n, 0)
                small, large = total // 2, total - total // 2
                found.append((large, small) if padding == "same_lower" else (small, large))
    return found


def sided(pads: list[tuple[int, int]]) -> list[int]:
    """The padding as `F.pad` takes it: the last axis first."""
    return [side for pair in reversed(pads) for side in pair]


def of_rank(name: str, shape: Shape) -> Any:
    """The class for the number of spatial axes."""
    axes = len(shape) - 2
    if name == "BatchNorm" and axes == 0:  # features are normalised by the class for sequences
        axes = 1
    return getattr(nn, f"{name}{axes}d")


WITHIN_IMAGES = ("normalize", "roll", "reduce_mean", "reduce_max", "reduce_sum", "slice", "split", "glu")
"""What the language refuses along the batch, at least while that is free."""


def meaning(op: str, fields: Fields, shapes: list[Shape]) -> nn.Module:
    """The module that an op is, for inputs of these shapes. Torch raises where they do not fit."""
    shape = shapes[0] if shapes else ()
    for key in ("kernel", "stride", "dilation", "size"):  # which torch does not always look at
        value = fields.get(key, 1)
        values = value if isinstance(value, list) else [value]
        assert all(isinstance(n, int) and n > 0 for n in values), key
        assert not isinstance(value, list) or len(value) == len(shape) - 2, key
    padding = fields.get("padding")
    assert not isinstance(padding, list) or len(padding) == len(shape) - 2, "padding"
    if "axis" in fields and op in ("softmax", "log_softmax", "slice", "split"):
        assert -len(shape) <= fields["axis"] < len(shape)
    if op in WITHIN_IMAGES:
        axes: Any = fields.get("axes", fields.get("axis", 1))
        assert all(axis % len(shape) for axis in (axes if isinstance(axes, list) else [axes]))
    if op in MEANINGS:
        return MEANINGS[op](fields, shape)
    plain = {key: value for key, value in fields.items() if key != "init"}
    if op in ACTIVATIONS:
        return getattr(nn, ACTIVATIONS[op])(**plain)
    assert op in JOINS, op
    return Function(JOINS[op](fields))


def conv(fields: Fields, shape: Shape) -> nn.Module:
    kernel, stride = fields["kernel"], fields.get("stride", 1)
    pads = borders(fields, shape, kernel, stride)
    even = all(before == after for before, after in pads)
    module = of_rank("Conv", shape)(
        shape[1],
        fields["out"],
        kernel,
        stride,
        tuple(a for a, _ in pads) if even else 0,
        fields.get("dilation", 1),
        fields.get("groups", 1),
        fields.get("bias", True),
    )
    return module if even else Padded(module, sided(pads))


class Padded(nn.Module):  # type: ignore[misc]
    """A module behind padding of its input; its weights have no further name."""

    def __init__(self, inner: nn.Module, pads: list[int], value: float = 0.0) -> None:
        super().__init__()
        self.inner, self.pads, self.value = inner, pads, value

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(F.pad(x, self.pads, value=self.value))


def conv_transpose(fields: Fields, shape: Shape) -> nn.Module:
    """As torch has it, with what it checks only where there are values."""
    settings = zip(
        *(
            per_axis(fields.get(key, n), len(shape) - 2)
            for key, n in (("output_padding", 0), ("stride", 1), ("dilation", 1))
        ),
        strict=True,
    )
    assert all(0 <= more < max(stride, dilation) for more, stride, dilation in settings)
    assert min(per_axis(fields.get("padding", 0), len(shape) - 2)) >= 0
    return of_rank("ConvTranspose", shape)(
        shape[1],
        fields["out"],
        fields["kernel"],
        fields.get("stride", 1),
        fields.get("padding", 0),
        fields.get("output_padding", 0),
        fields.get("groups", 1),
        fields.get("bias", True),
        fields.get("dilation", 1),
    )


def maxpool(fields: Fields, shape: Shape) -> nn.Module:
    kernel, stride = fields["kernel"], fields.get("stride", fields["kernel"])
    pads = borders(fields, shape, kernel, stride)
    even = all(before == after for before, after in pads)
    pool = of_rank("MaxPool", shape)(
        kernel,
        stride,
        tuple(a for a, _ in pads) if even else 0,
        fields.get("dilation", 1),
        ceil_mode=fields.get("ceil", False),
    )
    assert even or not fields.get("ceil")
    return pool if even else Padded(pool, sided(pads), -math.inf)


def avgpool(fields: Fields, shape: Shape) -> nn.Module:
    kernel, stride = fields["kernel"], fields.get("stride", fields["kernel"])
    pads = borders(fields, shape, kernel, stride)
    even = all(before == after for before, after in pads)
    more = {"divisor_override": fields["divisor_override"]} if "divisor_override" in fields else {}
    assert more.get("divisor_override", 1) > 0
    counted = fields.get("count_include_pad", True)
    pool = of_rank("AvgPool", shape)(
        kernel, stride, tuple(a for a, _ in pads) if even else 0, fields.get("ceil", False), counted, **more
    )
    assert even or (counted and not fields.get("ceil"))
    return pool if even else Padded(pool, sided(pads))


def lppool(fields: Fields, shape: Shape) -> nn.Module:
    kernel = fields["kernel"]
    if len(shape) == 3 and isinstance(kernel, list):  # torch multiplies by it
        kernel = kernel[0]
    return of_rank("LPPool", shape)(
        fields["norm_type"], kernel, fields.get("stride"), fields.get("ceil", False)
    )


def norm(name: str) -> Callable[[Fields, Shape], nn.Module]:
    def made(fields: Fields, shape: Shape) -> nn.Module:
        settings = {key: value for key, value in fields.items() if key != "init"}
        return of_rank(name, shape)(shape[1], **settings)

    return made


class ChannelsNorm(nn.LayerNorm):  # type: ignore[misc]
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


def layernorm(fields: Fields, shape: Shape) -> nn.Module:
    settings = {key: fields[key] for key in ("eps", "elementwise_affine", "bias") if key in fields}
    if fields.get("axis", -1) == 1 and len(shape) > 2:
        return ChannelsNorm(shape[1], **settings)
    return nn.LayerNorm(shape[-1], **settings)


class ChannelsScale(nn.RMSNorm):  # type: ignore[misc]
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


def rmsnorm(fields: Fields, shape: Shape) -> nn.Module:
    settings = {key: fields[key] for key in ("eps", "elementwise_affine") if key in fields}
    if fields.get("axis", -1) == 1 and len(shape) > 2:
        return ChannelsScale(shape[1], **settings)
    return nn.RMSNorm(shape[-1], **settings)


def groupnorm(fields: Fields, shape: Shape) -> nn.Module:
    assert math.prod(shape[1:]) > fields["groups"]  # one value cannot be normalised: torch says so at batch 1
    return nn.GroupNorm(fields["groups"], shape[1], fields.get("eps", 1e-5), fields.get("affine", True))


def crop(fields: Fields, shape: Shape) -> nn.Module:
    targets = per_axis(fields["size"], len(shape) - 2)
    assert all(target <= n for target, n in zip(targets, shape[2:], strict=True))

    def apply(x: Tensor) -> Tensor:
        for axis, target in enumerate(targets, 2):
            x = x.narrow(axis, round((x.shape[axis] - target) / 2.0), target)
        return x

    return Function(apply)


def pad(fields: Fields, shape: Shape) -> nn.Module:
    """Of images, sequences and volumes: the language refuses features, which torch pads nothing of."""
    assert len(shape) > 2
    pads = sided(borders(fields, shape, 1, 1))
    mode = fields.get("mode", "constant")
    value = fields.get("value", 0.0) if mode == "constant" else None
    return Function(lambda x: F.pad(x, pads, mode, value))


def slice_(fields: Fields, _: Shape) -> nn.Module:
    taken = slice(fields.get("start", 0), fields.get("stop"), fields.get("stride", 1))
    axis = fields.get("axis", 1)

    def apply(x: Tensor) -> Tensor:
        index = [slice(None)] * x.dim()
        index[axis] = taken
        y = x[tuple(index)]
        assert y.numel()
        return y

    return Function(apply)


def split(fields: Fields, shape: Shape) -> nn.Module:
    sections, axis = fields["sections"], fields.get("axis", 1)
    if isinstance(sections, int):
        assert shape[axis] % sections == 0
        return Function(lambda x: torch.tensor_split(x, sections, axis))
    assert sum(sections) == shape[axis]
    return Function(lambda x: torch.split(x, sections, axis))


def upsample(fields: Fields, shape: Shape) -> nn.Module:
    mode = fields.get("mode", "nearest")
    if mode == "linear":
        mode = ("linear", "bilinear", "trilinear")[len(shape) - 3]
    corners = fields.get("align_corners", False) if "linear" in mode or mode == "bicubic" else None
    return nn.Upsample(fields.get("size"), fields.get("scale"), mode, corners)


def attention(fields: Fields, shape: Shape) -> nn.Module:
    """Self-attention; other inputs are told by `attention_of`."""
    return attention_of(fields, [shape])


class Attend(nn.MultiheadAttention):  # type: ignore[misc]
    def forward(self, *inputs: Tensor) -> Tensor:
        query, key, value = (*inputs, *inputs[-1:], *inputs[-1:])[:3]
        return super().forward(query, key, value, need_weights=False)[0]


def attention_of(fields: Fields, shapes: list[Shape]) -> nn.Module:
    query, key, value = (*shapes, *shapes[-1:], *shapes[-1:])[:3]
    assert len(query) == 3  # torch takes a sequence without a batch too
    return Attend(
        query[-1],
        fields["heads"],
        fields.get("p", 0.0),
        fields.get("bias", True),
        kdim=key[-1],
        vdim=value[-1],
        batch_first=True,
    )


def fold(apply: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Fields], Callable[..., Tensor]]:
    def join(*inputs: Tensor) -> Tensor:
        x = inputs[0]
        for other in inputs[1:]:
            x = apply(x, other)
        return x

    return lambda _: join


JOINS: dict[str, Callable[[Fields], Callable[..., Any]]] = {
    "add": fold(torch.add),
    "mul": fold(torch.mul),
    "sub": fold(torch.sub),
    "max": fold(torch.maximum),
    "div": fold(torch.div),
    "matmul": lambda _: torch.matmul,
    "concat": lambda fields: lambda *inputs: torch.cat(inputs, fields.get("axis", 1)),
}
ACTIVATIONS = {
    "celu": "CELU",
    "elu": "ELU",
    "gelu": "GELU",
    "hardsigmoid": "Hardsigmoid",
    "hardswish": "Hardswish",
    "hardtanh": "Hardtanh",
    "identity": "Identity",
    "leaky_relu": "LeakyReLU",
    "mish": "Mish",
    "prelu": "PReLU",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "selu": "SELU",
    "sigmoid": "Sigmoid",
    "silu": "SiLU",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "tanh": "Tanh",
    "dropout": "Dropout",
}


def scale(fields: Fields, shape: Shape) -> nn.Module:
    for key in ("factor", "shift"):
        assert not isinstance(fields.get(key), list) or len(fields[key]) == shape[1], key

    def each(value: Any, x: Tensor) -> Any:
        if not isinstance(value, list):
            return value
        return torch.tensor(value, dtype=x.dtype, device=x.device).reshape(1, -1, *(1,) * (x.dim() - 2))

    return Function(lambda x: x * each(fields.get("factor", 1.0), x) + each(fields.get("shift", 0.0), x))


MEANINGS: dict[str, Callable[[Fields, Shape], nn.Module]] = {
    "conv": conv,
    "conv_transpose": conv_transpose,
    "linear": lambda f, shape: nn.Linear(shape[-1], f["out"], f.get("bias", True)),
    "maxpool": maxpool,
    "avgpool": avgpool,
    "lppool": lppool,
    "global_avgpool": lambda _, shape: of_rank("AdaptiveAvgPool", shape)(1),
    "global_maxpool": lambda _, shape: of_rank("AdaptiveMaxPool", shape)(1),
    "adaptive_avgpool": lambda f, shape: of_rank("AdaptiveAvgPool", shape)(f["size"]),
    "adaptive_maxpool": lambda f, shape: of_rank("AdaptiveMaxPool", shape)(f["size"]),
    "batchnorm": norm("BatchNorm"),
    "instancenorm": norm("InstanceNorm"),
    "layernorm": layernorm,
    "groupnorm": groupnorm,
    "rmsnorm": rmsnorm,
    "normalize": lambda f, _: Function(
        lambda x: F.normalize(x, dim=f.get("axis", 1), eps=f.get("eps", 1e-12))
    ),
    "abs": lambda _f, _: Function(torch.abs),
    "square": lambda _f, _: Function(torch.square),
    "sqrt": lambda _f, _: Function(torch.sqrt),
    "log": lambda _f, _: Function(torch.log),
    "exp": lambda _f, _: Function(torch.exp),
    "clamp": lambda f, _: Function(lambda x: torch.clamp(x, f.get("min"), f.get("max"))),
    "scale": scale,
    "glu": lambda f, _: nn.GLU(f.get("axis", -1)),
    "roll": lambda f, _: Function(lambda x: torch.roll(x, f["shifts"], f["axes"])),
    "lrn": lambda f, _: nn.LocalResponseNorm(
        f["size"], f.get("alpha", 1e-4), f.get("beta", 0.75), f.get("k", 1.0)
    ),
    "softmax": lambda f, _: nn.Softmax(f.get("axis", 1)),
    "log_softmax": lambda f, _: nn.LogSoftmax(f.get("axis", 1)),
    "stochastic_depth": lambda f, _: torchvision.ops.StochasticDepth(f["p"], f.get("mode", "row")),
    "flatten": lambda f, _: nn.Flatten(f.get("start", 1), f.get("stop", -1)),
    "permute": lambda f, _: Function(lambda x: x.permute(f["axes"])),
    "reduce_mean": lambda f, _: Function(lambda x: x.mean(f["axes"], f.get("keepdim", False))),
    "reduce_max": lambda f, _: Function(lambda x: x.amax(f["axes"], f.get("keepdim", False))),
    "reduce_sum": lambda f, _: Function(lambda x: x.sum(f["axes"], f.get("keepdim", False))),
    "crop": crop,
    "pad": pad,
    "slice": slice_,
    "split": split,
    "upsample": upsample,
    "channel_shuffle": lambda f, _: nn.ChannelShuffle(f["groups"]),
    "pixel_shuffle": lambda f, _: nn.PixelShuffle(f["scale"]),
    "pixel_unshuffle": lambda f, _: nn.PixelUnshuffle(f["scale"]),
    "attention": attention,
}
