"""What is known of a network's modules while their classes are made."""

from archspec.analysis.cost import Costs
from archspec.backends.torch.source.initialise import Rule
from archspec.backends.torch.source.parts import Class
from archspec.backends.torch.source.symbols import ClassName
from archspec.diagnostics import Problem, SpecError
from archspec.ir import Module, Node
from archspec.ops import lookup, names
from archspec.ops.core.torch_code import TorchCode
from archspec.types import TensorType


class Facts:
    """The classes found so far, and how ops are written."""

    def __init__(self) -> None:
        self.costs = Costs()
        self.codes: dict[Module, TorchCode] = {}
        self.chains: dict[Module, bool] = {}
        self.found: dict[Module, Class | None] = {}
        self.rules: dict[str, Rule] = {}
        """The classes of PyTorch whose modules all start alike, which one loop says."""

    def class_of(self, module: Module) -> Class | None:
        """The class of a composite; `None` for a chain that is written where it stands."""
        return self.found[module]

    def weights(self, module: Module) -> int:
        """The number of weights in a module."""
        return self.costs.of(module).weights

    def code(self, node: Node) -> TorchCode:
        """How the op of a node is written. Raises `SpecError` where it cannot be."""
        try:
            return self.code_of(node.module)
        except Problem as problem:
            raise self.refuse(problem, node) from None

    def code_of(self, module: Module) -> TorchCode:
        """How an op is written."""
        if module not in self.codes:
            assert module.op is not None  # noqa: S101 — asked of ops only
            self.codes[module] = module.op.torch(module.inputs)
        return self.codes[module]

    def plain_module(self, op: str) -> ClassName | None:
        """PyTorch's class of an op without weights and required fields, such as an activation."""
        found = lookup(op) if op in names() else None
        if found is None or any(info.is_required() for info in found.model_fields.values()):
            return None
        try:
            code = found().torch((TensorType(("N", 1, 1, 1)),))
        except Problem:
            return None
        return ClassName(code.module) if code.is_plain else None

    def refuse(self, problem: Problem, node: Node) -> SpecError:
        """The error that a node cannot be written in PyTorch."""
        return SpecError([problem.located(node.origin.file, node.origin.path)])

    def is_chain(self, module: Module) -> bool:
        """Whether `nn.Sequential` can hold a composite: each module takes what the one before yields."""
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
