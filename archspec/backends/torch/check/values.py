"""Tensors as symbolic expressions. Equal expressions are the same object (hash consing)."""

from collections.abc import Iterator
from typing import Any

ExpressionKey = tuple[Any, ...]
OPERATORS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "floordiv": "//",
    "mod": "%",
    "pow": "**",
    "matmul": "@",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
}


class Recorder:
    """The table of all symbolic values."""

    def __init__(self) -> None:
        self.values: dict[ExpressionKey, Symbolic] = {}
        self.order: list[Symbolic] = []
        self.calls: dict[ExpressionKey, list[Symbolic]] = {}
        """The calls of each function or module, by first argument."""
        self.inplace: set[Symbolic] = set()
        self.again: set[Symbolic] = set()
        """Values that were computed more than once: equal expressions that may be distinct tensors."""
        self.training = TrainingFlag()

    def value(self, *key: Any) -> "Symbolic":
        """The value of an expression, created once."""
        known = self.values.get(key)
        if known is None:
            known = self.values[key] = Symbolic(self, key, len(self.order))
            self.order.append(known)
        else:
            self.again.add(known)
        return known

    def call(self, called: Any, args: tuple[Any, ...], words: dict[str, Any]) -> "Symbolic":
        """The value of a call."""
        inplace = words.pop("inplace", False) if words else False
        key = ("call", called, frozen(args), frozen(tuple(sorted(words.items()))) if words else ())
        value = self.values.get(key)
        if value is None:
            value = self.value(*key)
            self.calls.setdefault((called, key[2][:1]), []).append(value)
        else:
            self.again.add(value)
        if inplace:
            self.inplace.add(value)
        return value


class TrainingFlag:
    """The training flag of a module, which records whether it was read."""

    now = True
    asked = False

    def __bool__(self) -> bool:
        self.asked = True
        return self.now

    def __repr__(self) -> str:
        return "self.training"


class Symbolic:
    """A symbolic value: a tensor or a function of PyTorch, as the expression that computes it."""

    __slots__ = ("key", "number", "recorder")

    def __init__(self, recorder: Recorder, key: ExpressionKey, number: int) -> None:
        self.recorder, self.key, self.number = recorder, key, number

    def __getattr__(self, name: str) -> "Symbolic":
        if name.startswith("__"):
            raise AttributeError(name)
        return self.recorder.value("attribute", self, name)

    def __call__(self, *args: Any, **words: Any) -> "Symbolic":
        """The value of a call."""
        return self.recorder.call(self, args, words)

    def __getitem__(self, index: Any) -> "Symbolic":
        return self.recorder.value("item", self, frozen(index))

    def __iter__(self) -> Iterator["Symbolic"]:
        raise TypeError("the number of parts is unknown")

    def __neg__(self) -> "Symbolic":
        return self.recorder.value("operator", "-", self)

    def __repr__(self) -> str:
        match self.key:
            case ("name", str(name)):
                return name
            case ("attribute", of, name):
                return f"{of!r}.{name}"
            case ("item", of, index):
                return f"{of!r}[{index!r}]"
            case ("call", Symbolic() as called, args, words):
                return (
                    f"{called!r}({', '.join([*map(_short, args), *(f'{k}={_short(v)}' for k, v in words)])})"
                )
            case ("operator", sign, *operands):
                return f" {sign} ".join(map(_short, operands))
        return "x"


def _short(value: Any) -> str:
    """An operand in short form: a tensor is shown as `x`."""
    return (
        "x" if isinstance(value, Symbolic) and value.key[0] in ("call", "input", "operator") else repr(value)
    )


def _operator(name: str, sign: str) -> None:
    def forwards(self: Symbolic, other: Any) -> Symbolic:
        return self.recorder.value("operator", sign, self, other)

    def backwards(self: Symbolic, other: Any) -> Symbolic:
        return self.recorder.value("operator", sign, other, self)

    setattr(Symbolic, f"__{name}__", forwards)
    if sign not in ("<", "<=", ">", ">="):
        setattr(Symbolic, f"__r{name}__", backwards)


for _name, _sign in OPERATORS.items():
    _operator(_name, _sign)


def frozen(value: Any) -> Any:
    """A hashable form of an argument."""
    kind = type(value)
    if kind is list or kind is tuple:
        for item in value:
            if type(item) in _HELD:
                return tuple(map(frozen, value))
        return value if kind is tuple else tuple(value)
    return ("slice", value.start, value.stop, value.step) if kind is slice else value


_HELD = frozenset((list, tuple, slice))


def operands(key: ExpressionKey, found: "list[Symbolic]") -> None:
    """Append each occurrence of a value in an expression to `found`."""
    for part in key:
        if type(part) is tuple:
            operands(part, found)
        elif isinstance(part, Symbolic):
            found.append(part)
