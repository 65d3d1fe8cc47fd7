"""The network without blocks, parameters and repeats, as a spec that says the same.

Every module is a node with its name, its `from` and its `shape`; every composite is a named group. Expanding the
result again changes nothing.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from archspec.analysis.cost import Costs
from archspec.analysis.modules import listing
from archspec.diagnostics import UsageError
from archspec.elaborate.network import Network
from archspec.ir import Module, Node, TensorType

Json = dict[str, Any]


@dataclass(slots=True)
class Value:
    """A value of the expanded network: the node that makes it, or the name by which it is known everywhere."""

    name: str = ""
    node: Json = field(default_factory=dict)
    scope: int = -1
    """The body that the node stands in."""
    label: str | None = None
    """What the spec calls it."""
    part: int | None = None
    """Which of its parts is meant."""
    inside: "Value | None" = None
    """The value inside the node, a group, that is meant."""


def expand(root: Module, *, name: str, doc: str, inputs: dict[str, TensorType], train: int) -> Json:
    """The expanded spec as plain data. `train` is the number of training outputs among the root's results."""
    expander = _Expander(root)
    values = [Value(name=key) for key in inputs]
    layers, results = expander.body(root, values)
    names = [expander.reference(value, -2) for value in results]
    shapes = [list(type_.shape) for type_ in inputs.values()]
    model: Json = {"name": name}
    if doc:
        model["doc"] = doc
    if list(inputs) == ["input"]:
        model["input"] = shapes[0]
    else:
        model["inputs"] = [{"name": key, "shape": shape} for key, shape in zip(inputs, shapes, strict=True)]
    model["outputs"] = names[: len(names) - train]
    if train:
        model["train_outputs"] = names[len(names) - train :]
    model["layers"] = [_ordered(node) for node in layers]
    return {"archspec": 1, "model": model}


def canonical(network: Network, costs: Costs) -> str:
    """The text of the expanded network: what `archspec expand` prints. Raises `UsageError` where there is none."""
    listing(network.root, costs)
    document = network.document
    inputs = dict(zip(network.input_names, network.root.inputs, strict=True))
    name, doc = network.variant or document.name, document.model.doc if document.model else ""
    return to_text(expand(network.root, name=name, doc=doc, inputs=inputs, train=len(network.train_outputs)))


def to_text(spec: Json) -> str:
    """The spec as JSON with a node a line."""
    return _dump(spec, "") + "\n"


def _dump(value: Any, indent: str) -> str:
    if isinstance(value, dict) and any(key in value for key in ("archspec", "model", "layers")):
        inner = [f'{indent}  "{key}": {_dump(item, indent + "  ")}' for key, item in value.items()]
        return "{\n" + ",\n".join(inner) + f"\n{indent}}}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return (
            "[\n" + ",\n".join(f"{indent}  {_dump(item, indent + '  ')}" for item in value) + f"\n{indent}]"
        )
    return json.dumps(value)


def _ordered(node: Json) -> Json:
    """The node with its keys in the order in which people read them."""
    keys = [key for key in ("name", "as", "op", "of", "from") if key in node]
    rest = [key for key in node if key not in keys and key not in ("shape", "layers")]
    result = {key: node[key] for key in (*keys, *rest) if key in node}
    if "shape" in node:
        result["shape"] = node["shape"]
    if "layers" in node:
        result["layers"] = [_ordered(inner) for inner in node["layers"]]
    return result


class _Expander:
    def __init__(self, root: Module) -> None:
        self.taken: Counter[str] = Counter()
        self.scopes = count()
        _count_names(root, 1, self.taken)
        self.fresh = (f"v{number}" for number in count(1) if not self.taken[f"v{number}"])

    def body(
        self, module: Module, inputs: list[Value], *, fixed: bool = True
    ) -> tuple[list[Json], list[Value]]:
        """The nodes of a composite whose inputs are these values, and its results.

        What is used again, for inputs of another size, has no `fixed` shapes.
        """
        again = {node.shares for node in module.body if node.shares is not None}
        scope = next(self.scopes)
        nodes: list[Json] = []
        values = list(inputs)
        for place, node in enumerate(module.body):
            given = [values[index] for index in node.inputs]
            if node.module.kind == "removed":
                values.append(given[0])
            else:
                values += self.node(
                    module, node, given, inputs, nodes, scope, fixed=fixed and place not in again
                )
        results = [values[index] for index in module.results]
        end = results[0]
        if module.kind != "model" and (not nodes or end.node is not nodes[-1] or end.inside):
            nodes.append({"from": self.source(end, inputs, scope, first=not nodes), "layers": []})
        return nodes, results

    def node(
        self, module: Module, node: Node, given: list[Value], inputs: list[Value], nodes: list[Json], scope: int,
        *, fixed: bool,
    ) -> list[Value]:  # fmt: skip
        """Append a node; the values that it makes."""
        result: Json = {} if node.name is None else {"name": node.name}
        first = not nodes
        nodes.append(result)
        op = node.module.op
        made = [Value(node=result, scope=scope, label=node.label) for _ in node.module.outputs]
        if node.shares is not None:
            owner = module.body[node.shares]
            if node.module.declared > 1 and op is None:
                raise UsageError(
                    f"`{owner.name}`, a block with several inputs, is used again: that has no expansion"
                )
            result |= {"op": "reuse", "of": owner.name}
        elif op is not None:
            result["op"] = op.name
        taken = given if op is not None else given[:1]  # a group reaches for further values itself
        sources = [self.source(value, inputs, scope, first=first) for value in taken]
        if sources:
            result["from"] = sources[0] if len(sources) == 1 else sources
        if op is not None:
            if node.shares is None:
                result |= op.model_dump(mode="json", exclude_unset=True)
            if len(made) > 1:
                made = [
                    Value(node=result, scope=scope, label=node.label, part=part) for part in range(len(made))
                ]
        if fixed and "shape" not in result and (op is None or len(node.module.outputs) == 1):
            result["shape"] = list(node.module.outputs[0].shape)
        if op is None and node.shares is None:
            result["layers"], inner = self.body(node.module, given, fixed=fixed)
            for index, value in list(enumerate(inner))[1:]:
                made[index] = value if value.name else Value(node=result, scope=scope, inside=value)
        return made

    def source(self, value: Value, inputs: list[Value], scope: int, *, first: bool) -> str:
        """How a node of a body refers to a value; the first of a group calls the group's input `x`."""
        if first and scope and inputs and value is inputs[0]:
            return "x"
        return self.reference(value, scope)

    def reference(self, value: Value, scope: int) -> str:
        """The name of a value, as it is found from a body: by its node's name in the same one, else by a label."""
        if value.name:
            return value.name
        if "name" in value.node and (value.scope == scope or (scope == -2 and value.scope == 0)):
            return str(value.node["name"]) + self.rest(value)
        return self.labelled(value) + self.rest(value)

    def rest(self, value: Value) -> str:
        """The path from a node to what is meant of it."""
        if value.inside is not None:
            return f".{value.inside.node.get('name') or self.labelled(value.inside)}{self.rest(value.inside)}"
        return "" if value.part is None else f".{value.part}"

    def labelled(self, value: Value) -> str:
        """The label of a value that must be found from anywhere: its own if no other has it, else a new one."""
        if "as" not in value.node:
            own = value.label
            value.node["as"] = own if own is not None and self.taken[own] == 1 else next(self.fresh)
        return str(value.node["as"])


def _count_names(module: Module, times: int, taken: Counter[str]) -> None:
    """Count every name and label of the network, each instance for itself."""
    for node in module.body:
        for name in (node.name, node.label):
            if name is not None and node.module.kind != "removed":
                taken[name] += times
        if node.shares is None:
            _count_names(node.module, times, taken)
