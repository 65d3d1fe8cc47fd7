"""Information about a network's modules that is shared while their classes are built."""

from archspec.analysis.cost import Costs
from archspec.backends.torch.source.initialise import InitRule
from archspec.backends.torch.source.parts import Class
from archspec.backends.torch.source.symbols import ClassName
from archspec.diagnostics import Problem, SpecError
from archspec.ir import Module, Node
from archspec.ops import lookup, names
from archspec.ops.core.torch_code import TorchCode
from archspec.types import TensorType


class Facts:
    """The classes built so far, and the PyTorch code of ops."""

    def __init__(self) -> None:
        self.costs = Costs()
        self.codes: dict[Module, TorchCode] = {}
        self.chains: dict[Module, bool] = {}
        self.found: dict[Module, Class | None] = {}
        self.rules: dict[str, InitRule] = {}
        """The PyTorch classes whose modules all have the same initialisers, which one loop sets."""

    def class_of(self, module: Module) -> Class | None:
        """The class of a composite; `None` for a chain that is written inline."""
        return self.found[module]

    def weights(self, module: Module) -> int:
        """The number of weights in a module."""
        return self.costs.of(module).weights

    def code(self, node: Node) -> TorchCode:
        """The PyTorch code of a node's op. Raises `SpecError` if there is none."""
        try:
            return self.code_of(node.module)
        except Problem as problem:
            raise self.refuse(problem, node) from None

    def code_of(self, module: Module) -> TorchCode:
        """The PyTorch code of an op."""
        if module not in self.codes:
            assert module.op is not None  # noqa: S101 — asked of ops only
            self.codes[module] = module.op.torch(module.inputs)
        return self.codes[module]

    def plain_module(self, op: str) -> ClassName | None:
        """The PyTorch class of an op without weights or required fields, such as an activation."""
        found = lookup(op) if op in names() else None
        if found is None or any(info.is_required() for info in found.model_fields.values()):
            return None
        try:
            code = found().torch((TensorType(("N", 1, 1, 1)),))
        except Problem:
            return None
        return ClassName(code.module) if code.is_plain else None

    def refuse(self, problem: Problem, node: Node) -> SpecError:
        """The error for a node that cannot be written in PyTorch."""
        return SpecError([problem.located(node.origin.file, node.origin.path)])

    def is_chain(self, module: Module) -> bool:
        """Whether a composite can be an `nn.Sequential`: each module takes the output of the previous one."""
        if module not in self.chains:
            self.chains[module] = self._is_chain(module)
        return self.chains[module]

    def _is_chain(self, module: Module) -> bool:
        if len(module.inputs) != 1 or len(module.results) != 1:
            return False
        value = 0
        for node, ids in module.values():
            if node.inputs != (value,) or len(ids) != 1 or node.shares is not None:
                return False
            value = ids[0]
            if node.module.is_removed:
                continue
            if node.name is None:
                return False
            op = node.module.op
            if op is not None and (op.is_parameter or not self.code(node).chains):
                return False
            if op is None and len(node.module.inputs) != 1:
                return False
        return module.results == (value,)
