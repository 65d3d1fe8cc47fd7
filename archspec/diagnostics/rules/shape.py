"""4: shapes that do not work out."""

from typing import ClassVar

from archspec.diagnostics.rule import Rule, spec_of


class ShapeMismatch(Rule):
    """Shapes that do not fit together.

    A sum adds element to element, a concatenation needs all axes but one to be equal. `add`, `mul`, `sub` and `max`
    stretch axes of size 1, as PyTorch does; a residual and a concatenation stretch nothing.

    Make channels, strides and padding of the branches agree: the note has the shape of each.
    """

    code: ClassVar[str] = "AS401"
    name: ClassVar[str] = "shape-mismatch"
    bad: ClassVar[str | bytes] = spec_of(
        '{ op = "residual", layers = [{ op = "conv", out = 3, kernel = 3 }] },'
    )
    good: ClassVar[str] = spec_of(
        '{ op = "residual", layers = [{ op = "conv", out = 3, kernel = 3, padding = "half" }] },'
    )


class WrongRank(Rule):
    """An input of the wrong rank.

    A convolution or a pool slides over one, two or three axes behind batch and channels; a flattened image has none
    left.

    Move the node in front of `flatten`, or change the input's shape.
    """

    code: ClassVar[str] = "AS402"
    name: ClassVar[str] = "wrong-rank"
    bad: ClassVar[str | bytes] = spec_of('"flatten",\n{ op = "maxpool", kernel = 2 },')
    good: ClassVar[str] = spec_of('{ op = "maxpool", kernel = 2 },\n"flatten",')


class EmptyOutput(Rule):
    """A size that falls to zero or below.

    The kernel is larger than what is left of the image with its padding: there is no place where it fits.

    Use a smaller kernel, more padding, fewer strides before, or a larger input.
    """

    code: ClassVar[str] = "AS403"
    name: ClassVar[str] = "empty-output"
    bad: ClassVar[str | bytes] = spec_of('{ op = "conv", out = 8, kernel = 7 },', '"N", 3, 6, 6')
    good: ClassVar[str] = spec_of('{ op = "conv", out = 8, kernel = 7, padding = "half" },', '"N", 3, 6, 6')


class Indivisible(Rule):
    """A size that does not divide.

    Groups, heads and the parts of a split are equal in size: their number must divide the channels.

    Choose numbers of which one divides the other.
    """

    code: ClassVar[str] = "AS404"
    name: ClassVar[str] = "indivisible"
    bad: ClassVar[str | bytes] = spec_of(
        '{ op = "conv", out = 8, kernel = 3, groups = 4 },', '"N", 6, 32, 32'
    )
    good: ClassVar[str] = spec_of('{ op = "conv", out = 8, kernel = 3, groups = 2 },', '"N", 6, 32, 32')


class AssertedShape(Rule):
    """A shape that is not the one asserted.

    `shape` on a node is what its author believes to come out. It is checked, so that it is true where it is read.

    Correct the assertion, or the nodes up to it; `archspec summary --explain` shows the arithmetic.
    """

    code: ClassVar[str] = "AS405"
    name: ClassVar[str] = "asserted-shape"
    bad: ClassVar[str | bytes] = spec_of('{ op = "conv", out = 8, kernel = 3, shape = ["N", 8, 32, 32] },')
    good: ClassVar[str] = spec_of('{ op = "conv", out = 8, kernel = 3, shape = ["N", 8, 30, 30] },')


class UnsharableWeights(Rule):
    """Weights that cannot be shared.

    `reuse` calls an earlier module with its weights. For an input of other channels the weights would have another
    shape.

    Bring the input to the channels of the first call, or use a layer of its own.
    """

    code: ClassVar[str] = "AS406"
    name: ClassVar[str] = "unsharable-weights"
    bad: ClassVar[str | bytes] = spec_of(
        '{ name = "a", op = "conv", out = 8, kernel = 3 },\n{ op = "reuse", of = "a" },'
    )
    good: ClassVar[str] = spec_of(
        '{ name = "a", op = "conv", out = 8, kernel = 3 },\n{ op = "reuse", of = "a" },', '"N", 8, 32, 32'
    )


class FreeDimension(Rule):
    """A free dimension where a size is needed.

    Only the batch may be free: weights and output sizes need numbers. A name in upper case is a free dimension.

    Write the size, or give it with `--input`.
    """

    code: ClassVar[str] = "AS407"
    name: ClassVar[str] = "free-dimension"
    bad: ClassVar[str | bytes] = spec_of('{ op = "conv", out = 8, kernel = 3 },', '"N", 3, "H", "W"')
    good: ClassVar[str] = spec_of('{ op = "conv", out = 8, kernel = 3 },', '"N", 3, 224, 224')


class UnsuitableValue(Rule):
    """A value that does not suit the input.

    By itself the value is right, but not for this input: an axis that it does not have, a pool's padding above half its
    kernel, which PyTorch refuses, `"same"` with a stride.

    Change it as the help says.
    """

    code: ClassVar[str] = "AS408"
    name: ClassVar[str] = "unsuitable-value"
    bad: ClassVar[str | bytes] = spec_of('{ op = "maxpool", kernel = 3, stride = 2, padding = 2 },')
    good: ClassVar[str] = spec_of('{ op = "maxpool", kernel = 3, stride = 2, padding = 1 },')
