"""Phase 4: invalid shapes."""

from typing import ClassVar

from archspec.diagnostics.rule import Rule, spec_of


class ShapeMismatch(Rule):
    """Shapes that do not fit together.

    A sum is elementwise; a concatenation requires all axes but one to be equal. `add`, `mul`, `sub` and `max`
    broadcast axes of size 1, as PyTorch does; a residual and a concatenation do not broadcast.

    Make channels, strides and padding of the branches agree: the note shows the shape of each.
    """

    code: ClassVar[str] = "AS401"
    bad: ClassVar[str | bytes] = spec_of(
        '{ op = "residual", layers = [{ op = "conv", out = 3, kernel = 3 }] },'
    )
    good: ClassVar[str] = spec_of(
        '{ op = "residual", layers = [{ op = "conv", out = 3, kernel = 3, padding = "half" }] },'
    )


class WrongRank(Rule):
    """An input of the wrong rank.

    A convolution or a pool slides over one, two or three axes after batch and channels; a flattened image has no such
    axis.

    Move the node before the `flatten`, or change the input's shape.
    """

    code: ClassVar[str] = "AS402"
    bad: ClassVar[str | bytes] = spec_of('"flatten",\n{ op = "maxpool", kernel = 2 },')
    good: ClassVar[str] = spec_of('{ op = "maxpool", kernel = 2 },\n"flatten",')


class EmptyOutput(Rule):
    """An output size of zero or below.

    The kernel is larger than its padded input, so there is no position where it fits.

    Use a smaller kernel, more padding, smaller strides in earlier layers, or a larger input.
    """

    code: ClassVar[str] = "AS403"
    bad: ClassVar[str | bytes] = spec_of('{ op = "conv", out = 8, kernel = 7 },', '"N", 3, 6, 6')
    good: ClassVar[str] = spec_of('{ op = "conv", out = 8, kernel = 7, padding = "half" },', '"N", 3, 6, 6')


class Indivisible(Rule):
    """A size that is not divisible.

    Groups, heads and the parts of a split have equal sizes: their number must divide the number of channels.

    Choose a number that divides the size.
    """

    code: ClassVar[str] = "AS404"
    bad: ClassVar[str | bytes] = spec_of(
        '{ op = "conv", out = 8, kernel = 3, groups = 4 },', '"N", 6, 32, 32'
    )
    good: ClassVar[str] = spec_of('{ op = "conv", out = 8, kernel = 3, groups = 2 },', '"N", 6, 32, 32')


class AssertedShape(Rule):
    """A shape that differs from the asserted one.

    `shape` on a node states the expected output shape. It is checked, so that readers can rely on it.

    Correct the assertion, or the nodes up to it; `archspec summary --explain` shows the arithmetic.
    """

    code: ClassVar[str] = "AS405"
    bad: ClassVar[str | bytes] = spec_of('{ op = "conv", out = 8, kernel = 3, shape = ["N", 8, 32, 32] },')
    good: ClassVar[str] = spec_of('{ op = "conv", out = 8, kernel = 3, shape = ["N", 8, 30, 30] },')


class UnsharableWeights(Rule):
    """Weights that cannot be shared.

    `reuse` calls an earlier module with its weights. For an input with another number of channels, the weights would
    need another shape.

    Give the input the same number of channels as in the first call, or use a separate layer.
    """

    code: ClassVar[str] = "AS406"
    bad: ClassVar[str | bytes] = spec_of(
        '{ name = "a", op = "conv", out = 8, kernel = 3 },\n{ op = "reuse", of = "a" },'
    )
    good: ClassVar[str] = spec_of(
        '{ name = "a", op = "conv", out = 8, kernel = 3 },\n{ op = "reuse", of = "a" },', '"N", 8, 32, 32'
    )


class FreeDimension(Rule):
    """A free dimension where a size is needed.

    Only the batch may be free: weights and output sizes must be known. A name in upper case is a free dimension.

    Write the size, or give it with `--input`.
    """

    code: ClassVar[str] = "AS407"
    bad: ClassVar[str | bytes] = spec_of('{ op = "conv", out = 8, kernel = 3 },', '"N", 3, "H", "W"')
    good: ClassVar[str] = spec_of('{ op = "conv", out = 8, kernel = 3 },', '"N", 3, 224, 224')


class UnsuitableValue(Rule):
    """A value that is invalid for the input.

    The value is valid in itself, but not for this input: an axis that does not exist, a pool's padding above half its
    kernel, which PyTorch rejects, or `"same"` with a stride.

    Change it as described in the help.
    """

    code: ClassVar[str] = "AS408"
    bad: ClassVar[str | bytes] = spec_of('{ op = "maxpool", kernel = 3, stride = 2, padding = 2 },')
    good: ClassVar[str] = spec_of('{ op = "maxpool", kernel = 3, stride = 2, padding = 1 },')
