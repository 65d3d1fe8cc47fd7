"""Structural equality of composites, up to their sizes."""

import json

from archspec.ir import Module


class Forms:
    """Numbers the forms of composites: their structure without sizes and without the uses of their values."""

    def __init__(self) -> None:
        self.known: dict[Module, int] = {}
        self.numbers: dict[tuple[object, ...], int] = {}

    def are_equal(self, one: Module, other: Module) -> bool:
        """Whether two composites have the same form."""
        return one is other or self.of(one) == self.of(other)

    def of(self, module: Module) -> int:
        """The number of a module's form."""
        if module not in self.known:
            key = self.key(module)
            self.known[module] = self.numbers.setdefault(key, len(self.numbers))
        return self.known[module]

    def key(self, module: Module) -> tuple[object, ...]:
        """The form of a module: the fields of an op, or the nodes of a composite that are not removed."""
        if module.op is not None:
            return module.op.name, json.dumps(
                module.op.model_dump(mode="json", exclude_unset=True), sort_keys=True
            )
        values: list[object] = [("input", index) for index in range(len(module.inputs))]
        nodes: list[object] = []
        for node in module.body:
            taken = tuple([values[index] for index in node.inputs])
            if node.module.is_removed:
                values.append(taken[0])
                continue
            values += [(len(nodes), index) for index in range(len(node.module.outputs))]
            shares = None if node.shares is None else module.owner(node).name
            nodes.append((node.name, self.of(node.module), taken, shares))
        return *nodes, tuple([values[index] for index in module.results[: module.parts]])
