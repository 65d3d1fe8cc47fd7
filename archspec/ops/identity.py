"""Identity."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.base import Example


class Identity(Activation):
    """Its input, unchanged: a place with a name.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.Identity.html
    """

    name: ClassVar[str] = "identity"

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "nn.Identity()"),
        Example({}, (("N", 11),), "nn.Identity()"),
        Example({}, (("N", "L", 5),), "nn.Identity()", doc="Any shape, free dimensions included."),
    )
