"""Choose the input size for computing values: the spec's, or for expensive networks the smallest equivalent size."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from archspec.backends.torch.source import source
from archspec.diagnostics import Problem, SpecError
from archspec.elaborate.network import resized
from archspec.ir import Module
from archspec.ops.core.checks import size
from archspec.ops.core.window import Window
from archspec.types import Dim, TensorType

if TYPE_CHECKING:
    from archspec.model import Model

LARGE = 10**9
"""The MACs per sample above which a smaller size is searched for."""
GRID = 32
"""Sizes are reduced by multiples of this number, so that strides divide them as before."""
LEAST = 64


def smaller(model: "Model") -> "Model":
    """The network at the smallest equivalent input size; the same model if there is none, or if it is cheap.

    At an equivalent size the weights, the ONNX operators and, apart from sizes, the program are the same, and every
    window element that covers an element of the input at some position still does.
    """
    if model.costs.of(model.root).macs <= LARGE:
        return model
    program, operators = _program(model), _operators(model)
    for inputs in _candidates(model):
        try:
            network = resized(model.network, inputs)
        except (SpecError, Problem):
            continue
        other = type(model)(network)
        if (
            _shows(model.root, other.root)
            and other.weights() == model.weights()
            and _operators(other) == operators
            and _program(other) == program
        ):
            return other
    return model


def _candidates(model: "Model") -> Iterator[dict[str, tuple[Dim, ...]]]:
    """Input shapes with all spatial axes reduced in proportion, the smallest first."""
    axes = [dim for type_ in model.inputs.values() for dim in type_.spatial if isinstance(dim, int)]
    most = max(axes, default=0)
    for steps in range((most - LEAST) // GRID, 0, -1):
        yield {
            name: (*type_.shape[:2], *(_reduced(dim, steps * GRID / most) for dim in type_.spatial))
            for name, type_ in model.inputs.items()
        }


def _reduced(dim: Dim, part: float) -> Dim:
    return dim - round(dim * part / GRID) * GRID if isinstance(dim, int) else dim


def _shows(large: Module, small: Module) -> bool:
    """Whether all windows of a network cover as much of their inputs as in the larger network."""
    seen: set[tuple[Module, Module]] = set()

    def look(one: Module, other: Module) -> bool:
        if (one, other) in seen:
            return True
        seen.add((one, other))
        if one.kind != other.kind or len(one.body) != len(other.body):
            return False
        if one.op is None:
            return all(look(*pair) for pair in zip(_inner(one), _inner(other), strict=True))
        windows = zip(one.op.windows(one.inputs), one.op.windows(other.inputs), strict=True)
        if not all(_sees(*pair) for pair in windows):
            return False
        return all(_spacious(*pair) for pair in zip(one.inputs, other.inputs, strict=True))

    return look(large, small)


def _inner(module: Module) -> list[Module]:
    return [node.module for node in module.body]


def _sees(large: Window, small: Window) -> bool:
    """Whether a window has the same border, and its elements cover the input at some position as in the larger one."""
    if isinstance(large.n, str) or isinstance(small.n, str):
        return True
    border = (large.before, large.after) == (small.before, small.after)
    least = max(large.before, large.after) + 2
    return border and _enough(large.n, small.n, least) and _below(small) >= _below(large)


def _below(window: Window) -> set[int]:
    """The elements of a window that cover an element of the input at some position."""
    n, count = size(window.n), size(window.count)
    found = set()
    for element in range(window.kernel):
        offset = element * window.dilation - window.before
        first = max(0, -(offset // window.stride))
        if first < count and first * window.stride + offset < n:
            found.add(element)
    return found


def _spacious(large: TensorType, small: TensorType) -> bool:
    return all(_enough(*pair, 2) for pair in zip(large.spatial, small.spatial, strict=True))


def _enough(large: Dim, small: Dim, least: int) -> bool:
    return isinstance(large, str) or isinstance(small, str) or small >= min(large, least)


def _program(model: "Model") -> str:
    """The source of a network without its numbers, some of which are sizes."""
    tree = ast.parse(source(model))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            node.value = 0
        if isinstance(node, ast.Module | ast.ClassDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    tree.body = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    return ast.dump(tree)


def _operators(model: "Model") -> list[str]:
    """The operators of the network's ONNX graph; empty if it cannot be expressed in ONNX."""
    from archspec.backends.onnx.lowering import Lowering
    from archspec.backends.options import Options

    try:
        return [step.op for step in Lowering(model.network, opset=Options().opset).graph.steps]
    except SpecError:
        return []
