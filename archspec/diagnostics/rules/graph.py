"""3: names, values and nodes that do not come together."""

from collections.abc import Mapping
from typing import ClassVar

from archspec.diagnostics.rule import SPEC, Rule, spec_of

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
    """A name that nothing has.

    An expression sees the counters of repeats, the block's parameters and `let`s, and those of its file; `from` sees
    the nodes before it in the same scope. Neither sees what the caller of a block has.

    Use a name that is there, or define it; the nearest one is suggested.
    """

    code: ClassVar[str] = "AS301"
    name: ClassVar[str] = "undefined-name"
    bad: ClassVar[str | bytes] = spec_of('{ op = "conv", out = "width", kernel = 3 },')
    good: ClassVar[str] = spec_of('{ op = "conv", out = "width", kernel = 3 },').replace(
        "[model]", "[params]\nwidth = 16\n\n[model]"
    )


class LaterNode(Rule):
    """A reference to a later node.

    The nodes of a chain are in the order in which they are computed. A value can only be used behind the node that
    makes it, so that there are no cycles.

    Move the node that makes the value to the front.
    """

    code: ClassVar[str] = "AS302"
    name: ClassVar[str] = "later-node"
    bad: ClassVar[str | bytes] = spec_of('{ op = "add", from = ["a", "b"] },' + _SPLIT)
    good: ClassVar[str] = spec_of(_SPLIT + '{ op = "add", from = ["a", "b"] },')


class TakenName(Rule):
    """A name that is taken.

    Two modules of one name would be one key of the state_dict, and a reference to the name would mean either.

    Give one of them another name; in a repeat, put the counter into it, as in `conv{i + 1}`.
    """

    code: ClassVar[str] = "AS303"
    name: ClassVar[str] = "taken-name"
    bad: ClassVar[str | bytes] = spec_of(_SPLIT.replace('"b"', '"a"'))
    good: ClassVar[str] = spec_of(_SPLIT)


class RecursiveBlock(Rule):
    """A block that contains itself.

    It would never end: a network is a finite list of nodes. What comes again and again is a `repeat`.

    Call another block, or repeat the part that recurs.
    """

    code: ClassVar[str] = "AS304"
    name: ClassVar[str] = "recursive-block"
    bad: ClassVar[str | bytes] = _UNIT.replace('["relu"', '["unit"')
    good: ClassVar[str] = _UNIT


class LibraryCycle(Rule):
    """Libraries that use each other in a cycle.

    What a library means must not depend on who uses it.

    Move what both need into a third file.
    """

    code: ClassVar[str] = "AS305"
    name: ClassVar[str] = "library-cycle"
    bad: ClassVar[str | bytes] = _LIBRARY.replace("common.toml", SPEC)
    good: ClassVar[str] = _LIBRARY
    files: ClassVar[Mapping[str, str]] = {"common.toml": _STEM}


class NetworkTooLarge(Rule):
    """A network beyond the limits.

    The numbers of nodes, levels and characters are bounded, far above any network that is known, so that a slip such as
    a `repeat` of millions ends in a message, not in a machine without memory. The limits are listed in the reference.

    Make the network smaller; equal blocks count once.
    """

    code: ClassVar[str] = "AS306"
    name: ClassVar[str] = "network-too-large"
    bad: ClassVar[str | bytes] = spec_of('{ op = "relu", repeat = 1_000_000 },')
    good: ClassVar[str] = spec_of('{ op = "conv", repeat = 100, out = 3, kernel = 3, padding = "half" },')


class NoValue(Rule):
    """An expression without a value.

    It parses, but what it asks for does not exist: a division by zero, an item beyond the end of a list, text in
    arithmetic.

    Change the expression, or the values that it is about.
    """

    code: ClassVar[str] = "AS307"
    name: ClassVar[str] = "no-value"
    bad: ClassVar[str | bytes] = spec_of('{ op = "conv", out = "widths[2]", kernel = 3 },').replace(
        "[model]", "[params]\nwidths = [16, 32]\n\n[model]"
    )
    good: ClassVar[str] = spec_of('{ op = "conv", out = "widths[1]", kernel = 3 },').replace(
        "[model]", "[params]\nwidths = [16, 32]\n\n[model]"
    )


class ValueCycle(Rule):
    """Values that are defined by each other.

    Parameters and `let`s may use each other in any order, but there has to be one to begin with.

    Give one of them a value of its own.
    """

    code: ClassVar[str] = "AS308"
    name: ClassVar[str] = "value-cycle"
    bad: ClassVar[str | bytes] = spec_of('{ op = "conv", out = "width", kernel = 3 },').replace(
        "[model]", '[let]\nwidth = "inner * 4"\ninner = "width // 4"\n\n[model]'
    )
    good: ClassVar[str] = spec_of('{ op = "conv", out = "width", kernel = 3 },').replace(
        "[model]", '[let]\nwidth = "inner * 4"\ninner = 16\n\n[model]'
    )


class UnusableLibrary(Rule):
    """A library that cannot be used.

    The file is not there, or it is outside of the spec's folder: a spec that someone sent must not read what lies
    elsewhere on the machine.

    Correct the path, which is relative to the file that says `use`; `--allow-outside` lifts the restriction.
    """

    code: ClassVar[str] = "AS309"
    name: ClassVar[str] = "unusable-library"
    bad: ClassVar[str | bytes] = _LIBRARY.replace("common.toml", "comon.toml")
    good: ClassVar[str] = _LIBRARY
    files: ClassVar[Mapping[str, str]] = {"common.toml": _STEM}


class WrongInputs(Rule):
    """A node with the wrong number of inputs.

    Most ops take one value, joins several, blocks as many as they declare; and a value with parts, such as that of a
    split, is not one tensor.

    Name in `from` as many values as the op takes; pick a part by its number, as in `halves.0`.
    """

    code: ClassVar[str] = "AS310"
    name: ClassVar[str] = "wrong-inputs"
    bad: ClassVar[str | bytes] = spec_of(_SPLIT + '{ op = "maxpool", kernel = 2, from = ["a", "b"] },')
    good: ClassVar[str] = spec_of(
        _SPLIT + '{ op = "concat", from = ["a", "b"] },\n{ op = "maxpool", kernel = 2 },'
    )
