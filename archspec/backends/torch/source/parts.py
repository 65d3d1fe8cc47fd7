"""What a class is made of: constructors, modules, steps of its `forward`."""

from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from archspec.backends.torch.source.align import Aligned
from archspec.backends.torch.source.places import Place
from archspec.backends.torch.source.symbols import Column, Symbol
from archspec.ir import Module
from archspec.language.expressions import Tree
from archspec.ops.core.init import Init
from archspec.types import TensorType

REQUIRED: Final[Any] = object()
COUNTER: Final = "@i"
"""The name of a loop's counter in expressions."""


@dataclass(slots=True, eq=False)
class Parameter:
    """An argument of a class's constructor."""

    key: str
    """Its name in expressions; those that are no parameters of the spec start with `@`."""
    wanted: str
    """What it would be called."""
    values: Column
    default: Any = REQUIRED
    axis: tuple[int, int] | None = None
    """For the size of an input: which input, and which axis of it."""


@dataclass(slots=True, eq=False)
class Constructor:
    """A call that makes a module: of PyTorch's class, or of one of ours."""

    target: "str | Class | Symbol"
    """A class of PyTorch, one of ours, or one that is an argument."""
    arguments: list[tuple[str, Symbol]]
    """Keyword, empty for a positional one, and value."""
    wrap: str = "{0}"
    """What is around the call: `nn.Parameter({0})`."""
    inplace: bool = False
    """Whether it works in place."""


@dataclass(slots=True, eq=False)
class Item:
    """A module in a chain."""

    name: str
    positional: bool
    made: "Made"
    count: Symbol | None = None
    """How many there are of it, one after the other."""
    counts: bool = False
    """Whether the copies differ in what their counter says."""
    start: int = 0
    """The counter of the first of the copies: those before it stand apart."""
    when: Symbol | None = None
    comment: str = ""
    fresh: bool = False
    inplace: bool = False
    """Could work in place."""
    inits: "list[Initialised]" = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Chain:
    """`nn.Sequential`."""

    items: list[Item]

    @property
    def is_positional(self) -> bool:
        """Whether all names are positions."""
        return all(item.positional for item in self.items)


Made: TypeAlias = Constructor | Chain


@dataclass(slots=True, eq=False)
class Initialised:
    """A weight whose first values are not PyTorch's."""

    path: tuple[str, ...]
    """Below the class that it stands in: the names of modules, then the weight's."""
    init: Init
    module: str
    """PyTorch's class of the op."""


@dataclass(slots=True, eq=False)
class Part:
    """A module, or a bare parameter, that is an attribute of a class."""

    name: str
    """In the state_dict; for a loop, with its counter substituted."""
    made: Made
    when: Symbol | None = None
    """Whether an instance has it."""
    is_parameter: bool = False
    is_buffer: bool = False
    """Of what `is_parameter`: whether it is not trained."""
    count: Symbol | None = None
    """Of a loop: the number of copies."""
    template: tuple[str | Tree, ...] = ()
    """Of a loop: the name, as text and expressions of the counter."""
    is_free: bool = False
    """Nothing in the state_dict depends on the name: another will do."""
    inits: list[Initialised] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Action:
    """A step of `forward`."""

    step: Aligned
    template: str
    """The expression, with `{m}` for the module and `{0}` for the first input."""
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    part: Part | None = None
    flag: Symbol | None = None
    """Of what is no module: whether an instance does it."""
    light: bool = False
    """Reads well around what it works on: a norm, an activation."""
    fresh: bool = False
    inplace: bool = False
    """Could work in place."""
    typed: bool = False
    """Type checkers know that it yields a tensor."""
    pure: bool = True
    """Can be left out if its value is not used."""
    joins: "list[Action]" = field(default_factory=list)
    """Of a loop: what a copy does behind its module, in values 0 (carried), 1, …"""
    label: str | None = None
    """What the spec calls the value."""
    dims: dict[str, int] = field(default_factory=dict)
    """Free dimensions that the expression mentions, and the value that has them."""
    training: bool = False
    """Needed for training outputs alone."""


@dataclass(slots=True, eq=False)
class Class:
    """A class of the generated source, and the instances that it is for."""

    name: str
    places: list[Place]
    parameters: list[Parameter]
    locals: list[tuple[str, str, Symbol]]
    """Values that the constructor gives a name to: key, wanted name, value."""
    parts: list[Part]
    actions: list[Action]
    results: tuple[int, ...]
    chain: Chain | None
    """What it is if it is one chain."""
    outputs: tuple[tuple[Symbol | None, ...], ...]
    """The sizes of its outputs, in expressions over its parameters, as far as these are known."""
    axes: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The names of sizes of inputs, parameters or not: which input, and which axis of it."""
    training: int = 0
    """How many of the last results are training outputs."""
    late: frozenset[int] = frozenset()
    """The results that are `None` in evaluation, as only training outputs depend on them."""
    rows: dict[Module, int] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = {place.module: row for row, place in enumerate(self.places)}

    @property
    def inputs(self) -> tuple[TensorType, ...]:
        """The inputs of the first instance."""
        return self.places[0].module.inputs

    def arguments(self, module: Module) -> dict[str, Any]:
        """The arguments that make this instance."""
        return {parameter.key: parameter.values[self.rows[module]] for parameter in self.parameters}

    def expanded(self, tree: Tree) -> Tree:
        """An expression without the constructor's local names."""
        from archspec.backends.torch.source.symbols import substitute

        for key, _, symbol in reversed(self.locals):
            tree = substitute(tree, {key: symbol.tree})
        return tree
