"""Write the calls that construct modules, and the lists of modules."""

from dataclasses import replace
from itertools import groupby
from typing import Any

from archspec.backends.torch.source.arguments import class_arguments, has_default
from archspec.backends.torch.source.layout import Alternative, Bracket, Code, Generated, Prefixed, lines
from archspec.backends.torch.source.names import Namer, is_attribute
from archspec.backends.torch.source.parts import (
    Choice,
    Class,
    ClassArgument,
    Constructor,
    Container,
    Item,
    Loop,
    Made,
    every_item,
    symbols_in,
)
from archspec.backends.torch.source.symbols import Symbol, names, plain, python, same
from archspec.language.expressions import Binary, List, Literal, Tree

BODY = "        "


class Constructors:
    """Writes the modules of one class."""

    def __init__(self, class_: Class) -> None:
        self.class_ = class_
        self.ids = class_.ids
        """The identifiers of arguments, local variables and counters."""
        self.namer = Namer(self.ids.values())

    def text(self, symbol: Symbol) -> str:
        """An expression over the constructor's names."""
        return python(symbol.tree, self.ids)

    def argument(self, symbol: Symbol) -> Code:
        """An expression as an argument of a call: a tuple may run over several lines."""
        return _tuple(symbol.tree, self.ids)

    def name_text(self, item: Item, ids: dict[str, str] | None = None) -> str:
        """A name as a string, with expressions over the counter."""
        if all(isinstance(piece, str) for piece in item.name):
            return f'"{item.text}"'
        inside = "".join(
            piece if isinstance(piece, str) else f"{{{python(piece, ids or self.ids)}}}"
            for piece in item.name
        )
        return f'f"{inside}"'

    def _made(self, made: Made, before: list[str]) -> Code:
        """The code that constructs a module; statements that must precede it are appended to `before`."""
        if isinstance(made, Constructor):
            return self._call(made)
        if isinstance(made, Choice):
            return self._choice(made, before)
        if made.kind == "nn.ModuleList":
            listed = self._sequence("[", made.items, before, "]")
            return Bracket("nn.ModuleList(", (listed,))
        if made.kind == "nn.ModuleDict":
            return self._named("nn.ModuleDict(", "", made.items, before)
        if self._needs_list(made.items):
            if all(item.positional for item in made.flat()):
                return f"nn.Sequential(*{self._listed(made.items, before)})"
            return f"nn.Sequential({self._table_of(made.items, before)})"
        if all(item.positional for item in made.flat()):
            return self._sequence("nn.Sequential(", made.items, before)
        return self._named("nn.Sequential(", "OrderedDict(", made.items, before)

    def _choice(self, made: Choice, before: list[str]) -> Code:
        """`a if test else b`."""
        *others, last = [self._made(each, before) for each in made.made]
        code: Code = last
        for symbol, other in reversed([*zip(made.tests, others, strict=True)]):
            code = Alternative(other, python(symbol.tree, self.ids, 2), code)
        return code

    def _needs_list(self, items: list[Item | Loop]) -> bool:
        """Whether modules are made by statements."""
        return any(
            len(item.items) > 1 or self._needs_list(item.items) or self._nests(item.items)
            if isinstance(item, Loop)
            else item.when is not None
            for item in items
        )

    def _nests(self, items: list[Item | Loop]) -> bool:
        """Whether a copy of a loop is a chain that is made by statements, or a loop itself."""
        return any(
            isinstance(item, Loop)
            or (
                isinstance(item.made, Container)
                and (self._needs_list(item.made.items) or self._nests(item.made.items))
            )
            for item in items
        )

    def _call(self, made: Constructor) -> Code:
        items: list[Code] = []
        target = made.target
        name = self.text(target) if isinstance(target, Symbol) else target
        head = f"{name.name if isinstance(name, Class) else name}("
        if made.classes:
            known = class_arguments(made)
            items = self._given(made, known)
        else:
            tables = target == "torch.tensor"
            for name, symbol in made.arguments:
                table = tables and symbol.is_literal
                code = _table(plain(symbol.values[0])) if table else self.argument(symbol)
                items.append(Prefixed(f"{name}=", code) if name else code)
        if made.inplace:
            items.append("inplace=True")
        prefix, _, suffix = made.wrap.partition("{0}")
        if prefix.endswith("("):  # it is the first argument of another call
            more = suffix.removeprefix(", ").removesuffix(")")
            return Bracket(prefix, (Bracket(head, tuple(items)), more)[: 1 + bool(more)])
        return Bracket(prefix + head, tuple(items), ")" + suffix)

    def _given(self, made: Constructor, known: list[tuple[ClassArgument, str]]) -> list[Code]:
        """The arguments of a call of a generated class: by keyword where numbers could be mixed up."""
        given = dict(made.arguments)
        required = [argument for argument, _ in known if not has_default(argument)]
        items: list[Code] = []
        for argument, name in known:
            symbol = given[argument.key]
            if argument in required:
                by_keyword = len(required) > 2 and argument is not required[0]
                code = self.argument(symbol)
                items.append(Prefixed(f"{name}=", code) if by_keyword else code)
            elif not (symbol.is_literal and same(plain(symbol.values[0]), plain(argument.default))):
                items.append(Prefixed(f"{name}=", self.argument(symbol)))
        return items

    def _sequence(self, head: str, items: list[Item | Loop], before: list[str], tail: str = ")") -> Bracket:
        codes = tuple([self._code(item, before) for item in items])
        comments = tuple(["" if isinstance(item, Loop) else item.comment for item in items])
        return Bracket(head, codes, tail, spread=len(codes) > 2, comments=comments)

    def _code(self, item: Item | Loop, before: list[str]) -> Code:
        if isinstance(item, Item):
            return self._made(item.made, before)
        (inner,) = item.items
        return Generated(self._code(inner, before), f"for {self._clause(item)}")

    def _clause(self, loop: Loop) -> str:
        """`i in range(n)`."""
        count, start = loop.count, loop.start
        used = {name for item in loop.items for symbol in symbols_in([item]) for name in names(symbol.tree)}
        counter = self.ids[loop.key] if loop.key in used else "_"
        if start and counter == "_":
            count = _less(count, start)
            start = 0
        return f"{counter} in range({f'{start}, ' * (start > 0)}{self.text(count)})"

    def _named(self, head: str, inner: str, items: list[Item | Loop], before: list[str]) -> Bracket:
        """Modules with their names, in an `OrderedDict` or a table."""
        flat = [*every_item(items)]
        comments = tuple(["" if isinstance(item, Loop) else item.comment for item in items])
        if (
            inner
            and all(is_attribute(item.text) for item in flat)
            and all(isinstance(i, Item) for i in items)
        ):
            codes: list[Code] = [Prefixed(f"{i.text}=", self._made(i.made, before)) for i in flat]
            table = Bracket(inner, tuple(codes), spread=True, comments=comments)
            return Bracket(head, (table,))
        codes = []
        for item in items:
            if isinstance(item, Loop):
                (one,) = item.items
                assert isinstance(one, Item)  # noqa: S101 — lists are made by statements
                pair = Prefixed(f"{self.name_text(one)}: ", self._made(one.made, before))
                codes.append(Generated(pair, f"for {self._clause(item)}", "**{", "}"))
            else:
                codes.append(Prefixed(f"{self.name_text(item)}: ", self._made(item.made, before)))
        alone = codes[0] if len(codes) == 1 else None
        whole: Code = Bracket("{", tuple(codes), "}", spread=True, comments=comments)
        if isinstance(alone, Generated):
            whole = replace(alone, before="{", after="}")
        return Bracket(head, (Bracket(inner, (whole,)) if inner else whole,))

    def _listed(self, items: list[Item | Loop], before: list[str]) -> str:
        """A chain with optional modules, as a list built by statements."""
        name = self.namer.give("layers")
        start = next((at for at, item in enumerate(items) if isinstance(item, Loop) or item.when), len(items))
        head = f"{name}: list[nn.Module] = "
        codes = tuple([self._code(item, before) for item in items[:start]])
        before += lines(Bracket("[", codes, "]", spread=len(codes) > 2), head, "", BODY)
        self._list(items[start:], before, name, BODY)
        return name

    def _table_of(self, items: list[Item | Loop], before: list[str]) -> str:
        """A chain of named modules some of which are optional, as a table built by statements."""
        name = self.namer.give("layers")
        before.append(f"{BODY}{name}: OrderedDict[str, nn.Module] = OrderedDict()")
        self._tabled(items, before, name, BODY)
        return name

    def _tabled(self, items: list[Item | Loop], before: list[str], name: str, indent: str) -> None:
        for item in items:
            if isinstance(item, Loop):
                before.append(f"{indent}for {self._clause(item)}:")
                self._tabled(item.items, before, name, indent + "    ")
                continue
            deeper = indent + "    " * (item.when is not None)
            if item.when is not None:
                before.append(f"{indent}if {self.text(item.when)}:")
            earlier: list[str] = []
            code = self._made(item.made, earlier)
            before += [deeper[len(BODY) :] + line for line in earlier]
            before += lines(code, f"{name}[{self.name_text(item)}] = ", "", deeper)

    def _list(self, items: list[Item | Loop], before: list[str], name: str, indent: str) -> None:
        for when, group in groupby(items, key=self._when):
            each = [*group]
            deeper = indent + "    " * bool(when)
            if when:
                before.append(f"{indent}if {when}:")
            if isinstance(each[0], Loop):
                for loop in each:
                    assert isinstance(loop, Loop)  # noqa: S101 — grouped by it
                    before.append(f"{deeper}for {self._clause(loop)}:")
                    self._list(loop.items, before, name, deeper + "    ")
                continue
            earlier: list[str] = []
            codes = tuple([self._code(item, earlier) for item in each])
            before += [deeper[len(BODY) :] + line for line in earlier]
            if len(codes) == 1:
                before += lines(Bracket(f"{name}.append(", codes), indent=deeper)
            else:
                before += lines(Bracket("[", codes, "]", spread=len(codes) > 1), f"{name} += ", "", deeper)

    def _when(self, item: Item | Loop) -> Any:
        if isinstance(item, Loop):
            return 0
        return "" if item.when is None else self.text(item.when)


def _less(count: Symbol, start: int) -> Symbol:
    if count.is_literal:
        return Symbol(Literal(count.values[0] - start), tuple(value - start for value in count.values))
    return Symbol(Binary("-", count.tree, Literal(start)), count.values)


def _table(values: Any) -> Code:
    """Numbers in lists of lists."""
    return Bracket("[", tuple(map(_table, values)), "]") if isinstance(values, tuple) else repr(values)


def _tuple(tree: Tree, ids: dict[str, str]) -> Code:
    """An expression; a tuple as its items."""
    match tree:
        case List(items) if len(items) > 1:
            return Bracket("(", tuple([_tuple(item, ids) for item in items]))
        case Literal(result=tuple(values)) if len(values) > 1:
            return Bracket("(", tuple([_tuple(Literal(value), ids) for value in values]))
    return python(tree, ids)
