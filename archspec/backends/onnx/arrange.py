"""Fold steps that only rearrange a weight into the weight, which gets a new name."""

from collections import Counter
from collections.abc import Iterator

from archspec.backends.onnx.derived import Arranged, Lowered, Move, drop_unread
from archspec.ops.core.data import Weight
from archspec.ops.core.init import ZEROS
from archspec.ops.core.onnx_graph import OnnxStep

_RESHAPES = ("Unsqueeze", "Squeeze", "Reshape", "Flatten")


def arrange(graph: Lowered) -> None:
    """Remove the steps that only rearrange a weight: runtimes and quantisers look for constants."""
    readers = Counter(value for step in graph.steps for value in step.inputs)
    made: dict[Arranged, str] = {}
    renamed: dict[str, str] = {}
    kept = []
    for step in graph.steps:
        step.inputs[:] = [renamed.get(value, value) for value in step.inputs]
        moves = [] if set(step.outputs) & set(graph.outputs) else list(_moves(graph, step))
        for output, move in zip(step.outputs, moves, strict=False):
            source = step.inputs[0]
            before = graph.derived.get(source)
            known = before if isinstance(before, Arranged) else Arranged(source, ())
            new = Arranged(known.source, (*known.moves, move))
            if new not in made:
                alone = known.moves and readers[source] == 1  # then the original is no longer needed
                made[new] = source if alone else _name(graph, source, move)
                if alone:
                    del made[known]
            name = renamed[output] = made[new]
            type_ = graph.types.pop(output)
            graph.derived[name], graph.types[name] = new, type_
            graph.weights[name] = Weight(
                name, tuple(dim for dim in type_.shape if isinstance(dim, int)), ZEROS
            )
            readers[name] += readers[output]
        if not moves:
            kept.append(step)
    graph.steps[:] = kept
    drop_unread(graph)


def _moves(graph: Lowered, step: OnnxStep) -> Iterator[Move]:
    """The rearrangement of a weight for each output of a step; empty for other steps."""
    if not step.inputs or step.inputs[0] not in graph.weights:
        return
    axes = step.attributes.get("perm")
    if step.op == "Transpose" and isinstance(axes, tuple):
        yield "transpose", axes
    elif step.op in _RESHAPES:
        yield "reshape", tuple(dim for dim in graph.types[step.outputs[0]].shape if isinstance(dim, int))
    elif step.op == "Split" and step.attributes.get("axis") == 0:
        start = 0
        for output in step.outputs:
            rows = graph.types[output].shape[0]
            assert isinstance(rows, int)  # noqa: S101 — a weight's sizes are known
            yield "rows", (start, start := start + rows)


def _name(graph: Lowered, source: str, move: Move) -> str:
    """A name that cannot be a key: `fc/weight`, or `attention/in_proj_weight/0` for a slice."""
    owner, _, last = source.rpartition(".")
    return graph.unique(f"{owner}/{last}" + (f"/{move[1][0]}" if move[0] == "rows" else ""))
