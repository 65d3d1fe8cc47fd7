"""Carry the weights of one network over to another."""

from typing import TYPE_CHECKING

from archspec.analysis.diff.difference import Difference
from archspec.backends.options import Carry

if TYPE_CHECKING:
    from archspec.model import Model


def carry_between(old: "Model", new: "Model") -> Carry:
    """The key in `old` of each weight of `new` that it has as well. Raises `UsageError` above a million weights."""
    found = Difference(old.network, new.network).map
    return Carry(old, {to: key for key, to in found.items()})
