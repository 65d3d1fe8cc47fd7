"""Rectified linear unit with a learnt slope below zero."""

from typing import ClassVar

from archspec.ops.core.activation import Activation
from archspec.ops.core.checks import initialised
from archspec.ops.core.constraints import Constraint, OnePerChannel
from archspec.ops.core.data import Example, Inputs, Weight
from archspec.ops.core.fields import NO_INIT, Initialisers, Positive
from archspec.ops.core.init import Init
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode, keyword


class PReLU(Activation):
    """max(x, 0) + weight * min(x, 0), with one learnt slope for all channels or one for each.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html
    """

    name: ClassVar[str] = "prelu"
    constraints: ClassVar[tuple[Constraint, ...]] = (OnePerChannel("num_parameters", "slope"),)

    num_parameters: Positive = 1
    """Number of slopes: 1, or the number of channels, which is `"x.channels"`."""
    init: Initialisers = NO_INIT
    """Initialiser of `weight`; default: 0.25, as in PyTorch."""

    def is_pointwise(self) -> bool:
        """Each channel has a slope."""
        return False

    def weights(self, inputs: Inputs) -> tuple[Weight, ...]:
        """`weight` (num_parameters)."""
        weight = Weight("weight", (self.num_parameters,), Init("constant", (0.25,)))
        return initialised((weight,), self.init)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.PReLU`."""
        return TorchCode("nn.PReLU", (keyword("num_parameters", self.num_parameters, 1, "num_parameters"),))

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`PRelu`; a slope for each channel gets its axes in the graph, so that the weight keeps its shape."""
        single = self.num_parameters == 1
        return e.node("PRelu", e.x, e.weight() if single else e.per_channel("weight", inputs[0].rank))

    examples: ClassVar[tuple[Example, ...]] = (
        Example({}, (("N", 5, 7, 3),), "nn.PReLU()", doc="One slope for all channels."),
        Example({"num_parameters": 5}, (("N", 5, 7, 3),), "nn.PReLU(5)", doc="One slope per channel."),
        Example({"num_parameters": 5}, (("N", 5),), "nn.PReLU(5)"),
        Example({"init": {"weight": 0.1}}, (("N", 5, 7),), "nn.PReLU(init=0.1)"),
        Example({"num_parameters": 7}, (("N", 5, 7, 3),), error="AS408", doc="Axis 1 is the channels."),
        Example({"num_parameters": 5}, ((5,),), error="AS402", doc="A vector has no channels."),
        Example({"num_parameters": 0}, (("N", 5, 7, 3),), error="AS203"),
        Example({"init": {"bias": 0.1}}, (("N", 5, 7, 3),), error="AS201"),
        Example({"init": {"weight": "kaiming_normal"}}, (("N", 5, 7, 3),), error="AS408"),
    )
