"""Constant factor and shift."""

from typing import Annotated, ClassVar

from pydantic import Field

from archspec.ops.core.base import NoMacs, Op, SeesItsPlace
from archspec.ops.core.constraints import Constraint, OnePerChannel
from archspec.ops.core.data import Example, Inputs, Saved
from archspec.ops.core.fields import Number
from archspec.ops.core.held import elementwise
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode, literal

PerChannel = Annotated[
    Number | Annotated[tuple[Number, ...], Field(min_length=1)],
    Field(description="a number, or a list with one per channel"),
]


class Scale(NoMacs, SeesItsPlace, Op):
    """x * `factor` + `shift`, with constants: learnable ones are a `param` and a join.

    Inception-ResNet scales its residuals, and many networks start with the normalisation of their input.
    https://docs.pytorch.org/docs/stable/generated/torch.mul.html
    """

    name: ClassVar[str] = "scale"
    group: ClassVar[str] = "Arithmetic"
    constraints: ClassVar[tuple[Constraint, ...]] = (
        OnePerChannel("factor", "number"),
        OnePerChannel("shift", "number"),
    )

    factor: PerChannel = 1.0
    """What each element is multiplied by; a list has a factor for each channel."""
    shift: PerChannel = 0.0
    """What is added afterwards; a list has a summand for each channel."""

    def is_pointwise(self) -> bool:
        """If all channels have the same constants."""
        return not isinstance(self.factor, tuple) and not isinstance(self.shift, tuple)

    def rises(self) -> bool:
        """If its factor is not negative."""
        return not isinstance(self.factor, tuple) and self.factor >= 0

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """The factors of the channels; a single number takes no memory."""
        return Saved(elements=len(self.factor) if isinstance(self.factor, tuple) else 0)

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """As the input does; where nothing changes, it is the input."""
        return inputs if self.view(inputs, training=False) else (elementwise(outputs[0], inputs),)

    def view(self, inputs: Inputs, *, training: bool) -> bool:
        """Where it changes nothing."""
        return self.factor == 1 and self.shift == 0

    def brief(self) -> str:
        """`scale 0.17`, `scale 2 + 0.5`, `scale per channel`."""
        if isinstance(self.factor, tuple) or isinstance(self.shift, tuple):
            return "scale per channel"
        return f"scale {self.factor:g}" + (f" + {self.shift:g}" if self.shift else "")

    def torch(self, inputs: Inputs) -> TorchCode:
        """`x * 0.17`; constants of channels are made where the input is."""
        axes = ", 1" * (inputs[0].rank - 2)
        factor, shift = (
            f"{{0}}.new_tensor({literal(values)})" + (f".view(-1{axes})" if axes else "")
            if isinstance(values, tuple)
            else literal(values)
            for values in (self.factor, self.shift)
        )
        if isinstance(self.factor, tuple) and isinstance(self.shift, tuple):
            return TorchCode(function=f"torch.addcmul({shift}, {{0}}, {factor})", fresh=True)
        scaled = f" * {factor}" * (self.factor != 1)
        shifted = f" + {shift}" * (self.shift != 0)
        return TorchCode(function=f"{{0}}{scaled}{shifted}", fresh=bool(scaled or shifted))

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Mul` and `Add`."""
        value = e.x
        for op, name, values, idle in (
            ("Mul", "factor", self.factor, 1.0),
            ("Add", "shift", self.shift, 0.0),
        ):
            if isinstance(values, tuple):
                shape = (len(values), *(1,) * (inputs[0].rank - 2))
                value = e.node(op, value, e.numbers(name, shape, values))
            elif values != idle:
                value = e.node(op, value, e.number(values))
        return value

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"factor": 0.17}, (("N", 5, 7, 3),), "lambda x: x * 0.17", doc="A residual of Inception-ResNet."
        ),
        Example(
            {"factor": [2.0, 4.0, 5.0], "shift": [-1.0, 0.5, 0.25]},
            (("N", 3, 7, 5),),
            "lambda x: x * x.new_tensor([2.0, 4.0, 5.0]).view(3, 1, 1) + x.new_tensor([-1.0, 0.5, 0.25]).view(3, 1, 1)",
            doc="An input that is normalised.",
        ),
        Example({"shift": -0.5}, (("N", 5, "H", "W"),), "lambda x: x - 0.5", doc="Of any size."),
        Example({"factor": 2, "shift": 3}, (("N", 11),), "lambda x: x * 2.0 + 3.0"),
        Example({"shift": [0.5, 2.0]}, (("N", 2),), "lambda x: x + x.new_tensor([0.5, 2.0])"),
        Example({"factor": [0.5, 2.0]}, (("N", 2, 7),), "lambda x: x * x.new_tensor([[0.5], [2.0]])"),
        Example({"factor": -1}, (("N", 5, 7, 3, 2),), "lambda x: x * -1.0"),
        Example({}, (("N", 5, 7),), "lambda x: x", doc="Nothing changes."),
        Example({"factor": [1.0, 2.0]}, (("N", 3, 7, 5),), error="AS408", doc="Three channels."),
        Example({"shift": []}, (("N", 3),), error="AS203"),
    )
