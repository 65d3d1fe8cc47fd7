"""Expand a network to an equivalent spec without blocks, parameters and repeats.

Every module becomes a node with its name, `from` and `shape`; every composite becomes a named group. Expansion is
idempotent.
"""

from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from archspec.analysis.cost import Costs
from archspec.analysis.forms import Forms
from archspec.analysis.modules import listing
from archspec.analysis.spec_text import Json, ordered, to_text
from archspec.diagnostics import UsageError
from archspec.elaborate.network import Network
from archspec.ir import Module, Node
from archspec.types import TensorType


@dataclass(slots=True, eq=False)
class NodeValue:
    """A value of the expanded network: the node that defines it, or a name that is visible everywhere."""

    name: str = ""
    node: Json = field(default_factory=dict)
    scope: int = -1
    """The body that contains the node."""
    label: str | None = None
    """What the spec calls it."""
    part: int | None = None
    """The index of the part, if it is a part."""
    inside: "NodeValue | None" = None
    """The value inside the node, if that is a group."""
    same: "NodeValue | None" = None
    """The value of which this one is an alias, as for a removed node."""

    @property
    def real(self) -> "NodeValue":
        """The value, with aliases resolved."""
        return self if self.same is None else self.same.real

    @property
    def key(self) -> tuple[object, ...]:
        """A key that is equal for equal values."""
        return self.name, id(self.node), self.part, self.inside and self.inside.key

    @property
    def whole(self) -> "NodeValue":
        """The value of which this one is a part."""
        return NodeValue(self.name, self.node, self.scope, self.label)


@dataclass(slots=True, eq=False)
class BodyScope:
    """A body that has been written: which values stand for its inputs, and which each of its nodes makes."""

    number: int
    inputs: list[NodeValue]
    given: list[NodeValue]
    """The values of the inputs in the enclosing scope."""
    made: list[list[NodeValue]] = field(default_factory=list)
    """The values of each node that is left."""
    inner: list["BodyScope | None"] = field(default_factory=list)
    """The bodies of those nodes."""
    ends: list[NodeValue] = field(default_factory=list)
    """The value of the body itself, or its parts."""


def expand(
    root: Module,
    *,
    name: str,
    doc: str,
    inputs: dict[str, TensorType],
    train: int,
    outputs: tuple[str, ...] = (),
    rename: dict[str, str] | None = None,
) -> Json:
    """The expanded spec as plain data. `train` is the number of training outputs among the root's results.

    `outputs` are the names of all results, where they have any.

    What files of weights call its keys elsewhere, `rename`, stays: the weights are the same.

    Raises `UsageError` where a block is used again in another form: no group says that.
    """
    expander = _Expander(root, list(inputs))
    layers, _, results = expander.body(root, expander.inputs)
    layers = expander.start + layers
    names = _named(expander.outputs(results, layers), outputs)
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
    model["layers"] = [ordered(node) for node in layers]
    return {"archspec": 1, "model": model, **({"weights": {"rename": rename}} if rename else {})}


def canonical(network: Network, costs: Costs) -> str:
    """The text of the expanded network: what `archspec expand` prints. Raises `UsageError` where there is none."""
    listing(network.root, costs)
    document = network.document
    inputs = dict(zip(network.input_names, network.root.inputs, strict=True))
    name, doc = network.variant or document.name, document.model.doc if document.model else ""
    train, rename = len(network.train_outputs), document.rename
    unnamed = ("",) * (len(network.root.results) - train)
    outputs = (*(network.outputs or unnamed), *network.train_outputs)
    spec = expand(
        network.root, name=name, doc=doc, inputs=inputs, train=train, outputs=outputs, rename=rename
    )
    return to_text(spec)


def _named(values: list[str], names: tuple[str, ...]) -> list[Any]:
    """Outputs as a spec writes them: the value alone where its name says what the output is called."""
    return [
        value if name in ("", "x", "input", value.rpartition(".")[2]) else {"name": name, "of": value}
        for value, name in zip(values, names or [""] * len(values), strict=True)
    ]


class _Expander:
    def __init__(self, root: Module, inputs: list[str]) -> None:
        self.taken: Counter[str] = Counter()
        self.scopes = count()
        self.modules: set[str] = set()
        _count_names(root, self.taken, self.modules)
        self.taken.update(inputs)
        self.fresh = (f"v{number}" for number in count(1) if not self.taken[f"v{number}"])
        self.forms = Forms()
        self.start: list[Json] = []
        """The nodes that give a second name to inputs whose own name means something else in places."""
        self.inputs = [self.input(root, index, name) for index, name in enumerate(inputs)]

    def input(self, root: Module, index: int, name: str) -> NodeValue:
        """An input of the network, under a name by which it is found from anywhere."""
        if name not in self.modules:
            return NodeValue(name=name)
        label = self.alias(root, index)
        self.start.append({"as": label, "from": name, "layers": []})
        return NodeValue(name=label)

    def alias(self, module: Module, index: int) -> str:
        """A second name for an input: one that only a removed node has for it, or a new one."""
        nodes = (node for node in module.body if node.module.is_removed and node.inputs == (index,))
        labels = (node.label for node in nodes if node.label and self.taken[node.label] == 1)
        return next(labels, None) or next(self.fresh)

    def outputs(self, results: list[NodeValue], layers: list[Json]) -> list[str]:
        """The names of the network's outputs. What is an output twice gets a second name."""
        names: list[str] = []
        for value in results:
            name = self.reference(value, 0)
            if name in names:
                label = value.label if value.same and self.taken[value.label or ""] == 1 else None
                if label is None or label in names:
                    label = next(self.fresh)
                layers.append({"as": label, "from": name, "layers": []})
                name = layers[-1]["as"]
            names.append(name)
        return names

    def body(
        self, module: Module, given: list[NodeValue], *, fixed: bool = True, again: bool = False
    ) -> tuple[list[Json], BodyScope, list[NodeValue]]:
        """The nodes of a composite whose inputs are these values, its scope, and its results.

        What is used again, for inputs of another size, has no `fixed` shapes. Of what is called `again` as a whole,
        nothing refers to the input by the name that it has outside.
        """
        owners = module.shared
        scope = BodyScope(next(self.scopes), list(given), given)
        if again:
            if given[0].key in [value.key for value in given[1:]]:
                raise UsageError(
                    "a group that is used again takes its input by a name as well: that has no expansion"
                )
            scope.inputs[0] = NodeValue(scope=scope.number)
        nodes: list[Json] = []
        values, last = list(scope.inputs), scope.inputs[:1]
        places: dict[int, int] = {}
        used: set[tuple[object, ...]] = set()
        for place, node in enumerate(module.body):
            taken = [values[index].real for index in node.inputs]
            if node.module.is_removed:
                values.append(NodeValue(same=taken[0], label=node.label))
                if again and taken[0].key == scope.inputs[0].key:
                    taken[0].label = taken[0].label or node.label
                continue
            used.update(value.key for value in taken)
            places[place] = len(scope.made)
            owner = places[node.shares] if node.shares is not None else None
            last = self.node(module, node, taken, nodes, scope, owner, fixed=fixed, again=place in owners)
            values += scope.made[-1]
        ends = scope.ends = [values[index].real for index in module.results[: module.parts]]
        used.update(end.key for end in ends)
        if module.kind != "model" and (unused := self.unused(module, values, used)):
            nodes += unused
            last = []
        if module.kind != "model" and (not nodes or [end.key for end in ends] != [end.key for end in last]):
            end = ends[0].whole if len(ends) > 1 else ends[0]
            nodes.append({"from": self.source(end, scope, first=not nodes), "layers": []})
        if again and "as" in scope.inputs[0].node:
            nodes.insert(0, {"as": scope.inputs[0].node["as"], "from": "x", "layers": []})
        return nodes, scope, [values[index] for index in module.results]

    def unused(self, module: Module, values: list[NodeValue], used: set[tuple[object, ...]]) -> list[Json]:
        """Nodes that name the further inputs that nothing in a composite uses: a call takes them all the same."""
        nodes: list[Json] = []
        for index in range(1, len(module.inputs)):
            value = values[index].real
            if value.key not in used:
                used.add(value.key)
                source = self.reference(value, -1)
                nodes.append({"as": self.alias(module, index), "from": source, "layers": []})
        return nodes

    def node(
        self,
        module: Module,
        node: Node,
        given: list[NodeValue],
        nodes: list[Json],
        scope: BodyScope,
        owner: int | None,
        *,
        fixed: bool,
        again: bool,
    ) -> list[NodeValue]:
        """Append a node. Its value, which is several where it is a split."""
        result: Json = {} if node.name is None else {"name": node.name}
        sources = self.sources(node, given, scope, first=not nodes)
        nodes.append(result)
        op = node.module.op
        fixed = fixed and not again
        made = [NodeValue(node=result, scope=scope.number, label=node.label) for _ in node.module.outputs]
        parts = len(made) if op is not None else node.module.parts
        inner: BodyScope | None = None
        if owner is not None:
            inner = scope.inner[owner]
            result |= {"op": "reuse", "of": self.owner(module, node)}
        elif op is not None:
            result["op"] = op.name
        if sources:
            result["from"] = sources[0] if len(sources) == 1 else sources
        if op is not None:
            if owner is None:
                result |= op.model_dump(mode="json", exclude_unset=True)
            if parts > 1:
                for part, value in enumerate(made):
                    value.part = part
        if fixed and "shape" not in result and parts == 1:
            result["shape"] = list(node.module.outputs[0].shape)
        if op is None:
            if owner is None:
                result["layers"], inner, ends = self.body(node.module, given, fixed=fixed, again=again)
            else:
                assert inner is not None  # noqa: S101 — its first call is a composite too
                ends = [_again(node.module, index, inner, given) for index in node.module.results]
            assert inner is not None  # noqa: S101 — a composite has a body
            made = [
                made[0] if not index and parts == 1 else _outside(end, inner, given, made[0])
                for index, end in enumerate(ends)
            ]
        scope.made.append(made)
        scope.inner.append(inner)
        return made[:parts]

    def sources(self, node: Node, given: list[NodeValue], scope: BodyScope, *, first: bool) -> list[str]:
        """What a node takes. A group reaches for further values itself."""
        taken = given if node.module.op is not None else given[:1]
        return [self.source(value, scope, first=first) for value in taken]

    def owner(self, module: Module, node: Node) -> str:
        """The name of the module that is called again. Raises `UsageError` where that would be another one."""
        assert node.shares is not None  # noqa: S101 — it is called again
        owner = module.owner(node)
        form = "a block with several inputs"
        if node.module.op is not None or (
            node.module.declared == 1 and self.forms.are_equal(owner.module, node.module)
        ):
            return str(owner.name)
        if node.module.declared == 1:
            form = "whose nodes depend on the size of its input"
        raise UsageError(f"`{owner.name}`, {form}, is used again: that has no expansion")

    def source(self, value: NodeValue, scope: BodyScope, *, first: bool) -> str:
        """How a node of a body refers to a value; the first of a group calls the group's input `x`."""
        if first and scope.number and scope.inputs and value.key == scope.inputs[0].key:
            return "x"
        return self.reference(value, scope.number)

    def reference(self, value: NodeValue, scope: int) -> str:
        """The name of a value, as it is found from a body: by its node's name in the same one, else by a label."""
        value = value.real
        if value.name:
            return value.name
        if "name" in value.node and value.scope == scope:
            return str(value.node["name"]) + self.rest(value)
        return self.labelled(value) + self.rest(value)

    def rest(self, value: NodeValue) -> str:
        """The path from a node to what is meant of it."""
        if value.inside is not None:
            return f".{value.inside.node.get('name') or self.labelled(value.inside)}{self.rest(value.inside)}"
        return "" if value.part is None else f".{value.part}"

    def labelled(self, value: NodeValue) -> str:
        """The label of a value that must be found from anywhere: its own if no other has it, else a new one."""
        if "as" not in value.node:
            own = value.label
            value.node["as"] = own if own is not None and self.taken[own] == 1 else next(self.fresh)
        return str(value.node["as"])


def _outside(end: NodeValue, inner: BodyScope, given: list[NodeValue], node: NodeValue) -> NodeValue:
    """A value of a group's body as it is seen from outside; `node` is the group's own."""
    end = end.real
    for outer, value in zip((given[0], *given), (inner.inputs[0], *given), strict=True):
        if end.key == value.key:
            return outer
    if end.name or (len(inner.ends) == 1 and end.key == inner.ends[0].key):
        return end if end.name else node
    return NodeValue(node=node.node, scope=node.scope, label=node.label, inside=end)


def _again(module: Module, index: int, scope: BodyScope, given: list[NodeValue]) -> NodeValue:
    """What a value of a composite is that is called again, given the body of its first call."""
    if index < len(module.inputs):
        return given[index]
    kept = 0
    for node, made in module.values():
        if index in made:
            break
        kept += not node.module.is_removed
    if node.module.is_removed:
        return _again(module, node.inputs[0], scope, given)
    which, first = index - made.start, scope.made[kept]
    inner = scope.inner[kept]
    if inner is None or (not which and node.module.parts == 1):
        return first[which]
    taken = [_again(module, value, scope, given) for value in node.inputs]
    return _outside(_again(node.module, node.module.results[which], inner, taken), inner, taken, first[0])


def _count_names(module: Module, taken: Counter[str], modules: set[str]) -> None:
    """Count every name and label of the network, each instance for itself, and gather the names of modules."""
    for node in module.body:
        taken.update([name for name in (node.name, node.label) if name is not None])
        if node.name is not None:
            modules.add(node.name)
        if node.shares is None:
            _count_names(node.module, taken, modules)
