"""A reference interpreter: computes a network node by node, each op by its own definition.

It does not use the source generator. Classes are called with all arguments of `Op.torch`, and weights are looked up by
their keys.
"""

import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archspec.backends.torch.importing import import_torch
from archspec.backends.torch.weights import first_values
from archspec.ir import Module
from archspec.ops.core.base import Op
from archspec.ops.core.torch_code import Argument, TorchCode, literal

if TYPE_CHECKING:
    from torch import Tensor, device, nn

State = Mapping[str, "Tensor"]
OpOutputs = Generator[tuple[str, "Tensor"], None, "list[Tensor]"]
"""A generator of op outputs with their paths, in order of computation, that returns the network's results."""
_HEAD = "import torch\nfrom torch import Tensor, nn\nfrom torch.nn import functional as F\n"
_BLANK = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class PyTorchForm:
    """An op in PyTorch: its module on the meta device, if it has one, and a function that calls it.

    `call` takes an object with the attribute `training`, the module's call, the inputs, and free dimensions by name.
    """

    module: "nn.Module | None"
    call: Callable[[Any, Any, Sequence["Tensor"], Mapping[str, int]], Any]


@dataclass(slots=True)
class Reference:
    """The ops of a network in PyTorch, built once for each distinct op."""

    forms: dict[Module, PyTorchForm] = field(default_factory=dict)

    def of(self, module: Module) -> PyTorchForm:
        """The PyTorch form of an op."""
        if module not in self.forms:
            assert module.op is not None  # noqa: S101 — asked of ops only
            self.forms[module] = _form(module.op.torch(module.inputs))
        return self.forms[module]

    def run(self, root: Module, inputs: "Sequence[Tensor]", state: State, *, training: bool) -> OpOutputs:
        """Compute a network and yield the outputs at `compared_paths`. A value is released after its last use.

        In training the statistics in `state` are updated.
        """
        dims = _dims(root, inputs)
        run = _Interpreter(self, state, dims, compared_paths(root), training, inputs[0].device)
        return run.body(root, [*inputs], "")

    def alone(
        self,
        root: Module,
        inputs: "Sequence[Tensor]",
        state: State,
        path: str,
        known: Mapping[str, "Tensor | None"],
    ) -> "Tensor | None":
        """Compute the op at `path` from values computed elsewhere; `None` if these are not all it needs.

        `known` has the output of every op that can be known, and `None` for those that are not needed.
        """
        run = _Alone(self, state, _dims(root, inputs), frozenset({path}), False, inputs[0].device, known)
        return next((value for _, value in run.body(root, [*inputs], "")), None)


def _dims(root: Module, inputs: "Sequence[Tensor]") -> dict[str, int]:
    """The sizes of the free dimensions."""
    return {
        dim: size
        for type_, tensor in zip(root.inputs, inputs, strict=True)
        for dim, size in zip(type_.shape, tensor.shape, strict=True)
        if isinstance(dim, str)
    }


def compared_paths(root: Module) -> frozenset[str]:
    """The paths of the ops that are called once and have a single output."""
    calls = list(_calls(root, ""))
    count = Counter(path for path, _ in calls)
    return frozenset(path for path, module in calls if count[path] == 1 and len(module.outputs) == 1)


def _calls(module: Module, prefix: str) -> Iterator[tuple[str, Module]]:
    """Every call of an op that has a path."""
    for node in module.body:
        owner = module.owner(node)
        path = prefix if owner.name is None else f"{prefix}{owner.name}"
        if node.module.is_removed:
            continue
        if node.module.op is None:
            yield from _calls(node.module, path if owner.name is None else f"{path}.")
        elif owner.name is not None:
            yield path, node.module


@dataclass(slots=True)
class _Interpreter:
    reference: Reference
    state: State
    dims: Mapping[str, int]
    compared: frozenset[str]
    training: bool
    device: "device"

    def body(self, module: Module, values: "list[Any]", prefix: str) -> OpOutputs:
        """Compute a composite; `values` starts with its inputs, and holds the live values."""
        unused = _last_uses(module)
        for place, node in enumerate(module.body):
            given = [values[index] for index in node.inputs]
            for index in unused[place]:
                values[index] = None
            owner = module.owner(node)
            path = prefix if owner.name is None else f"{prefix}{owner.name}"
            if node.module.is_removed:
                values += given
            elif node.module.op is None:
                values += yield from self.body(node.module, given, path if owner.name is None else f"{path}.")
            else:
                values += self.op(node.module.op, node.module, given, path)
                if owner.name is not None and path in self.compared:
                    yield path, values[-1]
            del given
        return [values[index] for index in module.results]

    def op(self, op: Op, module: Module, given: "Sequence[Tensor]", path: str) -> "list[Tensor]":
        from torch.func import functional_call

        known = op.weights(module.inputs)
        if op.is_parameter and known[0].buffer:  # as the op says itself
            return [first_values(path, known[0]).to(self.device)]
        weights = {w.name: self.state[f"{path}.{w.name}" if w.name else path] for w in known}
        if op.is_parameter:
            return [weights[""]]
        form = self.reference.of(module)
        inner = form.module
        if inner is not None:
            inner.train(self.training)

        def called(*args: Any, **kwargs: Any) -> Any:
            return functional_call(inner, weights, args, kwargs)

        made = form.call(self, called, given, self.dims)
        return list(made) if isinstance(made, tuple | list) else [made]


@dataclass(slots=True)
class _Alone(_Interpreter):
    """Computes nothing but the compared op, and what stands between it and the known values; the rest is `None`."""

    known: "Mapping[str, Tensor | None]"

    def op(self, op: Op, module: Module, given: "Sequence[Any]", path: str) -> "list[Any]":
        if path in self.known and path not in self.compared:
            return [self.known[path]]
        if any(value is None for value in given):
            return [None] * len(module.outputs)
        return _Interpreter.op(self, op, module, given, path)


def _last_uses(module: Module) -> list[list[int]]:
    """For each node of a composite, the values that are dead after it."""
    last = {index: place for place, node in enumerate(module.body) for index in node.inputs}
    ends: list[list[int]] = [[] for _ in module.body]
    for index, place in last.items():
        if index not in module.results:
            ends[place].append(index)
    return ends


def _form(code: TorchCode) -> PyTorchForm:
    """Compile the PyTorch code of an op: as a module if it has one, else as a function."""
    torch = import_torch()
    text = code.call if code.module else code.function
    if "{" not in text:
        text = f"{text}({', '.join(['{0}', *map(_written, code.arguments)])})"
    text = _BLANK.sub(_filled, text)
    program = f"{_HEAD}{code.helper}\n\ndef call(self, m, given, dims):\n    return {text}\n"
    scope: dict[str, Any] = {}
    exec(compile(program, "<op>", "exec"), scope)  # noqa: S102 — our own text
    if not code.module or code.call.startswith("nn.Parameter"):
        return PyTorchForm(None, scope["call"])
    class_ = scope[code.module] if code.helper else getattr(torch.nn, code.module.removeprefix("nn."))
    positional = [argument.value for argument in code.arguments if not argument.name]
    named = {argument.name: argument.value for argument in code.arguments if argument.name}
    with torch.device("meta"):
        return PyTorchForm(class_(*positional, **named), scope["call"])


def _filled(match: "re.Match[str]") -> str:
    name = match[1]
    return "m" if name == "m" else f"given[{name}]" if name.isdigit() else f'dims["{name}"]'


def _written(argument: Argument) -> str:
    text = literal(argument.value)
    return f"{argument.name}={text}" if argument.name else text
