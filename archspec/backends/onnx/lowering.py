"""Lower the module tree to a graph: the steps that inference needs, in the order of the spec."""

from dataclasses import dataclass

from archspec.analysis.liveness import Live, Liveness, inference, needed, used
from archspec.backends.onnx.arrange import arrange
from archspec.backends.onnx.derived import Lowered
from archspec.backends.onnx.fold import fold
from archspec.diagnostics import Diagnostic, Problem, SpecError
from archspec.elaborate.network import Network
from archspec.ir import Module, Node
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.onnx_graph import Graph, OnnxStep
from archspec.types import TensorType


def refusals(network: Network, opset: int) -> list[Diagnostic]:
    """The errors of lowering a network, found by lowering each distinct op by itself."""
    ops: dict[Module, Node] = {}
    for module, results in needed(network.root, inference(network)).items():
        if module.op is None:
            for node, here in reversed([*zip(module.body, used(module, results), strict=True)]):
                if here and node.module.op is not None:
                    ops.setdefault(node.module, node)
    found = []
    for module, node in ops.items():
        assert module.op is not None  # noqa: S101 — they are ops
        graph = Graph(opset)
        graph.types |= {f"x/{place}": type_ for place, type_ in enumerate(module.inputs)}
        graph.inputs |= graph.types
        given = [*graph.types]
        weights = {weight.name: f"w/{weight.name}" for weight in module.op.weights(module.inputs)}
        for weight in module.op.weights(module.inputs):
            graph.types[weights[weight.name]] = TensorType(weight.shape)
        try:
            module.op.onnx(Emitter(graph, "op", weights, given), module.inputs)
        except Problem as problem:
            if problem.code != "AS702":  # every free dimension of the network can be read from its inputs
                found.append(problem.located(node.origin.file, node.origin.path))
    return found


@dataclass(frozen=True, slots=True)
class LocalFunction:
    """A block as a model-local function. Its inputs are values, then weights by their keys in the block."""

    name: str
    graph: Lowered
    inputs: tuple[int, ...]
    """The indices of the block's inputs that the function takes."""


class Lowering:
    """Lowers one network to `graph` and the `functions` that it calls, callees first."""

    def __init__(
        self,
        network: Network,
        *,
        opset: int,
        half: bool = False,
        functions: bool = False,
        fold_bn: bool = False,
        arranged: bool = False,
    ) -> None:
        self.opset, self.half, self.as_functions, self.fold = opset, half, functions, fold_bn
        self.arranged = arranged
        self.liveness = Liveness()
        self.known: dict[tuple[Module, Live], LocalFunction | None] = {}
        self.functions: list[LocalFunction] = []
        self.names: dict[str, int] = {}
        root = network.root
        parts = inference(network)
        self.graph = self._graph(dict(zip(network.input_names, root.inputs, strict=True)))
        results = self._body(self.graph, root, [*self.graph.inputs], "", parts)
        # an output without a name in the spec takes that of its value
        names = [name if name not in ("x", "input") else "output" for name in network.outputs] or [""]
        self._finish(self.graph, [results[part] for part in sorted(parts)], names)

    # --- graphs ----------------------------------------------------------------------------------------

    def _graph(self, inputs: dict[str, TensorType]) -> Lowered:
        graph = Lowered(self.opset, self.half)
        graph.inputs.update(inputs)
        graph.types.update(graph.inputs)
        graph.names.update(dict.fromkeys(inputs, 1))
        return graph

    def _finish(self, graph: Lowered, results: list[str], names: list[str]) -> None:
        """Name the outputs. An input, a weight or a repeated output is copied by an `Identity` step."""
        made = {value for step in graph.steps for value in step.outputs}
        wanted = [
            name or (value if value in made and "/" not in value else "output")
            for value, name in zip(results, names, strict=True)
        ]
        renamed: dict[str, str] = {}
        own: dict[str, str] = {}
        given: set[str] = set()
        for value, name in zip(results, wanted, strict=True):
            if value in made:
                own.setdefault(value, name)

        def free(name: str) -> str:
            """The name, which a value inside of the graph gives up; with a number where it cannot."""
            if name in made and name not in own and name not in renamed:
                renamed[name] = graph.unique(name)
            elif name in given or name in graph.types or name in graph.constants:
                name = graph.unique(name)
            given.add(name)
            return name

        for value, name in own.items():
            renamed[value] = name if name == value or name in own else free(name)
        graph.types = {renamed.get(value, value): type_ for value, type_ in graph.types.items()}
        for step in graph.steps:
            step.inputs[:] = [renamed.get(value, value) if value in made else value for value in step.inputs]
            step.outputs[:] = [renamed.get(value, value) for value in step.outputs]
        taken = {step.name for step in graph.steps}
        for value, name in zip(results, wanted, strict=True):
            if own.pop(value, None) is None:
                source, name = renamed.get(value, value), free(name)
                label = graph.unique(name) if name in taken else name
                taken.add(label)
                graph.steps.append(OnnxStep("Identity", [source], [name], {}, label))
                graph.types[name] = graph.types[source]
                graph.outputs.append(name)
            else:
                graph.outputs.append(renamed[value])
        if self.arranged:
            arrange(graph)
        if self.fold:
            fold(graph)

    # --- bodies ----------------------------------------------------------------------------------------

    def _body(
        self, graph: Lowered, module: Module, inputs: list[str], prefix: str, wanted: Live
    ) -> list[str]:
        """Lower the live part of a composite; returns the names of its results, empty for dead ones."""
        values = list(inputs)
        for (node, ids), parts in zip(module.values(), self.liveness.of(module, wanted).parts, strict=True):
            given = [values[value] for value in node.inputs]
            if not parts:
                values += [""] * len(ids)
            elif node.module.is_removed:
                values += given
            else:
                owner = module.owner(node)
                values += self._node(graph, node, given, prefix, owner.name, parts)
        return [values[value] for value in module.results]

    def _node(
        self, graph: Lowered, node: Node, given: list[str], prefix: str, name: str | None, parts: Live
    ) -> list[str]:
        if node.module.op is not None:
            return self._op(graph, node, given, prefix, name)
        inner = prefix if name is None else f"{prefix}{name}."
        function = None
        if self.as_functions and node.module.definition and len(node.module.definition.path) == 2:
            function = self._function(node.module, parts)
        if function is None:
            return self._body(graph, node.module, given, inner, parts)
        return self._call(graph, node.module, function, given, inner, parts)

    def _op(self, graph: Lowered, node: Node, given: list[str], prefix: str, name: str | None) -> list[str]:
        op, types = node.module.op, node.module.inputs
        assert op is not None  # noqa: S101 — asked of ops only
        path = prefix + name if name else _joined(prefix, node.label, op.name)
        weights = {}
        for weight in op.weights(types):
            key = f"{path}.{weight.name}" if weight.name else path
            weights[weight.name] = key
            if weight.dtype == "float" and weight.persistent:
                graph.weights[key] = weight
                graph.names.setdefault(key, 1)
                graph.types[key] = TensorType(weight.shape)
        emitter = Emitter(graph, path, weights, given)
        try:
            made = op.onnx(emitter, types)
        except Problem as problem:
            if problem.code == "AS702" and graph is not self.graph:
                raise UnseenError from None
            raise SpecError([problem.located(node.origin.file, node.origin.path)]) from None
        return list(emitter.named([made] if isinstance(made, str) else made))

    # --- functions -------------------------------------------------------------------------------------

    def _function(self, module: Module, parts: Live) -> LocalFunction | None:
        """The function for a block, lowered once; `None` if no input of it has a free dimension that it needs."""
        key = module, parts
        if key not in self.known:
            inputs = tuple(sorted(self.liveness.of(module, parts).inputs))
            names = ["x" if len(inputs) == 1 else f"x{place}" for place in range(len(inputs))]
            graph = self._graph(
                {name: module.inputs[place] for name, place in zip(names, inputs, strict=True)}
            )
            given = [""] * len(module.inputs)
            for name, place in zip(names, inputs, strict=True):
                given[place] = name
            try:
                results = self._body(graph, module, given, "", parts)
            except UnseenError:
                self.known[key] = None
                return None
            asked = ["y" if len(parts) == 1 else f"y{place}" for place in range(len(parts))]
            self._finish(graph, [results[part] for part in sorted(parts)], asked)
            function = LocalFunction(self._named(module.kind), graph, inputs)
            self.functions.append(function)
            self.known[key] = function
        return self.known[key]

    def _named(self, kind: str) -> str:
        count = self.names[kind] = self.names.get(kind, 0) + 1
        return kind if count == 1 else f"{kind}_{count}"

    def _call(
        self,
        graph: Lowered,
        module: Module,
        function: LocalFunction,
        given: list[str],
        prefix: str,
        parts: Live,
    ) -> list[str]:
        """Call a function. Its weights are passed by the caller, under the caller's keys."""
        inner = function.graph
        keys = {key: prefix + key for key in inner.weights}
        for key, full in keys.items():
            graph.weights[full] = inner.weights[key]
            graph.names.setdefault(full, 1)
            graph.types[full] = inner.types[key]
        graph.derived.update({prefix + key: made.within(prefix) for key, made in inner.derived.items()})
        name = graph.unique(prefix.removesuffix("."))
        outputs = [name] if len(parts) == 1 else [f"{name}/{place}" for place in range(len(parts))]
        inputs = [*(given[place] for place in function.inputs), *keys.values()]
        graph.steps.append(OnnxStep(function.name, inputs, outputs, {}, name, function=True))
        results = [""] * len(module.outputs)
        for output, part in zip(outputs, sorted(parts), strict=True):
            graph.types[output] = module.outputs[part]
            results[part] = output
        return results


class UnseenError(Exception):
    """A function needs a free dimension that none of its inputs has."""


def _joined(prefix: str, label: str | None, op: str) -> str:
    """The path of a node that is not a module: its label, or `/` and its op."""
    return prefix + label if label else f"{prefix.removesuffix('.')}/{op}"
