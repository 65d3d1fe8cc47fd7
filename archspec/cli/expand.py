"""`archspec expand`."""

from typing import TYPE_CHECKING

from archspec.analysis.modules import listing
from archspec.cli.printing import write
from archspec.report.expand import expand, to_text

if TYPE_CHECKING:
    from archspec.api import Model


def run(model: "Model") -> None:
    """Print the expanded network."""
    listing(model.root, model.costs)
    network = model.network
    document = network.document
    spec = expand(
        model.root, name=model.name, doc=document.model.doc if document.model else "", inputs=model.inputs,
        train=len(network.train_outputs),
    )  # fmt: skip
    write(to_text(spec))
