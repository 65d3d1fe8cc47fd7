"""Networks that the zoo has beyond torchvision's classifiers, as others wrote them, and how each is called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import paper_networks
import timm
import torchvision
from timm.models.resnet import Bottleneck, ResNet
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
    training: bool = False
    """Whether training is computed too, for its rates; where there are outputs that only training has, it always is."""
    batches: tuple[int, ...] = (1, 3)
    in_order: bool = True
    """Whether its state_dict is in the order in which modules are called, which is ours."""
    gain: float = 1.0
    """What random weights of layers are multiplied by: less than 1 where gates would be so steep that the last bit of
    what they see decides."""
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


# --- timm ------------------------------------------------------------------------------------------------


def timm_net(name: str) -> Callable[[], Any]:
    """A network of timm, which loads nothing."""
    return lambda: timm.create_model(name, pretrained=False)


def attentive(attention: str) -> Callable[[], Any]:
    """ResNet-50 with timm's attention modules, which has no name of its own for these."""
    return lambda: ResNet(Bottleneck, [3, 4, 6, 3], block_args={"attn_layer": attention})


ORACLES |= {
    "xception": Oracle(timm_net("legacy_xception"), small=((3, 75, 91),)),
    "inception_v4": Oracle(timm_net("inception_v4"), small=((3, 91, 107),)),
    "inception_resnet_v2": Oracle(timm_net("inception_resnet_v2"), small=((3, 91, 107),), tolerance=1e-5),
    "resnetv2_50": Oracle(timm_net("resnetv2_50"), small=((3, 65, 81),), in_order=False),
    "resnetv2_101": Oracle(timm_net("resnetv2_101"), in_order=False),
    "resnetv2_152": Oracle(timm_net("resnetv2_152"), in_order=False),
    "cspdarknet53": Oracle(timm_net("cspdarknet53"), small=((3, 64, 96),)),
    "darknet17": Oracle(timm_net("darknet17")),
    "darknet21": Oracle(timm_net("darknet21")),
    "darknet53": Oracle(timm_net("darknet53"), small=((3, 64, 96),)),
    "seresnet50": Oracle(timm_net("seresnet50"), small=((3, 65, 81),), gain=0.5),
    "seresnet101": Oracle(timm_net("seresnet101")),
    "seresnet152": Oracle(timm_net("seresnet152")),
    "ecaresnet50": Oracle(attentive("eca"), small=((3, 65, 81),), gain=0.5),
    "cbamresnet50": Oracle(attentive("cbam"), small=((3, 65, 81),), tolerance=1e-5),
    "hrnet_w18": Oracle(timm_net("hrnet_w18"), small=((3, 64, 96),)),
    "hrnet_w30": Oracle(timm_net("hrnet_w30")),
    "hrnet_w32": Oracle(timm_net("hrnet_w32")),
    "hrnet_w40": Oracle(timm_net("hrnet_w40")),
    "hrnet_w44": Oracle(timm_net("hrnet_w44")),
    "hrnet_w48": Oracle(timm_net("hrnet_w48")),
    "hrnet_w64": Oracle(timm_net("hrnet_w64")),
    "repvgg_a0": Oracle(timm_net("repvgg_a0"), small=((3, 65, 81),), tolerance=1e-5),
    "repvgg_a1": Oracle(timm_net("repvgg_a1")),
    "repvgg_a2": Oracle(timm_net("repvgg_a2")),
    "repvgg_b0": Oracle(timm_net("repvgg_b0")),
    "repvgg_b1": Oracle(timm_net("repvgg_b1")),
    "repvgg_b1g4": Oracle(timm_net("repvgg_b1g4"), small=((3, 33, 49),), tolerance=1e-5),
    "repvgg_b2": Oracle(timm_net("repvgg_b2")),
    "repvgg_b2g4": Oracle(timm_net("repvgg_b2g4")),
    "repvgg_b3": Oracle(timm_net("repvgg_b3")),
    "repvgg_b3g4": Oracle(timm_net("repvgg_b3g4")),
    "ghostnet_050": Oracle(timm_net("ghostnet_050"), small=((3, 65, 81),), training=True, gain=0.5),
    "ghostnet_100": Oracle(timm_net("ghostnet_100")),
    "ghostnet_130": Oracle(timm_net("ghostnet_130")),
    "vit_tiny_patch16_224": Oracle(timm_net("vit_tiny_patch16_224"), small=((3, 224, 224),), tolerance=1e-5),
    "vit_small_patch16_224": Oracle(timm_net("vit_small_patch16_224")),
    "vit_small_patch32_224": Oracle(timm_net("vit_small_patch32_224")),
    "vit_base_patch8_224": Oracle(timm_net("vit_base_patch8_224")),
    "vit_base_patch16_224": Oracle(timm_net("vit_base_patch16_224")),
    "vit_base_patch32_224": Oracle(timm_net("vit_base_patch32_224")),
    "vit_large_patch16_224": Oracle(timm_net("vit_large_patch16_224")),
}


# --- papers and lessons ---------------------------------------------------------------------------------

ORACLES |= {
    "bn_inception": Oracle(paper_networks.bn_inception, small=((3, 65, 97),), training=True),
    "darknet19": Oracle(paper_networks.darknet19, small=((3, 65, 97),), training=True),
    "dcgan_discriminator": Oracle(paper_networks.dcgan_discriminator, small=((3, 64, 64),), training=True),
    "dcgan_generator": Oracle(paper_networks.dcgan_generator, small=((100, 1, 1),), training=True),
    "teaching/lenet_bn": Oracle(paper_networks.lenet_bn, small=((1, 28, 28),), training=True),
    "unet": Oracle(lambda: paper_networks.UNet(1, norm=False), small=((1, 188, 204),)),
    "unet_bn": Oracle(lambda: paper_networks.UNet(3, norm=True), small=((3, 48, 64),), training=True),
}


# --- detection, without anchors and what follows the heads -------------------------------------------------


def one_stage(*outputs: str) -> Callable[[Any, Sequence[Tensor]], list[Tensor]]:
    """What the heads of a one-stage detector say of all anchors, by these names."""

    def run(network: Any, inputs: Sequence[Tensor]) -> list[Tensor]:
        features = list(network.backbone(*inputs).values())
        found = network.head(features)
        return [found[name] for name in outputs]

    return run


def two_stages(*heads: str) -> Callable[[Any, Sequence[Tensor]], list[Tensor]]:
    """What a region-proposal network says of the image, and what the heads say of regions that are cut out."""

    def run(network: Any, inputs: Sequence[Tensor]) -> list[Tensor]:
        image, regions, *others = inputs
        scores, deltas = network.rpn.head(list(network.backbone(image).values()))
        found = [*scores, *deltas, *network.roi_heads.box_predictor(network.roi_heads.box_head(regions))]
        for head, region in zip(heads, others, strict=True):
            inner = getattr(network.roi_heads, f"{head}_head")(region)
            found.append(getattr(network.roi_heads, f"{head}_predictor")(inner))
        return found

    return run


IMAGE, REGIONS, LARGER = (3, 64, 96), (256, 7, 7), (256, 14, 14)


def detector(name: str, run: Callable[[Any, Sequence[Tensor]], list[Tensor]], *small: Shape) -> Oracle:
    return Oracle(torchvision_net(name, **NOTHING), run, small, tolerance=1e-5)


RETINA = one_stage("cls_logits", "bbox_regression")
SSD = one_stage("bbox_regression", "cls_logits")

ORACLES |= {
    "retinanet_resnet50_fpn": detector("retinanet_resnet50_fpn", RETINA, IMAGE),
    "retinanet_resnet50_fpn_v2": detector("retinanet_resnet50_fpn_v2", RETINA),
    "fcos_resnet50_fpn": detector(
        "fcos_resnet50_fpn", one_stage("cls_logits", "bbox_regression", "bbox_ctrness"), IMAGE
    ),
    "ssd300_vgg16": detector("ssd300_vgg16", SSD),
    "ssdlite320_mobilenet_v3_large": detector("ssdlite320_mobilenet_v3_large", SSD),
    "fasterrcnn_resnet50_fpn": detector("fasterrcnn_resnet50_fpn", two_stages()),
    "fasterrcnn_resnet50_fpn_v2": detector("fasterrcnn_resnet50_fpn_v2", two_stages()),
    "fasterrcnn_mobilenet_v3_large_fpn": detector("fasterrcnn_mobilenet_v3_large_fpn", two_stages()),
    "fasterrcnn_mobilenet_v3_large_320_fpn": detector("fasterrcnn_mobilenet_v3_large_320_fpn", two_stages()),
    "maskrcnn_resnet50_fpn": detector("maskrcnn_resnet50_fpn", two_stages("mask"), IMAGE, REGIONS, LARGER),
    "maskrcnn_resnet50_fpn_v2": detector("maskrcnn_resnet50_fpn_v2", two_stages("mask")),
    "keypointrcnn_resnet50_fpn": detector("keypointrcnn_resnet50_fpn", two_stages("keypoint")),
}
