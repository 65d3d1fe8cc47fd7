"""Name the attributes that hold numbers for `forward`."""

from collections.abc import Mapping
from dataclasses import replace

from archspec.backends.torch.source.names import Namer, variable_name
from archspec.backends.torch.source.parts import Class, Number
from archspec.backends.torch.source.symbols import SourceSymbol, names, python, reads_sizes, size_of
from archspec.language.expressions import Name, Unary


class Held:
    """The attributes that hold numbers: whole ones, or what is in expressions with sizes."""

    def __init__(self, class_: Class, ids: Mapping[str, str], attributes: Namer) -> None:
        self.attributes = attributes
        self.values: dict[str, str] = {}
        """The attributes, and the expressions that the constructor gives them."""
        self.access: dict[str, str] = {}
        """How `forward` reads them, by the names in its expressions."""
        wanted = {parameter.key: parameter.wanted for parameter in class_.parameters}
        wanted |= {key: word for key, word, _ in class_.locals}
        for action in class_.actions:
            for hole, number in action.numbers.items():
                tree = number.symbol.tree
                if reads_sizes(tree) or isinstance(tree, Unary):
                    for name in names(tree):
                        if size_of(name) is None:
                            self._hold(name, wanted[name], ids[name])
                    continue
                text = python(tree, ids)
                key = f"={text}"
                self._hold(key, wanted[tree.name] if isinstance(tree, Name) else number.wanted, text)
                held = SourceSymbol(Name(key), number.symbol.values)
                action.numbers[hole] = replace(number, symbol=held)

    def _hold(self, key: str, wanted: str, text: str) -> None:
        name = next((name for name, other in self.values.items() if other == text), None)
        if name is None:
            name = self.attributes.give(variable_name(wanted))
            self.values[name] = text
        self.access[key] = f"self.{name}"


def number_text(number: Number, held: Mapping[str, str], variables: Mapping[int, str]) -> str:
    """A number of a call in `forward`, over attributes and the sizes of values."""
    ids = {**held}
    for name in names(number.symbol.tree):
        if (size := size_of(name)) is not None:
            ids[name] = f"{variables[size[0]]}.shape[{size[1]}]"
    return python(number.symbol.tree, ids)
