"""Phase 7: networks that cannot be lowered."""

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
    """An op that a backend does not support.

    Every builtin op can be lowered to PyTorch and to ONNX. A plug-in may lack one of them.

    Use another op, or validate for the other backend alone: `--only torch`, `--only onnx`.
    """

    code: ClassVar[str] = "AS701"


class HiddenDimension(Rule):
    """A free dimension whose size a backend cannot find.

    The generated code has to read the batch size from a tensor in scope. Inside a block, only the inputs of the block
    are in scope.

    Move the node out of the block, or give the block an input that has the dimension.
    """

    code: ClassVar[str] = "AS702"
    bad: ClassVar[str | bytes] = _TOKENS
    good: ClassVar[str] = _TOKENS.split("\n[blocks")[0].replace(
        'op = "repeated"', 'op = "expand", shape = ["N", -1, -1]'
    )


class DifferentModules(Rule):
    """Calls that share weights but need different modules.

    A PyTorch module is configured when it is constructed. For example, `"same_upper"` padding depends on the size of
    the input: calls with inputs of different sizes pad differently, and would need two modules with one weight.

    Give the padding as numbers, make both inputs the same size, or use a separate layer.
    """

    code: ClassVar[str] = "AS703"
    bad: ClassVar[str | bytes] = spec_of(_SHARED, '"N", 3, 34, 34')
    good: ClassVar[str] = spec_of(_SHARED.replace('"same_upper"', "1"), '"N", 3, 34, 34')


class UnprovenNumber(Rule):
    """A number that differs from the backend's.

    `archspec verify` compares every number with PyTorch and ONNX Runtime. A difference is a bug in archspec, not in the
    spec.

    Report it, with the spec.
    """

    code: ClassVar[str] = "AS704"


class UnsayableInOnnx(Rule):
    """An op that ONNX, or its runtimes, cannot express.

    A few corner cases of PyTorch have no equivalent: a window of a dilated max pool that lies entirely in the padding
    is -inf in PyTorch, but not in other runtimes.

    Change the op as described in the message, or validate for PyTorch alone: `--only torch`.
    """

    code: ClassVar[str] = "AS705"
    bad: ClassVar[str | bytes] = spec_of(
        '{ op = "maxpool", kernel = 2, stride = 1, dilation = 10, padding = 1 },', '"N", 3, 9, 9'
    )
    good: ClassVar[str] = spec_of(
        '{ op = "maxpool", kernel = 2, stride = 1, dilation = 2, padding = 1 },', '"N", 3, 9, 9'
    )
