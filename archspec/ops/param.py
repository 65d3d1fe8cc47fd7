"""A bare learnable tensor."""

from typing import Annotated, ClassVar

from pydantic import Field

from archspec.ops.core.base import NoMacs, Op, SavesNothing, SeesItsPlace
from archspec.ops.core.checks import initialised
from archspec.ops.core.data import Example, Inputs, Layout, Weight
from archspec.ops.core.fields import NO_INIT, Initialisers, Positive
from archspec.ops.core.init import ZEROS
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode, positional
from archspec.types import TensorType


class Param(NoMacs, SavesNothing, SeesItsPlace, Op):
    """A learnable tensor without input, such as a layer scale, a class token or a position embedding.

    It must be named; its key in the state_dict is its path. In a chain it is a node like any other: after it, `x` is
    the parameter. So name the value before it with `as`, or put it into a branch of its own:
    `{ op = "mul", branches = [[], { name = "scale", op = "param", shape = ["x.channels", 1, 1] }] }`.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
    """

    name: ClassVar[str] = "param"
    group: ClassVar[str] = "Weights"
    layout: ClassVar[Layout] = "free"
    arity: ClassVar[tuple[int, int]] = (0, 0)
    is_parameter: ClassVar[bool] = True

    shape: Annotated[tuple[Positive, ...], Field(description="a list of positive integers")]
    """Its shape. A join broadcasts it: it has no batch axis unless it says so with a leading 1."""
    init: Initialisers = NO_INIT
    """Initialiser of `weight`; default: 0."""

    def output(self, inputs: Inputs) -> TensorType:
        """The tensor itself."""
        return TensorType(self.shape)

    def weights(self, inputs: Inputs) -> tuple[Weight, ...]:
        """One, whose key is the path of the node."""
        return initialised((Weight("", self.shape, ZEROS),), self.init)

    def brief(self) -> str:
        """`param 96×1×1`."""
        return f"param {TensorType(self.shape)}"

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.Parameter`, of zeros or another constant; what other initialisers fill is left empty."""
        init = self.weights(inputs)[0].init
        value = init.args[0] if init.name == "constant" else None
        made = "torch.empty" if value is None else "torch.zeros" if value == 0 else "torch.ones"
        factor = "" if value in (None, 0.0, 1.0) else f"{value} * "
        sizes = [positional(size, f"shape[{axis}]") for axis, size in enumerate(self.shape)]
        return TorchCode(made, tuple(sizes or [positional(())]), call=f"nn.Parameter({factor}{{m}})")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """The initialiser itself."""
        return e.weight("")

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"shape": [5, 1, 1], "init": {"weight": 1e-6}},
            (),
            "lambda: torch.full((5, 1, 1), 1e-6)",
            doc="ConvNeXt's layer scale, a factor of `mul`.",
        ),
        Example(
            {"shape": [1, 7, 11], "init": {"weight": "trunc_normal(0.02)"}},
            (),
            "lambda: nn.init.trunc_normal_(torch.empty(1, 7, 11), std=0.02)",
            doc="A position embedding, a term of `add`.",
        ),
        Example({"shape": [3]}, (), "lambda: torch.zeros(3)"),
        Example({"shape": []}, (), "lambda: torch.zeros(())", doc="A single number."),
        Example({"shape": [3, 0]}, (), error="AS203"),
        Example({"shape": [3], "init": {"bias": 1.0}}, (), error="AS201"),
        Example({"shape": [3], "init": {"weight": "xavier_normal"}}, (), error="AS408"),
    )
