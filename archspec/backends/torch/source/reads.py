"""What the actions of `forward` read, and what their values are called."""

from archspec.backends.torch.source.names import variable_name
from archspec.backends.torch.source.parts import Action, Number
from archspec.backends.torch.source.symbols import names, python, reads_sizes, size_of
from archspec.ir import Module
from archspec.language.expressions import Unary


def reads(action: Action) -> list[int]:
    """The values in the expression of an action, each as often as it is there."""
    sizes = (value for number in action.numbers.values() for value in number_reads(number))
    return [*action.inputs, *action.dims.values(), *sizes]


def number_reads(number: Number) -> list[int]:
    """The values whose sizes a number reads."""
    sizes = map(size_of, names(number.symbol.tree))
    return [size[0] for size in sizes if size is not None]


def number_text(number: Number, held: dict[str, str], ids: dict[str, str], variables: dict[int, str]) -> str:
    """A number of a call in `forward`, over attributes and the sizes of values."""
    tree = number.symbol.tree
    if not reads_sizes(tree) and not isinstance(tree, Unary):
        return held[f"={python(tree, ids)}"]
    given = {**held}
    for name in names(tree):
        if (size := size_of(name)) is not None:
            given[name] = f"{variables[size[0]]}.shape[{size[1]}]"
    return python(tree, given)


def shape_text(module: Module) -> str:
    """The shape of a module's output without a free batch in front: `64×112×112`, as in a summary."""
    shape = module.outputs[0].shape
    return "×".join(map(str, shape[isinstance(shape[0], str) :])) if len(shape) > 1 else ""


def output_name(module: Module, output: int, own: str | None) -> str:
    """The variable of one of several outputs: one that a block declares is called as there; empty: as any value."""
    declared = output - len(module.outputs) + len(module.exports)
    if declared >= 0:
        return variable_name(module.exports[declared])
    if module.exports and output == 0:
        return variable_name(own) if own else ""
    return f"{variable_name(own) if own else 'part'}{output + (module.op is None)}"  # parts count from 0, as in a spec
