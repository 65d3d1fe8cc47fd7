"""The expressions of one class: its constructor's arguments, and expressions over them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from archspec.backends.torch.source.align import Unlike
from archspec.backends.torch.source.parts import COUNTER, REQUIRED, ClassParameter
from archspec.backends.torch.source.places import Place
from archspec.backends.torch.source.symbols import (
    ABSENT,
    FUNCTIONS,
    ClassName,
    SourceSymbol,
    ValueColumn,
    constant,
    evaluate,
    gathered,
    is_product,
    matches,
    names,
    reads_sizes,
    rebuild,
    same,
    simplify,
    size,
    uniform,
)
from archspec.diagnostics import Problem
from archspec.language.expressions import (
    Binary,
    Call,
    Comprehension,
    Index,
    List,
    Literal,
    Name,
    SizeOf,
    Slicing,
    Tree,
    Unary,
)
from archspec.language.params import MISSING
from archspec.language.parser import parse
from archspec.types import TensorType

Dims = tuple[SourceSymbol | None, ...]
"""The size of each axis of a value; `None` if no expression for it is known."""
Fields = Callable[[str], SourceSymbol | None]


class Unknown(Exception):  # noqa: N818 — control flow: the next candidate is tried
    """An expression cannot be written in the constructor."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The environment of an expression, beyond the names of the class."""

    places: Sequence[Place | None]
    """The enclosing composite of each instance; `None` where there is none."""
    here: Dims | None = None
    """The sizes of the input `x`."""
    fields: Fields | None = None
    """Names with precedence over all others: an op's fields."""


class ValueColumns:
    """The names of one class, with their values in each instance."""

    def __init__(self, places: list[Place]) -> None:
        self.places = places
        self.parameters: dict[str, ClassParameter] = {}
        self.locals: dict[str, tuple[str, SourceSymbol]] = {}
        self.known: dict[str, SourceSymbol | None] = {}
        self.own: list[dict[str, Any]] = [{} for _ in places]
        self.pairs: list[tuple[int, int]] | None = None
        """Inside a loop: the instance and the copy of each row of a column."""
        self.values: dict[int, Dims] = {}
        """The sizes of each value of the body."""
        self.labels: dict[str, int] = {}

    # --- rows ------------------------------------------------------------------------------------------

    @property
    def bindings(self) -> list[dict[str, Any]]:
        """The environment of each row."""
        if self.pairs is None:
            return self.own
        return [{**self.own[row], COUNTER: copy} for row, copy in self.pairs]

    @contextmanager
    def copies(self, pairs: list[tuple[int, int]]) -> Iterator[None]:
        """Within the context, columns have a row for each copy of a loop."""
        self.pairs = pairs
        try:
            yield
        finally:
            self.pairs = None

    def lift(self, symbol: SourceSymbol | None) -> SourceSymbol | None:
        """A symbol of the class, expanded to the current rows."""
        if symbol is None or self.pairs is None:
            return symbol
        return self.symbol(symbol.tree)

    def symbol(self, tree: Tree) -> SourceSymbol:
        """An expression over bound names as a symbol."""
        if isinstance(tree, Binary) and tree.op in ("+", "-"):
            tree = gathered(tree)
        values = evaluate(tree, self.bindings)
        if uniform(values) and not isinstance(tree, Name):
            return constant(values)
        return SourceSymbol(tree, values)

    # --- names -----------------------------------------------------------------------------------------

    def bind(self, key: str, values: ValueColumn) -> SourceSymbol:
        """Bind a name to its values."""
        for row, value in zip(self.own, values, strict=True):
            row[key] = value
        return SourceSymbol(Name(key), values)

    def parameter(
        self,
        key: str,
        wanted: str,
        values: ValueColumn,
        default: Any = REQUIRED,
        axis: tuple[int, int] | None = None,
    ) -> SourceSymbol:
        """Add an argument of the constructor."""
        if self.pairs is not None or annotation(values) is None:
            raise Unlike
        if key not in self.parameters:
            self.parameters[key] = ClassParameter(key, wanted, values, default, axis)
        return self.bind(key, values)

    def role(self, wanted: str, column: ValueColumn) -> SourceSymbol:
        """Add an argument for a column that no expression evaluates to, named after its role."""
        filler = next(value for value in column if value is not ABSENT)
        values = tuple(filler if value is ABSENT else value for value in column)
        for parameter in self.parameters.values():
            if parameter.wanted == wanted and all(map(same, parameter.values, values)):
                return SourceSymbol(Name(parameter.key), values)
        key = f"@{wanted}"
        while key in self.parameters:
            key += "'"
        return self.parameter(key, wanted, values)

    def input_dims(self, index: int, types: Sequence[TensorType], name: str) -> Dims:
        """The sizes of an input: the number of channels or features is an argument if it differs."""
        rank = types[0].rank
        if any(type_.rank != rank for type_ in types):
            raise Unlike
        stem = "in" if name == "input" else name
        dims: list[SourceSymbol | None] = []
        for axis in range(rank):
            column = tuple(type_.shape[axis] for type_ in types)
            if uniform(column):
                dims.append(constant(column))
            elif axis == 1 or (axis == 2 and rank == 3):
                wanted = f"{stem}_channels" if axis == 1 and rank > 2 else f"{stem}_features"
                if any(not isinstance(value, int) for value in column):
                    raise Unlike
                dims.append(self.parameter(f"@{wanted}", wanted, column, axis=(index, axis)))
            else:
                dims.append(None)
        return tuple(dims)

    def resolve(self, name: str, view: View) -> SourceSymbol | None:
        """Resolve a name of the spec: a counter, a parameter or a `let`."""
        there = [place for place in view.places if place is not None]
        if there and name in there[0].counters:
            column = tuple(
                place.counters.get(name, ABSENT) if place is not None else ABSENT for place in view.places
            )
            if uniform(column):
                return constant(column)
            counter = self.symbol(Name(COUNTER)) if self.pairs is not None else None
            return counter if counter is not None and matches(column, counter.values) else None
        if name not in self.known:
            pairs, self.pairs = self.pairs, None
            self.known[name] = self._resolve(name)
            self.pairs = pairs
        return self.lift(self.known[name])

    def _resolve(self, name: str) -> SourceSymbol | None:
        frames = [place.frame for place in self.places]
        try:
            column: ValueColumn = tuple(Place(place.module, place.frame).value(name) for place in self.places)
        except LookupError:
            return None
        if uniform(column):
            return constant(column)
        if annotation(column) is None:
            return None
        if name in frames[0].params:
            default = frames[0].params[name].literal
            return self.parameter(name, name, column, REQUIRED if default is MISSING else default)
        if name in frames[0].let:
            return self._let(name, frames[0].let[name], column)
        return None

    def _let(self, name: str, raw: Any, column: ValueColumn) -> SourceSymbol:
        """A `let`: a short one is inlined, others become local variables or arguments."""
        symbol = self.text(raw, View(self.places)) if isinstance(raw, str) else None
        if symbol is None or not matches(column, symbol.values):
            return self._mentioned(raw, column) or self.parameter(name, name, column)
        symbol = self.reduced(symbol, column)
        if symbol.is_simple or reads_sizes(symbol.tree):
            return symbol
        key = f"={name}"
        self.locals[key] = (name, symbol)
        return self.bind(key, column)

    def _mentioned(self, raw: Any, column: ValueColumn) -> SourceSymbol | None:
        """The name in an expression that cannot be written here, if it is the only one."""
        try:
            mentioned = sorted(parse(raw).names) if isinstance(raw, str) else []
        except Problem:
            return None
        symbols = (self.resolve(name, View(self.places)) for name in mentioned)
        return next((s for s in symbols if s and s.is_simple and matches(column, s.values)), None)

    # --- expressions -----------------------------------------------------------------------------------

    def text(self, text: Any, view: View) -> SourceSymbol | None:
        """A number or expression of the document as a symbol."""
        if isinstance(text, list):
            items = [self.text(item, view) for item in text]
            if None in items:
                return None
            return self.symbol(List(tuple(item.tree for item in items if item is not None)))
        if not isinstance(text, str):
            return self.symbol(Literal(text)) if isinstance(text, int | float) else None
        try:
            return self.expression(parse(text).tree, view)
        except Problem:
            return None

    def expression(self, tree: Tree, view: View) -> SourceSymbol | None:
        """An expression of the spec in terms of the constructor's arguments; `None` if that is impossible."""
        try:
            return self.symbol(self._rewritten(tree, view))
        except Unknown:
            return None

    def _rewritten(self, tree: Tree, view: View) -> Tree:
        match tree:
            case Literal():
                return tree
            case Name():
                symbol = view.fields(tree.name) if view.fields else None
                return _tree(symbol or self.resolve(tree.name, view))
            case SizeOf():
                axis = {"channels": 1, "height": -2, "width": -1}.get(tree.attribute)
                return self._size(tree.path, axis, view)
            case Index(base=SizeOf(attribute="shape", path=path), index=Literal(result=int(axis))):
                return self._size(path, axis, view)
            case Index(base=SizeOf(attribute="shape", path=path), index=Unary("-", Literal(int(axis)))):
                return self._size(path, -axis, view)
            case Slicing() | Comprehension():
                return self._settled(tree, view)
            case Call() if tree.function not in FUNCTIONS:
                return self._settled(tree, view)
        changed = simplify(rebuild(tree, lambda part: self._rewritten(part, view)))
        return self.symbol(changed).tree

    def _settled(self, tree: Tree, view: View) -> Tree:
        """The literal for an expression that cannot be written in Python, if it is equal in all instances."""
        try:
            column = tuple(tree.evaluate(place) if place is not None else ABSENT for place in view.places)
        except (LookupError, Problem):
            raise Unknown from None
        if not uniform(column):
            raise Unknown
        return constant(column).tree

    def _size(self, path: str, axis: int | None, view: View) -> Tree:
        """The size of an axis of a value as an expression."""
        if path == "x":
            dims = view.here
        elif path in self.labels:
            dims = self.values.get(self.labels[path])
        else:
            # In a group, `input` is the block's, which may equal the group's: the caller compares the values.
            declared = [name for name in self.places[0].frame.inputs if name != "input"]
            index = 0 if path == "input" else declared.index(path) if path in declared else None
            dims = self.values.get(index) if index is not None else None
        if axis is None or dims is None or not -len(dims) <= axis < len(dims):
            raise Unknown
        return _tree(self.lift(dims[axis]))

    # --- columns ---------------------------------------------------------------------------------------

    def fit(self, column: ValueColumn, candidates: Iterable[SourceSymbol | None]) -> SourceSymbol | None:
        """The literal, or the first candidate, that evaluates to the column."""
        same_everywhere = uniform(column)
        if same_everywhere and ABSENT not in column:
            return constant(column)
        for symbol in candidates:
            if symbol is not None and matches(column, symbol.values):
                return self.reduced(symbol, column)
        # Some rows are absent and the others are equal, so a literal is enough.
        return constant(column) if same_everywhere else None

    def reduced(self, symbol: SourceSymbol, column: ValueColumn) -> SourceSymbol:
        """An expression of one argument that is a multiple or a fraction of it, in that form."""
        keys = {*names(symbol.tree)}
        if (
            symbol.is_simple
            or not is_product(symbol.tree)
            or len(keys) != 1
            or COUNTER in keys
            or not all(type(v) is int for v in column)
        ):
            return symbol
        name = Name(keys.pop())
        values = evaluate(name, self.bindings)
        value, base = column[0], values[0]
        if type(base) is not int or base <= 0 or value <= 0:
            return symbol
        shorter: list[Tree] = [name]
        if value % base == 0:
            shorter.append(Binary("*", Literal(value // base), name))
        if base % value == 0:
            shorter.append(Binary("//", name, Literal(base // value)))
        for tree in shorter:
            if size(tree) < size(symbol.tree) and matches(column, evaluate(tree, self.bindings)):
                return SourceSymbol(tree, evaluate(tree, self.bindings))
        return symbol


def _tree(symbol: SourceSymbol | None) -> Tree:
    if symbol is None:
        raise Unknown
    return symbol.tree


def annotation(values: Iterable[Any]) -> str | None:
    """The type annotation of an argument with these values; `None` if there is none."""
    kinds = {_kind(value) for value in values if value is not ABSENT}
    if kinds == {"int", "float"}:
        return "float"
    if len(kinds) > 1 and all(kind is not None and kind.startswith("tuple[int") for kind in kinds):
        return "tuple[int, ...]"
    if (
        "int" in kinds
        and len(kinds) == 2
        and all(kind and kind.startswith(("int", "tuple[int")) for kind in kinds)
    ):
        return " | ".join(sorted(kind for kind in kinds if kind))
    return kinds.pop() if len(kinds) == 1 else None


def _kind(value: Any) -> str | None:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return type(value).__name__
    if isinstance(value, ClassName):
        return "type[nn.Module]"
    if isinstance(value, str):
        return "str"
    if isinstance(value, tuple) and value:
        kinds = {_kind(item) for item in value}
        if len(kinds) == 1 and kinds <= {"int", "float", "bool", "str"}:
            kind = kinds.pop()
            return (
                f"tuple[{', '.join([str(kind)] * len(value))}]" if len(value) <= 4 else f"tuple[{kind}, ...]"
            )
    return None
