"""Dropout."""

from typing import ClassVar

from archspec.ops.core.base import NoMacs, Op, SeesItsPlace
from archspec.ops.core.data import Example, Inputs, Saved
from archspec.ops.core.fields import Probability
from archspec.ops.core.held import elementwise, size_of
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode, positional


class Dropout(NoMacs, SeesItsPlace, Op):
    """In training, zeroes each element with probability `p` and scales the others by 1 / (1 - p).

    In evaluation it does nothing.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html
    """

    name: ClassVar[str] = "dropout"
    group: ClassVar[str] = "Regularisers"
    training_only: ClassVar[bool] = True

    p: Probability = 0.5
    """Probability of zeroing an element."""

    def brief(self) -> str:
        """`dropout 0.5`."""
        return f"dropout {self.p:g}"

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """Noise of the input's size; a single 0 where everything is dropped."""
        if self.p == 0:
            return Saved()
        return Saved(elements=1 if self.p == 1 else size_of(inputs[0]))

    def view(self, inputs: Inputs, *, training: bool) -> bool:
        """Its input where nothing is dropped."""
        return not training or self.p == 0

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """As the input does."""
        return inputs if self.p == 0 else (elementwise(outputs[0], inputs),)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.Dropout`."""
        return TorchCode(
            "nn.Dropout", (positional(self.p, "p"),), f"F.dropout({{0}}, {self.p}, self.training)"
        )

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """Nothing: it is its input in evaluation."""
        return e.x

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 11),), "nn.Dropout()"),
        Example({"p": 0.2}, (("N", 5, 7, 3),), "nn.Dropout(0.2)"),
        Example({"p": 0}, (("N", 11),), "nn.Dropout(0.0)", doc="Nothing is dropped."),
        Example({"p": 1.0}, (("N", 11),), "nn.Dropout(1.0)"),
        Example({"p": 1.5}, (("N", 11),), error="AS203"),
        Example({"p": 50}, (("N", 11),), error="AS203", doc="A probability, not a percentage."),
    )
