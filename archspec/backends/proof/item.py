"""A statement about a network, whether it is proven, and the findings if it does not hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archspec.diagnostics import Diagnostic
from archspec.ir import Origin

if TYPE_CHECKING:
    from archspec.model import Model

VerifyProgress = Callable[[str], None]
"""A callback that receives the name of the next step."""


@dataclass(slots=True)
class Item:
    """One statement about a network, and whether it holds."""

    name: str
    detail: str
    findings: list[Diagnostic] = field(default_factory=list)
    ran: bool = True
    """False if it could not be checked, which does not mean that it holds."""
    sensitive: bool = True
    """False if it was checked in a way that could miss errors."""

    @property
    def proven(self) -> bool:
        """Whether it was checked with full sensitivity, and holds."""
        return self.ran and self.sensitive and not self.findings


def finding(model: "Model", origins: Mapping[str, Origin], message: str, path: str = "") -> Diagnostic:
    """The finding for a difference in the module at `path`, or the nearest enclosing one that the spec has."""
    while path and path not in origins:
        path = path.rpartition(".")[0]
    origin = origins.get(path, Origin(model.file, ("model",)))
    return Diagnostic("AS704", message, origin.file, origin.path)
