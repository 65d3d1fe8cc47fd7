"""Reshape."""

from collections.abc import Iterator
from math import prod
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.base import NoMacs, Op, SavesNothing
from archspec.ops.core.data import Example, Inputs, Layout
from archspec.ops.core.held import lying, viewed
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.reach import Links, regrouped
from archspec.ops.core.shape import Shape, fixed, free, listed, product
from archspec.ops.core.torch_code import TorchCode
from archspec.types import Dim, TensorType


class Reshape(NoMacs, SavesNothing, Op):
    """The same elements in the same order, in another shape.

    Free dimensions stand for themselves: those of the input come again, in their order, and the rest has as many
    elements as before.
    https://docs.pytorch.org/docs/stable/generated/torch.reshape.html
    """

    name: ClassVar[str] = "reshape"
    group: ClassVar[str] = "Shape"
    layout: ClassVar[Layout] = "free"
    asks_for_sizes: ClassVar[bool] = True

    shape: Shape
    """The new shape: sizes, names of free dimensions, and at most one -1, which is what is left."""

    def check(self, inputs: Inputs) -> None:
        """The new shape has as many elements as the old one, whatever the free dimensions are."""
        self._resolve(inputs)

    def output(self, inputs: Inputs) -> TensorType:
        """The new shape, with -1 filled in."""
        return TensorType(self._resolve(inputs))

    def reach(self, inputs: Inputs, output: TensorType) -> tuple[Links, ...]:
        """An axis that stays as it is sees the same; of others no positions are left."""
        return (regrouped(inputs[0], output),)

    def explain(self, inputs: Inputs) -> Iterator[str]:
        """What -1 stands for."""
        if -1 in self.shape and isinstance(rest := self._resolve(inputs)[self.shape.index(-1)], int):
            total, given = prod(fixed(inputs[0].shape)), prod(n for n in fixed(self.shape) if n != -1)
            yield f"-1: {total} / {given} = {rest}"

    def brief(self) -> str:
        """`reshape [N, 49, 64]`."""
        return f"reshape {listed(self.shape)}"

    def _resolve(self, inputs: Inputs) -> tuple[Dim, ...]:
        """The new shape, with -1 filled in: by a free dimension that is missing, else by what divides."""
        old, new = inputs[0].shape, self.shape
        if new.count(-1) > 1:
            raise Problem("AS408", "`shape` has more than one -1", at=("shape",))
        missing = [name for name in free(old) if name not in new]
        if -1 in new and len(missing) == 1:
            new = tuple(missing[0] if dim == -1 else dim for dim in new)
        self._check_free(old, new)
        place = new.index(-1) if -1 in new else None
        total, given = prod(fixed(old)), prod(n for n in fixed(new) if n != -1)
        if place is not None and total % given == 0:
            return (*new[:place], total // given, *new[place + 1 :])
        if total != given:
            raise self._misfit(inputs[0], new)
        return new

    def _check_free(self, old: tuple[Dim, ...], new: tuple[Dim, ...]) -> None:
        before, after = free(old), free(new)
        if before == after:
            return
        unknown = [name for name in after if name not in before]
        if unknown:
            known = ", ".join(f"`{name}`" for name in before) or "none"
            raise Problem(
                "AS408",
                f"the input has no free dimension `{unknown[0]}`",
                at=("shape",),
                notes=(f"the free dimensions of {TensorType(old)}: {known}",),
                subject=unknown[0],
            )
        raise Problem(
            "AS407",
            f"`shape` {listed(self.shape)} must have the free dimensions of the input, {listed(before)}, in "
            "their order",
            at=("shape",),
            notes=(f"the input is {TensorType(old)}",),
            help=f'write "{before[0]}" in `shape`' if before[0] not in after else None,
        )

    def _misfit(self, x: TensorType, new: tuple[Dim, ...]) -> Problem:
        """The problem that the numbers of elements differ."""
        beside = f", beside {listed(names)}," if (names := free(x.shape)) else ""
        given = [n for n in fixed(new) if n != -1]
        notes = [f"the input has {product(fixed(x.shape))} elements{beside} and `shape` has {product(given)}"]
        advice = None
        if -1 in new:
            notes[0] += ", which does not divide them"
        elif -1 in self.shape:
            name = new[self.shape.index(-1)]
            notes.append(f"-1 stands for the free dimension `{name}`, which `shape` does not name")
            advice = f'write "{name}" in its place, and -1 for what is left'
            if given and prod(fixed(x.shape)) % prod(given) == 0:  # windows, say, that are to join the batch
                advice += "; a free dimension cannot be merged with other axes"
        else:
            advice = "-1 in place of one size is what is left"
        return Problem(
            "AS404" if -1 in new else "AS401",
            f"{x} cannot be reshaped to {listed(self.shape)}",
            at=("shape",),
            notes=notes,
            help=advice,
        )

    def view(self, inputs: Inputs, *, training: bool) -> bool:
        """Unless the input lies in memory in a way that only a copy can have the new shape of."""
        return True

    def copies(self, inputs: Inputs, outputs: Inputs) -> bool:
        """Where no strides lead through the input in the new shape."""
        return viewed(inputs[0], outputs[0].shape) is None

    def held(self, inputs: Inputs, outputs: Inputs) -> Inputs:
        """In the strides of the input, or as a copy row by row."""
        steps = viewed(inputs[0], outputs[0].shape)
        return outputs if steps is None else (lying(outputs[0], steps),)

    def torch(self, inputs: Inputs) -> TorchCode:
        """`x.reshape`; one free dimension is -1, further ones are taken from the input."""
        shape = self._resolve(inputs)
        names = free(shape)
        sizes_ = [
            "-1" if dim in names[:1] else f"{{{dim}}}" if isinstance(dim, str) else str(dim) for dim in shape
        ]
        return TorchCode(function=f"{{0}}.reshape({', '.join(sizes_)})")

    def onnx(self, e: Emitter, inputs: Inputs) -> str:
        """`Reshape`."""
        return e.reshape(e.x, self._resolve(inputs))

    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            {"shape": ["N", 5, -1]},
            (("N", 5, 7, 3),),
            "lambda x: x.reshape(x.shape[0], 5, -1)",
            doc="The batch keeps its name; -1 is 7 * 3.",
        ),
        Example({"shape": ["N", 3, 5, 7]}, (("N", 105),), "lambda x: x.reshape(x.shape[0], 3, 5, 7)"),
        Example(
            {"shape": [-1, 35]},
            (("N", 5, 7),),
            "lambda x: x.reshape(-1, 35)",
            doc="Where all other sizes are given, -1 is the free dimension.",
        ),
        Example({"shape": [5, -1]}, ((3, 10),), "lambda x: x.reshape(5, -1)", doc="Without a batch."),
        Example({"shape": ["N", 11, 1]}, (("N", 11),), "nn.Unflatten(1, (11, 1))"),
        Example({"shape": ["N", -1, 11]}, (("N", 11),), "lambda x: x.reshape(x.shape[0], -1, 11)"),
        Example({"shape": [7, 5, "N"]}, (("N", 5, 7),), "lambda x: x.reshape(7, 5, x.shape[0])"),
        Example({"shape": ["N", 36]}, (("N", 5, 7),), error="AS401"),
        Example({"shape": ["N", 4, -1]}, (("N", 5, 7),), error="AS404"),
        Example({"shape": [-1, 7]}, (("N", 5, 7),), error="AS401", doc="-1 cannot be 5 * N."),
        Example({"shape": ["N", -1, -1]}, (("N", 5, 7),), error="AS408"),
        Example({"shape": ["M", 35]}, (("N", 5, 7),), error="AS408"),
        Example({"shape": [35]}, (("N", 5, 7),), error="AS407"),
        Example({"shape": ["H", "N", 5]}, (("N", "H", 5),), error="AS407", doc="Only `permute` swaps axes."),
        Example({"shape": ["N", 0]}, (("N", 5, 7),), error="AS203"),
        Example({"shape": []}, (("N", 5, 7),), error="AS203"),
    )
