"""Count the ops of each kind."""

from collections import Counter

from archspec.ir import Module


def op_counts(root: Module) -> dict[str, int]:
    """The number of ops of each kind, most frequent first; repeated calls of a module are not counted."""
    known: dict[Module, Counter[str]] = {}

    def count(module: Module) -> Counter[str]:
        if module not in known:
            known[module] = Counter([module.kind]) if module.op is not None else Counter()
            for node in module.body:
                if node.shares is not None:
                    continue
                known[module].update(count(node.module))
        return known[module]

    return dict(count(root).most_common())
