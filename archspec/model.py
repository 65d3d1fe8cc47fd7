"""The model: a network and its analyses, such as totals, modules, weights, receptive fields and memory."""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from archspec.analysis.cost import Costs
from archspec.analysis.modules import Row, listing, rows
from archspec.analysis.totals import Report, Totals, report
from archspec.analysis.weights import state_dict
from archspec.diagnostics import Diagnostic, UsageError
from archspec.elaborate import Network, without_collector
from archspec.ir import Module
from archspec.ops.core.data import Weight
from archspec.types import DTYPES, Floating, TensorType, Value

if TYPE_CHECKING:
    from archspec.analysis.field import ReceptiveField
    from archspec.analysis.memory import Memory, Optimizer


class Model:
    """A network with all its shapes and costs, which are computed on demand."""

    def __init__(self, network: Network, batch: int = 1) -> None:
        fixed = network.root.inputs[0].shape[0]
        if batch < 1:
            raise UsageError(f"the batch size must be at least 1, not {batch}")
        if batch != 1 and isinstance(fixed, int):
            raise UsageError(
                f"the input fixes its first axis, the batch, to {fixed}: make it free, as in `N,3,224,224`"
            )
        if network.train_outputs:
            from archspec.analysis.inference import without_spare

            network = without_spare(network)
        self.network = network
        self.batch = batch
        """The batch size at which MACs are counted."""
        self.fixed_batch = fixed if isinstance(fixed, int) else None
        """The batch size that the spec itself fixes; MACs are those of the whole batch."""
        self.costs = Costs()

    @property
    def name(self) -> str:
        """The name of the variant, or of the model."""
        return self.network.variant or self.network.document.name

    @property
    def variant(self) -> str | None:
        """The selected variant."""
        return self.network.variant

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants of the spec."""
        return tuple(self.network.document.variants)

    @property
    def file(self) -> str:
        """The path of the spec, as given."""
        return self.network.document.file

    @property
    def params(self) -> dict[str, Value]:
        """The values of the spec's parameters."""
        return dict(self.network.params)

    @property
    def root(self) -> Module:
        """The module tree."""
        return self.network.root

    @property
    def inputs(self) -> dict[str, TensorType]:
        """The types of the inputs by name; the size of a free batch axis is a name."""
        return dict(zip(self.network.input_names, self.root.inputs, strict=True))

    @property
    def outputs(self) -> tuple[TensorType, ...]:
        """The types of the outputs, without training outputs."""
        return self.totals.outputs

    @cached_property
    def report(self) -> Report:
        """The totals, for inference and for training."""
        with without_collector():
            return report(self.root, len(self.network.train_outputs), self.costs, self.batch)

    @property
    def totals(self) -> Totals:
        """The totals of the inference network."""
        return self.report.inference

    @property
    def training_totals(self) -> Totals:
        """The totals of the training network."""
        return self.report.training or self.report.inference

    def check(self) -> list[Diagnostic]:
        """The failed expectations of the spec's `[expect]`, counted at batch size 1."""
        from archspec.analysis.expect import check

        return check(self.network, report(self.root, len(self.network.train_outputs), self.costs))

    def modules(self, *, fields: bool = False) -> Iterator[Row]:
        """Every module and join, outer before inner; with `fields`, including receptive fields.

        Raises `UsageError` above a million.
        """
        listing(self.root, self.costs)
        listed = rows(self.root, self.costs, len(self.network.train_outputs))
        if not fields:
            return listed
        from archspec.analysis.receptive_field import with_fields

        return with_fields(self.root, listed)

    def weights(self) -> dict[str, Weight]:
        """The state_dict: every parameter and buffer by key. Raises `UsageError` above a million."""
        listing(self.root, self.costs)
        return state_dict(self.root)

    def receptive_fields(self) -> "dict[str, ReceptiveField]":
        """The receptive field of every module's output, by path: the part of the first input that it depends on."""
        from archspec.analysis.receptive_field import fields

        listing(self.root, self.costs)
        return fields(self.root)

    def memory(self, dtype: str = "float32", optimizer: "Optimizer" = "sgd") -> "Memory":
        """The memory of inference and of training at this batch size, in bytes.

        `dtype` is `float32`, `float16` or `bfloat16`; `optimizer` is `sgd`, `momentum` or `adam`, which keep 0, 1 and
        2 numbers per parameter.
        """
        from archspec.analysis.memory import STATES, memory

        for given, known in ((dtype, [*Floating]), (optimizer, [*STATES])):
            if given not in known:
                raise UsageError(f"there is no `{given}`: there are {', '.join(known)}")
        train = len(self.network.train_outputs)
        return memory(self.root, train, batch=self.batch, element=DTYPES[dtype].bytes, optimizer=optimizer)

    def __repr__(self) -> str:
        totals = self.totals
        return f"<archspec.Model {self.name}: {totals.params:,} parameters, {totals.macs:,} MACs>"


def without_training(model: Model) -> Model:
    """The model without its training outputs and everything that only they need."""
    from archspec.analysis.inference import for_inference

    return Model(for_inference(model.network), model.batch)
