"""Local response normalisation."""

from math import prod
from typing import ClassVar

from archspec.ops.core.base import KeepsOrder, NoMacs, Op
from archspec.ops.core.checks import channels, sizes
from archspec.ops.core.constraints import Constraint, Ranks
from archspec.ops.core.data import Example, Inputs, Layout, Saved
from archspec.ops.core.fields import Number, Positive
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, changed, same_axes, sliding
from archspec.ops.core.torch_code import TorchCode, keywords, positional
from archspec.types import TensorType


class LRN(NoMacs, KeepsOrder, Op):
    """Divides each element by (k + alpha * mean)^beta, with the mean square of `size` channels around it.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
    """

    name: ClassVar[str] = "lrn"
    group: ClassVar[str] = "Norms"
    layout: ClassVar[Layout] = "image"
    constraints: ClassVar[tuple[Constraint, ...]] = (Ranks(3),)

    size: Positive
    """Number of neighbouring channels."""
    alpha: Number = 1e-4
    """Weight of the mean square."""
    beta: Number = 0.75
    """Exponent."""
    k: Number = 1.0
    """Added to the mean square."""

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """The neighbouring channels."""
        return (changed(same_axes(inputs[0]), {1: sliding(self.size, 1, self.size // 2)}),)

    def brief(self) -> str:
        """`lrn 5`."""
        return f"lrn {self.size}"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The input, its squares with channels of zeros around them, the divisor and what is raised to it."""
        batch, channels, *positions = sizes(inputs[0].shape)
        planes = (channels + self.size - 1) + 2 * channels
        return Saved(inputs=(0,), elements=batch * planes * prod(positions))

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.LocalResponseNorm`."""
        arguments = (positional(self.size, "size"), *keywords(self, "alpha", "beta", "k"))
        return TorchCode("nn.LocalResponseNorm", arguments, "F.local_response_norm")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`LRN` of images, odd sizes, numbers above 0; else the mean square as an average pool along the channels."""
        x = inputs[0]
        if self.size % 2 and x.rank == 4 and min(self.alpha, self.beta) > 0:
            return e.node("LRN", e.x, alpha=self.alpha, beta=self.beta, bias=self.k, size=self.size)
        planes = e.merged(e.node("Mul", e.x, e.x), (x.shape[0], 1, channels(x)), x.spatial)
        pads = (self.size // 2, 0, (self.size - 1) // 2, 0)
        means = e.node("AveragePool", planes, kernel_shape=(self.size, 1), pads=pads, count_include_pad=1)
        scaled = e.node("Add", e.product(e.restored(means, e.x), self.alpha), e.number(self.k))
        return e.node("Div", e.x, e.node("Pow", scaled, e.number(self.beta)))

    examples: ClassVar[tuple[Example, ...]] = (
        Example({"size": 5, "k": 2.0}, (("N", 11, 7, 3),), "nn.LocalResponseNorm(5, k=2.0)", doc="AlexNet."),
        Example(
            {"size": 2, "alpha": 1e-3, "beta": 0.5},
            (("N", 7, 13),),
            "nn.LocalResponseNorm(2, alpha=1e-3, beta=0.5)",
            doc="With an even `size`, one more channel lies before than after.",
        ),
        Example(
            {"size": 9},
            (("N", 2, 3, 5, 7),),
            "nn.LocalResponseNorm(9)",
            doc="Channels that are not there count as zero.",
        ),
        Example(
            {"size": 3, "alpha": 0.0, "k": 2.0},
            (("N", 7, 5, 3),),
            "nn.LocalResponseNorm(3, alpha=0.0, k=2.0)",
            doc="Every channel by the same number.",
        ),
        Example(
            {"size": 3, "alpha": 0.5, "beta": -0.5},
            (("N", 7, 5, 3),),
            "nn.LocalResponseNorm(3, alpha=0.5, beta=-0.5)",
        ),
        Example({"size": 5}, (("N", 6),), error="AS402"),
        Example({"size": 0}, (("N", 6, 5, 7),), error="AS203"),
    )
