"""What an op computes, as a key: equal for ops that compute the same of the same inputs and weights, in evaluation.

Different keys do not say that they differ: what can be written in several ways is brought into one where that is known.
"""

from collections.abc import Hashable

from archspec.diagnostics import Problem
from archspec.ops.core.activation import AlongAxis
from archspec.ops.core.base import Op
from archspec.ops.core.data import Inputs
from archspec.ops.core.shape import SameOrder
from archspec.ops.core.torch_code import Argument
from archspec.ops.core.window import Window

PASSES = "passes"
"""The meaning of an op that is its input."""
_WINDOW = frozenset({"stride", "padding", "dilation", "ceil_mode"})


def meaning(op: Op, inputs: Inputs, *, sized: bool = True) -> Hashable:
    """What an op computes of inputs of these types; if not `sized`, whatever the sizes of the image are."""
    if op.is_parameter:
        (weight,) = op.weights(inputs)
        return ("tensor",) if weight.persistent else ("values", weight.shape, weight.init)
    if len(inputs) == 1 and op.passes(inputs):
        return PASSES
    if (bounds := op.cuts()) is not None:
        return "cut", *bounds
    if isinstance(op, SameOrder) and sized:
        return "view", op.output(inputs).shape
    op, fields = op.settled(inputs) if sized else op, type(op).model_fields
    if isinstance(op, AlongAxis):
        op = op.model_copy(update={"axis": op.axis % inputs[0].rank - inputs[0].rank})
    plain = op.model_copy(update={name: fields[name].default for name in op.in_training})
    try:
        code = plain.torch(inputs)
    except Problem:  # a plug-in need not have a form in PyTorch
        return op.name, repr(plain.model_copy(update={"init": {}}) if "init" in fields else plain)
    windows = op.windows(inputs)
    arguments = tuple(
        [
            (argument.name or index, _plain(argument.value))
            for index, argument in enumerate(code.arguments)
            if not argument.is_default and not (windows and _of_window(argument))
        ]
    )
    if not code.module:
        return ("sum", op.name) if op.commutes else ("function", code.function, arguments)
    exact = code.module.startswith("nn.Conv")
    call = "" if windows and exact else code.call  # its padding is in the windows
    seen = tuple([_seen(window, sized=sized, exact=exact) for window in windows])
    return code.module, code.helper, call, arguments, seen


def _plain(value: object) -> Hashable:
    """A value for all axes as one."""
    if isinstance(value, tuple) and len(value) > 1 and len({*value}) == 1:
        return _plain(value[0])
    return (value, True) if isinstance(value, bool) else value


def _of_window(argument: Argument) -> bool:
    return argument.name in _WINDOW or argument.formulas[:1] == ("kernel",)


def _seen(window: Window, *, sized: bool, exact: bool) -> Hashable:
    """What the windows along an axis see. Of known size, a single window has no stride.

    The far padding follows from the number of windows, if it is zeros in an `exact` sum.
    """
    dilation = window.dilation if window.kernel > 1 else 1
    if not sized or not isinstance(window.n, int):
        return window.kernel, dilation, window.stride, window.before, window.after, window.ceil
    stride = window.stride if window.count != 1 else 1
    far = () if exact else (window.after, window.ceil and window.reaching > window.after)
    return window.kernel, dilation, stride, window.before, window.count, far
