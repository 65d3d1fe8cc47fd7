"""7: networks that cannot be compiled."""

from typing import ClassVar

from archspec.diagnostics.rule import Rule, spec_of

_TOKENS = """\
archspec = 1

[model]
input = ["N", 3, 32, 32]
layers = [
  { as = "image", op = "flatten", start = 2 },
  { name = "token", op = "param", shape = [1, 3, 1] },
  { as = "tokens", op = "repeated" },
  { op = "concat", from = ["image", "tokens"], axis = 2 },
]

[blocks.repeated]
layers = [{ op = "expand", shape = ["N", -1, -1] }]
"""
_SHARED = """
{ name = "c", op = "conv", out = 3, kernel = 3, stride = 2, padding = "same_upper" },
{ op = "reuse", of = "c" },
"""


class UnwritableOp(Rule):
    """An op that a backend cannot write.

    Every builtin op has a form in PyTorch and in ONNX. A plug-in may lack one of them.

    Use another op, or validate for the other backend alone: `--only torch`, `--only onnx`.
    """

    code: ClassVar[str] = "AS701"
    name: ClassVar[str] = "unwritable-op"


class HiddenDimension(Rule):
    """A free dimension whose size a backend cannot find.

    The code that is written has to read the size of the batch off a tensor at hand. Inside a block, only the inputs of
    the block are at hand.

    Do it outside of the block, or give the block an input that has the dimension.
    """

    code: ClassVar[str] = "AS702"
    name: ClassVar[str] = "hidden-dimension"
    bad: ClassVar[str | bytes] = _TOKENS
    good: ClassVar[str] = _TOKENS.split("\n[blocks")[0].replace(
        'op = "repeated"', 'op = "expand", shape = ["N", -1, -1]'
    )


class DifferentModules(Rule):
    """Weights that are shared by calls which need different modules.

    In PyTorch, what a module does is fixed when it is made. `"same_upper"` padding, as an example, depends on the size
    of the input: calls for inputs of different sizes pad differently, and would need two modules with one weight.

    Say the padding in numbers, bring both inputs to the same size, or use a layer of its own.
    """

    code: ClassVar[str] = "AS703"
    name: ClassVar[str] = "different-modules"
    bad: ClassVar[str | bytes] = spec_of(_SHARED, '"N", 3, 34, 34')
    good: ClassVar[str] = spec_of(_SHARED.replace('"same_upper"', "1"), '"N", 3, 34, 34')


class UnprovenNumber(Rule):
    """What a backend makes is not what was said of it.

    `archspec verify` compares every number with PyTorch and ONNX Runtime. A difference is a fault of archspec, not of
    the spec.

    Report it, with the spec.
    """

    code: ClassVar[str] = "AS704"
    name: ClassVar[str] = "unproven-number"


class UnsayableInOnnx(Rule):
    """What ONNX, or its runtimes, cannot say.

    A few corners of PyTorch have no counterpart: a window of a dilated max pool that lies in the padding alone is -inf
    in PyTorch, and something else elsewhere.

    Change the op as the message says, or validate for PyTorch alone: `--only torch`.
    """

    code: ClassVar[str] = "AS705"
    name: ClassVar[str] = "unsayable-in-onnx"
    bad: ClassVar[str | bytes] = spec_of(
        '{ op = "maxpool", kernel = 2, stride = 1, dilation = 10, padding = 1 },', '"N", 3, 9, 9'
    )
    good: ClassVar[str] = spec_of(
        '{ op = "maxpool", kernel = 2, stride = 1, dilation = 2, padding = 1 },', '"N", 3, 9, 9'
    )
