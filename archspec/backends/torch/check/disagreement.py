"""The exception for generated source that does not match the spec."""

from collections.abc import Sequence

from archspec.backends.torch.check.arguments import NOTHING, Difference
from archspec.backends.torch.check.stand_ins import Leaf, Module
from archspec.diagnostics import UsageError
from archspec.ir import Module as Composite


class Disagreement(UsageError):  # noqa: N818 — a difference, not an error of the caller
    """Generated source does not match the spec, which is a bug in archspec. It must not be used."""

    def __init__(
        self, path: Sequence[str], kind: str, difference: Difference, around: Sequence[Composite] = ()
    ) -> None:
        what, wanted, found = difference
        where = f"`{'.'.join(path)}` (`{kind}`)" if path else "the network"
        super().__init__(
            f"archspec generated wrong source, which was discarded: in {where}, {what} is {_shown(found)} "
            f"instead of {_shown(wanted)}; please report this"
        )
        self.around = around
        """The enclosing composites, innermost first."""


def failure(error: Exception) -> str:
    """A one-line description of an exception."""
    return f"{type(error).__name__}: {error}"


def _shown(value: object) -> str:
    if isinstance(value, Leaf):
        return f"a `{value.kind}`"
    if isinstance(value, Module):
        return f"a `{type(value).__name__}`"
    return value if isinstance(value, str) and " " in value else f"`{value}`" if value != NOTHING else NOTHING
