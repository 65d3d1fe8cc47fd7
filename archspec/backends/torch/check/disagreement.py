"""What is raised where generated source does not say what the spec says."""

from collections.abc import Sequence

from archspec.backends.torch.check.arguments import NOTHING, Difference
from archspec.backends.torch.check.stand_ins import Leaf, Module
from archspec.diagnostics import UsageError
from archspec.ir import Module as Composite


class Disagreement(UsageError):  # noqa: N818 — named after what it is
    """Generated source does not say what the spec says: a fault of ours. It must not be used."""

    def __init__(
        self, path: Sequence[str], kind: str, difference: Difference, around: Sequence[Composite] = ()
    ) -> None:
        what, wanted, found = difference
        where = f"`{'.'.join(path)}` (`{kind}`)" if path else "the network"
        super().__init__(
            f"the source that archspec made is wrong and was not used: in {where}, {what} is {_shown(found)} "
            f"instead of {_shown(wanted)}; please report this"
        )
        self.around = around
        """The composites that it is in, the innermost first."""


def failure(error: Exception) -> str:
    """An exception in a few words."""
    return f"{type(error).__name__}: {error}"


def _shown(value: object) -> str:
    if isinstance(value, Leaf):
        return f"a `{value.kind}`"
    if isinstance(value, Module):
        return f"a `{type(value).__name__}`"
    return value if isinstance(value, str) and " " in value else f"`{value}`" if value != NOTHING else NOTHING
