"""What an op is: its fields, and everything that is known of it, in one class in one file.

An op class declares its fields as pydantic fields and answers, for given input types: do they fit (`check`), what
comes out (`output`), which weights it has (`weights`), what it costs (`macs`), and how the sizes come about
(`explain`). `examples` are documentation and test cases at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

from archspec.diagnostics import Problem
from archspec.diagnostics.diagnostic import shown
from archspec.ir import Dim, TensorType
from archspec.ops.core.fields import Reading, reading
from archspec.ops.core.init import Init
from archspec.ops.core.reach import Links, pointwise
from archspec.ops.core.torch_code import TorchCode

if TYPE_CHECKING:
    from archspec.ops.core.onnx_code import Emitter
    from archspec.ops.core.window import Window

Inputs = tuple[TensorType, ...]


@dataclass(frozen=True, slots=True)
class Weight:
    """A tensor in the state_dict of an op. `name` is its key below the module's; empty: the key is the path."""

    name: str
    shape: tuple[int, ...]
    init: Init
    buffer: bool = False
    """Not a parameter: saved with the weights, but not trained."""
    dtype: str = "float"
    """`float`: the model's floating type; or `int64`."""

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    @property
    def is_counter(self) -> bool:
        """Whether it counts batches. PyTorch's strict load takes files without it, and starts at 0."""
        return self.dtype == "int64"


@dataclass(frozen=True, slots=True)
class Example:
    """A use of an op: documentation, and a case of the conformance test.

    `torch` is a Python expression with the same meaning, written in terms of `torch`, `nn`, `F` and the batch
    size `N`, that yields a module or a function of the inputs. `error` is the code of the diagnostic where the
    example is invalid.
    """

    fields: dict[str, Any]
    inputs: tuple[tuple[Dim, ...], ...]
    torch: str = ""
    error: str = ""
    doc: str = ""
    """One line that says what the example shows."""

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.error


@dataclass(frozen=True, slots=True)
class Saved:
    """What autograd keeps of a call for the backward pass, in training mode, as PyTorch does it on a CPU."""

    inputs: tuple[int, ...] = ()
    """The inputs whose storage is kept."""
    outputs: tuple[int, ...] = ()
    """The outputs whose storage is kept."""
    elements: int = 0
    """Further elements of the network's type: statistics, noise, what an op computes on its way."""
    indices: int = 0
    """Further integers of 8 bytes: where the maxima of a pool were."""


INPUT = Saved(inputs=(0,))
OUTPUT = Saved(outputs=(0,))


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
    """Takes a name and a position in its scope; joins do not."""
    is_parameter: ClassVar[bool] = False
    """Is a bare parameter of the module around it: its key is its path, and it takes no position in its scope."""
    training_only: ClassVar[bool] = False
    """Does nothing in evaluation."""
    examples: ClassVar[tuple[Example, ...]]

    @classmethod
    def distinct(cls, values: tuple[int, ...]) -> tuple[int, ...]:
        """The values that a call takes, by their numbers, of those that a spec lists. Default: all."""
        return values

    def check(self, inputs: Inputs) -> None:
        """Raise `Problem` where the inputs do not fit the fields. Called before anything else below."""

    def output(self, inputs: Inputs) -> TensorType:
        """The type of the output. Raises `Problem` where a size falls to zero or below."""
        return inputs[0]

    def outputs(self, inputs: Inputs) -> tuple[TensorType, ...]:
        """The types of all outputs, for ops that have several."""
        return (self.output(inputs),)

    def weights(self, inputs: Inputs) -> tuple[Weight, ...]:  # noqa: ARG002
        """The parameters and buffers, in the order of PyTorch's state_dict."""
        return ()

    def macs(self, inputs: Inputs, outputs: Inputs) -> int:  # noqa: ARG002
        """Multiply-accumulates of one call at batch size 1."""
        return 0

    def macs_formula(self, inputs: Inputs, outputs: Inputs) -> str:  # noqa: ARG002
        """The arithmetic behind `macs`, with the numbers filled in."""
        return ""

    def saved(self, inputs: Inputs, outputs: Inputs) -> Saved:  # noqa: ARG002
        """What is kept for the backward pass. Weights do not count: they are there anyway.

        An input may be `Held`: it then tells how it lies in memory, and whether a gradient reaches it.
        """
        return Saved()

    def view(self, inputs: Inputs, *, training: bool) -> bool:  # noqa: ARG002
        """Whether the outputs are the first input in another shape, or parts of it: they share its storage."""
        return False

    def copies(self, inputs: Inputs, outputs: Inputs) -> bool:  # noqa: ARG002
        """Whether what would be a view must be a copy, as the first input lies in memory; see `Held`."""
        return False

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:  # noqa: ARG002
        """The outputs as they lie in memory, where the inputs do as they say; see `Held`. Default: row by row."""
        return outputs

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """For each input, what the positions of the output see of its axes, in evaluation."""
        return tuple([pointwise(x, output) for x in inputs])

    def reaches(self, inputs: Inputs, outputs: Inputs) -> tuple[tuple[Links, ...], ...]:
        """The same for all outputs, for ops that have several."""
        return tuple([self.reach(inputs, output) for output in outputs])

    def windows(self, inputs: Inputs) -> "tuple[Window, ...]":  # noqa: ARG002
        """The window that slides along each spatial axis, for ops that have one."""
        return ()

    def explain(self, inputs: Inputs) -> Iterator[str]:  # noqa: ARG002
        """The arithmetic behind the output, with the numbers filled in, a line a size."""
        yield from ()

    def brief(self) -> str:
        """The op and its telling fields in a few words, such as `conv 64, k7 s2 p3`."""
        return self.name

    def torch(self, inputs: Inputs) -> TorchCode:  # noqa: ARG002
        """The op in PyTorch. Raises `Problem` where it has no form there, as plug-in ops may."""
        raise Problem("AS701", f"`{self.name}` cannot be written in PyTorch: it does not say how")

    def onnx(self, e: "Emitter", inputs: Inputs) -> "str | tuple[str, ...]":  # noqa: ARG002
        """Write the op in ONNX; the names of its outputs. Raises `Problem` where it has no form there."""
        raise Problem("AS701", f"`{self.name}` cannot be written in ONNX: it does not say how")

    @classmethod
    def readings(cls) -> dict[str, Reading]:
        """For each field, how the language reads a string in its place."""
        return _readings(cls)


@cache
def _readings(cls: type[Op]) -> dict[str, Reading]:
    return {name: reading(info.annotation, info.metadata) for name, info in cls.model_fields.items()}


def initialised(weights: tuple[Weight, ...], init: dict[str, float | str]) -> tuple[Weight, ...]:
    """`weights` with the initialisers that a spec's `init` table asks for."""
    if not init:
        return weights
    for name in init:
        known = [weight.name or "weight" for weight in weights if not weight.buffer]
        if name not in known:
            names = ", ".join(f"`{weight}`" for weight in known)
            raise Problem(
                "AS201",
                f"there is no weight `{shown(name)}` to initialise",
                at=("init", name),
                help=f"the weights here are {names}" if names else "there are no weights here",
            )
    changed = []
    for weight in weights:
        asked = init.get(weight.name or "weight")
        if asked is None:
            changed.append(weight)
            continue
        initialiser = Init.parse(asked)
        if len(weight.shape) < 2 and initialiser.name.startswith(("kaiming", "xavier")):
            name = weight.name or "weight"
            raise Problem(
                "AS408",
                f"`{initialiser.name}` needs a weight of at least two axes, "
                f"but `{name}` has {len(weight.shape)}",
                at=("init", name),
            )
        changed.append(Weight(weight.name, weight.shape, initialiser, weight.buffer, weight.dtype))
    return tuple(changed)


def custom_inits(op: Op, inputs: Inputs) -> list[tuple[str, Init]]:
    """The weights whose first values are not PyTorch's, with these."""
    if not getattr(op, "init", None):
        return []
    if op.is_parameter:
        (weight,) = op.weights(inputs)
        return [] if weight.init.name == "constant" else [("", weight.init)]
    plain = op.model_copy(update={"init": {}})
    default = {weight.name: weight.init for weight in plain.weights(inputs)}
    return [(w.name, w.init) for w in op.weights(inputs) if w.init != default[w.name]]


def sizes(shape: tuple[Dim, ...]) -> tuple[int, ...]:
    """`shape` as integers, with a free dimension counted once: costs are those of one sample."""
    return tuple([dim if isinstance(dim, int) else 1 for dim in shape])


def size(dim: Dim, what: str = "the input") -> int:
    """`dim` as an integer; a free dimension is a `Problem`."""
    if isinstance(dim, int):
        return dim
    raise Problem("AS407", f"{what} has the free dimension `{dim}` where a size is needed",
                  help="give it a value with `--input`, such as `--input N,3,224,224`")  # fmt: skip


def factors(shape: tuple[Dim, ...]) -> str:
    """A product written out: `(64 * 112 * 112)`. Free dimensions, which costs count once, are left out."""
    known = [str(dim) for dim in shape if isinstance(dim, int)]
    text = " * ".join(known)
    return f"({text})" if len(known) > 1 else text


def channels(x: TensorType, least: int = 2) -> int:
    """The number of channels of an input that must have at least `least` axes."""
    at_least(x, least)
    return size(x.shape[1], "the channel axis of the input")


def at_least(x: TensorType, rank: int) -> None:
    """Check that `x` has at least `rank` axes."""
    if len(x.shape) < rank:
        raise Problem("AS402", f"the input has {count_axes(x)} ({x}), but at least {rank} are needed")


def count_axes(x: TensorType) -> str:
    """The number of axes in words: `1 axis`, `4 axes`."""
    return f"{x.rank} {'axis' if x.rank == 1 else 'axes'}"


def one_of_ranks(x: TensorType, ranks: range, why: str) -> int:
    """Check that the rank of `x` is one of `ranks`; return the number of its spatial axes."""
    if x.rank not in ranks:
        allowed = f"{ranks[0]}" if len(ranks) == 1 else f"{ranks[0]} to {ranks[-1]}"
        raise Problem("AS402", f"the input has {count_axes(x)} ({x}), but {why} needs {allowed}")
    return x.rank - 2


def axis_index(axis: int, rank: int, field_name: str = "axis") -> int:
    """`axis` counted from the front; negative axes count from the end, as in PyTorch."""
    if not -rank <= axis < rank:
        raise Problem("AS408", f"`{field_name}` {axis} is outside an input of {rank} axes", at=(field_name,))
    return axis % rank


def divides(total: int, parts: int, what: str, field_name: str) -> None:
    """Check that `parts` divides `total`."""
    if total % parts:
        raise Problem(
            "AS404", f"`{field_name}` {parts} does not divide {what}, {total}", at=(field_name,),
            notes=(f"{total} = {total // parts} * {parts} + {total % parts}",),
        )  # fmt: skip
