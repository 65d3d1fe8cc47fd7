"""Layer normalisation."""

from math import prod
from typing import ClassVar

from archspec.ops.core.checks import initialised, sizes
from archspec.ops.core.data import Example, Inputs, Saved, Weight
from archspec.ops.core.fields import NO_INIT, Flag, Initialisers, PositiveNumber
from archspec.ops.core.norms import AxisNorm, scale_and_shift
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode, keywords


class LayerNorm(AxisNorm):
    """Normalises along one axis: the last, or with `axis = 1` the channels of a channels-first input.

    On a channels-first image it is torchvision's `LayerNorm2d`: each position is normalised alone.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
    """

    name: ClassVar[str] = "layernorm"

    eps: PositiveNumber = 1e-5
    """Added to the variance."""
    elementwise_affine: Flag = True
    """Whether a scale and a shift per element of the axis are learnt."""
    bias: Flag = True
    """Whether there is a shift; it has no effect without `elementwise_affine`."""
    init: Initialisers = NO_INIT
    """Initialisers of `weight` and `bias`; default: 1 and 0."""

    def weights(self, inputs: Inputs) -> tuple[Weight, ...]:
        """`weight` and `bias`, of the axis' size."""
        shape = (self.elements(inputs),)
        weights = scale_and_shift(shape, shift=self.bias) if self.elementwise_affine else ()
        return initialised(weights, self.init)

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, and mean and variance of each vector."""
        shape = sizes(inputs[0].shape)
        return Saved(inputs=(0,), elements=2 * prod(shape) // shape[self.place(inputs)])

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.LayerNorm`; for the channels of an image, with these moved to the end and back."""
        settings = keywords(self, "eps", "elementwise_affine", "bias")
        call = "F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)"
        return self.torch_norm("LayerNorm", call, inputs, *settings)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`LayerNormalization`, between two transpositions where the channels are not last."""
        rank, axis = inputs[0].rank, self.place(inputs)
        to_end = [*(place for place in range(rank) if place != axis), axis]
        back = [to_end.index(place) for place in range(rank)]
        scale = e.optional("weight") or e.filled(1.0, self.elements(inputs))
        moved = e.transpose(e.x, to_end)
        normal = e.node("LayerNormalization", moved, scale, e.optional("bias"), axis=-1, epsilon=self.eps)
        return e.transpose(normal, back)

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7),), "nn.LayerNorm(7)", doc="Over the features of each token."),
        Example(
            {"axis": 1, "eps": 1e-6},
            (("N", 6, 5, 7),),
            "lambda x, norm=nn.LayerNorm(6, eps=1e-6): norm(x.movedim(1, -1)).movedim(-1, 1)",
            doc="ConvNeXt: the channels of each position.",
        ),
        Example({"axis": 1}, (("N", 6),), "nn.LayerNorm(6)", doc="Channels last and first at once."),
        Example({"axis": 3, "bias": False}, (("N", 5, 3, 7),), "nn.LayerNorm(7, bias=False)"),
        Example(
            {"elementwise_affine": False},
            (("N", "L", 7),),
            "nn.LayerNorm(7, elementwise_affine=False)",
            doc="Nothing is learnt.",
        ),
        Example({"init": {"weight": 0.5, "bias": "normal(0.02)"}}, (("N", 5, 7),), "nn.LayerNorm(7)"),
        Example({"axis": 2}, (("N", 6, 5, 7),), error="AS408", doc="Neither the channels nor the last axis."),
        Example({"axis": 0}, (("N", 6),), error="AS408"),
        Example({"axis": -5}, (("N", 6, 5, 7),), error="AS408"),
        Example({"bias": False, "init": {"bias": 0.0}}, (("N", 6),), error="AS201"),
        Example({}, (("N", 6, 5, "W"),), error="AS407", doc="The size of the axis is a weight's size."),
        Example({}, ((6,),), error="AS402"),
        Example({"eps": -1.0}, (("N", 6),), error="AS203"),
    )
