"""Build one class for several instances of a definition, or of a group."""

from typing import Any

from archspec.backends.torch.source.blocks import Classes
from archspec.backends.torch.source.ops import Facts
from archspec.backends.torch.source.parts import Class, Loop, TensorValue
from archspec.backends.torch.source.rows import Row, Slices
from archspec.backends.torch.source.steps import Steps
from archspec.elaborate.steps import Chain, Step
from archspec.ir import Module
from archspec.language.document import Definition


class Builder(Steps):
    """Builds one class for several instances."""

    def __init__(
        self, program: Classes, facts: Facts, rows: list[Row], definition: Definition, *, folds: bool = True
    ) -> None:
        super().__init__(rows, definition)
        self.program, self.facts, self.folds = program, facts, folds
        self.start(rows)

    def build(self, name: str, doc: str, body: "Chain | Step") -> Class | None:
        """The class; `None` if the instances need several."""
        self.name = name
        modules = [row.module for row in self.rows]
        module = modules[0]
        alike = {(len(m.inputs), m.declared, len(m.results)) for m in modules}
        names = input_names(self.rows[0])
        if len(alike) > 1:
            return None
        for index in range(len(module.inputs)):
            shape = declared_shape(self.rows[0], index) if module.kind == "model" else []
            value = self.input_value(index, names[index], [m.inputs[index] for m in modules], shape)
            self.space.inputs.append(value)
            if index and not module.is_block and module.kind != "model":
                self.space.labels[names[index]] = value
        is_chain = all(self.program.is_sequential(m) for m in modules)
        slices: Slices = [[*m.body] for m in modules]
        x: TensorValue | None = self.values[0] if self.values else None
        self.graph = not is_chain
        self.mixed = is_chain and any(self.program.is_mixed([*m.body]) for m in modules)
        if isinstance(body, Step):
            y = self.copied(body, slices, x) if module.kind == "repeat" else self.inside(body, slices, x)
        else:
            y = self.chain(body, slices, x)
        results = [y] if is_chain else self.results_of(modules)
        self.check_sink(is_chain=is_chain)
        if self.trouble or None in results:
            return None
        found = [value for value in results if value is not None]
        items = sorted(self.sink, key=lambda item: not getattr(item, "is_parameter", False))
        made = Class(
            name,
            tuple(modules),
            [*self.arguments.values()],
            [(key, *local) for key, local in self.locals.items()],
            items,
            self.actions,
            tuple([value.number for value in found]),
            self.values,
            names,
            is_chain,
            tuple(found),
            doc,
        )
        self.program.mark_training(made)
        return made

    def results_of(self, modules: list[Module]) -> list[TensorValue | None]:
        """The values that the class returns."""
        if self.trouble:
            return []
        return [
            self.find([self.tensor(row, m.results[index]) for row, m in enumerate(modules)])
            for index in range(len(modules[0].results))
        ]

    def check_sink(self, *, is_chain: bool) -> None:
        """Note what cannot be said of the modules of the class together."""
        if is_chain:
            self.check_inits(self.sink)
            return
        loops = [item for item in self.sink if isinstance(item, Loop)]
        if len(self.sink) > 1 and any(not loop.count.is_literal for loop in loops):
            self.fail("a loop of unknown length beside other modules")


def input_names(row: Row) -> list[str]:
    """The names of the inputs: as declared, or for a group `input` and the outer values that it uses."""
    module = row.module
    declared = [*row.frame.inputs]  # `input` is an alias of the first one
    declared = declared[len(declared) - len(module.inputs) :]
    if (module.is_block or module.kind == "model") and len(declared) == len(module.inputs):
        return declared
    return ["input", *(f"outer{index}" for index in range(1, len(module.inputs)))]


def declared_shape(row: Row, index: int) -> list[Any]:
    """What the document says of an input of the network."""
    section = row.frame.document.section
    if section is None:
        return []
    return [*(section.inputs[index].shape if section.inputs is not None else section.input or [])]
