"""Parameters, buffers and MACs, bottom-up, once for each distinct module.

Parameters and buffers are counted in elements, shared weights once. MACs are those of one call at batch size 1:
convolutions N·Cout·out·(Cin/g)·k, transposed convolutions over input positions, linear layers in·out a row, the
matrix products of attention; everything else is 0. They equal `torch.utils.flop_counter` divided by 2.
"""

from dataclasses import dataclass

from archspec.ir import Module

DEFINITIONS = {
    "params": "elements of all parameters, shared weights once, buffers excluded",
    "buffers": "elements of what is saved but not trained, such as running statistics",
    "macs": "multiply-accumulates of convolutions, linear layers and attention; everything else counts 0; "
    "flops = 2 * macs",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a module costs. `modules` and `weights` count what is below it: named modules, state_dict entries."""

    params: int = 0
    buffers: int = 0
    macs: int = 0
    modules: int = 0
    weights: int = 0


Live = frozenset[int]
"""The indices of a module's outputs that are asked for."""


class Costs:
    """The costs of modules, remembered for each distinct one."""

    def __init__(self) -> None:
        self.known: dict[Module, Cost] = {}

    def of(self, module: Module) -> Cost:
        """The cost of a module with all that is in it."""
        cost = self.known.get(module)
        if cost is None:
            cost = self.leaf(module) if module.op is not None else self.total(module)
            self.known[module] = cost
        return cost

    def leaf(self, module: Module) -> Cost:
        """The cost of an op."""
        op = module.op
        assert op is not None  # noqa: S101
        params = buffers = 0
        weights = op.weights(module.inputs)
        for weight in weights:
            if weight.buffer:
                buffers += weight.size
            else:
                params += weight.size
        return Cost(params, buffers, op.macs(module.inputs, module.outputs), 0, len(weights))

    def total(self, module: Module) -> Cost:
        """The cost of a composite: weights once for each owner, MACs for each call."""
        params = buffers = macs = weights = modules = 0
        owners = set()
        for index, node in enumerate(module.body):
            cost = self.of(node.module)
            macs += cost.macs
            owner = node.owner_index(index)
            if owner not in owners:
                owners.add(owner)
                params += cost.params
                buffers += cost.buffers
                weights += cost.weights
                modules += cost.modules + (module.body[owner].name is not None)
        return Cost(params, buffers, macs, modules, weights)


def training_only(module: Module, outputs: Live, train: Live) -> list[Live]:
    """For each node of the body, the outputs that only training outputs depend on.

    A node is training-only if it reaches one of the module's `train` outputs and none of its `outputs`; so is one that
    reaches neither but takes what only training computes.
    """
    reaches: dict[int, tuple[bool, bool]] = {}
    for wanted, flag in ((outputs, 0), (train, 1)):
        for index in wanted:
            _mark(reaches, module.results[index], flag)
    only: list[Live] = []
    for node, values in reversed(list(module.values())):
        marks = [reaches.get(value, (False, False)) for value in values]
        late = frozenset(index for index, (out, aux) in enumerate(marks) if aux and not out)
        # with its last use gone, a value that nobody uses goes too
        only.append(late if any(out for out, _ in marks) else frozenset(range(len(marks))) if late else late)
        for flag in (0, 1):
            if any(mark[flag] for mark in marks):
                for value in node.inputs:
                    _mark(reaches, value, flag)
    only.reverse()
    _follow(module, only, reaches)
    return only


def _follow(module: Module, only: list[Live], reaches: dict[int, tuple[bool, bool]]) -> None:
    """Mark nodes without a use behind training-only ones."""
    training: set[int] = set()
    for index, (node, values) in enumerate(module.values()):
        if training.intersection(node.inputs) and not any(value in reaches for value in values):
            only[index] = frozenset(range(len(values)))
        training.update(values[part] for part in only[index])


def _mark(reaches: dict[int, tuple[bool, bool]], value: int, flag: int) -> None:
    out, aux = reaches.get(value, (False, False))
    reaches[value] = (out or flag == 0, aux or flag == 1)
