"""Layer normalisation."""

from math import prod
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import Op
from archspec.ops.core.checks import at_least, axis_index, initialised, size, sizes
from archspec.ops.core.data import Example, Inputs, Saved, Weight
from archspec.ops.core.fields import NO_INIT, Flag, Initialisers, Integer, PositiveNumber
from archspec.ops.core.held import packed
from archspec.ops.core.norms import scale_and_shift
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, changed, same_axes, whole
from archspec.ops.core.torch_code import TorchCode, keyword, positional
from archspec.types import TensorType

_SOURCE = '''
class ChannelsLayerNorm(nn.LayerNorm):
    """Normalises the channels of each position: those of axis 1."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.movedim(1, -1)
        x = F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.movedim(-1, 1)
'''


class LayerNorm(Op):
    """Normalises along one axis: the last, or with `axis = 1` the channels of a channels-first input.

    On a channels-first image it is torchvision's `LayerNorm2d`: each position is normalised alone.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
    """

    name: ClassVar[str] = "layernorm"
    group: ClassVar[str] = "Norms"

    axis: Integer = -1
    """The axis to normalise along: -1, the last, or 1, the channels."""
    eps: PositiveNumber = 1e-5
    """Added to the variance."""
    elementwise_affine: Flag = True
    """Whether a scale and a shift per element of the axis are learnt."""
    bias: Flag = True
    """Whether there is a shift; means nothing without `elementwise_affine`."""
    init: Initialisers = NO_INIT
    """Initialisers of `weight` and `bias`; default: 1 and 0."""

    def check(self, inputs: Inputs) -> None:
        """At least rank 2; the axis is the last or the channels."""
        x = inputs[0]
        at_least(x, 2)
        if axis_index(self.axis, x.rank) not in (1, x.rank - 1):
            raise Problem(
                "AS408",
                f"`axis` {self.axis} is neither the channels nor the last axis of {x}",
                at=("axis",),
                help="use 1 for the channels, -1 for the last axis",
            )

    def weights(self, inputs: Inputs) -> tuple[Weight, ...]:
        """`weight` and `bias`, of the axis' size."""
        x = inputs[0]
        shape = (size(x.shape[axis_index(self.axis, x.rank)], "the axis to normalise"),)
        weights = scale_and_shift(shape, shift=self.bias) if self.elementwise_affine else ()
        return initialised(weights, self.init)

    def brief(self) -> str:
        """`layernorm`, with the axis if it is not the last."""
        return "layernorm" if self.axis == -1 else f"layernorm axis {self.axis}"

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """All of the axis."""
        axis = axis_index(self.axis, output.rank)
        return (changed(same_axes(inputs[0]), {axis: whole(output.shape[axis])}),)

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, and mean and variance of each vector."""
        shape = sizes(inputs[0].shape)
        return Saved(inputs=(0,), elements=2 * prod(shape) // shape[axis_index(self.axis, len(shape))])

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """The channels of an image are moved to the end and back, so they lie next to each other."""
        rank = inputs[0].rank
        axis = axis_index(self.axis, rank)
        return (packed(outputs[0], (axis, *(place for place in reversed(range(rank)) if place != axis))),)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.LayerNorm`; for the channels of an image, with these moved to the end and back."""
        x = inputs[0]
        axis = axis_index(self.axis, x.rank)
        arguments = (
            positional(size(x.shape[axis]), "x.shape[-1]" if axis == x.rank - 1 else "x.channels"),
            keyword("eps", self.eps, 1e-5, "eps"),
            keyword("elementwise_affine", self.elementwise_affine, True, "elementwise_affine"),
            keyword("bias", self.bias, True, "bias"),
        )
        if axis == x.rank - 1:
            return TorchCode("nn.LayerNorm", arguments, fresh=True)
        return TorchCode("ChannelsLayerNorm", arguments, helper=_SOURCE)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`LayerNormalization`, between two transpositions where the channels are not last."""
        rank = inputs[0].rank
        axis = axis_index(self.axis, rank)
        to_end = [*(place for place in range(rank) if place != axis), axis]
        back = [to_end.index(place) for place in range(rank)]
        scale = e.optional("weight") or e.filled(1.0, size(inputs[0].shape[axis]))
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
