"""Verify the settings of every module: the attributes of PyTorch's module match the op's fields."""

from collections.abc import Iterator
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from archspec.backends.proof.item import Item, finding
from archspec.backends.proof.reference import Reference
from archspec.diagnostics.diagnostic import shown
from archspec.ir import Module
from archspec.ops.core.base import Op
from archspec.ops.core.data import Inputs
from archspec.ops.core.torch_code import Argument

if TYPE_CHECKING:
    from torch import nn

    from archspec.model import Model

UNSEEN = frozenset({"training", "inplace"})
"""Attributes that do not affect the result, or that every call sets."""


def settings(model: "Model", module: "nn.Module", reference: Reference) -> Item:
    """Compare every setting of every module with the op's fields, and with a module built from the op alone."""
    built = dict(module.named_modules())
    rows = {
        row.path: row
        for row in model.modules()
        if row.module.op is not None and row.is_module and not row.shares and row.path in built
    }
    origins = {path: row.origin for path, row in rows.items()}
    count = 0
    item = Item("settings", "")
    known: dict[Module, dict[str, Any]] = {}
    for path, row in rows.items():
        if row.module not in known:
            known[row.module] = expected(row.module, reference)
        theirs = built[path]
        count += len(known[row.module])
        for name, ours in known[row.module].items():
            other = type(theirs).__name__ if name == "class" else attribute(theirs, name)
            if not _same(ours, other):
                what = f"the class of `{path}`" if name == "class" else f"`{path}.{name}`"
                message = f"{what} is {_text(ours)} here, {_text(other)} in PyTorch"
                item.findings.append(finding(model, origins, message, path))
    item.detail = f"{count:,} of {len(rows):,} modules, as the fields of their ops"
    return item


def attribute(module: "nn.Module", name: str) -> Any:
    """A setting of a module; the default stride of a pool is its kernel."""
    value = getattr(module, name, None)
    return attribute(module, "kernel_size") if value is None and name == "stride" else value


def expected(called: Module, reference: Reference) -> dict[str, Any]:
    """The attributes that PyTorch's module must have: those of one built from the op alone, and the op's fields."""
    op, module = called.op, reference.of(called).module
    assert op is not None  # noqa: S101 — asked of ops only
    if module is None:  # the op is a function
        return {"class": ""}
    made = {
        name: value
        for name, value in vars(module).items()
        if name[0] != "_" and name not in UNSEEN and isinstance(value, int | float | str | tuple | None)
    }
    made |= {name: value for name, value in _fields(op, called.inputs, module) if hasattr(module, name)}
    return {"class": type(module).__name__} | made


def _fields(op: Op, inputs: Inputs, module: "nn.Module") -> Iterator[tuple[str, Any]]:
    """The fields of an op, by attribute name."""
    code = op.torch(inputs)
    named = dict(_named(code.arguments, module))
    for field in type(op).model_fields:
        if field not in named and field != "init":
            yield field, getattr(op, field)
    for name, argument in named.items():
        if name in module._parameters:  # noqa: SLF001 — the state_dict check covers its presence
            continue
        field = next((formula for formula in argument.formulas if formula in type(op).model_fields), "")
        value = getattr(op, field) if field else argument.value
        if value is not None or name == field:
            yield name, value
    if not (axes := op.windows(inputs)):
        return
    even = all(window.before == window.after for window in axes)
    yield "kernel_size", tuple(window.kernel for window in axes)
    yield "stride", tuple(window.stride for window in axes)
    yield "dilation", tuple(window.dilation for window in axes)
    yield "padding", tuple(window.before if even else 0 for window in axes)
    if code.chains:
        yield "ceil_mode", any(window.ceil for window in axes)


def _named(arguments: tuple[Argument, ...], module: "nn.Module") -> Iterator[tuple[str, Argument]]:
    """The arguments of a constructor, by name."""
    parameters = [
        name
        for name, parameter in signature(type(module)).parameters.items()
        if parameter.kind is not Parameter.VAR_POSITIONAL
    ]
    for index, argument in enumerate(arguments):
        if argument.name or index < len(parameters):
            yield argument.name or parameters[index], argument


def _same(ours: Any, theirs: Any) -> bool:
    """Whether two settings are equal: one number may stand for all axes, and `None` for a flag that is not set."""
    if isinstance(ours, bool) and theirs is None:
        return not ours
    if isinstance(ours, tuple) != isinstance(theirs, tuple):
        many, one = (ours, theirs) if isinstance(ours, tuple) else (theirs, ours)
        return all(value == one for value in many)
    return bool(ours == theirs)


def _text(value: Any) -> str:
    return f"`{shown(repr(value) if not isinstance(value, str) else value)}`"
