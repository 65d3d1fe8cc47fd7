"""What an op is: its fields, and everything that is known of it, in one class in one file.

An op class declares its fields as pydantic fields and answers, for given input types: do they fit (`check`), what
comes out (`output`), which weights it has (`weights`), what it costs (`macs`), and how the sizes come about
(`explain`). `examples` are documentation and test cases at once.
"""

from collections.abc import Iterator
from functools import cache
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from archspec.diagnostics import Problem
from archspec.ops.core.constraints import Constraint
from archspec.ops.core.data import Example, Inputs, Layout, Saved, Weight
from archspec.ops.core.fields import Reading, reading
from archspec.ops.core.held import elementwise, like_images, lying, strides
from archspec.ops.core.init import Init
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, pointwise
from archspec.ops.core.torch_code import TorchCode
from archspec.ops.core.window import Window
from archspec.types import TensorType


class Op(BaseModel):
    """An operation on tensors. Immutable; equal fields make equal ops."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    name: ClassVar[str]
    """What specs call it."""
    group: ClassVar[str]
    """The heading under which references list it."""
    arity: ClassVar[tuple[int, int]] = (1, 1)
    """The least and the largest number of inputs."""
    is_module: ClassVar[bool] = True
    """Whether it takes a name and a position in its scope, which joins do not."""
    is_parameter: ClassVar[bool] = False
    """Whether it is a bare parameter or buffer of the module around it: its key is its path, and it has no position."""
    training_only: ClassVar[bool] = False
    """Whether it does nothing in evaluation."""
    in_training: ClassVar[frozenset[str]] = frozenset()
    """The fields that have an effect in training only."""
    commutes: ClassVar[bool] = False
    """Whether the order of its inputs makes no difference."""
    positive: ClassVar[bool] = False
    """Whether no element of its output is below 0, whatever the input is."""
    keeps_sign: ClassVar[bool] = False
    """Whether no element of its output is below 0 if none of its inputs is."""
    rearranges: ClassVar[bool] = False
    """Whether its output has elements of its inputs, by their places alone."""
    chooses: ClassVar[bool] = False
    """Whether its output has the greatest of some elements of its input, by their places."""
    multiplies: ClassVar[bool] = False
    """Whether it is the product of its inputs."""
    keeps_positive: ClassVar[bool] = False
    """Whether it leaves elements from 0 on as they are."""
    asks_for_sizes: ClassVar[bool] = False
    """Whether its form in PyTorch may name a free dimension, whose size a block around it may not see."""
    free_sizes: ClassVar[tuple[str, ...]] = ()
    """The fields that take sizes of other values even where these stay free, in a model for images of any size."""
    layout: ClassVar[Layout] = "kept"
    """Which axes of the output are the channels and the width: those of the input (`kept`), the second and the last
    (`image`), or any (`free`)."""
    aligns: ClassVar[bool] = False
    """Whether its inputs are meant to look at the same places of the image, as those of a sum are."""
    torch_last: ClassVar[str] = ""
    """The layer inside PyTorch's module that computes its output without being called: `out_proj`."""
    no_keyword: ClassVar[str | None] = None
    """What to write instead of a padding keyword, for an op that has none."""
    constraints: ClassVar[tuple[Constraint, ...]] = ()
    """What must hold of inputs and fields, as far as it can be declared; `check` tests the rest."""
    examples: ClassVar[tuple[Example, ...]]

    @classmethod
    def distinct(cls, values: tuple[int, ...]) -> tuple[int, ...]:
        """The values that a call takes, by their numbers, of those that a spec lists. Default: all."""
        return values

    def fits(self, inputs: Inputs) -> None:
        """Raise `Problem` where the inputs do not fit the op. Called before anything else below."""
        for constraint in self.constraints:
            constraint.check(self, inputs)
        self.check(inputs)

    def check(self, inputs: Inputs) -> None:
        """Raise `Problem` where something does not hold that `constraints` do not declare."""

    def output(self, inputs: Inputs) -> TensorType:
        """The type of the output. Raises `Problem` where a size falls to zero or below."""
        return inputs[0]

    def outputs(self, inputs: Inputs) -> tuple[TensorType, ...]:
        """The types of all outputs, for ops that have several."""
        return (self.output(inputs),)

    def weights(self, inputs: Inputs) -> tuple[Weight, ...]:
        """The parameters and buffers, in the order of PyTorch's state_dict."""
        return ()

    def shifts_channels(self, inputs: Inputs) -> bool:
        """Whether it ends with a bias for each channel, which a norm after it cancels. Default: no."""
        return False

    def macs(self, inputs: Inputs, outputs: Inputs) -> int:
        """Multiply-accumulates of one call at batch size 1. Every op states it, by `NoMacs` if there are none."""
        raise NotImplementedError

    def macs_formula(self, inputs: Inputs, outputs: Inputs) -> str:
        """The arithmetic behind `macs`, with the numbers filled in."""
        return ""

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """What is kept for the backward pass. Weights do not count: they are there anyway.

        An input may be `Held`: it then tells its memory layout, and whether a gradient reaches it. Every op states
        it, by `SavesNothing` if there is nothing.
        """
        raise NotImplementedError

    def view(self, inputs: Inputs, *, training: bool) -> bool:
        """Whether the outputs are the first input in another shape, or parts of it: they share its storage."""
        return False

    def passes(self, inputs: Inputs) -> bool:
        """Whether it is its input, in evaluation. Default: a view in the same shape."""
        return self.view(inputs, training=False) and self.outputs(inputs) == inputs[:1]

    def order(self, inputs: Inputs) -> tuple[int, ...] | None:
        """For each axis of the output the one of the input, for an op that only puts them in this order."""
        return None

    def settled(self, inputs: Inputs) -> "Op":
        """The same for these inputs, with fields that make no difference there set to what says least."""
        return self

    def cuts(self) -> tuple[float, float] | None:
        """The bounds between which it keeps elements, for ops that do nothing else."""
        return None

    def is_pointwise(self) -> bool:
        """Whether it is one function of each element by itself, whatever its place."""
        return False

    def rises(self) -> bool:
        """Whether, as a function of each element, it never falls, so that the greatest stays the greatest."""
        return self.cuts() is not None

    def copies(self, inputs: Inputs, outputs: Inputs) -> bool:
        """Whether a view has to be a copy, given the memory layout of the first input; see `Held`."""
        return False

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """The outputs with their memory layouts, given those of the inputs; see `Held`. Default: contiguous."""
        return outputs

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """For each input, what the positions of the output see of its axes, in evaluation.

        Every op states it, by `SeesItsPlace` if each position sees the one in its place.
        """
        raise NotImplementedError

    def reaches(self, inputs: Inputs, outputs: Inputs) -> tuple[tuple[Links, ...], ...]:
        """The same for all outputs, for ops that have several."""
        return tuple([self.reach(inputs, output) for output in outputs])

    def windows(self, inputs: Inputs) -> tuple[Window, ...]:
        """The window that slides along each spatial axis, for ops that have one."""
        return ()

    def explain(self, inputs: Inputs) -> Iterator[str]:
        """The arithmetic behind the output, with the numbers filled in, one line per size."""
        yield from ()

    def brief(self) -> str:
        """The op and its telling fields in a few words, such as `conv 64, k7 s2 p3`."""
        return self.name

    def torch(self, inputs: Inputs) -> TorchCode:
        """The op in PyTorch. Raises `Problem` where it has no form there, as plug-in ops may."""
        raise Problem(
            "AS701", f"`{self.name}` cannot be written in PyTorch: it does not say how", subject=self.name
        )

    def onnx(self, e: Emitter, inputs: Inputs) -> "str | tuple[str, ...]":
        """Write the op in ONNX; the names of its outputs. Raises `Problem` where it has no form there."""
        raise Problem(
            "AS701", f"`{self.name}` cannot be written in ONNX: it does not say how", subject=self.name
        )

    @classmethod
    def readings(cls) -> dict[str, Reading]:
        """For each field, how the language reads a string in its place."""
        return _readings(cls)

    @classmethod
    def unstated(cls) -> list[str]:
        """What an op class must state and does not: a default could be wrong without being noticed."""
        return [word for word in ("macs", "saved", "reach") if getattr(cls, word) is getattr(Op, word)]


class NoMacs:
    """States that an op has no multiply-accumulates, by the convention of `torch.utils.flop_counter`."""

    def macs(self, inputs: Inputs, outputs: Inputs) -> int:
        """None."""
        return 0


class SavesNothing:
    """States that autograd keeps nothing of an op for the backward pass."""

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:
        """Nothing."""
        return Saved()


class IsView(SavesNothing):
    """States that the output is the input's memory, seen in another way: there is nothing to save."""

    def view(self, inputs: Inputs, *, training: bool) -> bool:
        """Always."""
        return True

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """With the strides of the input."""
        steps = strides(inputs[0])
        return tuple([lying(part, steps) for part in outputs])


class SeesItsPlace:
    """States that each position of the output sees the one in its place, after broadcasting."""

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """The same position."""
        return tuple([pointwise(x, output) for x in inputs])


class KeepsChannelsLast:
    """States that the output is channels-last if all inputs are."""

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """Channels-last if the input is."""
        return (like_images(outputs[0], inputs),)


class KeepsOrder:
    """States that the output has the memory order of the inputs, as that of an elementwise op has."""

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """As the input does."""
        return (elementwise(outputs[0], inputs),)


@cache
def _readings(cls: type[Op]) -> dict[str, Reading]:
    return {name: reading(info.annotation, info.metadata) for name, info in cls.model_fields.items()}


def custom_inits(op: Op, inputs: Inputs) -> list[tuple[str, Init]]:
    """The weights whose initialisers are not PyTorch's, with these."""
    if not getattr(op, "init", None):
        return []
    if op.is_parameter:
        (weight,) = op.weights(inputs)
        return [] if weight.init.name == "constant" else [("", weight.init)]
    plain = op.model_copy(update={"init": {}})
    default = {weight.name: weight.init for weight in plain.weights(inputs)}
    return [(w.name, w.init) for w in op.weights(inputs) if w.init != default[w.name]]
