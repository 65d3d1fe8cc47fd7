"""Compare the module tree, composite by composite, with the modules and the `forward` of generated source.

Every node of a composite must be there: a module of the op's class with the op's arguments, under its name where it
has weights, or a call of the op's function, on the values that the nodes before it made; and nothing else.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import product
from types import SimpleNamespace
from typing import Any, Protocol

from archspec.analysis.liveness import Live, Liveness, every, training_only, used
from archspec.backends.torch.check.arguments import NOTHING, Difference, differs, initialised
from archspec.backends.torch.check.disagreement import Disagreement, failure
from archspec.backends.torch.check.execute import OpTemplate
from archspec.backends.torch.check.sizes import Sizes
from archspec.backends.torch.check.stand_ins import BareParameter, Child, Leaf, Module, Modules, is_container
from archspec.backends.torch.check.values import Symbolic, frozen, operands
from archspec.ir import Module as Composite
from archspec.ir import Node
from archspec.ops.core.torch_code import TorchCode
from archspec.types import TensorType


class Checker(Protocol):
    """What the comparisons of one source share."""

    recorder: Modules
    codes: dict[Composite, TorchCode]
    weights: Callable[[Composite], int]
    templates: dict[str, OpTemplate]
    liveness: Liveness

    def composite(
        self,
        module: Composite,
        made: Module,
        path: tuple[str, ...],
        around: tuple[Composite, ...],
        late: Live,
    ) -> None:
        """Raise `Disagreement` if a module does not match the composite; `late` outputs may be `None`."""


class BodyComparison:
    """Compares one module with one composite."""

    def __init__(
        self,
        checker: Checker,
        module: Composite,
        made: Module,
        path: tuple[str, ...],
        around: tuple[Composite, ...],
        late: Live,
    ) -> None:
        self.checker, self.module, self.made, self.path, self.around = checker, module, made, path, around
        self.recorder, self.late = checker.recorder, late
        """The outputs that exist in training only."""
        self.inputs = [self.recorder.value("input", self, index) for index in range(len(module.inputs))]
        self.start = len(self.recorder.values)
        self.results = self._run(training=True)
        self.has_modes = self.recorder.training.asked
        self.end = len(self.recorder.values)
        """The number of the first value that `forward` does not compute."""
        self.sizes = Sizes(self.recorder, self.start, self.end)
        self.values: list[tuple[Symbolic, TensorType]] = list(zip(self.inputs, module.inputs, strict=True))
        self.seen = [*self.values]
        """All values, those in groups whose modules are in containers included."""
        self.claimed: set[int] = set()

    def _run(self, *, training: bool) -> tuple[Any, ...]:
        """The results of `forward`."""
        self.recorder.training.now, self.recorder.training.asked = training, False
        try:
            result = self.made.forward(*self.inputs)  # type: ignore[attr-defined]
        except Exception as error:
            raise self._wrong("its `forward`", "a value", failure(error)) from error
        return result if isinstance(result, tuple) else (result,)

    def _wrong(self, what: str, wanted: object, found: object, node: Node | None = None) -> Disagreement:
        """The disagreement in a node."""
        path, kind = self.path, self.module.kind
        if node is not None:
            path, kind = (*path, node.name or "…"), node.module.kind
        return Disagreement(path, kind, (what, wanted, found), self.around)

    @cached_property
    def live(self) -> dict[int, Live]:
        """The outputs of each node that some result needs, by the `id` of the node."""
        return self._live(self.module, every(self.module))

    def _taken(self, node: Node, here: Live) -> Iterable[int]:
        """The values that a node needs for its outputs: a group in a container only those that it uses."""
        child = self.made.__children__.get(node.name or "")
        if not here or node.module.op is not None or node.module.is_block:
            return node.inputs if here else ()
        if child is not None and not is_container(child):
            return node.inputs
        return [node.inputs[index] for index in self.checker.liveness.of(node.module, here).inputs]

    def _live(self, module: Composite, wanted: Live) -> dict[int, Live]:
        return {
            id(node): here for node, here in zip(module.body, used(module, wanted, self._taken), strict=True)
        }

    @cached_property
    def late_inside(self) -> dict[int, Live]:
        """For the nodes that evaluation needs, by `id`: the outputs that it does not need."""
        return {
            id(node): late
            for node, late in zip(self.module.body, training_only(self.module, self.late), strict=True)
            if len(late) < len(node.module.outputs)
        }

    def check(self) -> None:
        """Compare every node, then the results."""
        self._overwritten()
        self._nodes()
        self._returned()

    def _nodes(self) -> None:
        """Compare every node of a body, and see that there is no further module."""
        for node in self.module.body:
            given = [self.values[index][0] for index in node.inputs]
            made = self._outputs(node, given)
            needed = min(self.live[id(node)], default=None)
            if needed is not None and made[needed].number >= self.end:
                raise self._wrong("its call in `forward`", made[0], NOTHING, node)
            self.values += zip(made, node.module.outputs, strict=True)
            self.seen += zip(made, node.module.outputs, strict=True)
        for name, child in self.made.__children__.items():
            if id(child) not in self.claimed:
                raise self._wrong(f"the module `{name}`", NOTHING, child)

    def _contained(self, node: Node, made: Any, given: list[Symbolic]) -> list[Symbolic]:
        """The values of a group whose modules are in a container: the `forward` around it calls them."""
        kept = self.module, self.made, self.values, self.path, self.late, self.around
        live, late_inside = self.live, self.late_inside
        late = self.late_inside.get(id(node), frozenset())
        self.module, self.made, self.late = node.module, made, late
        self.path, self.around = (*self.path, node.name or node.module.kind), (node.module, *self.around)
        self.values = [*zip(given, node.module.inputs, strict=True)]
        del self.late_inside
        self.live = self._live(node.module, live[id(node)])
        self._nodes()
        found = [self.values[index][0] for index in node.module.results]
        self.module, self.made, self.values, self.path, self.late, self.around = kept
        self.live, self.late_inside = live, late_inside
        return found

    def _returned(self) -> None:
        """Raise `Disagreement` unless the results match the spec, in training and evaluation mode."""
        wanted = [self.values[index][0] for index in self.module.results]
        self._compare(wanted, self.results)
        is_network = not self.path
        if self.has_modes or (is_network and self.late):
            found = self._run(training=False)
            if is_network:
                self._compare([value for at, value in enumerate(wanted) if at not in self.late], found)
            else:
                given = [
                    None if at in self.late and found[at:][:1] == (None,) else value
                    for at, value in enumerate(wanted)
                ]
                self._compare(given, found)

    def _compare(self, wanted: Sequence[Symbolic | None], found: Sequence[Any]) -> None:
        if len(wanted) != len(found):
            raise self._wrong("the number of results", len(wanted), len(found))
        for value, other in zip(wanted, found, strict=True):
            if value is not other:
                raise self._wrong("what it returns", value, other)

    def _overwritten(self) -> None:
        """Raise `Disagreement` if an in-place op overwrites a value that the caller owns or that is used again."""
        made = self.recorder.order[self.start : self.end]
        inplace = [value for value in made if value in self.recorder.inplace]
        if not inplace:
            return
        uses = [value for value in self.results if isinstance(value, Symbolic)]
        for value in made:
            operands(value.key, uses)
        counts = Counter(uses)
        for value in inplace:
            (first,) = value.key[2]
            if first in self.inputs or (counts[first] > 1 and first not in self.recorder.again):
                raise self._wrong("what is overwritten", "a value that nothing else uses", value)

    def _outputs(self, node: Node, given: list[Symbolic]) -> list[Symbolic]:
        """The values of a node."""
        module = node.module
        if module.is_removed:
            return given[:1]
        found = self.made.__children__.get(node.name or "") if module.op is None else None
        if isinstance(found, Module) and is_container(found):
            self.claimed.add(id(found))
            return self._contained(node, found, given)
        if module.op is None:
            value = self._composite(node, given)
            if isinstance(value, list):
                return value
        elif module.op.is_parameter:
            value = self._parameter(node)
        else:
            value = self._op(node, given)
        number = len(module.outputs)
        return [value] if number == 1 else [value[index] for index in range(number)]

    # --- which module ----------------------------------------------------------------------------------

    def _own(self, node: Node, kind: type[Child]) -> Any:
        """The module under the node's name: that of the owner of its weights where it shares them."""
        owner, weights = node, None
        if node.shares is not None:
            owner, weights = self.module.owner(node), self.checker.weights(node.module)
            if not weights:  # another may do as well
                return None
        found = self.made.__children__.get(owner.name or "")
        if isinstance(found, kind):
            self.claimed.add(id(found))
            return found
        if weights or self.checker.weights(node.module):
            raise self._wrong("the module", f"a `{node.module.kind}`", found or NOTHING, node)
        return None

    def _free(
        self, node: Node, kind: type[Child], call: Callable[[Any], Symbolic]
    ) -> Iterator[tuple[Any, Symbolic]]:
        """The modules that may be the node's though they are not called so, and what their calls yield.

        A second call may be one of a module of its own or of the first one: those that no other node has come first.
        """
        children = sorted(self.made.__children__.values(), key=lambda child: id(child) in self.claimed)
        for child in children:
            if isinstance(child, kind) and (id(child) not in self.claimed or node.shares is not None):
                value = call(child)
                if value.number < self.end:
                    yield child, value

    # --- blocks and groups -----------------------------------------------------------------------------

    def _composite(self, node: Node, given: list[Symbolic]) -> Symbolic | list[Symbolic]:
        """The value of a call of a block or a group."""

        def call(child: Module) -> Symbolic:
            return self.recorder.call(child, tuple(given), {})

        path = (*self.path, node.name or node.module.kind)
        late = self.late_inside.get(id(node), frozenset())
        own = self._own(node, Module)
        if own is not None:
            self.checker.composite(node.module, own, path, self.around, late)
            return call(own)
        problem: Disagreement | None = None
        for child, value in self._free(node, Module, call):
            try:
                self.checker.composite(node.module, child, path, self.around, late)
            except Disagreement as error:
                problem = error
                continue
            self.claimed.add(id(child))
            return value
        if not node.module.is_block and not self.checker.weights(node.module):
            return self._contained(
                node, SimpleNamespace(__children__={}, training=self.recorder.training), given
            )  # all its nodes are functions
        raise problem or self._wrong("the module", f"a `{node.module.kind}`", NOTHING, node)

    # --- ops -------------------------------------------------------------------------------------------

    def _op(self, node: Node, given: list[Symbolic]) -> Symbolic:
        """The value of an op: of the module under its name, of a function, or of a module of any name."""
        code = self.checker.codes[node.module]
        own = self._own(node, Leaf)
        if own is not None:
            problem = self._made_otherwise(node, code, own)
            if problem is not None:
                raise self._wrong(*problem, node)
            return self._applied(code.call, node, given, own)
        again = self._called_again(node, code, given)
        if again is not None:
            return again
        found = self._function(node, code, given)
        if isinstance(found, Symbolic):
            return found
        for child, value in self._free(
            node, Leaf, lambda child: self._applied(code.call, node, given, child)
        ):
            if child.kind == code.module:
                found = self._made_otherwise(node, code, child)
                if found is None:
                    self.claimed.add(id(child))
                    return value
        if found is None or not self.live[id(node)]:
            return self.recorder.value("name", f"{code.function or code.module}(…)", node)
        raise self._wrong(*found, node)

    def _called_again(self, node: Node, code: TorchCode, given: list[Symbolic]) -> Symbolic | None:
        """The value of a second call of the module that has the first one's name, if `forward` has that call."""
        first = (
            self.made.__children__.get(self.module.owner(node).name or "")
            if node.shares is not None
            else None
        )
        if not isinstance(first, Leaf) or self._made_otherwise(node, code, first) is not None:
            return None
        value = self._applied(code.call, node, given, first)
        return value if value.number < self.end else None

    def _function(self, node: Node, code: TorchCode, given: list[Symbolic]) -> Symbolic | Difference | None:
        """The value of an op's function; what differs if it is called otherwise, `None` if it is not called."""
        if not code.function:
            return None
        if "{0}" in code.function:
            value = self._applied(code.function, node, given)
            other = self._other_call(value) if value.number >= self.end else None
            return (
                ("its call", value, other)
                if other is not None
                else value
                if value.number < self.end
                else None
            )
        called, problem = self.checker.templates[code.function].fill(None), None
        for value in self._calls(called, given[0]):
            _, _, args, words = (
                self.sizes.settled(value.key, dict(self.seen)) if self.sizes.calculated else value.key
            )
            problem = differs(code, args[1:], dict(words), inplace=value in self.recorder.inplace)
            if problem is None:
                return value
        return problem

    def _calls(self, called: object, first: object) -> Iterator[Symbolic]:
        """The calls of a function on a value."""
        for value in self.recorder.calls.get((called, (first,)), ()):
            if value.number < self.end:
                yield value

    def _other_call(self, wanted: Symbolic) -> Symbolic | None:
        """A call of the same function on the same value."""
        match wanted.key:
            case ("call", called, (first, *_), _):
                return next(self._calls(called, first), None)
        return None

    def _applied(self, text: str, node: Node, given: list[Symbolic], module: Any = None) -> Symbolic:
        """The value of a template. A free dimension is that of any value which has it, as `forward` says."""
        if text == "{m}({0})":
            return self.recorder.call(module, (given[0],), {})
        template = self.checker.templates[text]
        parts = {**{str(index): value for index, value in enumerate(given)}, "m": module}
        dims = [name for name in template.holes if name not in parts]
        value: Symbolic | None = None
        for sizes in product(*map(self._sizes, dims)):
            parts.update(zip(dims, sizes, strict=True))
            value = template.fill(self.made, *(parts[name] for name in template.holes))
            if value.number < self.end:
                break
        if value is None:
            raise self._wrong("the size", ", ".join(dims), NOTHING, node)
        if value.number >= self.end:
            return self.sizes.found(value, dict(self.seen)) or value
        return value

    def _sizes(self, dim: str) -> list[Symbolic]:
        """The expressions of a free dimension."""
        return [
            value.shape[axis]
            for value, type_ in self.seen
            for axis, size in enumerate(type_.shape)
            if size == dim
        ]

    def _made_otherwise(self, node: Node, code: TorchCode, leaf: Leaf) -> Difference | None:
        """How a module differs from what the op says; `None` if it does not."""
        if leaf.kind != code.module:
            return "the class", code.module, leaf.kind
        problem = differs(code, leaf.args, leaf.words, inplace=leaf.inplace)
        return problem or initialised(node.module.op, node.module.inputs, leaf.inits)

    def _parameter(self, node: Node) -> BareParameter:
        """The parameter of a node."""
        code, found = self.checker.codes[node.module], self._own(node, BareParameter)
        made = self.checker.templates[code.module].fill(None)(
            *(argument.value for argument in code.arguments)
        )
        wanted = self.checker.templates[code.call].fill(None, made)
        if frozen(wanted.first) is not frozen(found.first):
            raise self._wrong("its first value", wanted.first, found.first, node)
        if wanted.buffer != found.buffer:
            raise self._wrong("whether it is a buffer", wanted.buffer or "no", found.buffer or "no", node)
        problem = initialised(node.module.op, node.module.inputs, found.inits)
        if problem is not None:
            raise self._wrong(*problem, node)
        return found  # type: ignore[no-any-return]
