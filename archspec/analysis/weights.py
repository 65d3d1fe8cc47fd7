"""The state_dict: every parameter and buffer by its key, in PyTorch's order."""

from collections.abc import Iterator

from archspec.ir import Module, Node
from archspec.ops.core.data import Weight
from archspec.types import DTYPES


def state_dict(module: Module) -> dict[str, Weight]:
    """All weights of a module by key. Shared weights are listed under their owner."""
    return dict(weights(module))


def weights(module: Module, prefix: str = "") -> Iterator[tuple[str, Weight]]:
    """Yield the weights one by one, for networks of any size."""
    if module.op is not None:
        for weight in module.op.weights(module.inputs):
            if weight.persistent:
                yield (prefix + weight.name if weight.name else prefix.removesuffix(".")), weight
        return
    # As in PyTorch, a module's own parameters come first, then its buffers, then those of its children.
    own = sorted((node for node in module.body if _is_bare(node.module)), key=_is_buffer)
    for node in [*own, *(node for node in module.body if not _is_bare(node.module))] if own else module.body:
        if node.name is not None:
            yield from weights(node.module, f"{prefix}{node.name}.")


def _is_bare(module: Module) -> bool:
    return module.op is not None and module.op.is_parameter


def _is_buffer(node: Node) -> bool:
    module = node.module
    return module.op is not None and module.op.weights(module.inputs)[0].buffer


def constants(module: Module, prefix: str = "") -> Iterator[tuple[str, Weight]]:
    """The bare buffers by their paths, also those that are not in the state_dict."""
    if module.op is not None:
        found = module.op.weights(module.inputs) if module.op.is_parameter else ()
        yield from ((prefix.removesuffix("."), weight) for weight in found if weight.buffer)
        return
    for node in module.body:
        if node.name is not None and node.shares is None:
            yield from constants(node.module, f"{prefix}{node.name}.")


def saved_bytes(root: Module) -> int:
    """The bytes of the state_dict in single precision, as files of weights have them, without what is around it."""
    known: dict[Module, int] = {}

    def count(module: Module) -> int:
        if module not in known:
            op, sizes = module.op, {"float": DTYPES["float32"].bytes}
            own = op.weights(module.inputs) if op is not None else ()
            known[module] = sum(
                [w.size * (sizes.get(w.dtype) or DTYPES[w.dtype].bytes) for w in own if w.persistent]
            )
            known[module] += sum([count(node.module) for node in module.body if node.name is not None])
        return known[module]

    return count(root)
