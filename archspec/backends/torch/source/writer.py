"""Write a class: its constructor, and the attribute names that `forward` uses for its modules."""

import re

from archspec.backends.torch.source import initialise
from archspec.backends.torch.source.annotations import annotation
from archspec.backends.torch.source.arguments import class_doc, has_default, ordered
from archspec.backends.torch.source.constructors import BODY, Constructors
from archspec.backends.torch.source.forward import Forward
from archspec.backends.torch.source.layout import Bracket, commented, lines
from archspec.backends.torch.source.names import Namer, is_attribute, variable_name
from archspec.backends.torch.source.parts import Class, Constructor, Container, Item, Loop, every_item
from archspec.backends.torch.source.statements import statement
from archspec.backends.torch.source.symbols import (
    Symbol,
    ValueColumn,
    names,
    python,
    reads_sizes,
    size_of,
    written,
)
from archspec.language.expressions import Name, Unary
from archspec.language.names import TORCH_ATTRIBUTES


class ClassWriter(Constructors):
    """Writes one class."""

    def __init__(self, class_: Class, rules: dict[str, initialise.InitRule]) -> None:
        super().__init__(class_)
        self.rules = rules
        self.items = [*every_item(class_.items)]
        self.parts = [*self.items]
        for item in self.items:
            if isinstance(item.made, Container) and item.made.kind != "nn.Sequential":
                self.parts += item.made.flat()
        own = {item.text for item in self.items if not item.is_free}
        self.attributes = Namer({*TORCH_ATTRIBUTES, *own})
        self.access: dict[int, str] = {}
        for item in self.parts:
            self.access[id(item)] = self._access(item)
        self.flags: dict[int, str] = {}
        self.conditions: dict[str, Symbol] = {}
        self._name_flags()
        self.attributes_held: dict[str, str] = {}
        """The attributes that hold numbers, and the expressions that the constructor gives them."""
        self.held: dict[str, str] = {}
        """How `forward` reads them, by the names in its expressions."""
        self._hold_numbers()

    def _name_flags(self) -> None:
        """Name the conditions of functions. Functions of one kind that come and go together share a name."""
        given: dict[tuple[str, ValueColumn], str] = {}
        for action in self.class_.actions:
            if action.flag is not None:
                kind = action.node.module.kind
                tree = action.flag.tree
                own = self.ids[tree.name] if isinstance(tree, Name) else ""
                key = (own or kind, action.flag.values)
                if key not in given:
                    wanted = own or f"adds_{kind}".replace("adds_add", "skip")
                    given[key] = self.attributes.give(variable_name(wanted))
                    self.conditions[given[key]] = action.flag
                self.flags[id(action)] = given[key]

    def _hold_numbers(self) -> None:
        """Name the attributes that hold numbers: whole ones, or what is in expressions with sizes."""
        wanted = {argument.key: argument.wanted for argument in self.class_.arguments}
        wanted |= {key: word for key, word, _ in self.class_.locals}
        for action in self.class_.actions:
            for number in action.numbers.values():
                tree = number.symbol.tree
                if reads_sizes(tree) or isinstance(tree, Unary):
                    for name in names(tree):
                        if size_of(name) is None:
                            self._hold(name, wanted[name], self.ids[name])
                else:
                    text = python(tree, self.ids)
                    self._hold(
                        f"={text}", wanted[tree.name] if isinstance(tree, Name) else number.wanted, text
                    )

    def _hold(self, key: str, wanted: str, text: str) -> None:
        found = (name for name, other in self.attributes_held.items() if other == text)
        name = next(found, None)
        if name is None:
            name = self.attributes.give(variable_name(wanted))
            self.attributes_held[name] = text
        self.held[key] = f"self.{name}"

    def _access(self, item: Item) -> str:
        """The expression by which the class accesses a module."""
        around = item.around
        if around is not None and isinstance(around.made, Container):
            inside = self._inside(item, around.made)
            return f"{self.access[id(around)]}[{inside}]"
        if item.is_free:
            kind = item.text
            if isinstance(item.made, Constructor):
                target = item.made.target
                text = target.name if isinstance(target, Class) else target if isinstance(target, str) else ""
                if isinstance(target, Symbol):
                    text = self.text(target)
                kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text.rpartition(".")[2]).lower()
                kind = re.sub(r"_?[123]d$", "", kind)
            return f"self.{self.attributes.give(variable_name(kind))}"
        if is_attribute(item.text):
            return f"self.{item.text}"
        if item.is_parameter:
            return f'self.get_{"buffer" if item.is_buffer else "parameter"}("{item.text}")'
        return f'self["{item.text}"]'

    @staticmethod
    def _inside(item: Item, made: Container) -> str:
        """The index or the key of a module in its container."""
        if made.kind == "nn.ModuleList":
            return str(next(index for index, other in enumerate(made.items) if other is item))
        return f'"{item.text}"'

    @property
    def base(self) -> str:
        """The base class."""
        if self.class_.is_chain:
            return "nn.Sequential"
        return "nn.ModuleDict" if needs_dict(self.class_) else "nn.Module"

    def write(self) -> list[str]:
        """The lines of the class."""
        class_ = self.class_
        result = lines(Bracket(f"class {class_.name}(", (self.base,)), after=":")
        result += class_doc(class_.doc)
        forward: list[str] = []
        if not class_.is_chain:
            inputs = self._inputs()
            writer = Forward(class_, self.access, self.flags, inputs)
            for item in self.parts:
                if id(item) in writer.parts_in_place() and isinstance(item.made, Constructor):
                    item.made.inplace = True
            writer.held = self.held
            namer = Namer(writer.inputs)
            counter, layer = namer.give("i"), namer.give("layer")
            writer.namer.taken |= {counter, layer}
            writer.heads = {
                id(action.loop): self._head(action.loop, counter, layer)
                for action in class_.actions
                if action.loop is not None
            }
            forward = writer.write()
        constructor = self._constructor()
        return [*result, *constructor, *([""] if constructor and forward else []), *forward]

    def _inputs(self) -> list[str]:
        namer = Namer()
        return [namer.give("x" if name == "input" else variable_name(name)) for name in self.class_.inputs]

    # --- the constructor -------------------------------------------------------------------------------

    def _constructor(self) -> list[str]:
        class_ = self.class_
        required, optional = [], []
        for argument in ordered(class_.arguments):
            text = f"{self.ids[argument.key]}: {annotation(argument.values)}"
            if has_default(argument):
                optional.append(f"{text} = {written(argument.default)}")
            else:
                required.append(text)
        body = self._body()
        if not body and not class_.arguments:
            return []
        items = ("self", *required, *optional)
        return [
            *lines(Bracket("(", items), "def __init__", " -> None:", "    "),
            *(body or [f"{BODY}super().__init__()"]),
        ]

    def _body(self) -> list[str]:
        class_ = self.class_
        made: list[str] = []
        for key, _, symbol in class_.locals:
            made += statement(f"{self.ids[key]} = {self.text(symbol)}", BODY)
        if class_.is_chain:
            made += self._chain_body()
        else:
            made += [f"{BODY}self.{name} = {text}" for name, text in self.attributes_held.items()]
            for item in class_.items:
                made += self._loop(item) if isinstance(item, Loop) else self._item(item)
        made += [f"{BODY}self.{name} = {self.text(flag)}" for name, flag in self.conditions.items()]
        after = initialise.statements(class_, self.access)
        if class_.is_main:
            after += initialise.rules(self.rules)
        made += [line for text in after for line in self._split(text)]
        if class_.is_chain and made and not any("super()" in line for line in made):
            return [f"{BODY}super().__init__()", *made]
        if class_.is_chain:
            return made
        return [f"{BODY}super().__init__()", *made] if made else []

    @staticmethod
    def _split(text: str) -> list[str]:
        code = text.lstrip()
        indent = BODY + text[: len(text) - len(code)]
        return statement(code, indent) if code.endswith(")") else [indent + code]

    def _chain_body(self) -> list[str]:
        """The constructor of a class that is an `nn.Sequential`."""
        before: list[str] = []
        items = self.class_.items
        if all(item.positional for item in every_item(items)):
            if self._needs_list(items):
                name = self._listed(items, before)
                return [*before, f"{BODY}super().__init__(*{name})"]
            sequence = self._sequence("super().__init__(", items, before)
            return [*before, *lines(sequence, indent=BODY)] if items else []
        result: list[str] = []
        for item in items:
            result += self._appended(item, BODY)
        return result

    def _appended(self, item: Item | Loop, indent: str) -> list[str]:
        """The statements that add a module to an `nn.Sequential`."""
        if isinstance(item, Loop):
            inner = [line for each in item.items for line in self._appended(each, indent + "    ")]
            return [f"{indent}for {self._clause(item)}:", *inner]
        deeper = indent + "    " * (item.when is not None)
        before: list[str] = []
        code = self._made(item.made, before)
        if item.positional:
            made = lines(Bracket("self.append(", (code,)), indent=deeper)
        elif is_attribute(item.text) and len(item.name) == 1:
            made = lines(code, f"self.{item.text} = ", "", deeper)
        else:
            made = lines(Bracket("self.add_module(", (self.name_text(item), code)), indent=deeper)
        head = [f"{indent}if {self.text(item.when)}:"] if item.when is not None else []
        return [*head, *(deeper[len(BODY) :] + line for line in before), *commented(made, item.comment)]

    def _item(self, item: Item) -> list[str]:
        """The statements that make a module of the class."""
        before: list[str] = []
        code = self._made(item.made, before)
        access = self.access[id(item)]
        if access.startswith("self.get_buffer("):
            return lines(Bracket("setattr(", ("self", f'"{item.text}"', code)), indent=BODY)
        if access.startswith("self.get_parameter("):
            return lines(Bracket("self.register_parameter(", (f'"{item.text}"', code)), indent=BODY)
        if item.when is None:
            return [*before, *lines(code, f"{access} = ", "", BODY)]
        inner = [*(f"    {line}" for line in before), *lines(code, f"{access} = ", "", BODY + "    ")]
        if item.is_buffer:  # which nothing else may have the place of
            none = [f"{BODY}else:", f'{BODY}    self.register_buffer("{item.text}", None)']
            return [f"{BODY}{access}: nn.Buffer | None", f"{BODY}if {self.text(item.when)}:", *inner, *none]
        kind = "nn.Parameter" if item.is_parameter else "nn.Module"
        return [f"{BODY}{access}: {kind} | None = None", f"{BODY}if {self.text(item.when)}:", *inner]

    def _loop(self, loop: Loop) -> list[str]:
        """The statements that make the modules of a loop."""
        (item,) = loop.items
        assert isinstance(item, Item)  # noqa: S101 — `forward` has loops of one module only
        before: list[str] = []
        code = self._made(item.made, before)
        inner = [f"    {line}" for line in before]
        made = lines(code, f"self[{self.name_text(item)}] = ", "", BODY + "    ")
        return [f"{BODY}for {self._clause(loop)}:", *inner, *made]

    def _head(self, loop: Loop, counter: str, layer: str) -> tuple[str, str]:
        """The `for` statement of a loop in `forward`, and the module that its body calls."""
        if len(self.class_.items) == 1:
            return f"for {layer} in self.values():", layer
        (item,) = loop.items
        assert isinstance(item, Item)  # noqa: S101 — `forward` has loops of one module only
        count = python(loop.count.tree, {})  # a literal if there are other modules
        text = self.name_text(item, {**self.ids, loop.key: counter})
        return f"for {counter} in range({count}):", f"self[{text}]"

    # --- expressions -----------------------------------------------------------------------------------


def needs_dict(class_: Class) -> bool:
    """Whether some module has a name that is not a valid attribute."""
    return any(
        isinstance(item, Loop) or (not item.is_free and not item.is_parameter and not is_attribute(item.text))
        for item in class_.items
    )
