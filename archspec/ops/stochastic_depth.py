"""Stochastic depth."""

from math import prod
from typing import ClassVar, Literal

from archspec.ops.core.checks import sizes
from archspec.ops.core.data import Example, Inputs, Saved
from archspec.ops.core.fields import Probability
from archspec.ops.core.torch_code import TorchCode, keyword, positional
from archspec.ops.dropout import Dropout

_SOURCE = '''
class StochasticDepth(nn.Module):
    """Zeroes whole samples, or the whole batch, in training with probability `p`."""

    def __init__(self, p: float, mode: str = "row") -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        samples = x.shape[0] if self.mode == "row" else 1
        noise = x.new_empty([samples] + [1] * (x.ndim - 1)).bernoulli_(1 - self.p)
        return x * noise.div_(1 - self.p) if self.p < 1 else x * noise
'''


class StochasticDepth(Dropout):
    """In training, zeroes whole inputs with probability `p` and scales the others by 1 / (1 - p).

    At the end of a residual branch it drops the branch. In evaluation it does nothing.
    https://docs.pytorch.org/vision/stable/generated/torchvision.ops.StochasticDepth.html
    """

    name: ClassVar[str] = "stochastic_depth"

    p: Probability
    """Probability of dropping."""
    mode: Literal["row", "batch"] = "row"
    """`row` decides for each sample, `batch` once for all."""

    def brief(self) -> str:
        """`stochastic_depth 0.2`."""
        return f"stochastic_depth {self.p:g}" + " batch" * (self.mode == "batch")

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """A number for each sample, or one for all."""
        if self.p == 0:
            return Saved()
        return Saved(elements=1 if self.mode == "batch" else prod(sizes(inputs[0].shape[:1])))

    def torch(self, inputs: Inputs) -> TorchCode:
        """A module of its own, `StochasticDepth`."""
        arguments = (positional(self.p, "p"), keyword("mode", self.mode, "row"))
        return TorchCode("StochasticDepth", arguments, helper=_SOURCE)

    examples: ClassVar[tuple[Example, ...]] = (
        Example({"p": 0.2}, (("N", 5, 7, 3),), "nn.Identity()", doc="Nothing happens in evaluation."),
        Example({"p": 0.2, "mode": "batch"}, (("N", 5, 7, 3),), "nn.Identity()"),
        Example({"p": -0.1}, (("N", 5, 7, 3),), error="AS203"),
        Example({"p": 0.2, "mode": "column"}, (("N", 5, 7, 3),), error="AS203"),
    )
