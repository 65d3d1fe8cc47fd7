"""Write the `forward` method of a class: actions become statements, values become variables."""

from collections import Counter
from dataclasses import dataclass, field

from archspec.backends.torch.source.layout import WIDTH, Bracket, fill, is_atomic, lines, spaced
from archspec.backends.torch.source.names import Namer, variable_name
from archspec.backends.torch.source.parts import Action, Class, Number
from archspec.backends.torch.source.reads import number_reads, number_text, output_name, reads, shape_text
from archspec.backends.torch.source.statements import annotation
from archspec.backends.torch.source.statements import statement as laid_out

BODY = "        "
LONG = 36
GENERIC = ("x", "out", "y", "z")


@dataclass(slots=True, eq=False)
class Statement:
    """A statement `targets = text`, possibly under an `if` or a `for`."""

    targets: tuple[str, ...]
    text: str
    typed: bool = False
    comment: str = ""
    head: str = ""
    """The enclosing `if` or `for`."""
    training: bool = False
    loop: bool = False


@dataclass(slots=True, eq=False)
class PendingExpression:
    """The code of a value that is not yet assigned to a variable."""

    text: str
    atomic: bool
    typed: bool
    reads: set[int] = field(default_factory=set)


class Forward:
    """Writes the `forward` of one class."""

    def __init__(
        self, class_: Class, access: dict[int, str], flags: dict[int, str], inputs: list[str]
    ) -> None:
        self.class_ = class_
        self.access, self.flags = access, flags
        self.inputs = inputs
        self.actions = self._needed()
        self.uses: Counter[int] = Counter()
        self.last: dict[int, int] = {}
        for position, action in enumerate(self.actions):
            for value in reads(action):
                self.uses[value] += 1
                self.last[value] = position
        for value in {*class_.results}:
            self.uses[value] += 1
            self.last[value] = len(self.actions)
        self.variables = dict(enumerate(inputs))
        self.statements: list[Statement] = []
        self.namer = Namer(inputs)
        self.shown = ""
        self.named: dict[Number, str] = {}
        """The variables of numbers that are long expressions."""

    # --- which actions -----------------------------------------------------------------------------------

    def _needed(self) -> list[Action]:
        """The actions whose values are used or that call modules, those of training last."""
        used = {*self.class_.results}
        kept = []
        for action in reversed(self.class_.actions):
            if not action.pure or action.part is not None or used & {*action.outputs}:
                used |= {*reads(action)}
                kept.append(action)
        kept.reverse()
        return [*(a for a in kept if not a.training), *(a for a in kept if a.training)]

    def works_in_place(self, position: int) -> bool:
        """Whether an action may overwrite its input: neither another action nor the backward pass needs it."""
        action = self.actions[position]
        if not action.inplace or len(action.inputs) != 1 or self.uses[action.inputs[0]] != 1:
            return False
        maker = next((a for a in self.actions if action.inputs[0] in a.outputs), None)
        return maker is not None and maker.fresh and not _is_optional(maker) and not _is_optional(action)

    def parts_in_place(self) -> set[int]:
        """The modules that may work in place in every call."""
        safe: dict[int, bool] = {}
        for position, action in enumerate(self.actions):
            if action.part is not None:
                key = id(action.part)
                safe[key] = safe.get(key, True) and self.works_in_place(position)
        return {key for key, value in safe.items() if value}

    # --- statements ------------------------------------------------------------------------------------

    def write(self) -> list[str]:
        """The lines of `forward`, indented as a method."""
        pending: tuple[int, PendingExpression] | None = None
        for position, action in enumerate(self.actions):
            if action.loop is not None:
                assert pending is None  # noqa: S101 — nothing is nested into a loop
                self._loop(position, action)
                continue
            expression = self._expression(position, action, pending)
            if pending is not None and expression is None:
                self._assign(pending[0], pending[1])
                expression = self._expression(position, action, None)
            assert expression is not None  # noqa: S101 — only a nested expression can be too long
            pending = None
            if self._nests(position, action, expression):
                pending = (position, expression)
            else:
                self._assign(position, expression)
        return self._method()

    def _nests(self, position: int, action: Action, expression: PendingExpression) -> bool:
        """Whether the next action can be nested around this expression."""
        if position + 1 >= len(self.actions) or len(action.outputs) != 1 or _is_optional(action):
            return False
        value, following = action.outputs[0], self.actions[position + 1]
        return (
            self.uses[value] == 1
            and following.light
            and len(following.inputs) <= 2
            and action.training == following.training
            and not _is_optional(following)
            and following.loop is None
            and reads(following).count(value) == 1
            and following.template.count(f"{{{following.inputs.index(value)}}}") == 1
            and len(expression.text) < WIDTH - 30
        )

    def _expression(
        self, position: int, action: Action, pending: tuple[int, PendingExpression] | None
    ) -> PendingExpression | None:
        """The code of an action; `None` if nesting the pending expression makes it too long."""
        template = action.template
        if action.part is None and self.works_in_place(position):
            template = template.removesuffix(")") + ", inplace=True)"
        parts: dict[str, tuple[str, bool]] = {}
        reads: set[int] = set()
        for index, value in enumerate(action.inputs):
            if pending is not None and value in self.actions[pending[0]].outputs:
                parts[str(index)] = (pending[1].text, pending[1].atomic)
                reads |= pending[1].reads
            else:
                parts[str(index)] = (self.variables[value], True)
                reads.add(value)
        for name, value in action.dims.items():
            axis = next(axis for axis, dim in enumerate(self.types(value)) if dim == name)
            parts[name] = (f"{self.variables[value]}.shape[{axis}]", True)
            reads.add(value)
        for name, number in action.numbers.items():
            parts[name] = self._number(action, number, reads)
        if action.part is not None:
            parts["m"] = (self.access[id(action.part)], True)
        text = fill(spaced(template, parts) if action.numbers else template, parts)
        if pending is not None and len(BODY) + len("x = ") + len(text) > WIDTH:
            return None
        typed = action.typed and action.part is None and template != "{0}"
        return PendingExpression(text, is_atomic(text), typed, reads)

    def _number(self, action: Action, number: Number, reads: set[int]) -> tuple[str, bool]:
        """A number that differs between the instances, over attributes and the sizes of values."""
        text = number_text(number, self.held, self.class_.ids, self.variables)
        reads |= {*number_reads(number)}
        if len(text) > LONG and not _is_optional(action):
            if number not in self.named:
                name = Namer({*self.variables.values(), *self.namer.taken}).give("size")
                self.named[number] = name
                self.namer.taken.add(name)
                self.statements.append(Statement((name,), text, typed=True, training=action.training))
            text = self.named[number]
        return text, is_atomic(text)

    def types(self, value: int) -> tuple[object, ...]:
        """The shape of a value in the first instance."""
        types = self.class_.values[value].types
        return next(type_.shape for type_ in types if type_ is not None)

    def _assign(self, position: int, expression: PendingExpression) -> None:
        action = self.actions[position]
        head = ""
        if action.part is not None and action.part.is_parameter and not self.uses[action.outputs[0]]:
            return  # an unused value needs no statement
        if action.template == "{0}" and expression.text.isidentifier() and not _is_optional(action):
            self.variables[action.outputs[0]] = expression.text  # an alias needs no statement
            return
        if not any(self.uses[value] for value in action.outputs):
            head = self.condition(action) if _is_optional(action) else ""
            self.statements.append(Statement((), expression.text, head=head, training=action.training))
            return
        if _is_optional(action):
            name = self._renamed(position, action)
            head = self.condition(action)
            self.statements.append(
                Statement((name,), expression.text, expression.typed, "", head, action.training)
            )
            return
        names = []
        for output, value in enumerate(action.outputs):
            name = self._pick(position, action, expression.reads, output)
            names.append(name)
            self.variables[value] = name
        comment = ""
        if len(self.class_.modules) == 1 and len(action.outputs) == 1:
            comment = shape_text(action.node.module)
            comment, self.shown = (comment if comment != self.shown else ""), comment
        self.statements.append(
            Statement(tuple(names), expression.text, expression.typed, comment, training=action.training)
        )

    def condition(self, action: Action) -> str:
        """The `if` of an optional action."""
        if action.flag is not None:
            return f"if self.{self.flags[id(action)]}:"
        return f"if {self.access[id(action.part)]} is not None:"

    # --- variables -------------------------------------------------------------------------------------

    def _pick(self, position: int, action: Action, reads: set[int], output: int = 0) -> str:
        """The variable of an action's value: its own name if the value is used much later, else a dead variable."""
        value = action.outputs[output]
        node = action.node
        own = action.label or (node.name if node.name is not None and not node.positional else None)
        live = {
            name
            for other, name in self.variables.items()
            if self.last.get(other, -1) > position and other != value
        }
        if not self.uses[value]:
            return "_"
        returned = self.class_.results[: len(self.class_.results) - self.class_.training]
        is_one_of_several = len(action.outputs) > 1 and not (returned == (value,) and self.uses[value] == 1)
        if is_one_of_several and (name := output_name(node.module, output, own)):
            return self._fresh(name, live)
        if not _is_optional(action) and self._is_landmark(position, value):
            branch = self._branch(value) if own is None else own
            if branch:
                return self._fresh(variable_name(branch), live)
        dying = [self.variables[other] for other in reads if self.last.get(other, -1) <= position]
        for name in (*GENERIC, *self.inputs):
            if name in dying and name not in live:
                return name
        for name in GENERIC:
            if name not in live:
                return name
        return self._fresh("out", live)

    def _renamed(self, position: int, action: Action) -> str:
        """The variable that an optional action or a loop changes; it starts with the action's input."""
        source = action.inputs[0]
        name = self._pick(position, action, {source})
        if name != self.variables[source]:
            self.statements.append(
                Statement((name,), self.variables[source], typed=True, training=action.training)
            )
        self.variables[action.outputs[0]] = name
        return name

    def _is_landmark(self, position: int, value: int) -> bool:
        """Whether a value gets its own name, since it is used much later or is one of several branches."""
        readers = [at for at, action in enumerate(self.actions) if value in reads(action)]
        results = self.class_.results
        main = results[: len(results) - self.class_.training]
        if value in results:
            return value not in main or len(main) > 1 or readers[-1:] > [position + 1]
        return readers[-1] > position + 1 if len(readers) > 1 else len(self.actions[readers[0]].inputs) > 2

    def _branch(self, value: int) -> str:
        """A name for an unnamed branch of a join, by its number."""
        reader = next((a for a in self.actions if value in a.inputs and len(a.inputs) > 2), None)
        return f"branch{reader.inputs.index(value) + 1}" if reader is not None else ""

    def _fresh(self, name: str, live: set[str]) -> str:
        """A variable with this name, numbered if the name holds a live value."""
        if name not in live and name not in self.namer.taken:
            return name
        return Namer({*live, *self.namer.taken}).give(name)

    # --- loops -----------------------------------------------------------------------------------------

    def _loop(self, position: int, action: Action) -> None:
        name = self._renamed(position, action)
        head, called = self.heads[id(action.loop)]
        texts = {0: name, 1: f"{called}({name})"}
        for number, join in enumerate(action.joins, start=2):
            texts[number] = fill(
                join.template,
                {
                    str(index): (texts[value], is_atomic(texts[value]))
                    for index, value in enumerate(join.inputs)
                },
            )
        self.statements.append(
            Statement((name,), texts[max(texts)], head=head, training=action.training, loop=True)
        )

    held: dict[str, str]
    """The attributes that hold numbers, by the names of these in expressions."""
    heads: dict[int, tuple[str, str]]
    """The `for` statement of each loop, and the module that its body calls."""

    # --- the method ------------------------------------------------------------------------------------

    def _method(self) -> list[str]:
        class_ = self.class_
        count = len(class_.results) - class_.training
        results = [self.variables[value] for value in class_.results]
        main = ["None" if index in class_.late else name for index, name in enumerate(results[:count])]
        two_ways = bool(class_.training or class_.late)
        body = self._lines([s for s in self.statements if not s.training], [] if two_ways else main)
        if two_ways:
            body.append(f"{BODY}if self.training:")
            inner = self._lines([s for s in self.statements if s.training], [], BODY + "    ")
            body += inner
            body += laid_out(f"return {', '.join(results)}", BODY + "    ")
            body += laid_out(f"return {', '.join(main)}", BODY)
        kinds = ["Tensor | None" if index in class_.late else "Tensor" for index in range(count)]
        returned = _type(kinds)
        if class_.training:
            returned += f" | {_type(['Tensor'] * len(results))}"
        items = ("self", *(f"{name}: Tensor" for name in self.inputs))
        *head, last = lines(Bracket("(", items), "def forward", f" -> {returned}:", "    ")
        if len(last) > WIDTH:
            head += annotation(returned, ") -> ", ":", "    ")
        else:
            head.append(last)
        return [*head, *body]

    def _lines(self, statements: list[Statement], returned: list[str], body: str = BODY) -> list[str]:
        result: list[str] = []
        final = ""
        if returned:
            final = f"{BODY}return {', '.join(returned)}"
            last = statements[-1] if statements else None
            if last is not None and last.targets == tuple(returned) and last.typed and not last.head:
                statements = statements[:-1]
                result_line = f"{BODY}return {last.text}"
                if len(result_line) <= WIDTH:
                    final = self._with_comment(result_line, last.comment)
                else:
                    statements = [*statements, last]
        self._annotate(statements, returned)
        head = ""
        for statement in statements:
            indent = body
            if statement.head:
                if statement.head != head or statement.loop:
                    result.append(body + statement.head)
                indent += "    "
            head = statement.head
            result += self._statement(statement, indent)
        comment = final.partition("  # ")[1]
        return [*result, *([final] if comment else laid_out(final.strip(), BODY) if final else [])]

    def _statement(self, statement: Statement, indent: str) -> list[str]:
        left = ", ".join(statement.targets)
        line = f"{indent}{left} = {statement.text}" if left else indent + statement.text
        if len(line) <= WIDTH:
            return [self._with_comment(line, statement.comment)]
        return laid_out(line.strip(), indent)

    @staticmethod
    def _with_comment(line: str, comment: str) -> str:
        return f"{line}  # {comment}" if comment and len(line) + len(comment) + 4 <= WIDTH else line

    def _annotate(self, statements: list[Statement], returned: list[str]) -> None:
        """Annotate the single returned variable as a tensor if its value comes from a module."""
        results = [self.variables[value] for value in self.class_.results]
        names = {*returned, *results[: len(results) - self.class_.training]} if len(returned) < 2 else set()
        if len(results) - self.class_.training != 1:
            return
        for name in sorted(names - {*self.inputs}):
            first = next((s for s in self.statements if name in s.targets), None)
            assigned = [s for s in self.statements if name in s.targets]
            if first is None or all(s.typed for s in assigned) or first not in statements:
                continue
            if len(first.targets) == 1:
                first.targets = (f"{name}: Tensor",)
            else:
                statements.insert(statements.index(first), Statement((), f"{name}: Tensor"))


def _type(kinds: list[str]) -> str:
    return kinds[0] if len(kinds) == 1 else f"tuple[{', '.join(kinds)}]"


def _is_optional(action: Action) -> bool:
    return action.flag is not None or (action.part is not None and action.part.when is not None)
