"""Compare one op with ONNX Runtime's on the inputs that ONNX Runtime computed for it.

Rounding errors in the inputs of an op may grow in its output without a fault in either: a norm subtracts what its
inputs have in common. From equal inputs an op that is right computes equal outputs.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from archspec.backends.proof.reference import State, compared_paths
from archspec.backends.proof.tolerance import difference

if TYPE_CHECKING:
    import onnx
    from torch import Tensor

    from archspec.backends.proof.values import Values

AMPLIFIED = 10
"""How many times its tolerance such an output may differ in all."""


def agrees_alone(
    path: str,
    values: "Values",
    state: State,
    graph: "onnx.GraphProto",
    run: "Callable[[list[str]], list[Tensor]]",
) -> bool:
    """Whether the op at `path` computes what PyTorch does from the inputs that it has in ONNX Runtime.

    `run` returns values of the graph for the first case, by their names.
    """
    root = values.small.root
    paths = (compared_paths(root) & {info.name for info in graph.value_info}) - {path}
    needed = _sources(graph, path, paths)
    *sources, theirs = run([*needed, path])
    known = dict.fromkeys(paths) | dict(zip(needed, sources, strict=True))
    with values.computing():
        ours = values.reference.alone(root, values.cases[0].inputs, state, path, known)
    return ours is not None and not difference(theirs, ours)


def _sources(graph: "onnx.GraphProto", name: str, known: AbstractSet[str]) -> list[str]:
    """The known values from which a value is computed."""
    producers = {output: node for node in graph.node for output in node.output}
    seen, waiting = {name}, [name]
    while waiting:
        node = producers.get(waiting.pop())
        inputs = set(node.input) - seen if node is not None else set()
        seen |= inputs
        waiting += inputs - known
    return sorted(seen & known)
