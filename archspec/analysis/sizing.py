"""The sizes of tensors and weights in bytes, at a batch size and for a floating type; and helpers for storages."""

from dataclasses import dataclass
from math import prod

from archspec.ir import Module
from archspec.ops.core.base import Op
from archspec.ops.core.checks import sizes
from archspec.ops.core.data import Inputs
from archspec.ops.core.held import Held, Strides
from archspec.types import DTYPES, TensorType

INDEX = DTYPES["int64"].bytes
"""The size of an integer in bytes."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """Computes sizes in bytes."""

    batch: int
    element: int

    def bytes(self, type_: TensorType) -> int:
        """The size of a tensor in bytes."""
        return self.element * prod(sizes(self.filled(type_).shape))

    def filled(self, type_: TensorType) -> TensorType:
        """The type with free dimensions replaced by the batch size."""
        counts = sizes(type_.shape)
        return TensorType(
            tuple(
                [
                    n * self.batch if isinstance(dim, str) else n
                    for dim, n in zip(type_.shape, counts, strict=True)
                ]
            )
        )

    def weights(self, op: Op, module: Module) -> tuple[int, int]:
        """The sizes of an op's parameters and of its buffers, in bytes."""
        params = buffers = 0
        for weight in op.weights(module.inputs):
            size = weight.size * (INDEX if weight.dtype == "int64" else self.element)
            if weight.buffer:
                buffers += size
            else:
                params += size
        return params, buffers

    def given(self, module: Module, held: tuple[Strides | None, ...]) -> Inputs:
        """The inputs of a module with the memory layouts `held`."""
        filled = map(self.filled, module.inputs)
        return tuple(
            [x if steps is None else Held(x.shape, steps) for x, steps in zip(filled, held, strict=True)]
        )

    def made(self, op: Op, module: Module, inputs: Inputs) -> Inputs:
        """The outputs of an op with their memory layouts."""
        return op.held(inputs, tuple(map(self.filled, module.outputs)))


def renumbered(count: int, results: list[int]) -> tuple[dict[int, int], list[int]]:
    """Renumber the returned storages for the caller; also returns those among them that are new."""
    made = list(dict.fromkeys(number for number in results if number >= count))
    inputs = {number: number for number in range(count)}
    return inputs | {number: position for position, number in enumerate(made, start=count)}, made


def layout(x: TensorType) -> Strides | None:
    """The strides of a tensor that is not contiguous; `None` for a contiguous one."""
    return x.strides if isinstance(x, Held) else None
