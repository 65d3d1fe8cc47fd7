"""`archspec expand`."""

from typing import TYPE_CHECKING

from archspec.analysis.expand import canonical
from archspec.cli.printing import write

if TYPE_CHECKING:
    from archspec.api import Model


def run(model: "Model") -> None:
    """Print the expanded network."""
    write(canonical(model.network, model.costs))
