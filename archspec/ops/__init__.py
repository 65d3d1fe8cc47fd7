"""The builtin ops. The op `conv` is the class named `conv` in `archspec/ops/conv.py`, loaded when first met.

Nothing lists the ops: a file beside this one is an op. What they share is in `archspec.ops.core`.
"""

from functools import cache
from importlib import import_module
from os import listdir

from archspec.diagnostics import UsageError
from archspec.ops.core.base import NoMacs, Op, SavesNothing, SeesItsPlace
from archspec.ops.core.data import Example, Weight
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.torch_code import TorchCode, keyword, positional

__all__ = [
    "Emitter",
    "Example",
    "NoMacs",
    "Op",
    "SavesNothing",
    "SeesItsPlace",
    "TorchCode",
    "Weight",
    "joins",
    "keyword",
    "lookup",
    "names",
    "positional",
]


@cache
def names() -> frozenset[str]:
    """The names of all builtin ops, found without importing them."""
    found = (
        name.removesuffix(".py") for folder in __path__ for name in listdir(folder) if name.endswith(".py")
    )
    return frozenset(found) - {"__init__"}


@cache
def lookup(name: str) -> type[Op] | None:
    """The class of the builtin op `name`, or of the plug-in op `vendor.op`; `None` if there is none.

    Plug-ins are entry points of the group `archspec.ops`, read only when a dotted name is met.
    """
    if "." in name:
        return _plugin(name)
    if name not in names():
        return None
    module = import_module(f"{__name__}.{name}")
    for member in vars(module).values():
        if isinstance(member, type) and issubclass(member, Op) and getattr(member, "name", None) == name:
            return member
    raise LookupError(f"{module.__name__} defines no op called {name}")


def joins() -> list[str]:
    """The names of the ops that join values, with `branches` or a list in `from`."""
    return [name for name in sorted(names()) if (op := lookup(name)) and not op.is_module]


def _plugin(name: str) -> type[Op] | None:
    from importlib.metadata import entry_points

    found = entry_points(group="archspec.ops", name=name)
    for entry in found:
        op = entry.load()
        if not (isinstance(op, type) and issubclass(op, Op) and op.name == name):
            raise UsageError(f"the plug-in `{name}` ({entry.value}) is not an op of that name")
        if unstated := op.unstated():
            words = ", ".join(f"`{word}`" for word in unstated)
            raise UsageError(f"the plug-in `{name}` ({entry.value}) does not state {words}")
        return op
    return None
