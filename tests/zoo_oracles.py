"""Torchvision's and timm's networks that the zoo has beyond torchvision's classifiers, and how each is called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torchvision
from torch import Tensor

Shape = tuple[int, ...]


def call(network: Any, inputs: Sequence[Tensor]) -> Any:
    """The outputs of a network that is called as ours are."""
    return network(*inputs)


@dataclass(frozen=True)
class Oracle:
    """A network that somebody else wrote."""

    make: Callable[[], Any]
    run: Callable[[Any, Sequence[Tensor]], Any] = call
    """Its outputs, in the order of ours: a tensor or several."""
    small: tuple[Shape, ...] = ()
    """Shapes of inputs, without the batch, that are computed with; none: only its weights and MACs are compared."""
    bare: Callable[[], Any] | None = None
    """The network without what only training has, where there is such a thing."""
    batches: tuple[int, ...] = (1, 3)
    tolerance: float = 0.0
    """Of the outputs, relative to the largest: more than 0 where sums are made in another order."""


def torchvision_net(name: str, **options: Any) -> Callable[[], Any]:
    """A network of torchvision, which loads nothing."""

    def make() -> Any:
        return torchvision.models.get_model(name, weights=None, **options)

    return make


NOTHING = {"weights_backbone": None}
"""Nor for what it is built on."""


# --- segmentation ----------------------------------------------------------------------------------------


def maps(network: Any, inputs: Sequence[Tensor]) -> list[Tensor]:
    """The classes of all pixels, in training also those of the auxiliary head."""
    return [value for key, value in network(*inputs).items() if key == "out" or network.training]


def segmentation(name: str, *small: Shape) -> Oracle:
    return Oracle(
        torchvision_net(name, **NOTHING, aux_loss=True),
        maps,
        small,
        bare=torchvision_net(name, **NOTHING, aux_loss=False),
    )


ORACLES = {
    "fcn_resnet50": segmentation("fcn_resnet50", (3, 57, 70)),
    "fcn_resnet101": segmentation("fcn_resnet101"),
    "deeplabv3_resnet50": segmentation("deeplabv3_resnet50", (3, 57, 70)),
    "deeplabv3_resnet101": segmentation("deeplabv3_resnet101"),
    "deeplabv3_mobilenet_v3_large": segmentation("deeplabv3_mobilenet_v3_large", (3, 57, 70)),
    "lraspp_mobilenet_v3_large": Oracle(
        torchvision_net("lraspp_mobilenet_v3_large", **NOTHING), maps, ((3, 57, 70),)
    ),
}


# --- video -----------------------------------------------------------------------------------------------

VIDEO = (3, 4, 40, 34)

ORACLES |= {
    "r3d_18": Oracle(torchvision_net("r3d_18"), small=(VIDEO,)),
    "mc3_18": Oracle(torchvision_net("mc3_18"), small=(VIDEO,)),
    "r2plus1d_18": Oracle(torchvision_net("r2plus1d_18"), small=(VIDEO,)),
    "s3d": Oracle(torchvision_net("s3d"), small=((3, 13, 209, 209),), batches=(1,)),
}
