"""The builtin ops. The op `conv` is the class named `conv` in `archspec/ops/conv.py`, loaded when first met.

Nothing lists the ops: a file beside this one is an op. What they share is in `archspec.ops.core`.
"""

from functools import cache
from importlib import import_module
from importlib.resources import files

from archspec.ops.core.base import Example, Op, Weight

__all__ = ["Example", "Op", "Weight", "lookup", "names"]


@cache
def names() -> frozenset[str]:
    """The names of all builtin ops, found without importing them."""
    found = (entry.name for entry in files(__name__).iterdir() if entry.is_file())
    return frozenset(name[:-3] for name in found if name.endswith(".py") and name != "__init__.py")


@cache
def lookup(name: str) -> type[Op] | None:
    """The class of the builtin op `name`, or `None`."""
    if name not in names():
        return None
    module = import_module(f"{__name__}.{name}")
    for member in vars(module).values():
        if isinstance(member, type) and issubclass(member, Op) and getattr(member, "name", None) == name:
            return member
    raise LookupError(f"{module.__name__} defines no op called {name}")
