"""Reshape."""

from collections.abc import Iterator
from itertools import combinations
from math import prod
from typing import ClassVar

from archspec.diagnostics import Problem
from archspec.ops.core.checks import sizes
from archspec.ops.core.data import Example, Inputs
from archspec.ops.core.onnx_code import Emitter
from archspec.ops.core.shape import SameOrder, Shape, free, listed, product
from archspec.ops.core.torch_code import TorchCode, size_code
from archspec.types import Dim, TensorType, multiple


class Reshape(SameOrder):
    """The same elements in the same order, in another shape.

    Free dimensions stand for themselves: those of the input come again, in their order, and the rest has as many
    elements as before. Axes may move into the batch and back, as windows do: -1 in place of `N` is what is left, such
    as `64 * N`, and of a batch of `64 * N` the shape `["N", 64, …]` takes the windows out again.
    https://docs.pytorch.org/docs/stable/generated/torch.reshape.html
    """

    name: ClassVar[str] = "reshape"
    asks_for_sizes: ClassVar[bool] = True

    shape: Shape
    """The new shape: sizes, names of free dimensions, `"n * N"`, and at most one -1, which is what is left."""

    def check(self, inputs: Inputs) -> None:
        """The new shape has as many elements as the old one, whatever the free dimensions are."""
        self._resolve(inputs)

    def output(self, inputs: Inputs) -> TensorType:
        """The new shape, with -1 filled in."""
        return TensorType(self._resolve(inputs))

    def explain(self, inputs: Inputs) -> Iterator[str]:
        """What -1 stands for."""
        if -1 in self.shape:
            rest = self._resolve(inputs)[self.shape.index(-1)]
            total, given = prod(sizes(inputs[0].shape)), _given(self.shape)
            if rest not in free(inputs[0].shape):
                yield f"-1: {total} / {given} = {total // given}" + f", as {rest}" * isinstance(rest, str)

    def brief(self) -> str:
        """`reshape [N, 49, 64]`."""
        return f"reshape {listed(self.shape)}"

    def _resolve(self, inputs: Inputs) -> tuple[Dim, ...]:
        """The new shape, with -1 filled in: by what divides, times a free dimension that is missing."""
        old, new = inputs[0].shape, self.shape
        if new.count(-1) > 1:
            raise Problem("AS408", "`shape` has more than one -1", at=("shape",))
        missing = [name for name in free(old) if name not in free(new)]
        rest = missing[0] if -1 in new and len(missing) == 1 else None
        self._check_free(old, new if rest is None else tuple([rest if dim == -1 else dim for dim in new]))
        total, given = prod(sizes(old)), _given(new)
        if total % given or (total != given and -1 not in new):
            raise self._misfit(inputs[0])
        left = total // given
        return tuple([dim if dim != -1 else left if rest is None else multiple(left, rest) for dim in new])

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

    def _misfit(self, x: TensorType) -> Problem:
        """The problem that the numbers of elements differ."""
        beside = f", beside {listed(names)}," if (names := free(x.shape)) else ""
        given = product(_known(self.shape))
        note = f"the input has {product(_known(x.shape))} elements{beside} and `shape` has {given}"
        has_rest = -1 in self.shape
        return Problem(
            "AS404" if has_rest else "AS401",
            f"{x} cannot be reshaped to {listed(self.shape)}",
            at=("shape",),
            notes=(note + ", which does not divide them" * has_rest,),
            help=None if has_rest else "-1 in place of one size is what is left",
        )

    def torch(self, inputs: Inputs) -> TorchCode:
        """`x.reshape`; one free dimension is -1, further ones are taken from the input."""
        shape = self._resolve(inputs)
        rest = next((axis for axis, dim in enumerate(shape) if isinstance(dim, str)), None)
        written = ["-1" if axis == rest else size_code(dim) for axis, dim in enumerate(shape)]
        return TorchCode(
            function=f"{{0}}.reshape({', '.join(written)})", numbers=tuple(self._formulas(inputs[0]))
        )

    def _formulas(self, x: TensorType) -> Iterator[str]:
        """What sizes become: the same, one for neighbours, or parts."""
        axes = [f"x.shape[{axis}]" for axis in range(x.rank)]
        yield from axes[1:]
        for start, stop in combinations(range(1, x.rank + 1), 2):
            if stop - start > 1:
                yield " * ".join(axes[start:stop])
        for axis, dim in enumerate(self.shape):
            if isinstance(dim, int) and dim > 0:
                yield from (f"{size} // shape[{axis}]" for size in axes[1:])

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
        Example(
            {"shape": [-1, 7]},
            (("N", 5, 7),),
            "lambda x: x.reshape(-1, 7)",
            doc="Five rows of each image: the batch is 5 * N now.",
        ),
        Example({"shape": ["5 * N", 7]}, (("N", 5, 7),), "lambda x: x.reshape(-1, 7)"),
        Example({"shape": [3, "2 * N", 7]}, (("N", 6, 7),), "lambda x: x.reshape(3, -1, 7)"),
        Example({"shape": [-1, 10]}, (("N", 5, 7),), error="AS404", doc="10 does not divide 5 * 7."),
        Example({"shape": ["2 * N", 7]}, (("N", 5, 7),), error="AS401"),
        Example({"shape": ["N", -1, -1]}, (("N", 5, 7),), error="AS408"),
        Example({"shape": ["M", 35]}, (("N", 5, 7),), error="AS408"),
        Example({"shape": [35]}, (("N", 5, 7),), error="AS407"),
        Example({"shape": ["H", "N", 5]}, (("N", "H", 5),), error="AS407", doc="Only `permute` swaps axes."),
        Example({"shape": ["N", 0]}, (("N", 5, 7),), error="AS203"),
        Example({"shape": []}, (("N", 5, 7),), error="AS203"),
    )


def _known(shape: tuple[Dim, ...]) -> list[int]:
    """The sizes and the factors in a shape, but for -1."""
    return [
        n
        for dim, n in zip(shape, sizes(shape), strict=True)
        if dim != -1 and (n != 1 or isinstance(dim, int))
    ]


def _given(shape: tuple[Dim, ...]) -> int:
    return prod(_known(shape))
