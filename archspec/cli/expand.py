"""`archspec expand`."""

from typing import TYPE_CHECKING

from archspec.analysis.expand import canonical
from archspec.cli.printing import write
from archspec.diagnostics import SpecError, UsageError
from archspec.language.reading import parse

if TYPE_CHECKING:
    from archspec.model import Model


def run(model: "Model") -> None:
    """Print the expanded network. Raises `UsageError` if it exceeds the limits of a spec."""
    text = canonical(model.network, model.costs)
    try:
        parse(text, "expanded.json")
    except SpecError as error:
        raise UsageError(
            f"the expanded network is larger than a spec may be: {error.diagnostics[0].message}"
        ) from None
    write(text)
