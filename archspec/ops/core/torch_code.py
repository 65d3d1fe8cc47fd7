"""How an op is written in PyTorch: as a module, as a function of tensors, or as either."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from string import Formatter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydantic import BaseModel

from archspec.types import Dim, factored

ArgumentValue = int | float | bool | str | None | tuple["ArgumentValue", ...]
"""What an argument in source code can be."""

REQUIRED: Final = object()


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a constructor or a function."""

    value: ArgumentValue
    name: str = ""
    """The keyword; empty: positional."""
    default: object = REQUIRED
    """PyTorch's default: an argument that is equal is left out."""
    formulas: tuple[str, ...] = ()
    """Expressions for the value, over the op's fields and the sizes of its input: source code for several instances
    of a block can have one in its place. The first that holds for all of them is taken."""

    @property
    def is_default(self) -> bool:
        """Whether PyTorch does the same without it."""
        # 1 is not True, and neither is 1.0, in source code that people read
        return type(self.value) is type(self.default) and self.value == self.default

    def role(self, index: int) -> str:
        """What it is for, in a word; `index` is its position."""
        if self.name:
            return self.name
        formula = self.formulas[0] if self.formulas else f"argument{index}"
        return {"x.channels": "in_channels", "x.shape[-1]": "in_features"}.get(
            formula, formula.partition("[")[0]
        )


@dataclass(frozen=True, slots=True)
class TorchCode:
    """An op in PyTorch. In `call` and `function`, `{0}` stands for the first input, and `{N}` for a free dimension."""

    module: str = ""
    """The class, such as `nn.Conv2d`; empty: there is none."""
    arguments: tuple[Argument, ...] = ()
    """The arguments of the constructor, and after the input those of a `function` that is just a name."""
    function: str = ""
    """The function, such as `F.relu`, or a whole expression, such as `torch.flatten({0}, 1)`; empty: there is none."""
    call: str = "{m}({0})"
    """How the module `{m}` is called."""
    inplace: bool = False
    """Whether module and function take `inplace=True`, which changes nothing but the time and memory they take."""
    sizes: dict[int, str] = field(default_factory=dict)
    """Formulas, like those of arguments, for the sizes of the output that are not the input's: axis → formula."""
    numbers: tuple[str, ...] = ()
    """Formulas, like those of arguments, for the numbers in `call` or `function`: what can be said in their place
    where they differ between the instances of a block. The expressions of the op's fields need no formulas."""
    joined: int | None = None
    """The axis along which the output is as long as all inputs together, of a concatenation."""
    helper: str = ""
    """The source of the class, where it is not PyTorch's."""
    contains: tuple[str, ...] = ()
    """The classes of the modules inside the module."""
    typed: bool = False
    """Whether type checkers know that the function yields a tensor."""
    fresh: bool = False
    """Whether its output is new memory that its own gradient does not need: what follows may work in place."""

    @property
    def chains(self) -> bool:
        """Whether `nn.Sequential` can hold the module."""
        return bool(self.module) and self.call == "{m}({0})"

    @property
    def is_plain(self) -> bool:
        """Whether the class needs no arguments, so that it can be an argument itself, as `nn.ReLU` can."""
        return self.chains and not self.helper and all(argument.is_default for argument in self.arguments)


def positional(value: ArgumentValue, *formulas: str) -> Argument:
    """An argument without a keyword."""
    return Argument(value, formulas=formulas)


def keyword(name: str, value: ArgumentValue, default: object = REQUIRED, *formulas: str) -> Argument:
    """An argument with a keyword."""
    return Argument(value, name, default, formulas)


def keywords(op: "BaseModel", *names: str) -> tuple[Argument, ...]:
    """The arguments that are fields of the op: PyTorch calls them the same, and has the same defaults."""
    fields = type(op).model_fields
    return tuple([keyword(name, getattr(op, name), fields[name].default, name) for name in names])


def literal(value: ArgumentValue) -> str:
    """A value as Python source, with double quotes."""
    if isinstance(value, tuple):
        inside = ", ".join(map(literal, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, str):
        from json import dumps

        return dumps(value)
    return repr(value)


def expression(function: str, *arguments: Argument) -> str:
    """A call of `function` on the first input, with the arguments that are not its defaults."""
    words = ["{0}"]
    for argument in arguments:
        if not argument.is_default:
            text = literal(argument.value)
            words.append(f"{argument.name}={text}" if argument.name else text)
    return f"{function}({', '.join(words)})"


_NUMBER = re.compile(r"(?<![\w.{])(?:(?<=[(\[:=])-|(?<=, )-)?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?!\w)")


def without_numbers(template: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is around the numbers of a `call` or a `function`, and the numbers."""
    return tuple(_NUMBER.split(template)), tuple(_NUMBER.findall(template))


def size_code(dim: Dim) -> str:
    """A size in a template: a free dimension is a placeholder."""
    if isinstance(dim, int):
        return str(dim)
    factor, name = factored(dim)
    return f"{{{name}}}" if factor == 1 else f"{factor} * {{{name}}}"


def placeholders(template: str) -> Iterator[str]:
    """The free dimensions that a `call` or a `function` mentions."""
    for _, name, _, _ in Formatter().parse(template):
        if name and not name.isdigit() and name != "m":
            yield name
