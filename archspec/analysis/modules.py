"""The modules of a network as rows with paths, shapes and costs, for lists and trees."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archspec.analysis.cost import Cost, Costs
from archspec.analysis.liveness import NOTHING, Live, every, training_only
from archspec.diagnostics import UsageError
from archspec.diagnostics.diagnostic import shown, suggest
from archspec.ir import Module, Node, Origin
from archspec.language import limits
from archspec.types import Table, TensorType

if TYPE_CHECKING:
    from archspec.analysis.field import ReceptiveField


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Row:
    """A module, a join, or a further call of shared weights."""

    path: str
    """The key in `named_modules()`; for a join, that of the enclosing module."""
    name: str
    kind: str
    """The name of the op or block; `removed` nodes have no row."""
    text: str
    """The op with its most important fields."""
    depth: int
    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]
    cost: Cost
    """The cost of one instance. A call of shared weights has MACs only."""
    module: Module
    origin: Origin
    is_module: bool = True
    shares: bool = False
    """Whether it is another call of the module at `path`."""
    training: bool = False
    """Whether it exists in training only."""
    count: int = 1
    """The number of equal consecutive instances that the row stands for."""
    last: str = ""
    """The name of the last instance."""
    folded: bool = False
    """Whether these instances are all that a repeat holds, so that the row stands for the repeat as well."""
    ends: tuple[bool, ...] = ()
    """For each level, whether the row is in its last item, which determines the guides of a tree."""
    has_children: bool = False
    field: "ReceptiveField | None" = None
    """The receptive field of the first output, if it was requested."""


def rows(
    root: Module, costs: Costs, train: int = 0, *, depth: int | None = None, grouped: bool = False
) -> Iterator[Row]:
    """All nodes of a network, outer before inner, down to `depth`.

    `train` is the number of training outputs, which are the root's last results. `grouped` merges equal consecutive
    instances into one row, and a repeat of nothing else into the same row.
    """
    count = len(root.results)
    yield from _rows(root, costs, "", 0, (), frozenset(range(count - train, count)), depth, grouped)


def listing(root: Module, costs: Costs) -> None:
    """Raise `UsageError` for a network of more than a million modules or weights."""
    cost = costs.of(root)
    for number, what in ((cost.modules, "modules"), (cost.weights, "weights")):
        if number > limits.LISTING:
            raise UsageError(
                f"the network has {number:,} {what}, more than the {limits.LISTING:,} that can be listed "
                "(a summary table shows it to a given `--depth`)"
            )


def _rows(
    module: Module,
    costs: Costs,
    prefix: str,
    depth: int,
    ends: tuple[bool, ...],
    late: Live,
    limit: int | None,
    grouped: bool,
) -> Iterator[Row]:
    items = list(_items(module, grouped))
    only = training_only(module, late)
    again = module.shared
    for position, (index, node, last, count) in enumerate(items):
        here = only[index]
        training = bool(here) and here == every(node.module)
        inner = (*ends, position == len(items) - 1)
        children = node.module.op is None and bool(node.module.body) and node.shares is None
        row = _row(node, costs, prefix, depth, module)
        if grouped and count == 1 and (training or not here) and (copies := _copies(node, costs)):
            _, node, last, count = copies
            copy = _row(node, costs, f"{row.path}.", depth, module)
            row = replace(copy, name=f"{row.name}.{copy.name}", folded=True)
            children = node.module.op is None and bool(node.module.body)
        row = replace(row, training=training, count=count, last=last, ends=inner, has_children=children)
        yield row
        if children and (limit is None or depth + 1 < limit):
            # a module that is called again runs completely
            below = NOTHING if training or index in again else here
            for child in _rows(node.module, costs, f"{row.path}.", depth + 1, inner, below, limit, grouped):
                yield replace(child, training=True) if training else child


def _copies(node: Node, costs: Costs) -> tuple[int, Node, str, int] | None:
    """The single group of equal copies that a repeat consists of, as yielded by `_items`."""
    if node.module.kind != "repeat" or node.shares is not None:
        return None
    items = list(_items(node.module, grouped=True))
    if len(items) != 1 or items[0][1].name is None:
        return None
    whole, one, count = costs.of(node.module), costs.of(items[0][1].module), items[0][3]
    is_sum = all(
        total == count * each
        for total, each in ((whole.params, one.params), (whole.buffers, one.buffers), (whole.macs, one.macs))
    )
    return items[0] if is_sum else None


def _row(node: Node, costs: Costs, prefix: str, depth: int, scope: Module) -> Row:
    module = node.module
    cost = costs.of(module)
    name = node.name or node.label or ""
    path = prefix + node.name if node.name is not None else prefix.removesuffix(".")
    text = describe(module)
    if node.shares is not None:
        owner = scope.owner(node).name or ""
        path, text = prefix + owner, f"reuse {owner}"
        cost = Cost(macs=cost.macs, once=cost.once)
    return Row(
        path,
        name,
        module.kind,
        text,
        depth,
        module.inputs,
        module.outputs,
        cost,
        module,
        node.origin,
        is_module=node.name is not None,
        shares=node.shares is not None,
    )


def _items(module: Module, grouped: bool) -> Iterator[tuple[int, Node, str, int]]:
    """The nodes of a body, each with the number of equal consecutive nodes, itself included."""
    index = 0
    body = module.body
    while index < len(body):
        node, stop = body[index], index + 1
        if node.module.is_removed:
            index = stop
            continue
        if grouped and node.name is not None:
            while stop < len(body) and body[stop].module is node.module and body[stop].origin == node.origin:
                stop += 1
        yield index, node, body[stop - 1].name or "", stop - index
        index = stop


def describe(module: Module) -> str:
    """A short description of a module: `conv 64, k7 s2 p3`, `bottleneck width 64`."""
    if module.op is not None:
        return module.op.brief()
    if module.is_removed:
        return "removed by `when`"
    if module.kind == "repeat":
        kinds = {node.module.kind for node in module.body}
        return f"{len(module.body)} × {kinds.pop()}" if len(kinds) == 1 else f"{len(module.body)} copies"
    args = [f"{name} {_argument(value)}" for name, value in module.args]
    return " ".join([module.kind, ", ".join(args)]).strip()


def _argument(value: object) -> str:
    """A value as a spec writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"  # show 0.1 + 0.2 as 0.3; JSON has all digits
    if isinstance(value, Table):
        return f"{{{', '.join([f'{key} {_argument(item)}' for key, item in value])}}}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_argument, value))}]"
    return shown(str(value), limit=len(str(value)))


def find(root: Module, path: str) -> tuple[Node, Module]:
    """The node at `path`, a key of `named_modules()` or a label, and the enclosing composite.

    Raises `UsageError` if there is none.
    """
    scope, node = root, None
    parts = path.split(".")
    for depth, part in enumerate(parts):
        if node is not None:
            scope = node.module
        node = next((item for item in scope.body if part in (item.name, item.label)), None)
        if node is None:
            known = [name for item in scope.body for name in (item.name, item.label) if name]
            around = f"`{shown('.'.join(parts[:depth]))}`" if depth else "the network"
            there = ", ".join(f"`{shown(name)}`" for name in known[:12]) + ", …" * (len(known) > 12)
            hint = suggest(part, known) or f"{around} has {there or 'no modules'}"
            raise UsageError(f"there is no module `{shown(path)}`: {hint}")
    assert node is not None  # noqa: S101 — a split has at least one part
    return node, scope
