"""Random weights, scaled to the activations so that an error anywhere in a network shows in its outputs.

With PyTorch's initial weights the outputs of many networks hardly depend on the input, which hides errors. Here every
convolution and linear layer is scaled, in the order of computation, so that its output has a spread of 1 over a batch,
and the statistics of norms are those of the batch.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from archspec.backends.proof.size import LARGE
from archspec.backends.torch.importing import import_torch

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn

    from archspec.model import Model

COARSE = 8
"""The number of adjacent positions along an axis that share a random number: as in images, neighbours correlate."""
MANY = 16
"""The least number of values in a channel for which their mean is subtracted."""
FLOOR = 0.05
"""The least relative spread that is scaled up to 1: scaling a smaller one would amplify rounding errors."""


def scale(module: "nn.Module", model: "Model", spread: float) -> None:
    """Give a network's module in evaluation mode weights by a fixed seed, scaled at the model's input sizes.

    `spread` is how much the output of a convolution varies around values of about 1. With a smaller spread, rectifiers
    clip less and gates saturate less: a deep network amplifies rounding errors chaotically if it is too large.
    """
    torch = import_torch()
    generator = torch.Generator().manual_seed(0)
    bare = {
        row.path: row.module.op.weights(row.module.inputs)[0].buffer
        for row in model.modules()
        if row.module.op is not None and row.module.op.is_parameter
    }
    with torch.no_grad():
        for key, tensor in module.state_dict().items():
            if bare.get(key):
                continue  # a constant is what the spec says
            _fill(tensor, generator, bare=key in bare)
        with _scaling(module, model, spread):
            module(*inputs(model, batch(model), seed=0))


def for_training(module: "nn.Module") -> None:
    """Reset the scales of norms to about 1 for training.

    In evaluation mode the scales compensate for small variances, which make `eps` matter. The variances of a batch are
    not small: with the same scales, the differences between samples would vanish beside the biases.
    """
    torch = import_torch()
    with torch.no_grad():
        for layer in module.modules():
            weight = getattr(layer, "weight", None)
            if weight is not None and getattr(layer, "running_var", None) is not None:
                weight /= weight.abs().mean()


def batch(model: "Model") -> int:
    """The batch size for scaling weights and for training, if the batch is free."""
    return 4 if model.costs.of(model.root).macs <= LARGE else 2


def inputs(model: "Model", batch: int, seed: int) -> "list[Tensor]":
    """Random inputs, with large and small features along spatial axes; a free batch axis has the size `batch`."""
    torch = import_torch()
    generator = torch.Generator().manual_seed(seed)
    made = []
    for type_ in model.inputs.values():
        shape = [dim if isinstance(dim, int) else batch for dim in type_.shape]
        value = torch.randn(shape, generator=generator)
        if len(shape) > 2:
            coarse = torch.randn([*shape[:2], *(-(-dim // COARSE) for dim in shape[2:])], generator=generator)
            for axis, dim in enumerate(shape[2:], start=2):
                coarse = coarse.repeat_interleave(COARSE, axis).narrow(axis, 0, dim)
            value = 0.6 * value + coarse
        made.append(value)
    return made


def _fill(tensor: "Tensor", generator: "Generator", *, bare: bool) -> None:
    """Fill a weight with distinct values that are neither 0 nor 1."""
    if not tensor.is_floating_point():
        tensor.fill_(3)
    elif bare:
        tensor.uniform_(-1, 1, generator=generator).add_(tensor.sign() / 2)
    elif tensor.ndim > 1:
        bound = (6 / max(tensor[0].numel(), 1)) ** 0.5  # He initialisation, for rectifiers
        tensor.uniform_(-bound, bound, generator=generator)
    else:
        tensor.uniform_(0.5, 1.5, generator=generator)


@contextmanager
def _scaling(module: "nn.Module", model: "Model", spread: float) -> Iterator[None]:
    """Within the context, each module is scaled when it is first called."""
    last = {row.path: row.module.op.torch_last for row in model.modules() if row.module.op is not None}
    done: set[Any] = set()

    def hook(layer: Any, given: Sequence[Any], output: Any, inner: str) -> Any:
        if layer in done:
            return None
        done.add(layer)
        if inner:
            return _scaled_inside(layer.get_submodule(inner), output, spread)
        return _scaled(layer, given[0], output, spread)

    with ExitStack() as hooks:
        for path, layer in module.named_modules():
            hooks.enter_context(layer.register_forward_hook(partial(hook, inner=last.get(path, ""))))
        yield


def _scaled(layer: Any, x: "Tensor", output: Any, spread: float) -> Any:
    """Scale the weights of a layer, or set its statistics; return its new output, or `None` if nothing changes."""
    if getattr(layer, "running_var", None) is not None:
        return _normed(layer, x, spread)
    weight = getattr(layer, "weight", None)
    if weight is None or weight.ndim < 2 or not hasattr(output, "std"):
        return None
    return _linear(layer, weight, output, spread)


def _scaled_inside(layer: Any, output: Any, spread: float) -> Any:
    """Scale the layer that another one ends with, which returns a tuple."""
    size = _spread(output[0]) / spread
    layer.weight /= size
    if layer.bias is not None:
        layer.bias /= size
    return (output[0] / size, *output[1:])


def _linear(layer: Any, weight: "Tensor", output: "Tensor", spread: float) -> "Tensor":
    """Scale a convolution or linear layer: between samples, its output gets the given spread around its bias."""
    from torch import nn

    bias = layer.bias
    if bias is None:
        size = _between(output) / spread
        weight /= size
        return output / size
    axis = output.ndim - 1 if isinstance(layer, nn.Linear) else 1
    others = [other for other in range(output.ndim) if other != axis]
    at = [-1 if other == axis else 1 for other in range(output.ndim)]
    bare = output - bias.view(at)
    few = output.numel() < MANY * output.shape[axis]
    mean = bare.mean(others, keepdim=True) * (not few)
    size = max(_between(bare - mean), FLOOR * _spread(bare)) / spread
    weight /= size
    shifted = bias.view(at) - mean / size
    bias.copy_(shifted.flatten())
    return bare / size + shifted


def _normed(layer: Any, x: "Tensor", spread: float) -> "Tensor":
    """Set the running statistics of a norm to those of the batch, the variance to that between samples.

    The variances are a hundred times `eps` on average, so that it matters; the scales compensate for them.
    """
    axes = [axis for axis in range(x.ndim) if axis != 1]
    mean, total = x.mean(axes), x.var(axes, unbiased=False)
    between = total if len(x) < 2 else (x - x.mean(0, keepdim=True)).square().mean(axes)
    var = between.clamp(min=FLOOR * float(between.mean())).maximum(FLOOR**2 * total)
    typical = float(var.mean()) or 1.0
    part = 100 * layer.eps / typical
    layer.running_mean.copy_(mean)
    layer.running_var.copy_(var * part)
    if layer.weight is not None:
        layer.weight *= spread * part**0.5
    result: Tensor = layer.forward(x)
    return result


def _between(values: "Tensor") -> float:
    """The spread between samples, which excludes border effects common to all; for one sample, the spread within it."""
    if len(values) < 2:
        return _spread(values)
    return max(_spread(values - values.mean(0, keepdim=True)), FLOOR * _spread(values))


def _spread(values: "Tensor") -> float:
    """The standard deviation; 1 if it is zero."""
    spread = float(values.std(unbiased=False)) if values.numel() > 1 else 0.0
    return spread if 1e-12 < spread < 1e12 else 1.0
