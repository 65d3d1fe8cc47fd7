"""Write a class: its constructor, and the attribute names that `forward` uses for its modules."""

import re
import textwrap
from itertools import groupby
from typing import Any

from archspec.backends.torch.source import initialise
from archspec.backends.torch.source.columns import annotation
from archspec.backends.torch.source.copies import numbered
from archspec.backends.torch.source.forward import Forward
from archspec.backends.torch.source.held import Held
from archspec.backends.torch.source.layout import (
    WIDTH,
    Bracket,
    Code,
    Comprehension,
    Prefixed,
    commented,
    generated,
    lines,
)
from archspec.backends.torch.source.names import Namer, is_attribute, variable_name
from archspec.backends.torch.source.parts import (
    COUNTER,
    REQUIRED,
    Built,
    ChainItem,
    Class,
    ClassParameter,
    Constructor,
    ModuleChain,
    Part,
)
from archspec.backends.torch.source.program import needs_dict
from archspec.backends.torch.source.statements import statement
from archspec.backends.torch.source.symbols import SourceSymbol, ValueColumn, plain, python, same, written
from archspec.language.names import TORCH_ATTRIBUTES

BODY = "        "


class ClassWriter:
    """Writes one class."""

    def __init__(self, class_: Class, rules: dict[str, initialise.InitRule], is_main: bool) -> None:
        self.class_, self.rules, self.is_main = class_, rules, is_main
        self.ids: dict[str, str] = {}
        self.namer = Namer()
        for parameter in class_.parameters:
            self.ids[parameter.key] = self.namer.give(variable_name(parameter.wanted))
        for key, wanted, _ in class_.locals:
            self.ids[key] = self.namer.give(variable_name(wanted))
        self.ids[COUNTER] = self.namer.give("i")
        own = {part.name for part in class_.parts if not part.is_free}
        self.attributes = Namer({*TORCH_ATTRIBUTES, *own})
        self.access = {id(part): self._access(part) for part in class_.parts}
        self.flags: dict[int, str] = {}
        self.conditions: dict[str, SourceSymbol] = {}
        self._name_flags()
        self.held = Held(class_, self.ids, self.attributes)

    def _name_flags(self) -> None:
        """Name the conditions of functions. Functions of one kind that come and go together share a name."""
        given: dict[tuple[str, ValueColumn], str] = {}
        for action in self.class_.actions:
            if action.flag is not None:
                kind = action.step.node.module.kind
                key = (kind, action.flag.values)
                if key not in given:
                    given[key] = self.attributes.give(f"adds_{kind}".replace("adds_add", "skip"))
                    self.conditions[given[key]] = action.flag
                self.flags[id(action)] = given[key]

    def _access(self, part: Part) -> str:
        """The expression by which the class accesses a module."""
        if part.is_free:
            kind = part.name
            if isinstance(part.made, Constructor):
                target = part.made.target
                text = target if isinstance(target, str) else ""
                if isinstance(target, Class):
                    text = target.name
                elif isinstance(target, SourceSymbol):
                    text = self.text(target)
                kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text.rpartition(".")[2]).lower()
                kind = re.sub(r"_?[123]d$", "", kind)
            return f"self.{self.attributes.give(variable_name(kind))}"
        if is_attribute(part.name):
            return f"self.{part.name}"
        if part.is_parameter:
            return f'self.get_{"buffer" if part.is_buffer else "parameter"}("{part.name}")'
        return f'self["{part.name}"]'

    @property
    def base(self) -> str:
        """The base class."""
        if self.class_.chain is not None:
            return "nn.Sequential"
        return "nn.ModuleDict" if needs_dict(self.class_) else "nn.Module"

    def write(self) -> list[str]:
        """The lines of the class."""
        class_ = self.class_
        result = lines(Bracket(f"class {class_.name}(", (self.base,)), after=":")
        frame = class_.places[0].frame
        blocks = frame.document.blocks
        doc = blocks[str(frame.path[-1])].doc if class_.places[0].is_definition and not self.is_main else ""
        result += _class_doc(doc)
        forward: list[str] = []
        if class_.chain is None:
            writer = Forward(class_, self.access, self.flags, self._inputs())
            for part in class_.parts:
                if id(part) in writer.parts_in_place() and isinstance(part.made, Constructor):
                    part.made.inplace = True
            writer.held = self.held.access
            namer = Namer(writer.inputs)
            loop = {COUNTER: namer.give("i")}
            layer = namer.give("layer")
            writer.namer.taken |= {loop[COUNTER], layer}
            writer.heads = {
                id(part): self._head(part, loop, layer) for part in class_.parts if part.count is not None
            }
            forward = writer.write()
        constructor = self._constructor()
        return [*result, *constructor, *([""] if constructor and forward else []), *forward]

    def _inputs(self) -> list[str]:
        namer = Namer()
        names = self.class_.places[0].input_names
        return [namer.give("x" if name == "input" else variable_name(name)) for name in names]

    # --- the constructor -------------------------------------------------------------------------------

    def _constructor(self) -> list[str]:
        class_ = self.class_
        required, optional = [], []
        for parameter in ordered(class_.parameters):
            text = f"{self.ids[parameter.key]}: {annotation(parameter.values)}"
            if has_default(parameter):
                optional.append(f"{text} = {written(parameter.default)}")
            else:
                required.append(text)
        body = self._body()
        if not body:
            return []
        items = ("self", *required, *optional)
        return [*lines(Bracket("(", items), "def __init__", " -> None:", "    "), *body]

    def _body(self) -> list[str]:
        class_ = self.class_
        made: list[str] = []
        for key, _, symbol in class_.locals:
            made.append(f"{BODY}{self.ids[key]} = {self.text(symbol)}")
        if class_.chain is not None:
            made += self._chain_body(class_.chain)
        else:
            made += [f"{BODY}self.{name} = {text}" for name, text in self.held.values.items()]
            for part in class_.parts:
                made += self._part(part)
        made += [f"{BODY}self.{name} = {self.text(flag)}" for name, flag in self.conditions.items()]
        after = initialise.statements(class_, self.access)
        if self.is_main:
            after += initialise.rules(self.rules)
        made += [line for text in after for line in self._split(text)]
        if class_.chain is not None and made and not any("super()" in line for line in made):
            return [f"{BODY}super().__init__()", *made]
        if class_.chain is not None:
            return made
        return [f"{BODY}super().__init__()", *made] if made else []

    @staticmethod
    def _split(text: str) -> list[str]:
        code = text.lstrip()
        indent = BODY + text[: len(text) - len(code)]
        return statement(code, indent) if code.endswith(")") else [indent + code]

    def _chain_body(self, chain: ModuleChain) -> list[str]:
        """The constructor of a class that is an `nn.Sequential`."""
        before: list[str] = []
        if chain.is_positional:
            if any(item.when is not None for item in chain.items):
                name = self._listed(chain, before)
                return [*before, f"{BODY}super().__init__(*{name})"]
            sequence = self._sequence("super().__init__(", chain, before)
            return [*before, *lines(sequence, indent=BODY)] if chain.items else []
        result = []
        for item in numbered(chain.items):
            code = self._made(item.made, before)
            if item.count is not None:
                result.append(f"{BODY}{self._clause(item)}:")
                made = lines(
                    Bracket("self.add_module(", (self._numbered_name(item), code)), indent=BODY + "    "
                )
            elif item.positional:
                made = lines(Bracket("self.append(", (code,)), indent=BODY)
            elif is_attribute(item.name):
                made = lines(code, f"self.{item.name} = ", "", BODY)
            else:
                made = lines(Bracket("self.add_module(", (f'"{item.name}"', code)), indent=BODY)
            result += [*before, *commented(made, item.comment)]
            before.clear()
        return result

    def _part(self, part: Part) -> list[str]:
        before: list[str] = []
        code = self._made(part.made, before)
        access = self.access[id(part)]
        if part.count is not None:
            name = loop_name(part, self.ids)
            head = f"{BODY}for {self.ids[COUNTER]} in range({self.text(part.count)}):"
            inner = [f"    {line}" for line in before]
            return [head, *inner, *lines(code, f"self[{name}] = ", "", BODY + "    ")]
        if access.startswith("self.get_buffer("):
            return lines(Bracket("setattr(", ("self", f'"{part.name}"', code)), indent=BODY)
        if access.startswith("self.get_parameter("):
            return lines(Bracket("self.register_parameter(", (f'"{part.name}"', code)), indent=BODY)
        if part.when is None:
            return [*before, *lines(code, f"{access} = ", "", BODY)]
        inner = [*(f"    {line}" for line in before), *lines(code, f"{access} = ", "", BODY + "    ")]
        if part.is_buffer:  # which nothing else may have the place of
            none = [f"{BODY}else:", f'{BODY}    self.register_buffer("{part.name}", None)']
            return [f"{BODY}{access}: nn.Buffer | None", f"{BODY}if {self.text(part.when)}:", *inner, *none]
        kind = "nn.Parameter" if part.is_parameter else "nn.Module"
        return [f"{BODY}{access}: {kind} | None = None", f"{BODY}if {self.text(part.when)}:", *inner]

    def _head(self, part: Part, ids: dict[str, str], layer: str) -> tuple[str, str]:
        """The `for` statement of a loop in `forward`, and the module that its body calls."""
        if len(self.class_.parts) == 1:
            return f"for {layer} in self.values():", layer
        assert part.count is not None  # noqa: S101 — a loop has a count
        count = python(part.count.tree, {})  # a literal if there are other modules
        return f"for {ids[COUNTER]} in range({count}):", f"self[{loop_name(part, ids)}]"

    # --- expressions -----------------------------------------------------------------------------------

    def text(self, symbol: SourceSymbol) -> str:
        """An expression over the constructor's names."""
        return python(symbol.tree, self.ids)

    def _made(self, made: Built, before: list[str]) -> Code:
        """The code that constructs a module; statements that must precede it are appended to `before`."""
        if isinstance(made, ModuleChain):
            if any(item.when is not None for item in made.items):
                return f"nn.Sequential(*{self._listed(made, before)})"
            if made.is_positional:
                return self._sequence("nn.Sequential(", made, before)
            return self._named(made, before)
        return self._call(made)

    def _call(self, made: Constructor) -> Code:
        items: list[Code] = []
        if not isinstance(made.target, Class):
            head = f"{made.target if isinstance(made.target, str) else self.text(made.target)}("
            tables = made.target == "torch.tensor"
            for name, symbol in made.arguments:
                table = tables and symbol.is_literal
                code = _table(plain(symbol.values[0])) if table else self.text(symbol)
                items.append(Prefixed(f"{name}=", code) if name else code)
        else:
            head = f"{made.target.name}("
            given = dict(made.arguments)
            writer_ids = identifiers(made.target)
            for parameter in ordered(made.target.parameters):
                symbol = given[parameter.key]
                if not has_default(parameter):
                    items.append(self.text(symbol))
                elif not (symbol.is_literal and same(plain(symbol.values[0]), plain(parameter.default))):
                    items.append(Prefixed(f"{writer_ids[parameter.key]}=", self.text(symbol)))
        if made.inplace:
            items.append("inplace=True")
        prefix, _, suffix = made.wrap.partition("{0}")
        if prefix.endswith("("):  # it is the first argument of another call
            more = suffix.removeprefix(", ").removesuffix(")")
            return Bracket(prefix, (Bracket(head, tuple(items)), more)[: 1 + bool(more)])
        return Bracket(prefix + head, tuple(items), ")" + suffix)

    def _sequence(self, head: str, chain: ModuleChain, before: list[str]) -> Bracket:
        codes = tuple(self._counted(item, self._made(item.made, before)) for item in chain.items)
        comments = tuple(item.comment for item in chain.items)
        return Bracket(head, codes, spread=len(codes) > 1, comments=comments)

    def _counted(self, item: ChainItem, code: Code) -> Code:
        if item.count is None:
            return code
        if not item.counts:
            return generated(code, f"for _ in range({self.text(item.count)})")
        return generated(code, self._clause(item))

    def _numbered_name(self, item: ChainItem) -> str:
        """The names of copies as an f-string over their number."""
        before, after = item.around
        return f'f"{before}{{{self.ids[COUNTER]}}}{after}"'

    def _clause(self, item: ChainItem) -> str:
        """`for i in range(n)`, for copies that use the counter or are named by it."""
        assert item.count is not None and item.count.is_literal  # noqa: S101, PT018 — as many in all instances
        bounds = f"{item.start}, " * (item.start > 0) + str(item.start + item.count.values[0])
        return f"for {self.ids[COUNTER]} in range({bounds})"

    def _named(self, chain: ModuleChain, before: list[str]) -> Bracket:
        """A chain whose modules are named, as an `OrderedDict`."""
        first, *others = numbered(chain.items)
        if first.count is not None and not others:  # all have one name but for its number
            item = Prefixed(f"{self._numbered_name(first)}: ", self._made(first.made, before))
            table = Bracket("{", (Comprehension(item, self._clause(first)),), "}")
            return Bracket("nn.Sequential(", (Bracket("OrderedDict(", (table,)),))
        codes = [(item.name, self._made(item.made, before)) for item in chain.items]
        comments = tuple(item.comment for item in chain.items)
        if all(is_attribute(name) for name, _ in codes):
            items: tuple[Code, ...] = tuple(Prefixed(f"{name}=", code) for name, code in codes)
            inner = Bracket("OrderedDict(", items, spread=True, comments=comments)
        else:
            items = tuple(Prefixed(f'"{name}": ', code) for name, code in codes)
            table = Bracket("{", items, "}", spread=True, comments=comments)
            inner = Bracket("OrderedDict(", (table,))
        return Bracket("nn.Sequential(", (inner,))

    def _listed(self, chain: ModuleChain, before: list[str]) -> str:
        """A chain with optional modules, as a list built by statements."""
        name = self.namer.give("layers")
        before.append(f"{BODY}{name}: list[nn.Module] = []")
        for when, group in groupby(
            chain.items, key=lambda item: "" if item.when is None else self.text(item.when)
        ):
            items = [*group]
            codes = tuple(self._counted(item, self._made(item.made, before)) for item in items)
            indent = BODY + "    " * bool(when)
            if when:
                before.append(f"{BODY}if {when}:")
            if len(items) == 1 and items[0].count is None:
                before += lines(Bracket(f"{name}.append(", codes), indent=indent)
            else:
                before += lines(Bracket("[", codes, "]", spread=len(codes) > 1), f"{name} += ", "", indent)
        return name


def _table(values: Any) -> Code:
    """Numbers in lists of lists."""
    return Bracket("[", tuple(map(_table, values)), "]") if isinstance(values, tuple) else repr(values)


def loop_name(part: Part, ids: dict[str, str]) -> str:
    """The name of a copy, as an f-string over the counter."""
    inside = "".join(
        piece if isinstance(piece, str) else f"{{{python(piece, ids)}}}" for piece in part.template
    )
    return f'f"{inside}"'


def identifiers(class_: Class) -> dict[str, str]:
    """The identifiers of a class's arguments and local variables."""
    namer = Namer()
    return {parameter.key: namer.give(variable_name(parameter.wanted)) for parameter in class_.parameters}


def has_default(parameter: ClassParameter) -> bool:
    """Whether calls may omit an argument: its default is one of the values."""
    return parameter.default is not REQUIRED and any(
        same(plain(value), plain(parameter.default)) for value in parameter.values
    )


def ordered(parameters: list[ClassParameter]) -> list[ClassParameter]:
    """Order parameters: input sizes, the block's parameters, then the rest; those with a default come last."""
    return sorted(
        parameters, key=lambda p: (has_default(p), p.axis is None, p.key.startswith("@"))
    )  # the sort is stable: each kind stays in the order of first use


def _class_doc(doc: str) -> list[str]:
    text = wrapped(doc, WIDTH - 10)
    if not text:
        return []
    if len(text) == 1 and len(text[0]) <= WIDTH - 10:
        return [f'    """{text[0]}"""', ""]
    return [f'    """{text[0]}', *(f"    {line}" for line in text[1:]), '    """', ""]


def safe(text: str) -> str:
    """Escape text so that it cannot terminate a docstring."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable.replace("\\", "\\\\").replace('"', "'")


def wrapped(text: str, width: int = WIDTH) -> list[str]:
    """Wrap text to the lines of a docstring."""
    words = " ".join(safe(text).split())
    return textwrap.wrap(words, width, break_long_words=False, break_on_hyphens=False)
