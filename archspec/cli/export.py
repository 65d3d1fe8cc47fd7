"""`archspec export`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archspec.api import Model


def run(model: "Model", path: str) -> None:
    """Write the network to a file."""
    from archspec.backends.export import export

    export(model, path)
