"""Load a weight file into a module, and fill in the buffers that no file stores."""

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
    """Load a `.safetensors` or `.pt` file into a module on the meta device, whose weights move to the device `target`.

    The `unsaved` buffers get the values of the spec. Floating-point values are converted to the module's types. Raises
    `UsageError` if the file cannot be read, or if its keys or shapes are not those in `asked`.
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
