"""Root mean square normalisation."""

from typing import ClassVar

from archspec.ops.core.checks import initialised
from archspec.ops.core.data import Example, Inputs, Saved, Weight
from archspec.ops.core.fields import NO_INIT, Flag, Initialisers, PositiveNumber
from archspec.ops.core.held import is_trained, like_images, lying, size_of, strides
from archspec.ops.core.norms import AxisNorm, scale_and_shift
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode, keywords
from archspec.types import TensorType

EPSILON = 2.0**-23
"""`torch.finfo(torch.float32).eps`. PyTorch computes in single precision, halves too, and takes that type's."""


class RMSNorm(AxisNorm):
    """Divides by the root of the mean of the squares along one axis: the last, or with `axis = 1` the channels.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
    """

    name: ClassVar[str] = "rmsnorm"

    eps: PositiveNumber | None = None
    """Added to the mean; default: 2⁻²³, the `eps` of single precision."""
    elementwise_affine: Flag = True
    """Whether a scale per element of the axis is learnt."""
    init: Initialisers = NO_INIT
    """Initialiser of `weight`; default: 1."""

    def weights(self, inputs: Inputs) -> tuple[Weight, ...]:
        """`weight`, of the axis' size."""
        shape = (self.elements(inputs),)
        weights = scale_and_shift(shape, shift=False) if self.elementwise_affine else ()
        return initialised(weights, self.init)

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """For the gradient of the input, the input and the factor of each vector; for the weight's, the product."""
        total, needed = size_of(inputs[0]), is_trained(inputs[0])
        factors = total // self.elements(inputs)
        return Saved((0,) * needed, elements=total * self.elementwise_affine + factors * needed)

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """Computed with the axis at the end; an image is channels-last if the input is."""
        axis, rank = self.place(inputs), inputs[0].rank
        to_end = [*(place for place in range(rank) if place != axis), axis]
        steps, shape = strides(inputs[0]), inputs[0].shape
        moved = lying(TensorType(tuple(shape[n] for n in to_end)), tuple(steps[n] for n in to_end))
        made = strides(like_images(TensorType(moved.shape), (moved,)))
        return (lying(outputs[0], tuple(made[to_end.index(place)] for place in range(rank))),)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.RMSNorm`; for the channels of an image, with these moved to the end and back."""
        settings = keywords(self, "eps", "elementwise_affine")
        call = "F.rms_norm(x, self.normalized_shape, self.weight, self.eps)"
        return self.torch_norm("RMSNorm", call, inputs, *settings)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """Written out, in single precision as PyTorch computes: `RMSNormalization` is new in opset 23."""
        shape, axis = inputs[0].shape, self.place(inputs)
        one = (*shape[:axis], 1, *shape[axis + 1 :])
        x = e.single("CastLike", e.x, e.float32([0.0]), to=shape) if e.half else e.x
        mean = e.single("ReduceMean", e.single("Mul", x, x, to=shape), e.ints([axis]), to=one)
        eps = e.float32([EPSILON if self.eps is None else self.eps])
        root = e.single("Sqrt", e.single("Add", mean, eps, to=one), to=one)
        normal = e.single("Div", x, root, to=shape)
        if e.half:
            normal = e.node("CastLike", normal, e.x, to=shape)
        if not self.elementwise_affine:
            return normal
        weight = e.weight() if axis == len(shape) - 1 else e.per_channel("weight", len(shape))
        return e.node("Mul", normal, weight)

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7),), "nn.RMSNorm(7)", doc="Over the features of each token."),
        Example(
            {"axis": 1, "eps": 1e-6},
            (("N", 6, 5, 7),),
            "lambda x, norm=nn.RMSNorm(6, eps=1e-6): norm(x.movedim(1, -1)).movedim(-1, 1)",
            doc="The channels of each position.",
        ),
        Example({"axis": 1}, (("N", 6),), "nn.RMSNorm(6)", doc="Channels last and first at once."),
        Example({"eps": 0.5}, (("N", 5, 3, 7),), "nn.RMSNorm(7, eps=0.5)"),
        Example(
            {"elementwise_affine": False},
            (("N", "L", 7),),
            "nn.RMSNorm(7, elementwise_affine=False)",
            doc="Nothing is learnt.",
        ),
        Example(
            {"axis": 1},
            (("N", 6, "H", "W"),),
            "lambda x, norm=nn.RMSNorm(6): norm(x.movedim(1, -1)).movedim(-1, 1)",
            doc="Of images of any size.",
        ),
        Example({"init": {"weight": 0.5}}, (("N", 5, 7),), "nn.RMSNorm(7)"),
        Example({"axis": 2}, (("N", 6, 5, 7),), error="AS408", doc="Neither the channels nor the last axis."),
        Example({"axis": 0}, (("N", 6),), error="AS408"),
        Example({"axis": -5}, (("N", 6, 5, 7),), error="AS408"),
        Example({"init": {"bias": 0.0}}, (("N", 6),), error="AS201", doc="There is no shift."),
        Example({}, (("N", 6, 5, "W"),), error="AS407", doc="The size of the axis is a weight's size."),
        Example({}, ((6,),), error="AS402"),
        Example({"eps": 0.0}, (("N", 6),), error="AS203"),
    )
