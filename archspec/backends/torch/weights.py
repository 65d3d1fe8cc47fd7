"""Loading a file of weights into a module, and what no file has."""

from typing import TYPE_CHECKING

from archspec.backends.weights.fitting import Wanted
from archspec.backends.weights.random import initial_values
from archspec.backends.weights.sources import source_in
from archspec.ops.core.data import Weight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor, device, nn


def load_into(
    module: "nn.Module", path: str, asked: Wanted, unsaved: "Iterable[tuple[str, Weight]]", target: "device"
) -> None:
    """Give a module on the meta device the weights of a `.safetensors` or `.pt` file, on the device `target`.

    The `unsaved` buffers, which no file has, get the values of the spec. Floating types are converted to the module's.
    Raises `UsageError` where the file cannot be read, or where its keys and shapes are not those that are asked for.
    """
    with source_in(path, asked) as source:
        state = {key: source.tensor(key, empty).to(target) for key, empty in module.state_dict().items()}
        module.load_state_dict(state, strict=True, assign=True)
    for key, weight in unsaved:
        parent, _, name = key.rpartition(".")
        owner = module.get_submodule(parent)
        tensor = first_values(key, weight).to(target, owner.get_buffer(name).dtype)
        owner.register_buffer(name, tensor, persistent=False)


def first_values(key: str, weight: Weight) -> "Tensor":
    """A weight with the values that a spec gives it."""
    import torch

    chunks = [torch.from_numpy(values) for values in initial_values(key, weight, 0)]
    return torch.cat(chunks).reshape(weight.shape)
