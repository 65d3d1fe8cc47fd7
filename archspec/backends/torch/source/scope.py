"""The names of one class: its arguments and local variables, and the spec's expressions over them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from archspec.backends.torch.source.annotations import annotation
from archspec.backends.torch.source.parts import REQUIRED, ClassArgument, TensorValue
from archspec.backends.torch.source.rows import Row
from archspec.backends.torch.source.symbols import (
    ABSENT,
    Symbol,
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
from archspec.elaborate.settings import NOWHERE, Setting, compile_argument, compile_setting
from archspec.language.document import Definition
from archspec.language.expressions import (
    Binary,
    Comprehension,
    Index,
    List,
    Literal,
    Name,
    SizeOf,
    Tree,
    Unary,
)
from archspec.language.params import MISSING
from archspec.language.parser import Expression, parse
from archspec.language.templates import Template
from archspec.ops.core.fields import EXPRESSION
from archspec.types import Table

Fields = Callable[[str], Symbol | None]
AXES = {"channels": 1, "height": -2, "width": -1}


@dataclass(slots=True, eq=False)
class Space:
    """What the names in the nodes of a definition stand for, where they are translated."""

    definition: Definition
    inputs: list[TensorValue]
    given: dict[str, Symbol | None] | None = None
    """For an inline block: the arguments of its call."""
    names: list[tuple[str, Symbol | None]] = field(default_factory=list)
    """The counters and the `let`s around a node, innermost last."""
    labels: dict[str, TensorValue] = field(default_factory=dict)
    level: int = 0
    """The number of inline calls around it."""
    depth: int = 0
    """The number of repeats around it in the same body."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What an expression can see besides names."""

    x: TensorValue | None = None
    fields: Fields | None = None
    """Names with precedence over all others: an op's fields."""
    bound: frozenset[str] = frozenset()
    """The names of comprehensions around it."""
    file: bool = False
    """Whether it sees only the names of the file."""


class Bindings(dict[str, Any]):
    """The values of names in a copy of a loop, which sees those around it."""

    def __init__(self, around: dict[str, Any], key: str, value: Any) -> None:
        super().__init__({key: value})
        self.around = around

    def __missing__(self, key: str) -> Any:
        return self.around[key]


class Scope:
    """The names of one class, with their values in each row."""

    def __init__(self, rows: list[Row], definition: Definition) -> None:
        self.rows = rows
        self.arguments: dict[str, ClassArgument] = {}
        self.locals: dict[str, tuple[str, Symbol]] = {}
        self.known: dict[tuple[str, bool], Symbol | None] = {}
        self.base: list[dict[str, Any]] = [{} for _ in rows]
        self.bindings = self.base
        self.places = [*range(len(rows))]
        """For each current row the instance: in a loop every copy is a row."""
        self.space = Space(definition, [])
        self.in_forward = False
        self.trouble = ""
        """What cannot be said in one class, if something cannot."""

    # --- rows ------------------------------------------------------------------------------------------

    @contextmanager
    def copies(self, key: str, pairs: list[tuple[int, int]]) -> Iterator[None]:
        """Within the context there is a row for each copy: a row around it, and a value of the counter `key`."""
        kept = self.bindings, self.places
        self.bindings = [Bindings(kept[0][row], key, copy) for row, copy in pairs]
        self.places = [kept[1][row] for row, _ in pairs]
        try:
            yield
        finally:
            self.bindings, self.places = kept

    @contextmanager
    def instances(self) -> Iterator[None]:
        """Within the context the rows are the instances."""
        kept = self.bindings, self.places
        self.bindings, self.places = self.base, [*range(len(self.rows))]
        yield
        self.bindings, self.places = kept

    def lift(self, symbol: Symbol | None) -> Symbol | None:
        """A symbol of rows around the current ones."""
        return None if symbol is None else self.symbol(symbol.tree)

    def symbol(self, tree: Tree) -> Symbol:
        """An expression over bound names as a symbol."""
        if isinstance(tree, Binary) and tree.op in ("+", "-"):
            tree = gathered(tree)
        values = evaluate(tree, self.bindings)
        if uniform(values) and not isinstance(tree, Name) and ABSENT not in values:
            found = constant(values)
            return found if not is_long(values[0]) or isinstance(tree, Literal) else Symbol(tree, values)
        return Symbol(tree, values)

    # --- names -----------------------------------------------------------------------------------------

    def bind(self, key: str, values: ValueColumn) -> Symbol:
        """Bind a name to its values in the instances."""
        for row, value in zip(self.base, values, strict=True):
            row[key] = value
        return self.symbol(Name(key))

    def argument(
        self, key: str, wanted: str, values: ValueColumn, default: Any = REQUIRED, axis: Any = None
    ) -> Symbol | None:
        """An argument of the constructor."""
        if annotation(values) is None:
            return None
        if key not in self.arguments:
            self.arguments[key] = ClassArgument(key, wanted, values, default, axis)
        return self.bind(key, values)

    def role(self, wanted: str, column: ValueColumn) -> Symbol:
        """An argument for a column that no expression evaluates to, named after its role."""
        found: list[Any] = [ABSENT] * len(self.rows)
        for place, value in zip(self.places, column, strict=True):
            if value is not ABSENT:
                if found[place] is not ABSENT and not same(found[place], value):
                    return self.fail(f"`{wanted}` differs between copies")
                found[place] = value
        filler = next(value for value in found if value is not ABSENT)
        values = tuple(filler if value is ABSENT else value for value in found)
        for argument in self.arguments.values():
            if argument.wanted == wanted and all(map(same, argument.values, values)):
                return self.symbol(Name(argument.key))
        key = f"@{wanted}"
        while key in self.arguments:
            key += "'"
        return self.argument(key, wanted, values) or self.fail(f"`{wanted}` has no type")

    def fail(self, why: str) -> Symbol:
        """Note that one class does not suit all rows; a stand-in for the symbol that is not there."""
        self.trouble = self.trouble or why
        return constant((0,) * len(self.bindings))

    def resolve(self, name: str, view: View) -> Symbol | None:
        """What a name of the spec stands for: a counter, a parameter or a `let`."""
        if not view.file:
            for known, symbol in reversed(self.space.names):
                if known == name:
                    return self.lift(symbol)
            if self.space.given is not None:
                found = self._inline(name)
                if found is not None:
                    return self.lift(found)
        file = view.file or self.space.given is not None
        key = (f"{self.space.definition.document.file}:{name}", file)
        if key not in self.known:
            with self.instances():
                self.known[key] = self._resolve(name, file=file)
        return self.lift(self.known[key])

    def _resolve(self, name: str, *, file: bool) -> Symbol | None:
        definition = self.space.definition
        document = definition.document
        column: ValueColumn = tuple(row.value(name, document if file else None) for row in self.rows)
        if all(value is ABSENT for value in column):
            return None
        if uniform(column):
            return self._constant(name, column)
        own = not file and (name in definition.params or name in definition.let)
        params, let = (definition.params, definition.let) if own else (document.params, document.let)
        outside = name in self.rows[0].counters
        if name in let and (own or self.rows[0].frame.path == ("model",)) and not outside:
            return self._let(name, let[name], column, View(file=not own))
        default = params[name].literal if name in params and not outside else MISSING
        return self.argument(name, name, _filled(column), REQUIRED if default is MISSING else default)

    def _constant(self, name: str, column: ValueColumn) -> Symbol:
        """A name that is the same everywhere; a list is a local variable."""
        found = constant(column)
        value = found.values[0]
        if isinstance(value, tuple) and not isinstance(value, Table) and len(value) > 1:
            key = f"={name}"
            self.locals[key] = (name, found)
            return self.bind(key, found.values)
        return found

    def _let(self, name: str, raw: Any, column: ValueColumn, view: View) -> Symbol | None:
        """A `let`, as a local variable."""
        symbol = self.setting(compile_setting(raw, EXPRESSION, ()), view)
        if symbol is None or not matches(column, symbol.values):
            return self.argument(name, name, _filled(column))
        symbol = self.reduced(symbol, column)
        if symbol.is_simple or reads_sizes(symbol.tree) or ABSENT in symbol.values:
            return symbol
        key = f"={name}"
        self.locals[key] = (name, symbol)
        return self.bind(key, column)

    def _inline(self, name: str) -> Symbol | None:
        """A parameter or `let` of an inline block."""
        space, definition = self.space, self.space.definition
        assert space.given is not None  # noqa: S101 — asked of inline blocks only
        if name in space.given:
            return space.given[name]
        if name in definition.let:
            space.given[name] = self.setting(compile_setting(definition.let[name], EXPRESSION, ()), View())
        elif name in definition.params and definition.params[name].default is not MISSING:
            param = definition.params[name]
            space.given[name] = self.setting(compile_argument(param.default, param, ()), View())
        return space.given.get(name)

    # --- expressions -----------------------------------------------------------------------------------

    def setting(self, setting: Setting | None, view: View) -> Symbol | None:
        """A value of the document as a symbol; `None` if it has no expression here."""
        if setting is None:
            return None
        if setting.constant:
            value = setting.evaluate(NOWHERE)
            return None if isinstance(value, Table) else self.symbol(Literal(value))
        tree = setting.tree
        if isinstance(tree, Template):
            part = tree.parts[0]
            if len(tree.parts) > 1 or not isinstance(part, Expression):
                return None
            tree = part.tree
        if tree is not None:
            made = self.translated(tree, view)
            return None if made is None else self.symbol(made)
        items = [self.setting(part, view) for part in setting.parts]
        trees = tuple([item.tree for item in items if item is not None])
        return self.symbol(List(trees)) if items and len(trees) == len(items) else None

    def formula(self, text: str, view: View) -> Symbol | None:
        """An op's expression over its fields and the sizes of its inputs."""
        made = self.translated(parse(text).tree, view)
        return None if made is None else self.symbol(made)

    def translated(self, tree: Tree, view: View) -> Tree | None:
        """An expression of the spec over the names of the class; `None` if it cannot be said here."""
        match tree:
            case Literal():
                return tree
            case Name():
                if tree.name in view.bound:
                    return tree
                symbol = view.fields(tree.name) if view.fields else None
                symbol = symbol or self.resolve(tree.name, view)
                return None if symbol is None else symbol.tree
            case SizeOf():
                return self._size(tree.path, AXES.get(tree.attribute), view)
            case Index(base=SizeOf(attribute="shape", path=path), index=Literal(result=int(axis))):
                return self._size(path, axis, view)
            case Index(base=SizeOf(attribute="shape", path=path), index=Unary("-", Literal(int(axis)))):
                return self._size(path, -axis, view)
        inner = replace(view, bound=view.bound | {tree.name}) if isinstance(tree, Comprehension) else view
        unknown = False

        def change(part: Tree) -> Tree:
            nonlocal unknown
            found = self.translated(part, inner)
            unknown |= found is None
            return found or part

        changed = simplify(rebuild(tree, change))
        if unknown:
            return None
        return changed if inner.bound else self.symbol(changed).tree

    def _size(self, path: str, axis: int | None, view: View) -> Tree | None:
        """The size of an axis of a value."""
        declared = self.space.definition.inputs
        value = self.space.labels.get(path)
        if path == "x":
            value = view.x
        elif path == "input":
            value = next(iter(self.space.inputs), None)
        elif path in declared and declared.index(path) < len(self.space.inputs):
            value = self.space.inputs[declared.index(path)]
        dims = () if value is None else value.sizes if self.in_forward else value.dims
        if axis is None or not -len(dims) <= axis < len(dims):
            return None
        found = self.lift(dims[axis])
        return None if found is None else found.tree

    # --- columns ---------------------------------------------------------------------------------------

    def fit(self, column: ValueColumn, candidates: Iterable[Symbol | None]) -> Symbol | None:
        """The literal, or the first candidate, that evaluates to the column."""
        same_everywhere = uniform(column)
        if same_everywhere and ABSENT not in column and not is_long(column[0]):
            return constant(column)
        for symbol in candidates:
            if symbol is not None and matches(column, symbol.values):
                return self.reduced(symbol, column)
        # Some rows are absent and the others are equal, so a literal is enough.
        return constant(column) if same_everywhere else None

    def reduced(self, symbol: Symbol, column: ValueColumn) -> Symbol:
        """An expression of one name that is a multiple or a fraction of it, in that form."""
        keys = {*names(symbol.tree)}
        if symbol.is_simple or not is_product(symbol.tree) or len(keys) != 1:
            return symbol
        name = Name(keys.pop())
        base, value = evaluate(name, self.bindings)[0], column[0]
        if type(base) is not int or type(value) is not int or base <= 0 or value <= 0:
            return symbol
        shorter: list[Tree] = [name]
        if value % base == 0:
            shorter.append(Binary("*", Literal(value // base), name))
        if base % value == 0:
            shorter.append(Binary("//", name, Literal(base // value)))
        for tree in shorter:
            values = evaluate(tree, self.bindings)
            if size(tree) < size(symbol.tree) and matches(column, values):
                return Symbol(tree, values)
        return symbol


def _filled(column: ValueColumn) -> ValueColumn:
    """A column with some value where there is none."""
    filler = next(value for value in column if value is not ABSENT)
    return tuple(filler if value is ABSENT else value for value in column)


def is_long(value: Any) -> bool:
    """Whether a number says less than the expression for it."""
    return isinstance(value, float) and len(repr(value)) > 8
