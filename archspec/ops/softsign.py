"""Softsign."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.base import Example


class Softsign(Activation):
    """x / (1 + |x|). https://docs.pytorch.org/docs/stable/generated/torch.nn.Softsign.html"""

    name: ClassVar[str] = "softsign"

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "nn.Softsign()"),
        Example({}, (("N", 11),), "nn.Softsign()"),
    )
