"""2: keys and values that the language does not have."""

from typing import ClassVar

from archspec.diagnostics.rule import Rule, spec_of

_CONV = spec_of('{ op = "conv", out = 16, kernel = 3 },')


class UnknownKey(Rule):
    """A key that does not exist.

    A misspelt key would be passed over in silence, and its default used: every section, op and block refuses keys that
    it does not know. The nearest key that exists is suggested.

    Write the key as it is called; `archspec ops NAME` lists those of an op.
    """

    code: ClassVar[str] = "AS201"
    name: ClassVar[str] = "unknown-key"
    bad: ClassVar[str | bytes] = _CONV.replace("kernel", "kernal")
    good: ClassVar[str] = _CONV


class MissingKey(Rule):
    """A key or an argument that is missing.

    What has no sensible default must be said, such as the channels of a convolution or the `required` parameters of a
    block.

    Add it.
    """

    code: ClassVar[str] = "AS202"
    name: ClassVar[str] = "missing-key"
    bad: ClassVar[str | bytes] = _CONV.replace(", kernel = 3", "")
    good: ClassVar[str] = _CONV


class WrongValue(Rule):
    """A value of the wrong type, or out of range.

    Types are not converted: `"3"` is an expression, `true` is no number, and `1.5` no size. Bounds are those of the op
    or of the parameter's declaration.

    Write a value as the message says.
    """

    code: ClassVar[str] = "AS203"
    name: ClassVar[str] = "wrong-value"
    bad: ClassVar[str | bytes] = _CONV.replace("out = 16", "out = 1.5")
    good: ClassVar[str] = _CONV


class UnknownOp(Rule):
    """An op that does not exist.

    An op is a builtin one, a block of the file, a block of a library by `alias.block`, or a plug-in. The nearest name
    is suggested, and for the classes of PyTorch what they are called here.

    Write the name as it is called; `archspec ops` lists the builtin ones.
    """

    code: ClassVar[str] = "AS204"
    name: ClassVar[str] = "unknown-op"
    bad: ClassVar[str | bytes] = _CONV.replace('"conv"', '"Conv2d"')
    good: ClassVar[str] = _CONV


class ExpressionSyntax(Rule):
    """An expression that does not parse.

    Where a number is expected, a string is an expression: arithmetic, comparisons, `and`, `or`, `not`, a conditional,
    lists, and the functions that the reference lists. There is nothing else in it: no calls of Python, no assignment.

    Write it in these terms.
    """

    code: ClassVar[str] = "AS205"
    name: ClassVar[str] = "expression-syntax"
    bad: ClassVar[str | bytes] = _CONV.replace("out = 16", 'out = "x.channels *"')
    good: ClassVar[str] = _CONV.replace("out = 16", 'out = "x.channels * 4"')


class BadName(Rule):
    """A name that cannot be a module's, a parameter's or a dimension's.

    The names of nodes become keys of PyTorch's state_dict and attributes of its modules, those of parameters are words
    in expressions. Neither has dots in it, and some words PyTorch or the language needs itself.

    Choose another name.
    """

    code: ClassVar[str] = "AS206"
    name: ClassVar[str] = "bad-name"
    bad: ClassVar[str | bytes] = spec_of('{ name = "conv.1", op = "conv", out = 16, kernel = 3 },')
    good: ClassVar[str] = spec_of('{ name = "conv1", op = "conv", out = 16, kernel = 3 },')


class LanguageVersion(Rule):
    """A language version that this archspec does not read.

    A spec says in its first line which version of the language it is in, so that what it means never changes. There is
    one version, 1.

    Write `archspec = 1`; for a later version, install a later archspec.
    """

    code: ClassVar[str] = "AS207"
    name: ClassVar[str] = "language-version"
    bad: ClassVar[str | bytes] = _CONV.replace("archspec = 1", "archspec = 2")
    good: ClassVar[str] = _CONV


class MeaninglessKey(Rule):
    """A key that exists, but means nothing in this place.

    `index` without `repeat`, `branches` of an op that is no join, a variant's value for a parameter that is not there:
    whoever wrote it expects something of it.

    Delete it, or add what gives it a meaning.
    """

    code: ClassVar[str] = "AS208"
    name: ClassVar[str] = "meaningless-key"
    bad: ClassVar[str | bytes] = spec_of('{ op = "conv", out = 16, kernel = 3, index = "i" },')
    good: ClassVar[str] = spec_of('{ op = "conv", out = 16, kernel = 3, index = "i", repeat = 2 },')
