"""Check the references in blocks that no network uses, since only elaboration would find what is wrong there.

Shapes are unknown, and so are names that expressions make: whatever may be right is passed over.
"""

from collections.abc import Iterator

from archspec.diagnostics import Diagnostic, Label, Problem
from archspec.diagnostics.diagnostic import Path, shown
from archspec.elaborate.frames import undefined
from archspec.elaborate.plans import Plans
from archspec.elaborate.settings import NOWHERE, Setting
from archspec.elaborate.steps import Chain, Step, steps, text_at
from archspec.language.document import Definition, Document
from archspec.language.templates import around, fits

ANYTHING = ["", ""]
"""The text around the expressions of a name of which nothing is known."""


def unreached(document: Document, plans: Plans) -> list[Diagnostic]:
    """The findings in the blocks of a file that have not been elaborated."""
    return [
        problem.located(document.file, path)
        for block in document.blocks.values()
        if block not in plans.reached
        for problem, path in _References(block, plans).problems()
    ]


class _References:
    """The names of one block, and what refers to them."""

    def __init__(self, definition: Definition, plans: Plans) -> None:
        self.plans = plans
        self.definition = definition
        self.plan = plans.of(definition)
        self.made: list[list[str]] = []
        """The names that expressions make, each as the text around them."""
        self.inlined: list[list[str]] = []
        """The names of modules in inline blocks that are called here: `reuse` finds them in this scope."""
        self._find_names(definition, self.made)
        self._find_inlined(definition, {definition})

    def _find_names(self, definition: Definition, made: list[list[str]]) -> None:
        for step in steps(self.plans.of(definition).chain):
            for key, setting in (("name", step.name), ("as", step.label)):
                if setting is not None and not setting.constant:
                    made.append(around(text_at(definition, (*step.path, key))))

    def _find_inlined(self, definition: Definition, seen: set[Definition]) -> None:
        for step in steps(self.plans.of(definition).chain):
            target = step.target
            if step.op is not None and target is None and _has_inline(definition.document):
                self.inlined.append(ANYTHING)  # an expression may choose an inline block
            if isinstance(target, Definition) and target.inline and target not in seen:
                seen.add(target)
                self.inlined += [[name] for name in self.plans.of(target).names]
                self._find_names(target, self.inlined)
                self._find_inlined(target, seen)

    def problems(self) -> Iterator[tuple[Problem, Path]]:
        """The problems, each with its path."""
        yield from self.chain(self.plan.chain)
        for output in self.definition.outputs:
            if output.when is None and not self.is_known(output.of):
                yield self.unknown(output.of), (*self.definition.path, "outputs", *output.at)

    def chain(self, chain: Chain) -> Iterator[tuple[Problem, Path]]:
        """The problems of the nodes of a chain and inside them. Nodes that may be removed are passed over."""
        taken: dict[str, Step] = {}
        for item in chain:
            if isinstance(item, list):
                yield from self.chain(item)
                continue
            if item.when is not None or item.skip is not None or not _constant_repeat(item):
                continue
            yield from self.step(item)
            name = _constant(item.name)
            if name is not None and item.repeat is None and item.kind != "reuse":
                first = taken.setdefault(name, item)
                if first is not item:
                    yield (
                        Problem(
                            "AS303",
                            f"there are two modules `{name}` in one scope",
                            at=("name",),
                            help="give one of them another name",
                            labels=[Label("the first one", first.path)],
                            subject=name,
                        ),
                        item.path,
                    )
            for inner in (item.layers, item.shortcut, item.branches):
                yield from self.chain(inner or [])

    def step(self, step: Step) -> Iterator[tuple[Problem, Path]]:
        """The problems of what a node refers to."""
        for source in step.sources or ():
            name = _constant(source)
            if name is None:
                continue
            if not self.is_known(name):
                yield self.unknown(name), source.path
            elif self.is_later(name, step):
                text = f"`{shown(name)}` is defined later: a node can only use earlier ones"
                yield Problem("AS302", text, subject=name), source.path
        of = _constant(step.of)
        if step.of is not None and of is not None and not self.may_be_module(of, step):
            yield (
                Problem("AS301", f"there is no earlier module `{shown(of)}` in this scope", subject=of),
                step.of.path,
            )

    def may_be_module(self, name: str, step: Step) -> bool:
        """Whether there may be an earlier module of this name for `reuse`."""
        if any(fits(name.split(".")[0], parts) for parts in self.inlined):
            return True
        return self.is_known(name) and not self.is_later(name, step)

    def is_later(self, name: str, step: Step) -> bool:
        """Whether only later nodes have a name."""
        first = name.split(".")[0]
        can_be_earlier = self.is_input(first) or self.may_be_made(first)
        return not can_be_earlier and self.plan.names.get(first, -1) >= step.order

    def is_known(self, name: str) -> bool:
        """Whether there may be a value of this name. A module without a name is called by its position."""
        first = name.split(".")[0]
        return (
            self.is_input(first) or first.isdecimal() or first in self.plan.names or self.may_be_made(first)
        )

    def is_input(self, name: str) -> bool:
        """Whether an input of the block has this name."""
        return name in ("x", "input", *self.definition.inputs)

    def may_be_made(self, name: str) -> bool:
        """Whether an expression may make the name."""
        return any(fits(name, parts) for parts in self.made)

    def unknown(self, name: str) -> Problem:
        """The problem for a name that is not defined."""
        return undefined(name.split(".")[0], [*self.definition.inputs, *self.plan.names])


def _has_inline(document: Document) -> bool:
    """Whether some block of a file or its libraries is inline."""
    files = [document, *(library for library in document.libraries.values() if library is not None)]
    return any(block.inline for file in files for block in file.blocks.values())


def _constant(setting: Setting | None) -> str | None:
    return str(setting.evaluate(NOWHERE)) if setting is not None and setting.constant else None


def _constant_repeat(step: Step) -> bool:
    """Whether a node certainly has a copy."""
    return step.repeat is None or (step.repeat.constant and step.repeat.evaluate(NOWHERE) != 0)
