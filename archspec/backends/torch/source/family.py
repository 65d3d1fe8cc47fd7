"""The family of a spec: one class with the file's parameters as arguments, and one function a variant.

Parameters that no variant changes are arguments too. So that the text says where they go, networks in which they have
other values are instances of the class beside the variants.
"""

from collections.abc import Iterator
from typing import Any

from archspec.backends.torch.source.arguments import ordered
from archspec.backends.torch.source.layout import Bracket, Prefixed, lines
from archspec.backends.torch.source.names import Namer, variable_name
from archspec.backends.torch.source.parts import Class
from archspec.backends.torch.source.symbols import ClassName, plain, same, written
from archspec.diagnostics import SpecError
from archspec.elaborate.network import Network, elaborate
from archspec.language.params import Parameter
from archspec.model import Model


def variants(model: Model) -> list[Network]:
    """The networks of a file: its variants, then the one with its defaults."""
    network = model.network
    made = (elaborate(network.document, name, plans=network.plans) for name in network.document.variants)
    found = [Model(each).network for each in made]  # a model leaves out what nothing takes
    return [*found, network]


def changed(model: Model, networks: list[Network]) -> list[Network]:
    """For each parameter that no variant changes, the network with another value of it, if there is one."""
    document = model.network.document
    found = []
    for name, param in document.params.items():
        if _is_alike([network.params[name] for network in networks]):
            made = (_elaborated(model, name, value) for value in others(param, model.network.params[name]))
            other = next((network for network in made if network is not None), None)
            if other is not None:
                found.append(other)
    return found


def _is_alike(values: list[Any]) -> bool:
    """Whether a parameter, or an element of a list, is the same everywhere."""
    if all(isinstance(value, tuple) for value in values):
        return any(len({*items}) == 1 for items in zip(*values, strict=False))
    return len({repr(value) for value in values}) == 1


def _elaborated(model: Model, name: str, value: Any) -> Network | None:
    network = model.network
    try:
        return Model(elaborate(network.document, None, {name: value}, plans=network.plans)).network
    except SpecError:
        return None


def others(param: Parameter, value: Any) -> Iterator[Any]:
    """Other values that a parameter could have."""
    choices = [choice for choice in param.choices or () if choice != value]
    yield from choices
    if choices or param.choices:
        return
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (2 * value, value + 1, value + 8, value // 2, value + 3)
    elif isinstance(value, float):
        yield from (value / 2, value + 0.125, 2 * value)
    elif isinstance(value, tuple):
        if all(isinstance(item, int | float) and not isinstance(item, bool) for item in value):
            yield [item + 1 for item in value]
            yield [2 * item for item in value]
    elif isinstance(value, str) and param.type == "op":
        yield from (op for op in ("relu", "silu", "gelu") if op != value)


def functions(main: Class, networks: list[Network]) -> list[str]:
    """One function for each variant, in the order of the networks."""
    namer = Namer({main.name})
    texts = []
    for row, network in enumerate(networks):
        name = namer.give(variable_name(network.variant or f"_case{row}"))
        total = Model(network)
        shape = ", ".join("×".join(map(str, type_.shape)) for type_ in total.inputs.values())
        outputs = ", ".join(map(str, total.totals.outputs))
        doc = f'    """{shape} → {outputs}; {total.totals.params:,} parameters."""'
        given = [
            Prefixed(f"{main.ids[argument.key]}=", text(argument.values[row]))
            for argument in ordered(main.arguments)
            if not same(plain(argument.values[row]), plain(argument.default))
        ]
        call = lines(Bracket(f"{main.name}(", tuple(given)), "return ", "", "    ")
        texts.append("\n".join([f"def {name}() -> {main.name}:", doc, *call]))
    return texts


def text(value: Any) -> str:
    """A value as Python source."""
    return value if isinstance(value, ClassName) else written(value)
