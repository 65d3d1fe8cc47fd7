"""Phase 2: unknown keys and invalid values."""

from typing import ClassVar

from archspec.diagnostics.rule import Rule, spec_of

_CONV = spec_of('{ op = "conv", out = 16, kernel = 3 },')


class UnknownKey(Rule):
    """A key that does not exist.

    If unknown keys were ignored, a misspelt key would silently have its default value: every section, op and block
    rejects them. The most similar known key is suggested.

    Correct the key; `archspec ops NAME` lists those of an op.
    """

    code: ClassVar[str] = "AS201"
    bad: ClassVar[str | bytes] = _CONV.replace("kernel", "kernal")
    good: ClassVar[str] = _CONV


class MissingKey(Rule):
    """A key or an argument that is missing.

    A key without a sensible default must be given, such as the channels of a convolution or the `required` parameters
    of a block.

    Add it.
    """

    code: ClassVar[str] = "AS202"
    bad: ClassVar[str | bytes] = _CONV.replace(", kernel = 3", "")
    good: ClassVar[str] = _CONV


class WrongValue(Rule):
    """A value of the wrong type, or out of range.

    Types are not converted: `"3"` is an expression, `true` is not a number, and `1.5` is not a size. The bounds are
    those of the op or of the parameter's declaration.

    Use a value as described in the message.
    """

    code: ClassVar[str] = "AS203"
    bad: ClassVar[str | bytes] = _CONV.replace("out = 16", "out = 1.5")
    good: ClassVar[str] = _CONV


class UnknownOp(Rule):
    """An op that does not exist.

    An op is a builtin, a block of the file, a block of a library as `alias.block`, or a plug-in. The most similar name
    is suggested; for a PyTorch class, its name in archspec.

    Correct the name; `archspec ops` lists the builtin ops.
    """

    code: ClassVar[str] = "AS204"
    bad: ClassVar[str | bytes] = _CONV.replace('"conv"', '"Conv2d"')
    good: ClassVar[str] = _CONV


class ExpressionSyntax(Rule):
    """An expression that does not parse.

    Where a number is expected, a string is an expression: arithmetic, comparisons, `and`, `or`, `not`, a conditional,
    lists, and the functions in the reference. Nothing else is allowed: no Python calls, no assignment.

    Rewrite it with these constructs.
    """

    code: ClassVar[str] = "AS205"
    bad: ClassVar[str | bytes] = _CONV.replace("out = 16", 'out = "x.channels *"')
    good: ClassVar[str] = _CONV.replace("out = 16", 'out = "x.channels * 4"')


class BadName(Rule):
    """An invalid name of a module, a parameter or a dimension.

    The names of nodes become keys of PyTorch's state_dict and attributes of its modules; those of parameters are words
    in expressions. Neither may contain dots, and some words are reserved by PyTorch or the language.

    Choose another name.
    """

    code: ClassVar[str] = "AS206"
    bad: ClassVar[str | bytes] = spec_of('{ name = "conv.1", op = "conv", out = 16, kernel = 3 },')
    good: ClassVar[str] = spec_of('{ name = "conv1", op = "conv", out = 16, kernel = 3 },')


class LanguageVersion(Rule):
    """A language version that this release does not support.

    A spec states the version of the language, so that its meaning never changes. The only version is 1.

    Write `archspec = 1`; for a later version, install a later release of archspec.
    """

    code: ClassVar[str] = "AS207"
    bad: ClassVar[str | bytes] = _CONV.replace("archspec = 1", "archspec = 2")
    good: ClassVar[str] = _CONV


class MeaninglessKey(Rule):
    """A key that exists, but has no effect in this place.

    Examples are `index` without `repeat`, `branches` of an op that is not a join, and a variant's value for a parameter
    that does not exist. Its author expects it to have an effect.

    Delete it, or add what it refers to.
    """

    code: ClassVar[str] = "AS208"
    bad: ClassVar[str | bytes] = spec_of('{ op = "conv", out = 16, kernel = 3, index = "i" },')
    good: ClassVar[str] = spec_of('{ op = "conv", out = 16, kernel = 3, index = "i", repeat = 2 },')
