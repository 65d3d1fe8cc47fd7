"""A tensor that is not trained."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from archspec.diagnostics import Problem
from archspec.ops.core.base import NoMacs, Op, SavesNothing, SeesItsPlace
from archspec.ops.core.data import Example, Inputs, Weight
from archspec.ops.core.fields import Flag, Number, Positive
from archspec.ops.core.init import Init
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.shape import listed
from archspec.ops.core.torch_code import TorchCode, positional
from archspec.types import TensorType

_Row = Annotated[tuple[Number, ...], Field(min_length=1)]
_Matrix = Annotated[tuple[_Row, ...], Field(min_length=1)]
_Cube = Annotated[tuple[_Matrix, ...], Field(min_length=1)]
_Values = Number | _Row | _Matrix | _Cube | Annotated[tuple[_Cube, ...], Field(min_length=1)]
_Nested = float | tuple["_Nested", ...]


class Constant(NoMacs, SavesNothing, SeesItsPlace, Op):
    """A tensor without input that is not trained, such as the mean of a data set or the kernel of a blur.

    It is a buffer, which moves to devices with the module. It must be named; its key in the state_dict is its path.
    After it `x` is the constant, as with `param`: put it into a branch of its own, or name the value before it with
    `as`.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Buffer.html
    """

    name: ClassVar[str] = "constant"
    group: ClassVar[str] = "Weights"
    arity: ClassVar[tuple[int, int]] = (0, 0)
    is_parameter: ClassVar[bool] = True

    values: Annotated[_Values, Field(description="a number, or lists of numbers, nested up to four deep")]
    """Its elements, in lists of lists as `torch.tensor` takes them; or one number for all of them."""
    shape: Annotated[tuple[Positive, ...], Field(description="a list of positive integers")] | None = None
    """Its shape, where `values` is a number; by default it is a single number. Lists have a shape of their own."""
    persistent: Flag = True
    """Whether it is in the state_dict. If not, files of weights do not have it."""

    def check(self, inputs: Inputs) -> None:
        """The lists in a list are equally long, and have the `shape` if that is given."""
        found = self._sizes(self.values)
        if isinstance(self.values, tuple) and self.shape not in (None, found):
            raise Problem(
                "AS401",
                f"`values` has the shape {listed(found)}, not {listed(self.shape or ())}",
                at=("shape",),
                help="leave `shape` out: lists have one of their own",
            )

    def _sizes(self, values: _Nested) -> tuple[int, ...]:
        if not isinstance(values, tuple):
            return ()
        inner = self._sizes(values[0])
        for index, item in enumerate(values):
            if (found := self._sizes(item)) != inner:
                raise Problem(
                    "AS401",
                    "the lists in `values` are not equally long",
                    at=("values",),
                    notes=(f"element 0 has the shape {listed(inner)}, element {index} has {listed(found)}",),
                )
        return len(values), *inner

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape."""
        return self._sizes(self.values) if isinstance(self.values, tuple) else self.shape or ()

    def output(self, inputs: Inputs) -> TensorType:
        """The tensor itself."""
        return TensorType(self.sizes)

    def weights(self, inputs: Inputs) -> tuple[Weight, ...]:
        """One buffer, whose key is the path of the node."""
        if isinstance(self.values, tuple):
            init = Init("values", tuple(_flat(self.values)))
        else:
            init = Init("constant", (self.values,))
        return (Weight("", self.sizes, init, buffer=True, persistent=self.persistent),)

    def brief(self) -> str:
        """`constant 3×1×1`, or the number that it is."""
        text = f"constant {TensorType(self.sizes)}" if self.sizes else "constant"
        return text if isinstance(self.values, tuple) else f"{text} of {self.values:g}"

    def torch(self, inputs: Inputs) -> TorchCode:
        """`nn.Buffer`, of `torch.tensor` or `torch.full`."""
        call = "nn.Buffer({m})" if self.persistent else "nn.Buffer({m}, persistent=False)"
        if isinstance(self.values, tuple):
            return TorchCode("torch.tensor", (positional(self.values, "values"),), call=call)
        return TorchCode("torch.full", (positional(self.sizes), positional(self.values, "values")), call=call)

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """The initialiser itself; what is not in the state_dict has a name that cannot be a key."""
        if self.persistent:
            return e.weight("")
        (weight,) = self.weights(inputs)
        shape = weight.shape
        if isinstance(self.values, tuple):
            return e.node("Identity", e.numbers("values", shape, [*_flat(self.values)]), to=shape)
        number = e.number(self.values)
        return (
            e.node("Expand", number, e.ints(shape), to=shape) if shape else e.node("Identity", number, to=())
        )

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"values": [[[0.485]], [[0.456]], [[0.406]]]},
            (),
            "lambda: torch.tensor([[[0.485]], [[0.456]], [[0.406]]])",
            doc="The mean of ImageNet, to be subtracted from an image.",
        ),
        Example(
            {"values": [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]], "persistent": False},
            (),
            "lambda: torch.tensor([[[[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]]])",
            doc="Not in the state_dict.",
        ),
        Example({"values": 0.5}, (), "lambda: torch.tensor(0.5)", doc="A single number."),
        Example({"values": 0.17, "shape": [5, 1, 1]}, (), "lambda: torch.full((5, 1, 1), 0.17)"),
        Example({"values": 2, "shape": [3], "persistent": False}, (), "lambda: torch.full((3,), 2.0)"),
        Example({"values": [-1.5, 0, 1e-3], "shape": [3]}, (), "lambda: torch.tensor([-1.5, 0.0, 1e-3])"),
        Example({"values": [1, 2, 3], "shape": [1, 3]}, (), error="AS401"),
        Example({"values": [[1, 2], [3]]}, (), error="AS401", doc="Lists of unequal length."),
        Example({"values": [1, [2]]}, (), error="AS203"),
        Example({"values": []}, (), error="AS203"),
        Example({"values": 1, "shape": [0]}, (), error="AS203"),
        Example({"values": True}, (), error="AS203"),
    )


def _flat(values: _Nested) -> Iterator[float]:
    if not isinstance(values, tuple):
        yield values
        return
    for item in values:
        yield from _flat(item)
