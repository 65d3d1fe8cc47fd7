"""Compare the arguments of a module or function with those that its op requires."""

from collections.abc import Mapping, Sequence
from typing import Any

from archspec.backends.torch.check.values import frozen
from archspec.ops.core.base import Op, custom_inits
from archspec.ops.core.data import Inputs
from archspec.ops.core.init import Init
from archspec.ops.core.torch_code import REQUIRED, TorchCode

Difference = tuple[str, object, object]
"""A difference: the subject, the expected value, and the actual value."""
NOTHING = "nothing"


def differs(
    code: TorchCode, args: Sequence[Any], words: Mapping[str, Any], *, inplace: bool
) -> Difference | None:
    """The first argument that differs from the op's; an omitted argument has PyTorch's default."""
    at = used = 0
    for index, argument in enumerate(code.arguments):
        if argument.name:
            found = words.get(argument.name, argument.default)
            used += argument.name in words
        else:
            found = args[at] if at < len(args) else REQUIRED
            at += 1
        if argument.value != found and frozen(argument.value) != frozen(found):
            return f"`{argument.role(index)}`", argument.value, NOTHING if found is REQUIRED else found
    if at < len(args):
        return f"argument {at + 1}", NOTHING, args[at]
    if used < len(words):
        known = {argument.name for argument in code.arguments}
        name = next(name for name in words if name not in known)
        return f"`{name}`", NOTHING, words[name]
    return ("`inplace`", False, True) if inplace and not code.inplace else None


def initialised(op: Op | None, inputs: Inputs, noted: dict[str, Any]) -> Difference | None:
    """The first weight with a wrong initialiser. `noted` are the calls of `torch.nn.init` on the op's weights."""
    if op is None or not (noted or getattr(op, "init", None)):
        return None
    wanted = dict(custom_inits(op, inputs))
    names = [
        weight.name for weight in op.weights(inputs)
    ]  # a loop over all modules also covers others, such as `bias`
    for name in names:
        found = _initialiser(*noted[name]) if name in noted else None
        if wanted.get(name) != found:
            return f"the initialiser of `{name}`", wanted.get(name, "PyTorch's own"), found or "PyTorch's own"
    return None


_ARGUMENTS: dict[str, dict[str, object]] = {
    "constant_": {"val": REQUIRED},
    "normal_": {"mean": 0.0, "std": 1.0},
    "trunc_normal_": {"mean": 0.0, "std": 1.0},
    "uniform_": {"a": 0.0, "b": 1.0},
    "kaiming_uniform_": {"mode": "fan_in"},
    "kaiming_normal_": {"mode": "fan_in"},
    "xavier_uniform_": {"gain": 1.0},
    "xavier_normal_": {"gain": 1.0},
}
"""The parameters of functions of `torch.nn.init`, with PyTorch's defaults."""


def _initialiser(name: str, args: tuple[Any, ...], words: dict[str, Any]) -> Init | str:
    """A call of `torch.nn.init` as an initialiser."""
    if name in ("zeros_", "ones_") and not args and not words:
        return Init("constant", (float(name == "ones_"),))
    rest = {key: value for key, value in words.items() if (key, value) != ("nonlinearity", "relu")}
    known = _ARGUMENTS.get(name, {})
    if len(args) > len(known) or not rest.keys() <= known.keys():
        return f"{name}{args}{words}"
    given = {**known, **dict(zip(known, args, strict=False)), **rest}
    return Init(name[:-1], tuple(given.values()))
