"""The exceptions of the public API."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archspec.diagnostics.diagnostic import Diagnostic, render

if TYPE_CHECKING:
    from archspec.diagnostics.locate import Finding, Locator


class SpecError(Exception):
    """A spec is wrong. `diagnostics` has every finding of the run, in the order of the document.

    `findings` has them with lines and columns. `texts` has the texts of files that cannot be read again, by name.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        self.texts: dict[str, str] = {}
        super().__init__(self.diagnostics)

    @property
    def findings(self) -> "tuple[Finding, ...]":
        """The findings with their locations, in the order of lines."""
        return tuple(self._locator().findings(self.diagnostics))

    def _locator(self) -> "Locator":
        from archspec.diagnostics.locate import Locator, reader  # files are read only when needed

        return Locator(reader(self.texts))

    def __str__(self) -> str:
        locator = self._locator()
        found = [locator.finding(diagnostic) for diagnostic in self.diagnostics]
        return "\n\n".join(
            render(
                one.diagnostic, str(one.spot) if one.spot.known else "", lambda *at: str(locator.spot(*at))
            )
            for one in found
        )


class UsageError(Exception):
    """A request cannot be fulfilled: a file, a variant or an argument is missing or invalid."""


class UnreadableError(UsageError):
    """A file or folder cannot be read, or a folder has no specs. `path` is its name."""

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path
