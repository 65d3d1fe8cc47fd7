"""Numbers for what modules are, shared by two networks: equal numbers for equal parts, each distinct module once."""

from collections import Counter
from collections.abc import Hashable
from typing import Any

from archspec.ir import Module
from archspec.ops.core.base import Op
from archspec.ops.core.data import Weight

NO_KEYS = 0
"""The number of a module without weights."""


class Forms:
    """Numbers the structure, the sizes and the weights of modules. Memoised for each distinct one."""

    def __init__(self) -> None:
        self.numbers: dict[Hashable, int] = {("keys", frozenset[object]()): NO_KEYS}
        self.forms: dict[Module, int] = {}
        self.tries: dict[Module, int] = {}
        self.counts: dict[Module, int] = {}
        self.lists: dict[Module, tuple[Weight, ...]] = {}
        self.bags: dict[Module, Counter[int]] = {}
        self.likes: dict[tuple[int, int], float] = {}
        self.types: dict[Module, tuple[object, ...]] = {}

    def number(self, key: Hashable) -> int:
        """The number of a key, which is the same for equal keys."""
        return self.numbers.setdefault(key, len(self.numbers))

    def weights(self, module: Module) -> tuple[Weight, ...]:
        """The entries of an op in the state_dict, by their names below its own."""
        if module not in self.lists:
            assert module.op is not None  # noqa: S101 — only ops are asked
            self.lists[module] = tuple([w for w in module.op.weights(module.inputs) if w.persistent])
        return self.lists[module]

    # --- structure -------------------------------------------------------------------------------------

    def form(self, module: Module) -> int:
        """The number of a structure: fields, names, wires, and shapes of weights, but not the sizes of values."""
        if module not in self.forms:
            key = self._op(module, module.op) if module.op is not None else self._composite(module)
            self.forms[module] = self.number(key)
        return self.forms[module]

    def are_equal(self, old: Module, new: Module) -> bool:
        """Whether two modules have the same structure, and the same weights by the same names."""
        return old is new or self.form(old) == self.form(new)

    def exact(self, module: Module) -> tuple[object, ...]:
        """The structure with its sizes: what is equal computes the same of the same inputs and weights."""
        if module not in self.types:  # sizes inside follow from those of the inputs
            self.types[module] = (self.form(module), module.inputs, module.outputs)
        return self.types[module]

    def _op(self, module: Module, op: Op) -> Hashable:
        return "op", op.name, fields(op), self.keys(module), len(module.outputs)

    def _composite(self, module: Module) -> Hashable:
        values: list[object] = [("input", index) for index in range(len(module.inputs))]
        nodes: list[object] = []
        places: dict[int, int] = {}
        for index, node in enumerate(module.body):
            taken = tuple([values[value] for value in node.inputs])
            if node.module.is_removed:
                values.append(taken[0])
                continue
            places[index] = len(nodes)
            values += [(len(nodes), part) for part in range(len(node.module.outputs))]
            shares = None if node.shares is None else places[node.shares]
            nodes.append((node.name, self.form(node.module), taken, shares))
        return "composite", tuple(nodes), tuple([values[result] for result in module.results])

    # --- weights ---------------------------------------------------------------------------------------

    def keys(self, module: Module) -> int:
        """The number of a state_dict: equal for equal keys with equal shapes, in whatever order."""
        if module not in self.tries:
            self.tries[module] = (
                self._leaf_keys(module) if module.op is not None else self._inner_keys(module)
            )
        return self.tries[module]

    def _leaf_keys(self, module: Module) -> int:
        root: dict[str, Any] = {}
        for weight in self.weights(module):
            *parents, leaf = ("", *weight.name.split(".")) if weight.name else ("",)
            level = root
            for part in parents:
                level = level.setdefault(part, {})
            level[leaf] = self.number(("weight", weight.shape, weight.dtype))
        # what has no name of its own is at the path of the module
        return self._table(root.get("", NO_KEYS))

    def _table(self, item: "dict[str, Any] | int") -> int:
        if isinstance(item, int):
            return item
        return self.number(("keys", frozenset([(name, self._table(inner)) for name, inner in item.items()])))

    def _inner_keys(self, module: Module) -> int:
        found = [(node.name, self.keys(node.module)) for node in module.body if node.name is not None]
        return self.number(("keys", frozenset([pair for pair in found if pair[1] != NO_KEYS])))

    def common(self, old: Module, new: Module) -> list[str]:
        """The weights that two ops have in common, by their names below these."""
        shapes = {weight.name: (weight.shape, weight.dtype) for weight in self.weights(old)}
        return [w.name for w in self.weights(new) if shapes.get(w.name) == (w.shape, w.dtype)]

    def count(self, module: Module) -> int:
        """The number of entries of the state_dict."""
        if module not in self.counts:
            self.counts[module] = (
                len(self.weights(module))
                if module.op is not None
                else sum([self.count(node.module) for node in module.body if node.name is not None])
            )
        return self.counts[module]

    # --- likeness --------------------------------------------------------------------------------------

    def bag(self, module: Module) -> Counter[int]:
        """How often each op occurs, by its structure."""
        if module not in self.bags:
            bag: Counter[int] = Counter()
            if module.op is not None:
                bag[self.form(module)] = 1
            for node in module.body:
                if not node.module.is_removed:
                    bag.update(self.bag(node.module))
            self.bags[module] = bag
        return self.bags[module]

    def likeness(self, old: Module, new: Module) -> float:
        """The share of ops that two modules have in common, from 0 to 1."""
        key = self.form(old), self.form(new)
        if key not in self.likes:
            left, right = self.bag(old), self.bag(new)
            total = left.total() + right.total()
            if len(left) > len(right):
                left, right = right, left
            both = sum([min(count, right[form]) for form, count in left.items() if form in right])
            self.likes[key] = 2 * both / total if total else 1.0
        return self.likes[key]


def fields(op: Op) -> tuple[tuple[str, Hashable], ...]:
    """The fields of an op as a key."""
    return tuple([(name, frozen(getattr(op, name))) for name in type(op).model_fields])


def frozen(value: Any) -> Hashable:
    """A value of a field as a key, with its type: `1` is not `true`."""
    if isinstance(value, dict):
        return "table", tuple(sorted([(key, frozen(item)) for key, item in value.items()]))
    if isinstance(value, tuple | list):
        return tuple([frozen(item) for item in value])
    return (value, True) if isinstance(value, bool) else value
