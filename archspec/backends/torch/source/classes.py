"""Build a class from the aligned instances of a block."""

from collections.abc import Sequence

from archspec.backends.torch.source.align import Aligned, Unlike, align
from archspec.backends.torch.source.columns import Dims
from archspec.backends.torch.source.facts import Facts
from archspec.backends.torch.source.modules import Nodes, Sites, equal, function_text
from archspec.backends.torch.source.names import is_attribute
from archspec.backends.torch.source.numbers import Numbers
from archspec.backends.torch.source.parts import Action, Built, Class, Initialised, ModuleChain, Part
from archspec.backends.torch.source.places import Place
from archspec.backends.torch.source.unused import drop_unused
from archspec.diagnostics import Problem
from archspec.ops.core.torch_code import TorchCode, placeholders

LIGHT = frozenset(("Norms", "Activations", "Regularisers", "Shape", "Arithmetic", "Joins"))
"""The groups of ops whose calls may be nested around their input's expression."""


class Builder(Numbers):
    """Builds one class for several instances. Raises `Unlike` if they cannot share a class."""

    def __init__(self, facts: Facts, places: list[Place], *, fold: bool, literal: bool = False) -> None:
        super().__init__(facts, places)
        self.literal, self.fold = literal, fold
        module = places[0].module
        if any(place.module.declared != module.declared for place in places):
            raise Unlike
        given = places[0].input_names
        for index in range(len(module.inputs)):
            types = [place.module.inputs[index] for place in places]
            self.values[index] = self.input_dims(index, types, given[index])
            self.note_types(index, types)

    # --- the class -------------------------------------------------------------------------------------

    def build(self, name: str) -> Class:
        """Build the class."""
        chain = None
        results = self.places[0].module.results
        if all(self.facts.is_chain(place.module) for place in self.places):
            chain = self._as_chain()
        if chain is None:  # the copies of a repeat can differ in number in a chain only
            body = align(self.places, fold=self.fold)
            for step in body.steps:
                self._step(step)
            results = body.results
        outputs = tuple(self.values.get(value, ()) for value in results)
        self._check_names()
        parts = sorted(
            self.parts.values(), key=lambda part: not part.is_parameter
        )  # the order of PyTorch's state_dict
        result = Class(
            name,
            self.places,
            [*self.parameters.values()],
            [(key, *item) for key, item in self.locals.items()],
            parts,
            self.actions,
            results,
            chain,
            outputs,
        )
        result.axes = {p.key: p.axis for p in self.parameters.values() if p.axis is not None}
        drop_unused(result)
        return result

    def _check_names(self) -> None:
        """Raise `Unlike` for an optional module that is not an attribute, or a loop of unknown length."""
        for part in self.parts.values():
            if part.when is not None and not (part.is_free or is_attribute(part.name)):
                raise Unlike
            if part.count is not None and len(self.parts) > 1 and not part.count.is_literal:
                raise Unlike

    def _as_chain(self) -> ModuleChain | None:
        """The body as one `nn.Sequential`, if its modules are named by their positions."""
        bad = any(
            node.name is not None and not is_attribute(node.name) and self.facts.weights(node.module)
            for place in self.places
            for node in place.module.body
        )
        if not bad:
            return None
        chain, dims = self._chain(self.places, self.values[0])
        for value in self.places[0].module.results:
            self.values[value] = dims
        return chain

    # --- actions -----------------------------------------------------------------------------------------

    def _step(self, step: Aligned) -> None:
        if step.is_loop:
            self._loop(step)
            self.note_outputs(step)
            return
        nodes, node = step.nodes, step.node
        if step.is_optional and len(step.outputs) > 1:
            raise Unlike
        here = [self.values[value] for value in step.inputs]
        label = _label(nodes)
        action = self._call(self.places, nodes, here, step)
        action.label = label
        for output, value in enumerate(step.outputs):
            self.values[value] = self._dims(self.places, nodes, output, here)
        self.note_outputs(step)
        if step.is_optional:
            when = self._presence(self.places, nodes, here)
            if action.part is not None and node.shares is None:
                action.part.when = when
            else:
                action.flag = when
        for word in (label, None if node.positional else node.name):
            if word is not None:
                self.labels[word] = step.outputs[0]
        self.actions.append(action)

    def _call(self, places: Sites, nodes: Nodes, here: list[Dims], step: Aligned) -> Action:
        """A node as an action of `forward`, with the module that it calls."""
        node = next(node for node in nodes if node is not None)
        if any(n is not None and (n.module.op is None) != (node.module.op is None) for n in nodes):
            raise Unlike
        if node.module.op is None:
            made, inits = self._composite(places, nodes, here)
            arguments = ", ".join(f"{{{index}}}" for index in range(len(step.inputs)))
            action = Action(step, f"{{m}}({arguments})", step.inputs, step.outputs, pure=False)
            weights = max(self.facts.weights(n.module) for n in nodes if n is not None)
            action.part = self._part(nodes, made, inits, weights)
            return action
        codes = self._codes(nodes)
        op, code = node.module.op, next(code for code in codes if code is not None)
        weights = max(self.facts.weights(n.module) for n in nodes if n is not None)
        named = node.name is not None and not node.positional and is_attribute(node.name)
        if node.shares is not None:  # a shared module is called again
            named = self.places[0].module.owner(node).name in self.parts
        function = None if weights else self._function(places, nodes, step, codes, named=named)
        if function is not None:
            action = function
        else:
            if not code.module:
                raise Unlike
            called = self.numbers(places, nodes, step, [code.call if code else None for code in codes])
            if called is None:
                raise Unlike
            template, numbers = called
            if op.is_parameter:
                template = "{m}"
            action = Action(step, template, step.inputs, step.outputs, light=op.group in LIGHT)
            action.numbers = numbers
            made = self._constructor(places, nodes, codes, here)
            action.part = self._part(nodes, made, self._inits(nodes, code), weights)
            action.part.is_parameter = op.is_parameter
            action.part.is_buffer = op.is_parameter and op.weights(node.module.inputs)[0].buffer
        action.fresh = all(code.fresh for code in codes if code is not None)
        action.inplace = all(code.inplace for code in codes if code is not None)
        return action

    def _function(
        self, places: Sites, nodes: Nodes, step: Aligned, codes: Sequence[TorchCode | None], *, named: bool
    ) -> Action | None:
        """A node without a module, as an action of `forward`; `None` if it has a module.

        Where its numbers differ and there is a module, that has them as arguments, unless sizes tell them.
        """
        there = [code for code in codes if code is not None]
        if not all(code.function for code in there):
            return None
        texts = [function_text(code) if code is not None else None for code in codes]
        has_module = any(code.module for code in there)
        differs = len({*texts} - {None}) > 1
        if has_module and named and not differs:
            return None
        found = self.numbers(places, nodes, step, texts, only_sizes=has_module)
        if found is None:
            return None
        template, numbers = found
        node = step.node
        light = node.module.op is not None and node.module.op.group in LIGHT
        action = Action(step, template, step.inputs, step.outputs, light=light)
        action.typed = all(code.typed for code in there)
        action.numbers = numbers
        for name in placeholders(template):
            if name in numbers:
                continue
            source = self._dimension(name, step.inputs)
            if source is None:
                message = f"`{node.module.kind}` needs the size of `{name}`, which no value in scope has"
                raise self.facts.refuse(Problem("AS702", message, subject=node.module.kind), node)
            action.dims[name] = source
        return action

    def _dimension(self, name: str, inputs: tuple[int, ...]) -> int | None:
        """A value with the free dimension `name`: an input of the node, or else any earlier value."""
        for value in (*inputs, *self.values):
            if any(
                dim is not None and dim.is_literal and dim.values[0] == name for dim in self.values[value]
            ):
                return value
        return None

    def _part(self, nodes: Nodes, made: Built, inits: list[Initialised], weights: int) -> Part:
        """The module of a node, or the one whose weights it shares."""
        node = next(node for node in nodes if node is not None)
        if node.shares is not None:
            owner = self.places[0].module.owner(node).name or ""
            part = self.parts.get(owner)
            if part is not None and equal(part.made, made):
                return part
            if weights:
                message = f"`{owner}` is called again with an input that requires another PyTorch module"
                notes = (
                    "a module is configured when it is constructed, but these calls need different settings",
                )
                raise self.facts.refuse(Problem("AS703", message, notes=notes), node)
        named = {n.name for n in nodes if n is not None}
        if len(named) > 1 and (weights or not node.positional):
            raise Unlike
        name = node.name or ""
        part = Part(name, made, inits=inits)
        part.is_free = not weights and (node.positional or not is_attribute(name))
        key = f"{name}:{len(self.parts)}" if part.is_free else name
        self.parts[key] = part
        return part


def _label(nodes: Nodes) -> str | None:
    labels = {node.label for node in nodes if node is not None}
    return labels.pop() if len(labels) == 1 else None
