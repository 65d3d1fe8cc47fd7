"""Loading a file of weights into a module."""

from typing import TYPE_CHECKING

from archspec.backends.weights.fitting import Wanted
from archspec.backends.weights.sources import source_in

if TYPE_CHECKING:
    from torch import device, nn


def load_into(module: "nn.Module", path: str, asked: Wanted, target: "device") -> None:
    """Give a module on the meta device the weights of a `.safetensors` or `.pt` file, on the device `target`.

    Floating types are converted to the module's. Raises `UsageError` where the file cannot be read, or where its keys
    and shapes are not those that are asked for.
    """
    with source_in(path, asked) as source:
        state = {key: source.tensor(key, empty).to(target) for key, empty in module.state_dict().items()}
        module.load_state_dict(state, strict=True, assign=True)
