"""The verdict on two networks: does a checkpoint of the first still mean the same in the second?"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from archspec.analysis.cost import Costs
from archspec.analysis.diff.forms import NO_KEYS, Forms
from archspec.analysis.diff.function import LIMIT, Follower, TooManyError, Values
from archspec.analysis.diff.keys import Carried, KeyMap
from archspec.analysis.diff.pairs import Pair, Pairs
from archspec.analysis.diff.patterns import patterns as as_patterns
from archspec.analysis.diff.relocation import Leftovers, Relocation, Relocator
from archspec.analysis.expand import canonical
from archspec.analysis.modules import listing
from archspec.analysis.weights import state_dict
from archspec.diagnostics import UsageError
from archspec.elaborate import Network
from archspec.ir import walk
from archspec.language import limits


class Verdict(StrEnum):
    """What becomes of a checkpoint, from the strictest to the most lenient."""

    IDENTICAL = "identical"
    """The networks are the same: their expanded specs are equal."""
    OUTPUTS = "outputs"
    """It loads strictly, and the outputs are the same in evaluation."""
    WEIGHTS = "weights"
    """It loads strictly, but the network computes something else."""
    RENAMES = "renames"
    """All of it loads once its keys are renamed."""
    PARTIAL = "partial"
    """Some of it loads."""
    NONE = "none"
    """None of it loads."""

    @property
    def rank(self) -> int:
        """How far it is from `identical`."""
        return [*Verdict].index(self)


@dataclass(eq=False, repr=False)
class Difference:
    """What differs between two networks. Each answer is computed when it is asked for, on distinct modules."""

    old: Network
    new: Network

    @cached_property
    def forms(self) -> Forms:
        """The numbers of all parts."""
        return Forms()

    @cached_property
    def pairs(self) -> Pairs:
        """The aligned modules."""
        return Pairs(self.forms)

    @cached_property
    def root(self) -> Pair:
        """The pair of the networks themselves."""
        return self.pairs.of(self.old.root, self.new.root)

    @cached_property
    def relocator(self) -> Relocator:
        """What has found the parts with weights that are in another scope."""
        found = self._relocated(apart=False)
        old, new = self.counts
        if old != new or KeyMap(self.forms, self.root, found.found).total().count == old:
            return found
        more = self._relocated(apart=True)  # only if it explains everything: else likely by chance
        return more if KeyMap(self.forms, self.root, more.found).total().count == old else found

    def _relocated(self, *, apart: bool) -> Relocator:
        found = Relocator(self.pairs, Leftovers(self.forms, self.root, apart=apart))
        found.run()
        return found

    @property
    def relocations(self) -> list[Relocation]:
        """The parts with weights that are in another scope."""
        return self.relocator.found

    @cached_property
    def keys(self) -> KeyMap:
        """The map of the keys."""
        return KeyMap(self.forms, self.root, self.relocations)

    @cached_property
    def loads(self) -> bool:
        """Whether PyTorch loads a checkpoint strictly, as it is: the keys and their shapes are equal."""
        return self.forms.keys(self.old.root) == self.forms.keys(self.new.root)

    @cached_property
    def counts(self) -> tuple[int, int]:
        """The number of weights of the old and the new network."""
        return self.forms.count(self.old.root), self.forms.count(self.new.root)

    @cached_property
    def carried(self) -> int:
        """The number of weights that go on in the new network."""
        return self.counts[1] if self.loads else self.keys.total().count

    @cached_property
    def is_bijection(self) -> bool:
        """Whether every weight of each network is one of the other."""
        return self.loads or self.counts == (self.carried, self.carried)

    @property
    def is_listed(self) -> bool:
        """Whether the keys are few enough to be listed."""
        return max(self.counts) <= limits.LISTING

    @cached_property
    def map(self) -> dict[str, str]:
        """The new key of each weight of the old network that goes on. Raises `UsageError` above a million."""
        for network in (self.old, self.new):
            listing(network.root, Costs())
        if self.loads:
            return {key: key for key in state_dict(self.old.root)}
        return dict(self.keys.entries())

    @cached_property
    def patterns(self) -> dict[str, str]:
        """Patterns for the keys that have another name, as `[weights] rename` takes them."""
        found, left = self.few_patterns()
        return found | left

    def few_patterns(self, most: int = LIMIT) -> tuple[dict[str, str], dict[str, str]]:
        """At most so many patterns, and the keys that they leave. Raises `UsageError` above a million keys."""
        if self.loads or self.keys.total() == Carried(self.carried, self.carried):
            return {}, {}
        keys = dict.fromkeys(state_dict(self.old.root), "") | self.map
        return as_patterns(keys, self.keys.renamed(), most)

    @cached_property
    def verdict(self) -> Verdict:
        """What becomes of a checkpoint of the old network."""
        if self.loads:
            if self._is_identical():
                return Verdict.IDENTICAL
            return Verdict.OUTPUTS if self.same_function else Verdict.WEIGHTS
        if self.is_bijection:
            return Verdict.RENAMES
        return Verdict.PARTIAL if self.carried else Verdict.NONE

    def _is_identical(self) -> bool:
        if self.forms.exact(self.old.root) != self.forms.exact(self.new.root):
            return False
        try:
            return canonical(self.old, Costs()) == canonical(self.new, Costs())
        except UsageError:  # too large, or without an expansion
            return _outside(self.old) == _outside(self.new)

    @cached_property
    def same_sizes(self) -> bool:
        """Whether the inputs have the same shapes, whatever their free dimensions are called."""
        old, new = ([type_.shape for type_ in network.root.inputs] for network in (self.old, self.new))
        return old == new

    @cached_property
    def same_function(self) -> bool:
        """Whether the outputs are the same in evaluation, once all weights are loaded. False if not all can be."""
        if not self.is_bijection or len(self.old.root.inputs) != len(self.new.root.inputs):
            return False
        if self.loads and self.forms.exact(self.old.root) == self.forms.exact(self.new.root):
            return True
        closed: dict[str, tuple[object, ...]] = {}
        origins: dict[str, str] = {}
        values = Values(self.forms, self.same_sizes)
        for count, (old, new, pair) in enumerate(self.keys.ops()):
            if count > LIMIT:
                return False
            if not pair.is_op and self.forms.keys(pair.new) == NO_KEYS:
                continue
            if not self.loads:
                origins[new] = old
            elif old != new:
                continue
            if pair.equal and not pair.is_op and self.forms.exact(pair.old) == self.forms.exact(pair.new):
                closed[old] = self.forms.exact(pair.new)
        given = [self.forms.number(("input", index)) for index in range(len(self.old.root.inputs))]
        try:
            one = Follower(values, {}, closed).run(self.old.root, "", "", given)
            values.left = max(values.left, 0)
            other = Follower(values, origins, closed).run(self.new.root, "", "", given)
        except (TooManyError, RecursionError):  # thousands of ops that only put elements elsewhere
            return False
        return _outputs(self.old, one) == _outputs(self.new, other)


def _outputs(network: Network, values: list[int]) -> list[int]:
    """The values of the outputs, without those of training."""
    return values[: len(values) - len(network.train_outputs)]


def _outside(network: Network) -> tuple[object, ...]:
    """What an expanded spec says beside the structure of the network."""
    document = network.document
    doc = document.model.doc if document.model else ""
    labels = tuple([node.label for module in walk(network.root) for node in module.body])
    name = network.variant or document.name
    return name, doc, network.input_names, network.outputs, network.train_outputs, document.rename, labels
