"""Phase 3: unresolved names, values and connections of nodes."""

from collections.abc import Mapping
from typing import ClassVar

from archspec.diagnostics.rule import SPEC, Rule, spec_of

_WIDTH = spec_of('{ op = "conv", out = "width", kernel = 3 },')
_WIDTHS = spec_of('{ op = "conv", out = "widths[2]", kernel = 3 },').replace(
    "[model]", "[params]\nwidths = [16, 32]\n\n[model]"
)
_SPLIT = """
{ name = "a", op = "conv", out = 8, kernel = 3, padding = "half" },
{ name = "b", op = "conv", out = 8, kernel = 3, padding = "half" },
"""
_UNIT = """\
archspec = 1

[model]
input = ["N", 3, 32, 32]
layers = ["unit"]

[blocks.unit]
layers = ["relu", { op = "conv", out = 8, kernel = 3 }]
"""
_LIBRARY = """\
archspec = 1

[use]
common = "common.toml"

[model]
input = ["N", 3, 32, 32]
layers = ["common.stem"]
"""
_STEM = """\
archspec = 1

[blocks.stem]
layers = [{ op = "conv", out = 8, kernel = 3 }, "relu"]
"""


class UndefinedName(Rule):
    """An undefined name.

    An expression sees the counters of repeats, the block's parameters and `let`s, and those of its file; `from` sees
    the earlier nodes of the same scope. Neither sees the names of a block's caller.

    Use a defined name, or define it; the most similar one is suggested.
    """

    code: ClassVar[str] = "AS301"
    bad: ClassVar[str | bytes] = _WIDTH
    good: ClassVar[str] = _WIDTH.replace("[model]", "[params]\nwidth = 16\n\n[model]")


class LaterNode(Rule):
    """A reference to a later node.

    The nodes of a chain are in the order of computation. A value can only be used after the node that computes it, so
    that there are no cycles.

    Move the node that computes the value forward.
    """

    code: ClassVar[str] = "AS302"
    bad: ClassVar[str | bytes] = spec_of('{ op = "add", from = ["a", "b"] },' + _SPLIT)
    good: ClassVar[str] = spec_of(_SPLIT + '{ op = "add", from = ["a", "b"] },')


class TakenName(Rule):
    """A duplicate name.

    Two modules with the same name would have the same keys in the state_dict, and a reference to the name would be
    ambiguous.

    Rename one of them; in a repeat, put the counter into the name, as in `conv{i + 1}`.
    """

    code: ClassVar[str] = "AS303"
    bad: ClassVar[str | bytes] = spec_of(_SPLIT.replace('"b"', '"a"'))
    good: ClassVar[str] = spec_of(_SPLIT)


class RecursiveBlock(Rule):
    """A block that contains itself.

    The expansion would never end: a network is a finite list of nodes. Use a `repeat` for repeated parts.

    Call another block, or `repeat` the recurring part.
    """

    code: ClassVar[str] = "AS304"
    bad: ClassVar[str | bytes] = _UNIT.replace('["relu"', '["unit"')
    good: ClassVar[str] = _UNIT


class LibraryCycle(Rule):
    """Libraries that use each other in a cycle.

    The meaning of a library must not depend on the file that uses it.

    Move the shared definitions into a third file.
    """

    code: ClassVar[str] = "AS305"
    bad: ClassVar[str | bytes] = _LIBRARY.replace("common.toml", SPEC)
    good: ClassVar[str] = _LIBRARY
    files: ClassVar[Mapping[str, str]] = {"common.toml": _STEM}


class NetworkTooLarge(Rule):
    """A network that exceeds the limits.

    The numbers of nodes, levels and characters are limited, far above any known network, so that a mistake such as a
    `repeat` of millions gives a message instead of exhausting memory. The limits are listed in the reference.

    Make the network smaller; equal blocks count once.
    """

    code: ClassVar[str] = "AS306"
    bad: ClassVar[str | bytes] = spec_of('{ op = "relu", repeat = 1_000_000 },')
    good: ClassVar[str] = spec_of('{ op = "conv", repeat = 100, out = 3, kernel = 3, padding = "half" },')


class NoValue(Rule):
    """An expression without a value.

    It parses, but cannot be evaluated: a division by zero, an index beyond the end of a list, text in arithmetic.

    Change the expression, or the values that it uses.
    """

    code: ClassVar[str] = "AS307"
    bad: ClassVar[str | bytes] = _WIDTHS
    good: ClassVar[str] = _WIDTHS.replace("widths[2]", "widths[1]")


class ValueCycle(Rule):
    """Values that are defined in terms of each other.

    Parameters and `let`s may use each other in any order, but not in a cycle.

    Give one of them a value that does not depend on the others.
    """

    code: ClassVar[str] = "AS308"
    bad: ClassVar[str | bytes] = _WIDTH.replace(
        "[model]", '[let]\nwidth = "inner * 4"\ninner = "width // 4"\n\n[model]'
    )
    good: ClassVar[str] = _WIDTH.replace("[model]", '[let]\nwidth = "inner * 4"\ninner = 16\n\n[model]')


class UnusableLibrary(Rule):
    """A library that cannot be used.

    The file does not exist, or it is outside the spec's folder: a spec from an untrusted source must not read other
    files of the machine.

    Correct the path, which is relative to the file with the `use`; `--allow-outside` lifts the restriction.
    """

    code: ClassVar[str] = "AS309"
    bad: ClassVar[str | bytes] = _LIBRARY.replace("common.toml", "comon.toml")
    good: ClassVar[str] = _LIBRARY
    files: ClassVar[Mapping[str, str]] = {"common.toml": _STEM}


class WrongInputs(Rule):
    """A node with the wrong number of inputs.

    Most ops take one value, joins several, blocks as many as they declare; and a value with parts, such as the result
    of a split, is not a single tensor.

    List as many values in `from` as the op takes; select a part by its index, as in `halves.0`.
    """

    code: ClassVar[str] = "AS310"
    bad: ClassVar[str | bytes] = spec_of(_SPLIT + '{ op = "maxpool", kernel = 2, from = ["a", "b"] },')
    good: ClassVar[str] = spec_of(
        _SPLIT + '{ op = "concat", from = ["a", "b"] },\n{ op = "maxpool", kernel = 2 },'
    )
