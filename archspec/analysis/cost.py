"""Parameters, buffers and MACs, computed bottom-up, once for each distinct module.

Parameters and buffers are counted in elements, shared weights once. MACs are those of one call at batch size 1, and
grow with the batch unless the call is of values that have none, such as `param` makes:
N·Cout·out·(Cin/g)·k for convolutions, the same over input positions for transposed ones, in·out per row for linear
layers, and the matrix products of attention; all other ops count 0. They equal `torch.utils.flop_counter` halved.
"""

from dataclasses import dataclass

from archspec.ir import Module

DEFINITIONS = {
    "params": "elements of all parameters, shared weights counted once, buffers excluded",
    "buffers": "elements of weights that are saved but not trained, such as running statistics",
    "macs": "multiply-accumulates of convolutions, linear layers and attention; everything else counts 0; "
    "flops = 2 * macs",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a module. `modules` and `weights` count the named modules and state_dict entries below it."""

    params: int = 0
    buffers: int = 0
    macs: int = 0
    modules: int = 0
    weights: int = 0
    once: int = 0
    """The part of `macs` that does not grow with the batch."""

    def macs_of(self, batch: int) -> int:
        """The MACs at a batch size."""
        return self.once + (self.macs - self.once) * batch


class Costs:
    """The costs of modules, memoised for each distinct one."""

    def __init__(self) -> None:
        self.known: dict[Module, Cost] = {}

    def of(self, module: Module) -> Cost:
        """The cost of a module with everything inside it."""
        cost = self.known.get(module)
        if cost is None:
            cost = self.leaf(module) if module.op is not None else self.total(module)
            self.known[module] = cost
        return cost

    def leaf(self, module: Module) -> Cost:
        """The cost of an op."""
        op = module.op
        assert op is not None  # noqa: S101 — only ops are asked
        weights = op.weights(module.inputs)
        params = sum(weight.size for weight in weights if not weight.buffer)
        buffers = sum(weight.size for weight in weights if weight.buffer)
        macs = op.macs(module.inputs, module.outputs)
        grows = any(isinstance(dim, str) for x in module.outputs for dim in x.shape)
        return Cost(params, buffers, macs, 0, len(weights), 0 if grows else macs)

    def total(self, module: Module) -> Cost:
        """The cost of a composite: weights once per owner, MACs once per call."""
        params = buffers = macs = once = weights = modules = 0
        owners = set()
        for index, node in enumerate(module.body):
            cost = self.of(node.module)
            macs += cost.macs
            once += cost.once
            owner = node.owner_index(index)
            if owner not in owners:
                owners.add(owner)
                params += cost.params
                buffers += cost.buffers
                weights += cost.weights
                modules += cost.modules + (module.body[owner].name is not None)
        return Cost(params, buffers, macs, modules, weights, once)
