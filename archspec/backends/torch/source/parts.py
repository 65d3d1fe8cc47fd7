"""The parts of a generated class: constructor calls, modules, and the actions of its `forward`."""

from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from archspec.backends.torch.source.align import Aligned
from archspec.backends.torch.source.places import Place
from archspec.backends.torch.source.symbols import SourceSymbol, ValueColumn, names, size_of
from archspec.ir import Module
from archspec.language.expressions import Tree
from archspec.ops.core.init import Init
from archspec.types import TensorType

REQUIRED: Final[Any] = object()
COUNTER: Final = "@i"
"""The name of a loop counter in expressions."""


@dataclass(slots=True, eq=False)
class ClassParameter:
    """An argument of a class's constructor."""

    key: str
    """Its name in expressions, which starts with `@` unless it is a parameter of the spec."""
    wanted: str
    """The preferred identifier."""
    values: ValueColumn
    default: Any = REQUIRED
    axis: tuple[int, int] | None = None
    """For the size of an input: the indices of the input and of its axis."""


@dataclass(slots=True, eq=False)
class Constructor:
    """A call that constructs a module: of a PyTorch class or of a generated class."""

    target: "str | Class | SourceSymbol"
    """A PyTorch class, a generated class, or a class that is an argument."""
    arguments: list[tuple[str, SourceSymbol]]
    """Pairs of a keyword, empty for a positional argument, and a value."""
    wrap: str = "{0}"
    """A template around the call: `nn.Parameter({0})`."""
    inplace: bool = False
    """Whether the module works in place."""


@dataclass(slots=True, eq=False)
class ChainItem:
    """An item of a chain: a module, possibly repeated."""

    name: str
    positional: bool
    made: "Built"
    count: SourceSymbol | None = None
    """The number of consecutive copies."""
    counts: bool = False
    """Whether the copies depend on the counter."""
    start: int = 0
    """The counter of the first copy: earlier copies are separate items."""
    around: tuple[str, str] = ("", "")
    """For copies that are named by their counter: the text before and after it."""
    when: SourceSymbol | None = None
    comment: str = ""
    fresh: bool = False
    inplace: bool = False
    """Whether it could work in place."""
    inits: "list[Initialised]" = field(default_factory=list)


@dataclass(slots=True, eq=False)
class ModuleChain:
    """`nn.Sequential`."""

    items: list[ChainItem]

    @property
    def is_positional(self) -> bool:
        """Whether every module is named by its position."""
        return all(item.positional for item in self.items)


Built: TypeAlias = Constructor | ModuleChain


@dataclass(slots=True, eq=False)
class Initialised:
    """A weight whose initialiser is not PyTorch's default."""

    path: tuple[str, ...]
    """The path relative to the generated class: module names, then the weight's name."""
    init: Init
    module: str
    """The PyTorch class of the op."""


@dataclass(slots=True, eq=False)
class Part:
    """An attribute of a class: a module or a bare parameter."""

    name: str
    """Its name in the state_dict; for a loop, with the counter substituted."""
    made: Built
    when: SourceSymbol | None = None
    """Whether an instance has the attribute."""
    is_parameter: bool = False
    is_buffer: bool = False
    """Of what `is_parameter`: whether it is not trained."""
    count: SourceSymbol | None = None
    """For a loop: the number of copies."""
    template: tuple[str | Tree, ...] = ()
    """For a loop: the name template, as text and expressions over the counter."""
    is_free: bool = False
    """Whether the name may change, as the state_dict does not depend on it."""
    inits: list[Initialised] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """A number in a call of `forward` that differs between the instances."""

    wanted: str
    """The preferred name of an attribute that holds it."""
    symbol: SourceSymbol

    @property
    def reads(self) -> list[int]:
        """The values whose sizes it reads."""
        sizes = map(size_of, names(self.symbol.tree))
        return [size[0] for size in sizes if size is not None]


@dataclass(slots=True, eq=False)
class Action:
    """An action of `forward`."""

    step: Aligned
    template: str
    """The expression as a template, with `{m}` for the module and `{0}` for the first input."""
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    part: Part | None = None
    flag: SourceSymbol | None = None
    """For an action without a module: whether an instance performs it."""
    light: bool = False
    """Whether the call may be nested around its input's expression, as for a norm or an activation."""
    fresh: bool = False
    inplace: bool = False
    """Whether it could work in place."""
    typed: bool = False
    """Whether type checkers infer that it yields a tensor."""
    pure: bool = True
    """Whether it can be omitted if its value is unused."""
    joins: "list[Action]" = field(default_factory=list)
    """For a loop: the actions of a copy after its module, on values 0 (carried), 1, …"""
    label: str | None = None
    """The spec's name of the value."""
    dims: dict[str, int] = field(default_factory=dict)
    """The free dimensions in the expression, each with a value that has it."""
    numbers: dict[str, Number] = field(default_factory=dict)
    """The numbers in the expression that differ between the instances, by their names in it."""
    training: bool = False
    """Whether only training outputs depend on it."""

    @property
    def reads(self) -> list[int]:
        """The values in the expression, each as often as it is there."""
        sizes = (value for number in self.numbers.values() for value in number.reads)
        return [*self.inputs, *self.dims.values(), *sizes]


@dataclass(slots=True, eq=False)
class Class:
    """A generated class and its instances."""

    name: str
    places: list[Place]
    parameters: list[ClassParameter]
    locals: list[tuple[str, str, SourceSymbol]]
    """The local variables of the constructor: key, preferred name, value."""
    parts: list[Part]
    actions: list[Action]
    results: tuple[int, ...]
    chain: ModuleChain | None
    """The chain, if the class is an `nn.Sequential`."""
    outputs: tuple[tuple[SourceSymbol | None, ...], ...]
    """The sizes of its outputs as expressions over its parameters, where known."""
    axes: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The names of input sizes, parameters or not: the indices of the input and of its axis."""
    training: int = 0
    """The number of training outputs, which are the last results."""
    late: frozenset[int] = frozenset()
    """The results that are `None` in evaluation mode, as only training outputs depend on them."""
    rows: dict[Module, int] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = {place.module: row for row, place in enumerate(self.places)}

    @property
    def inputs(self) -> tuple[TensorType, ...]:
        """The inputs of the first instance."""
        return self.places[0].module.inputs

    def arguments(self, module: Module) -> dict[str, Any]:
        """The constructor arguments of this instance."""
        return {parameter.key: parameter.values[self.rows[module]] for parameter in self.parameters}

    def expanded(self, tree: Tree) -> Tree:
        """Expand the constructor's local variables in an expression."""
        from archspec.backends.torch.source.symbols import substitute

        for key, _, symbol in reversed(self.locals):
            tree = substitute(tree, {key: symbol.tree})
        return tree
