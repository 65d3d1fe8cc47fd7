"""The parts of a generated class: arguments, modules, and the actions of its `forward`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from archspec.backends.torch.source.symbols import Symbol, ValueColumn, substitute
from archspec.ir import Module, Node
from archspec.language.expressions import Tree
from archspec.ops.core.init import Init
from archspec.types import TensorType

REQUIRED: Final[Any] = object()


@dataclass(slots=True, eq=False)
class ClassArgument:
    """An argument of a class's constructor."""

    key: str
    """Its name in expressions, which starts with `@` unless it is a name of the spec."""
    wanted: str
    """The preferred identifier."""
    values: ValueColumn
    """Its value in each instance of the class."""
    default: Any = REQUIRED
    axis: tuple[int, int] | None = None
    """For the size of an input: the indices of the input and of its axis."""
    kept: bool = False
    """Whether calls pass it though the class does not use it, as another class in its place does."""


@dataclass(slots=True, eq=False)
class Constructor:
    """A call that constructs a module."""

    target: "str | Class | Symbol"
    """A PyTorch class, a generated class, or a class that is an argument."""
    arguments: list[tuple[str, Symbol]]
    """Pairs of a keyword, empty for a positional argument, and a value."""
    wrap: str = "{0}"
    """A template around the call: `nn.Parameter({0})`."""
    inplace: bool = False
    """Whether the module works in place."""
    classes: "tuple[Class, ...]" = ()
    """The generated classes that the target can be."""


@dataclass(slots=True, eq=False)
class Container:
    """`nn.Sequential`, or `nn.ModuleList` or `nn.ModuleDict` for modules that `forward` calls one by one."""

    items: "list[Item | Loop]"
    kind: str = "nn.Sequential"

    def flat(self) -> "Iterator[Item]":
        """The items, those of loops once."""
        return every_item(self.items)


@dataclass(slots=True, eq=False)
class Choice:
    """One of several modules: `a if test else b`."""

    tests: list[Symbol]
    """The conditions of all but the last."""
    made: "list[Made]"


@dataclass(slots=True, eq=False)
class Initialised:
    """A weight whose initialiser is not PyTorch's default."""

    weight: str
    init: Init


@dataclass(slots=True, eq=False)
class Item:
    """A module, or a bare parameter, in its scope."""

    name: tuple[str | Tree, ...]
    """Its name in the state_dict, as text and expressions over the counter of a loop."""
    positional: bool
    made: "Made"
    when: Symbol | None = None
    """Whether an instance has it."""
    comment: str = ""
    inits: list[Initialised] = field(default_factory=list)
    is_parameter: bool = False
    is_buffer: bool = False
    is_free: bool = False
    """Whether the name may change, as the state_dict does not depend on it."""
    fresh: bool = False
    """Whether what follows may overwrite its output."""
    inplace: bool = False
    """Whether it could work in place."""
    around: "Item | None" = None
    """The container that has it, where `forward` calls it."""

    @property
    def text(self) -> str:
        """The name, where it is no template."""
        return "".join(part for part in self.name if isinstance(part, str))


@dataclass(slots=True, eq=False)
class Loop:
    """Items for each value of a counter."""

    items: "list[Item | Loop]"
    key: str
    count: Symbol
    start: int = 0


def every_item(items: "list[Item | Loop]") -> Iterator[Item]:
    """All items, those of loops once."""
    for item in items:
        if isinstance(item, Loop):
            yield from every_item(item.items)
        else:
            yield item


@dataclass(slots=True, eq=False)
class TensorValue:
    """A value in the body of a class."""

    number: int
    ids: tuple[tuple[int, int] | None, ...]
    """What it is in each instance: equal numbers are the same tensor."""
    types: tuple[TensorType | None, ...]
    dims: "tuple[Symbol | None, ...]"
    """The sizes as the constructor can say them, where it can."""
    sizes: "tuple[Symbol | None, ...]" = ()
    """The sizes as `forward` can say them."""


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """A number in a call of `forward` that differs between the instances."""

    wanted: str
    """The preferred name of an attribute that holds it."""
    symbol: Symbol


@dataclass(slots=True, eq=False)
class Action:
    """An action of `forward`."""

    node: Node
    template: str
    """The expression as a template, with `{m}` for the module and `{0}` for the first input."""
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    part: Item | None = None
    flag: Symbol | None = None
    """For an action whose module is no condition: whether an instance performs it."""
    light: bool = False
    """Whether the call may be nested around its input's expression, as for a norm or an activation."""
    fresh: bool = False
    inplace: bool = False
    typed: bool = False
    """Whether type checkers infer that it yields a tensor."""
    pure: bool = True
    """Whether it can be omitted if its value is unused."""
    loop: Loop | None = None
    """The copies that it calls one after the other."""
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


@dataclass(slots=True, eq=False)
class Class:
    """A generated class and its instances."""

    name: str
    modules: tuple[Module, ...]
    arguments: list[ClassArgument]
    locals: list[tuple[str, str, Symbol]]
    """The local variables of the constructor: key, preferred name, value."""
    items: list[Item | Loop]
    actions: list[Action]
    results: tuple[int, ...]
    values: dict[int, TensorValue]
    inputs: list[str]
    is_chain: bool
    """Whether it is an `nn.Sequential`."""
    outputs: tuple[TensorValue, ...]
    doc: str = ""
    is_main: bool = False
    is_group: bool = False
    training: int = 0
    """The number of training outputs, which are the last results."""
    late: frozenset[int] = frozenset()
    """The results that are `None` in evaluation mode, as only training outputs depend on them."""
    rows: dict[Module, int] = field(init=False)
    ids: dict[str, str] = field(default_factory=dict)
    """The identifiers of arguments, local variables and counters, by their keys."""

    def __post_init__(self) -> None:
        self.rows = {module: row for row, module in enumerate(self.modules)}

    def expanded(self, tree: Tree) -> Tree:
        """An expression without the constructor's local variables."""
        for key, _, symbol in reversed(self.locals):
            tree = substitute(tree, {key: symbol.tree})
        return tree

    def given(self, argument: ClassArgument, module: Module) -> Any:
        """The value of an argument in an instance."""
        return argument.values[self.rows[module]]


def constructors(items: "list[Item | Loop]") -> Iterator[Constructor]:
    """All calls that construct modules."""
    for item in every_item(items):
        for made in item.made.made if isinstance(item.made, Choice) else [item.made]:
            if isinstance(made, Container):
                yield from constructors(made.items)
            elif isinstance(made, Constructor):
                yield made


Made: TypeAlias = Constructor | Container | Choice


def symbols_in(items: list[Item | Loop]) -> Iterator[Symbol]:
    """The expressions in modules."""
    for item in items:
        if isinstance(item, Loop):
            yield item.count
            yield from symbols_in(item.items)
            continue
        yield from (Symbol(piece, ()) for piece in item.name if not isinstance(piece, str))
        if item.when is not None:
            yield item.when
        if isinstance(item.made, Choice):
            yield from item.made.tests
        for made in item.made.made if isinstance(item.made, Choice) else [item.made]:
            if isinstance(made, Container):
                yield from symbols_in(made.items)
            elif isinstance(made, Constructor):
                yield from (symbol for _, symbol in made.arguments)
                if isinstance(made.target, Symbol):
                    yield made.target


def symbols_of(class_: Class) -> Iterator[Symbol]:
    """The expressions of a class, except those of its local variables."""
    yield from symbols_in(class_.items)
    for action in class_.actions:
        if action.flag is not None:
            yield action.flag
        yield from (number.symbol for number in action.numbers.values())
