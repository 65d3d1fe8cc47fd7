"""A statement about a network that is proven or not, and the finding where it does not hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archspec.diagnostics import Diagnostic
from archspec.ir import Origin

if TYPE_CHECKING:
    from archspec.model import Model

Progress = Callable[[str], None]
"""Told what comes next."""


@dataclass(slots=True)
class Item:
    """One statement about a network, and whether it holds."""

    name: str
    detail: str
    findings: list[Diagnostic] = field(default_factory=list)
    ran: bool = True
    """False: it could not be checked, which is not the same as that it holds."""
    sensitive: bool = True
    """False: it was checked in a way that errors could hide from."""

    @property
    def proven(self) -> bool:
        """Whether it was checked, could have failed, and holds."""
        return self.ran and self.sensitive and not self.findings


def finding(model: "Model", origins: Mapping[str, Origin], message: str, path: str = "") -> Diagnostic:
    """Something differs, in the module at `path`, or in the nearest around it that the spec has."""
    while path and path not in origins:
        path = path.rpartition(".")[0]
    origin = origins.get(path, Origin(model.file, ("model",)))
    return Diagnostic("AS704", message, origin.file, origin.path)
