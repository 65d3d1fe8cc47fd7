"""The module tree, evaluated node by node with torch's functions: what generated source must agree with.

It knows nothing of the generator, and takes its weights from a state_dict.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 — as everyone calls it
from torch import Tensor, nn
from torchvision.transforms.functional import center_crop

from archspec.ir import Module
from archspec.ops import Op

State = dict[str, Tensor]
SPATIAL = {
    "conv": (F.conv1d, F.conv2d, F.conv3d),
    "conv_transpose": (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d),
    "maxpool": (F.max_pool1d, F.max_pool2d, F.max_pool3d),
    "avgpool": (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d),
    "adaptive_avgpool": (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d),
}


def interpret(module: Module, inputs: list[Tensor], state: State, prefix: str = "") -> list[Tensor]:
    """The results of a composite, in evaluation."""
    values = list(inputs)
    for node in module.body:
        given = [values[index] for index in node.inputs]
        owner = module.body[node.shares] if node.shares is not None else node
        path = f"{prefix}{owner.name}"
        if node.module.kind == "removed":
            made = given[:1]
        elif node.module.op is not None:
            made = apply(
                node.module.op,
                given,
                {
                    k.removeprefix(path).removeprefix("."): v
                    for k, v in state.items()
                    if k == path or k.startswith(f"{path}.")
                },
                node.module,
            )
        else:
            made = interpret(node.module, given, state, f"{path}.")
        for value, type_ in zip(made, node.module.outputs, strict=True):
            assert value.dim() == type_.rank
            assert all(isinstance(n, str) or n == m for n, m in zip(type_.shape, value.shape, strict=True)), (
                path
            )
        values += made
    return [values[index] for index in module.results]


def apply(op: Any, inputs: list[Tensor], weights: State, module: Module) -> list[Tensor]:  # noqa: C901 — a table
    """The outputs of an op. `weights` are its own, by their names below it."""
    x = inputs[0] if inputs else torch.empty(0)
    axes = x.dim() - 2
    weight, bias = weights.get("weight"), weights.get("bias")
    match op.name:
        case "param":
            return [weights[""]]
        case "identity" | "dropout" | "stochastic_depth":
            return [x]
        case "add" | "sub" | "mul" | "max":
            join = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "max": torch.maximum}[op.name]
            for other in inputs[1:]:
                x = join(x, other)
            return [x]
        case "concat":
            return [torch.cat(inputs, op.axis)]
        case "conv":
            padded = F.pad(x, borders(op, module))
            return [SPATIAL["conv"][axes - 1](padded, weight, bias, op.stride, 0, op.dilation, op.groups)]
        case "conv_transpose":
            return [
                SPATIAL["conv_transpose"][axes - 1](
                    x, weight, bias, op.stride, op.padding, op.output_padding, op.groups, op.dilation
                )
            ]
        case "linear":
            return [F.linear(x, weight, bias)]
        case "batchnorm":
            mean, var = weights.get("running_mean"), weights.get("running_var")
            return [F.batch_norm(x, mean, var, weight, bias, mean is None, 0.0, op.eps)]
        case "groupnorm":
            return [F.group_norm(x, op.groups, weight, bias, op.eps)]
        case "layernorm":
            moved = x.movedim(op.axis, -1)
            return [F.layer_norm(moved, moved.shape[-1:], weight, bias, op.eps).movedim(-1, op.axis)]
        case "maxpool":
            pool = SPATIAL["maxpool"][axes - 1]
            if op.ceil:
                return [pool(x, op.kernel, op.step, op.padding, op.dilation, True)]
            padded = F.pad(x, borders(op, module), value=-math.inf)
            return [pool(padded, op.kernel, op.step, 0, op.dilation)]
        case "avgpool":
            assert not op.ceil
            border = borders(op, module)
            pool = SPATIAL["avgpool"][axes - 1]
            y = pool(F.pad(x, border), op.kernel, op.step)
            return [
                y if op.count_include_pad else y / pool(F.pad(torch.ones_like(x), border), op.kernel, op.step)
            ]
        case "global_avgpool":
            return [x.mean(tuple(range(2, x.dim())), keepdim=True)]
        case "adaptive_avgpool":
            return [SPATIAL["adaptive_avgpool"][axes - 1](x, op.size)]
        case "attention":
            return [attend(op, inputs, weights)]
    return reshaped(op, x, module)


def reshaped(op: Any, x: Tensor, module: Module) -> list[Tensor]:  # noqa: C901 — a table
    """The outputs of an op that moves elements about, or works on each alone."""
    shape = module.outputs[0].shape
    match op.name:
        case "flatten":
            return [torch.flatten(x, op.start, op.stop)]
        case "reduce_mean" | "reduce_max" | "reduce_sum":
            reduce = {"reduce_mean": x.mean, "reduce_max": x.amax, "reduce_sum": x.sum}[op.name]
            return [reduce(op.axes, keepdim=op.keepdim)]
        case "permute":
            return [x.permute(op.axes)]
        case "reshape":
            return [x.reshape([n if isinstance(n, int) else -1 for n in shape])]
        case "expand":
            return [x.expand([n if isinstance(n, int) else x.shape[axis] for axis, n in enumerate(shape)])]
        case "split":
            return list(torch.split(x, [int(type_.shape[op.axis]) for type_ in module.outputs], op.axis))
        case "slice":
            index = [slice(None)] * x.dim()
            index[op.axis] = slice(op.start, op.stop, op.stride)
            return [x[tuple(index)]]
        case "upsample":
            mode = op.torch_mode(module.inputs)
            return [F.interpolate(x, op.size, op.scale, mode, op.align_corners or None)]
        case "channel_shuffle":
            return [F.channel_shuffle(x, op.groups)]
        case "pixel_shuffle":
            return [F.pixel_shuffle(x, op.scale)]
        case "pad":
            sides = [side for pad in reversed(op.pads(module.inputs)) for side in pad]
            return [F.pad(x, sides, op.mode, op.value if op.mode == "constant" else None)]
        case "crop":
            return [center_crop(x, list(shape[2:]))]
        case "roll":
            return [torch.roll(x, op.shifts, op.axes)]
        case "clamp":
            return [torch.clamp(x, op.min, op.max)]
        case "scale":
            return [x * op.factor + op.shift]
        case "leaky_relu":
            return [F.leaky_relu(x, op.negative_slope)]
        case "softmax":
            return [F.softmax(x, op.axis)]
    activations = {
        "relu",
        "relu6",
        "selu",
        "silu",
        "gelu",
        "elu",
        "mish",
        "hardsigmoid",
        "hardswish",
        "softplus",
        "softsign",
        "sigmoid",
        "tanh",
    }
    assert op.name in activations, op.name
    return [getattr(torch if op.name in ("sigmoid", "tanh") else F, op.name)(x)]


def attend(op: Any, inputs: list[Tensor], weights: State) -> Tensor:
    query, key, value = (*inputs, *inputs[-1:], *inputs[-1:])[:3]
    sizes = {"kdim": key.shape[-1], "vdim": value.shape[-1]}
    module = nn.MultiheadAttention(
        query.shape[-1], op.heads, bias=op.bias, batch_first=True, dtype=query.dtype, **sizes
    )
    module.load_state_dict(weights)
    return module(query, key, value)[0]


def borders(op: Op, module: Module) -> list[int]:
    """The padding as `F.pad` takes it."""
    windows = op.windows(module.inputs)
    return [side for window in reversed(windows) for side in (window.before, window.after)]
